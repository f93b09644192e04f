"""What operators ask of accounts that hold assets, balances and loans; and of any, to accept a difference."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.commands import Balance, BalancesQuery, Borrow, Repay
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import LocalProtocolError, StoreError, TradingError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.host import Host, Method, reply, reply_when_saved, require_ready
from tradingsys.gateway.requests.loans import Loans
from tradingsys.gateway.requests.questions import ask_for, ask_within, run_within
from tradingsys.gateway.views.asset_views import asset_views
from tradingsys.gateway.views.views import balance_views
from tradingsys.oms.recovery import Difference
from tradingsys.wire.codec import decode_params, encode_error
from tradingsys.wire.messages import AssetParams, ErrorCode, Request
from tradingsys.wire.operator import AcceptResult

__all__ = ["AssetDesk"]

_ANSWER_MS = 5_000
_MEASURE_MS = 13_000
"""Whoever asked waits no longer than 15 s."""
_UNSURE = (
    "the gateway is still reading what happened at the exchange, which may explain the difference: try again when that "
    "is done"
)
_WHO = "an operator"


class AssetDesk:
    """``op.assets`` and ``op.accept``; of margin accounts ``op.margin``, ``op.borrow`` and the like."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._loans = Loans(gateway)
        self._measured: set[str] = set()
        """Whose differences are about to be accepted."""
        self.methods: dict[str, Method] = {
            "op.assets": self._assets,
            "op.accept": self._accept,
            "op.balances": self._balances,
            "op.margin": self._loans.margin,
            "op.borrowable": self._loans.borrowable,
            "op.borrow": lambda client, request: self._loans.change(client, request, Borrow, _WHO),
            "op.repay": lambda client, request: self._loans.change(client, request, Repay, _WHO),
        }

    def _assets(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        self._require_assets()

        def told(outcome: tuple[Balance, ...] | TradingError | None) -> None:
            if client.peer not in gateway.clients:
                return
            balances = {row.asset: row for row in outcome} if isinstance(outcome, tuple) else None
            reply(client, request.id, asset_views(gateway.book, balances))

        ask_within(gateway, BalancesQuery(), _ANSWER_MS, told)

    def _balances(self, client: Client, request: Request) -> None:
        ask_for(self._gateway, client, request.id, BalancesQuery(), balance_views)

    def _accept(self, client: Client, request: Request) -> None:
        """Book the difference that there is at this moment: the last one told may have been explained since."""
        gateway = self._gateway
        require_ready(gateway)
        asset = decode_params(request, AssetParams).asset.upper()
        if gateway.venue.account_kind is AccountKind.CONTRACTS and asset not in gateway.book.symbols:
            why = f"{asset.lower()[:20]} is no symbol that this gateway accounts for"
            raise LocalProtocolError(why, code=ErrorCode.INVALID_SYMBOL)
        if self._is_unsure(asset):
            raise LocalProtocolError(_UNSURE, code=ErrorCode.NOT_READY)
        if asset in self._measured:
            raise LocalProtocolError(f"{asset[:20]} is being measured already: wait for that", code=ErrorCode.DENIED)
        self._measured.add(asset)

        def backed_up(error: StoreError | None) -> None:
            if error is not None:
                self._measured.discard(asset)
                self._refuse(client, request, ErrorCode.UNDEFINED, f"no backup before it: {error}")
                return
            read_ms = gateway.recovery.surely_ms() - gateway.settings.margins.staleness_ms

            def measured(difference: Difference | TradingError | None) -> None:
                self._measured.discard(asset)
                self._accept_measured(client, request, asset, difference, read_ms)

            run_within(gateway, gateway.recovery.measure(asset), _MEASURE_MS, measured)

        gateway.backups.before("pos-accept", backed_up)

    def _accept_measured(
        self, client: Client, request: Request, asset: str, difference: Difference | TradingError | None, read_ms: int
    ) -> None:
        """Book what was measured since then, less what will be booked once it is known whose it is; or say why not."""
        will_add = self._gateway.recovery.owners.will_add(asset, read_ms)
        if not isinstance(difference, Difference):
            why = f"the exchange took too long to tell what the account has of {asset}"
            self._refuse(client, request, ErrorCode.DISCONNECTED, why)
        elif self._is_unsure(asset):
            self._refuse(client, request, ErrorCode.NOT_READY, _UNSURE)
        elif not difference.amount:
            self._gateway.book.differences.pop(asset, None)
            why = f"the books agree with the account on {asset[:20]} now"
            self._refuse(client, request, ErrorCode.BAD_REQUEST, why)
        elif not difference.is_steady:
            why = (
                f"the difference in {asset}, {plain(difference.amount)} at last, cannot be told exactly while the "
                "account moves it all the time, or changes: try again in a quieter moment"
            )
            self._refuse(client, request, ErrorCode.DENIED, why)
        elif will_add is None or not difference.amount + will_add:
            self._refuse(client, request, ErrorCode.NOT_READY, _UNSURE)
        else:
            self._book(client, request, asset, difference.amount + will_add)

    def _book(self, client: Client, request: Request, asset: str, difference: Decimal) -> None:
        gateway = self._gateway
        gateway.book.accept_difference(asset, difference, gateway.venue.venue_ms())
        holds_assets = gateway.venue.account_kind is AccountKind.ASSETS
        held = gateway.book.session_assets(EXTERNAL).get(asset, Decimal(0))
        held = held if holds_assets else gateway.book.net(EXTERNAL, asset)
        booked, external = plain(-difference), plain(held)
        gateway.log.warning("difference accepted by an operator", name=asset, booked=booked, external=external)
        result = AcceptResult(asset if holds_assets else asset.lower(), booked, external)
        reply_when_saved(gateway, client, request.id, result)
        gateway.run(gateway.recovery.check_account())  # which frees what the difference restricted

    def _refuse(self, client: Client, request: Request, code: ErrorCode, why: str) -> None:
        if client.peer in self._gateway.clients:
            client.peer.write(encode_error(request.id, code, f"{why}: nothing was booked"))

    def _is_unsure(self, asset: str) -> bool:
        gateway, recovery = self._gateway, self._gateway.recovery
        return recovery.is_catching_up or not gateway.venue.stream.is_up or recovery.may_explain(asset)

    def _require_assets(self) -> None:
        if self._gateway.venue.account_kind is not AccountKind.ASSETS:
            raise LocalProtocolError(
                f"a futures account holds positions, not assets: see `{self._gateway.book.commands.line('pos show')}`",
                code=ErrorCode.BAD_REQUEST,
            )
