"""A book at rest, told as its gateway would tell it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import apsw
from msgspec import structs

from tradingsys import __version__
from tradingsys.cli.operate.edit import set_net
from tradingsys.cli.operate.halting import impose, lift, scope_of
from tradingsys.cli.operate.target import NOT_ANSWERING, NOT_RUNNING, Where, is_held
from tradingsys.core.errors import ConfigError, StoreError, TradingError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.core.records import Edit, OrderRecord, Saved
from tradingsys.gateway.clients.stored_rows import stored_fills, stored_orders
from tradingsys.gateway.configuration.products import product_of_book
from tradingsys.gateway.requests.operator_views import (
    adjustment_text,
    halt_view,
    restriction,
    session_fill,
    session_orders,
)
from tradingsys.gateway.views.asset_views import asset_views, assets_of
from tradingsys.gateway.views.views import positions_view
from tradingsys.oms.session_book import SessionBook
from tradingsys.store import book as stored
from tradingsys.store import read
from tradingsys.store.journal import read_segments
from tradingsys.store.meta import meta
from tradingsys.store.migrations import needs_migration
from tradingsys.store.soundness import check_values
from tradingsys.store.sqlite import rows
from tradingsys.wire.messages import BalanceView, BorrowableView, LoanParams, LoanResult, MarginView, PositionView
from tradingsys.wire.operator import (
    AcceptResult,
    AssetView,
    Explanation,
    GatewayView,
    HaltParams,
    LimitView,
    ScopeParams,
    Selection,
    SessionFill,
    SessionOrder,
    SessionPositionView,
    SessionView,
    SetPositionParams,
    SetPositionResult,
    StoppingView,
)

__all__ = ["Book"]

_ADJUSTMENTS = 20


class Book:
    """Reads pos.db and the journal beside it; only `set_position`, `halt` and `resume` write."""

    def __init__(self, path: Path, where: Where, now_ms: int) -> None:
        self.where = where
        self._path = path
        self._now_ms = now_ms

    async def status(self) -> GatewayView:
        """As the gateway was when it stopped."""
        with self._open() as conn:
            saved = self._saved(conn)
            orders = [order for order in SessionBook(saved).open_orders() if order.is_open]
            account = meta(conn, "account") or ""
        product, environment = product_of_book(account)
        return GatewayView(
            version=__version__,
            environment=environment,
            account=saved.account,
            lineage=saved.lineage,
            epoch=saved.last_epoch,
            db=str(self._path),
            ready=False,
            trading=False,
            market=False,
            text=self._state(),
            uptime_s=0,
            sessions=0,
            open_orders=len(orders),
            in_doubt=sum(order.in_doubt for order in orders),
            halts=[halt_view(row) for row in saved.halts],
            differences={},
            product=product or "",
            left_alone_until_ms=self._left_alone_until_ms(saved),
        )

    def _left_alone_until_ms(self, saved: Saved) -> int:
        left_ms = saved.ban.left_ms(self._now_ms) if saved.ban is not None else 0
        return self._now_ms + left_ms if left_ms else 0

    async def sessions(self) -> list[SessionView]:
        """Every session the book knows, EXTERNAL last."""
        with self._open() as conn:
            saved = self._saved(conn)
        book, edits = SessionBook(saved), _edited(saved)
        names = {row.session: row.name for row in saved.sessions}
        known = {*names, *(session for session, _ in {**book.positions, **edits})} | {EXTERNAL}
        views: list[SessionView] = []
        for session in sorted(known, key=lambda session: (session == EXTERNAL, session)):
            orders = [order for order in book.open_orders(session) if order.is_open]
            held = [view for view in _positions(book, edits, session) if view.net != "0"]
            name = "EXTERNAL" if session == EXTERNAL else names.get(session, "")
            in_doubt = sum(order.in_doubt for order in orders)
            views.append(SessionView(session, name, False, len(orders), in_doubt, len(held)))
        return views

    async def orders(self, selection: Selection) -> list[SessionOrder]:
        """Those that were open when the gateway stopped, or all."""
        with self._open() as conn:
            if selection.open_only:
                book = SessionBook(self._saved(conn))
                found = [order for order in book.open_orders(selection.session_id) if order.is_open]
            else:
                found = stored_orders(conn, selection)
        symbol = _upper(selection.symbol)
        chosen = [order for order in found if symbol in (None, order.symbol)]
        chosen.sort(key=lambda order: order.stamp_ms, reverse=True)
        return session_orders(chosen[: selection.limit])

    async def fills(self, selection: Selection) -> list[SessionFill]:
        """Executions, newest first."""
        with self._open() as conn:
            return [session_fill(row) for row in stored_fills(conn, selection)]

    async def positions(self, selection: Selection) -> list[SessionPositionView]:
        """What ``positions`` says, edits included, and what was earned; blank ones only if the symbol is asked for."""
        with self._open() as conn:
            saved = self._saved(conn)
        symbol = None if selection.symbol is None else selection.symbol.lower()
        return [
            row
            for row in _all_positions(saved)
            if selection.session_id in (None, row.session_id)
            and (symbol == row.position.symbol or (symbol is None and not row.position.is_blank))
        ][: selection.limit]

    async def explain(self, symbol: str) -> Explanation:
        """All but the account's own figure: the exchange is not asked."""
        with self._open() as conn:
            saved = self._saved(conn)
            told = read.adjustments(conn, symbol=symbol.upper(), limit=_ADJUSTMENTS)
        book = SessionBook(saved)
        self._check_symbol(book, symbol.upper())
        positions = [row for row in _all_positions(saved) if row.position.symbol == symbol.lower()]
        orders = [order for order in book.open_orders() if order.symbol == symbol.upper() and order.is_open]
        pending = [
            f"session {edit.session}: edited to {plain(edit.edited)}, it was {plain(edit.basis)}; EXTERNAL takes the"
            " difference at the next start"
            for edit in saved.edits
            if edit.symbol == symbol.upper()
        ]
        return Explanation(
            symbol=symbol.lower(),
            positions=positions,
            total=plain(book.total(symbol.upper())),
            account=None,
            difference=None,
            open_orders=session_orders(orders),
            first_trade_id=book.symbols[symbol.upper()],
            watermark=book.watermarks[symbol.upper()],
            adjustments=[*pending, *map(adjustment_text, told)],
            halt=restriction(book.halts, symbol.upper()),
            assets=assets_of(book, symbol.upper(), None),
        )

    async def limits(self, selection: Selection) -> list[LimitView]:  # noqa: ARG002 - as a gateway does it
        """Only a gateway can: raises TradingError."""
        raise self._needs_gateway("limits", "start it: it reads them from its configuration")

    async def set_position(self, params: SetPositionParams) -> SetPositionResult:
        """Write the edit that the next start books. Raises TradingError while a gateway holds the book."""
        await self.status()  # whatever is wrong with the book is told by those who read it
        return set_net(self._path, params)

    async def halt(self, params: HaltParams) -> StoppingView:
        """Write it down for the next start, which begins with what it wants. Raises TradingError."""
        await self.status()
        impose(self._path, params, self._now_ms)
        scope = str(scope_of(params))
        if params.keep_orders:
            return StoppingView(0, scope, None)
        return StoppingView(0, scope, False, problem="what is open is canceled as soon as the gateway has started")

    async def cancel(self, params: ScopeParams) -> StoppingView:
        """Only a gateway can: raises TradingError."""
        raise self._needs_gateway(f"cancel {scope_of(params)}", "start it, or cancel at the exchange itself")

    async def flatten(self, params: ScopeParams) -> StoppingView:
        """Only a gateway can: raises TradingError."""
        raise self._needs_gateway(f"flatten {scope_of(params)}", "start it, or trade at the exchange itself")

    async def stopping(self, number: int) -> StoppingView:
        """Only a gateway can: raises TradingError."""
        raise self._needs_gateway(f"number {number}", "start it")

    async def resume(self, params: ScopeParams) -> GatewayView:
        """Lift it for the next start. Raises TradingError."""
        await self.status()
        lift(self._path, params)
        return await self.status()

    def _needs_gateway(self, what: str, todo: str) -> TradingError:
        state = self._state()
        return TradingError(f"{what}: {state}; {todo if state == NOT_RUNNING else 'try again when it answers'}")

    async def assets(self) -> list[AssetView]:
        """What sessions and EXTERNAL have; the exchange is not asked."""
        with self._open() as conn:
            saved = self._saved(conn)
        return asset_views(SessionBook(saved), None)

    async def accept(self, asset: str) -> AcceptResult:
        """Only a gateway can: raises TradingError."""
        raise self._only_running(f"accept {asset}")

    async def balances(self) -> list[BalanceView]:
        """Only a gateway can: raises TradingError."""
        raise self._only_running("balances")

    async def margin(self) -> MarginView:
        """Only a gateway can: raises TradingError."""
        raise self._only_running("margin")

    async def borrowable(self, asset: str) -> BorrowableView:
        """Only a gateway can: raises TradingError."""
        raise self._only_running(f"borrowable {asset}")

    async def loan(self, params: LoanParams, *, borrows: bool) -> LoanResult:
        """Only a gateway can: raises TradingError."""
        raise self._only_running(f"{'borrow' if borrows else 'repay'} {params.asset}")

    def _only_running(self, what: str) -> TradingError:
        return TradingError(f"{what}: the exchange must be asked, and {self._state()}")

    def _state(self) -> str:
        with contextlib.suppress(OSError):
            if is_held(self._path):
                return NOT_ANSWERING
        return NOT_RUNNING

    @contextlib.contextmanager
    def _open(self) -> Iterator[apsw.Connection]:
        try:
            with read.reading(self._path) as conn:
                if needs_migration(conn, self._path):
                    raise ConfigError(
                        "was written by an earlier version",
                        file=str(self._path),
                        key="db",
                        hint="start the gateway once: it converts the file, after a backup",
                    )
                try:
                    yield conn
                except (ValueError, ArithmeticError):
                    check_values(conn, self._path)  # names the row that cannot be read
                    raise
        except apsw.Error as error:
            raise StoreError(f"{self._path}: {error}; restore the newest backup beside it") from error

    def _saved(self, conn: apsw.Connection) -> Saved:
        """The book, with what only the journal knows yet: orders from the last moments before a crash."""
        saved = stored.load(conn, self._path, self._now_ms, proven=False)
        known = {record.intent.client_order_id for record in saved.orders}
        try:
            entries = read_segments(self._path, saved.lineage, only_look=True)
        except OSError as error:
            raise StoreError(f"{self._path}.journal: {error.strerror or error}") from None
        late: list[OrderRecord] = []
        for intent in (each for entry in entries for each in entry.intents if not each.revision):
            coid = intent.client_order_id
            if coid not in known and not rows(conn, "SELECT 1 FROM orders WHERE client_order_id = ?", (coid,)):
                late.append(OrderRecord(intent))
        return structs.replace(saved, orders=(*saved.orders, *late))

    def _check_symbol(self, book: SessionBook, symbol: str) -> None:
        if symbol not in book.symbols:
            known = ", ".join(sorted(book.symbols)).lower() or "none yet"
            raise TradingError(f"{self._path} knows no symbol {symbol.lower()}; it knows {known}")


