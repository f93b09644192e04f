"""The gateway as operators see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from tradingsys import __version__
from tradingsys.core.commands import Balance
from tradingsys.core.enums import Side, TradingState
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.core.records import AdjustmentRecord, FillRecord, HaltRecord
from tradingsys.gateway.clients.stored_rows import matches, most
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.margin_level import margin_text
from tradingsys.gateway.requests.limit_desk import LimitViews
from tradingsys.gateway.views.asset_views import assets_of
from tradingsys.gateway.views.views import fill_view, order_view, position_view
from tradingsys.oms.halts import Halts
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.operator import (
    Explanation,
    GatewayView,
    HaltView,
    Selection,
    SessionFill,
    SessionOrder,
    SessionPositionView,
    SessionView,
)

__all__ = ["OperatorViews", "adjustment_text", "halt_view", "restriction", "session_fill", "session_orders"]

_NS_PER_S = 1_000_000_000
_LOOKED_AT = 50_000
"""Among so many of the newest orders are those shown: looking through all of a long day would hold up the others."""
_ADJUSTMENTS = 20


class OperatorViews:
    """What can be told from memory."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway, self._limits = gateway, LimitViews(gateway)

    def gateway(self) -> GatewayView:
        """The gateway now."""
        gateway, book = self._gateway, self._gateway.book
        status, orders = gateway.status(), [order for order in book.open_orders() if order.is_open]
        halts = [halt_view(row) for row in book.halts]
        if gateway.halting.fault:
            halts.insert(0, HaltView("", gateway.halting.fault, gateway.halting.since_ms, cause="FAULT"))
        sessions = gateway.sessions.sessions.values() if gateway.sessions is not None else ()
        return GatewayView(
            version=__version__,
            environment=gateway.environment,
            account=gateway.account,
            lineage=book.lineage,
            epoch=gateway.epoch,
            db=gateway.db,
            ready=status.ready,
            trading=status.trading,
            market=status.market,
            text=status.text,
            uptime_s=gateway.up_ns // _NS_PER_S,
            sessions=sum(session.owner is not None for session in sessions),
            open_orders=len(orders),
            in_doubt=sum(order.in_doubt for order in orders),
            halts=halts,
            differences={
                name if name in book.assets else name.lower(): plain(by)
                for name, by in sorted(book.differences.items())
            },
            product=gateway.product,
            margin=margin_text(gateway.margin),
            streams=gateway.market.followed,
            nearly=self._limits.nearly(),
            left_alone_until_ms=gateway.venue.left_alone_until_ms,
        )

    def sessions(self) -> list[SessionView]:
        """Every session that ever had anything, EXTERNAL last."""
        gateway, book = self._gateway, self._gateway.book
        listed = gateway.sessions.sessions if gateway.sessions is not None else {}
        named = {number: session for number, session in listed.items() if session.name or session.owner or session.n}
        owners = {session for session, _ in book.positions}
        known = {*named, *gateway.session_records, *owners} - {EXTERNAL}
        views: list[SessionView] = []
        for session_id in [*sorted(known), EXTERNAL]:
            session = named.get(session_id)
            kept = gateway.session_records.get(session_id)
            name = (session.name if session is not None else "") or (kept.name if kept is not None else "")
            orders = [order for order in book.open_orders(session_id) if order.is_open]
            views.append(
                SessionView(
                    session_id,
                    "EXTERNAL" if session_id == EXTERNAL else name,
                    session is not None and session.owner is not None,
                    len(orders),
                    sum(order.in_doubt for order in orders),
                    sum(bool(net) for (owner, _), net in book.positions.items() if owner == session_id),
                    self._limits.used(session_id) if session_id != EXTERNAL else [],
                )
            )
        return views

    def orders(self, selection: Selection) -> list[TrackedOrder]:
        """Of those in memory, newest first."""
        book = self._gateway.book
        if selection.open_only:
            candidates = [order for order in book.open_orders(selection.session_id) if order.is_open]
        else:
            candidates = list(islice(reversed(book.orders.values()), _LOOKED_AT))
        candidates.sort(key=lambda order: order.placed_ms, reverse=True)
        return _chosen(candidates, selection)

    def with_stored(self, stored: Iterable[TrackedOrder], selection: Selection) -> list[TrackedOrder]:
        """Those in memory, which know best, and those that only pos.db remembers; newest first."""
        known = self._gateway.book.orders
        orders = [*self.orders(selection), *(known.get(order.client_order_id, order) for order in stored)]
        orders.sort(key=lambda order: order.placed_ms, reverse=True)
        return _chosen(orders, selection)

    def fills(self, selection: Selection) -> list[FillRecord]:
        """Of those in memory, newest first."""
        found = (row for row in self._gateway.recent.fills() if matches(selection, row.session, row.fill.symbol))
        return list(islice(found, most(selection)))

    def positions(self, selection: Selection) -> list[SessionPositionView]:
        """By session and symbol; what is flat and earned or paid nothing only if its symbol is asked for."""
        places = sorted(self._gateway.book.positions, key=lambda place: (place[0] == EXTERNAL, place))
        rows = (self._position(*place) for place in places if matches(selection, *place))
        chosen = (row for row in rows if selection.symbol is not None or not row.position.is_blank)
        return list(islice(chosen, most(selection)))

    def explanation(
        self, symbol: str, account: Decimal | None, balances: Mapping[str, Balance] | None = None
    ) -> Explanation:
        """How the account's position on a symbol comes about; ``account`` is what the exchange says.

        Of an account that holds assets it tells ``balances`` instead.
        """
        book = self._gateway.book
        holders = sorted(session for session, held in book.positions if held == symbol)
        total, halt = book.total(symbol), restriction(book.halts, symbol)
        orders = [order for order in book.open_orders() if order.symbol == symbol and order.is_open]
        return Explanation(
            symbol=symbol.lower(),
            positions=[self._position(session, symbol) for session in holders],
            total=plain(total),
            account=None if account is None else plain(account),
            difference=None if account is None else plain(total - account),
            open_orders=session_orders(orders),
            first_trade_id=book.symbols[symbol],
            watermark=book.watermarks[symbol],
            adjustments=[adjustment_text(row) for row in self._gateway.recent.adjustments(symbol)[:_ADJUSTMENTS]],
            halt=halt,
            assets=assets_of(book, symbol, balances),
        )

    def _position(self, session: int, symbol: str) -> SessionPositionView:
        book = self._gateway.book
        unbooked = {Side.BUY: Decimal(0), Side.SELL: Decimal(0)}
        for order in book.open_orders(session):
            if order.symbol == symbol and order.unbooked is not None:
                unbooked[order.unbooked[0]] += order.unbooked[1]
        view = position_view(symbol, book.position(session, symbol), unbooked[Side.BUY], unbooked[Side.SELL])
        return SessionPositionView(session, view)