def _upper(symbol: str | None) -> str | None:
    return None if symbol is None else symbol.upper()


def _edited(saved: Saved) -> dict[tuple[int, str], Edit]:
    return {(edit.session, edit.symbol): edit for edit in saved.edits}


def _all_positions(saved: Saved) -> list[SessionPositionView]:
    book, edits = SessionBook(saved), _edited(saved)
    sessions = {session for session, _ in {**book.positions, **edits}} | ({EXTERNAL} if edits else set())
    return [
        SessionPositionView(session, view)
        for session in sorted(sessions, key=lambda session: (session == EXTERNAL, session))
        for view in _positions(book, edits, session)
    ]


def _positions(book: SessionBook, edits: dict[tuple[int, str], Edit], session: int) -> list[PositionView]:
    """What the book says, with a user's edits in their place as the next start will book them."""
    views = {view.symbol: view for view in positions_view(book, session)}
    for (owner, symbol), edit in edits.items():
        if session not in (owner, EXTERNAL):
            continue
        known = views.get(symbol.lower(), PositionView(symbol.lower(), "0"))
        # EXTERNAL is what the others leave over.
        net = edit.edited if owner == session else Decimal(known.net) + edit.basis - edit.edited
        views[symbol.lower()] = structs.replace(known, net=plain(net))
    return [views[symbol] for symbol in sorted(views)]