def halt_view(row: HaltRecord) -> HaltView:
    """One restriction of orders."""
    scope = row.scope
    return HaltView(scope.symbol.lower(), row.reason, row.ts_ms, scope.session, row.state, row.cause, row.duty)


def restriction(halts: Halts, symbol: str) -> str:
    """Why nobody may trade a symbol as usual; empty when everybody may, or only some may not."""
    restricted = (row for row in halts if row.state is not TradingState.ACTIVE and row.scope.session is None)
    return next((row.reason for row in restricted if row.scope.symbol in ("", symbol)), "")


def _chosen(orders: Iterable[TrackedOrder], selection: Selection) -> list[TrackedOrder]:
    """Each once: an order may be known by several ids."""
    chosen: dict[int, TrackedOrder] = {}
    for order in orders:
        if len(chosen) >= most(selection):
            break
        if matches(selection, order.session, order.symbol):
            chosen.setdefault(id(order), order)
    return list(chosen.values())


def session_orders(orders: Iterable[TrackedOrder]) -> list[SessionOrder]:
    """Orders with all their fills; those of which nobody told anything are left out."""
    views = ((order.session, order_view(order, order.facts.fills.values())) for order in orders)
    return [SessionOrder(session, view) for session, view in views if view is not None]


def session_fill(row: FillRecord) -> SessionFill:
    """One execution and whose it is."""
    fill = row.fill
    return SessionFill(row.session, fill.symbol.lower(), fill.side, fill_view(fill), row.client_order_id)


def adjustment_text(row: AdjustmentRecord) -> str:
    """A change without a fill, as a line for people."""
    when = datetime.fromtimestamp(row.ts_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    who = "EXTERNAL" if row.session == EXTERNAL else f"session {row.session}"
    return f"{when} UTC: {who} {'+' if row.delta > 0 else ''}{plain(row.delta)} ({row.why})"
