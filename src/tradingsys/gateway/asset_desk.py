"""What operators ask of accounts that hold assets: balances against the books, differences, loans."""

from __future__ import annotations

from tradingsys.core.commands import Balance, BalancesQuery, Borrow, Repay
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import LocalProtocolError, StoreError, TradingError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.gateway.asset_views import asset_views
from tradingsys.gateway.host import Host, Method, require_ready
from tradingsys.gateway.loans import Loans
from tradingsys.gateway.questions import ask_for, ask_within
from tradingsys.gateway.sessions import Client
from tradingsys.gateway.views import balance_views
from tradingsys.wire.codec import decode_params, encode_error, encode_reply
from tradingsys.wire.messages import AssetParams, ErrorCode, Request
from tradingsys.wire.operator import AcceptResult

__all__ = ["AssetDesk"]

_ANSWER_MS = 5_000
_WHO = "an operator"


class AssetDesk:
    """``op.assets`` and ``op.accept``; of margin accounts ``op.margin``, ``op.borrow`` and the like."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._loans = Loans(gateway)
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
            client.peer.write(encode_reply(request.id, asset_views(gateway.book, balances)))

        ask_within(gateway, BalancesQuery(), _ANSWER_MS, told)

    def _balances(self, client: Client, request: Request) -> None:
        ask_for(self._gateway, client, request.id, BalancesQuery(), balance_views)

    def _accept(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        self._require_assets()
        require_ready(gateway)
        asset = decode_params(request, AssetParams).asset.upper()
        if gateway.recovery.is_catching_up or not gateway.venue.stream.is_up:
            raise LocalProtocolError(
                "the gateway is still reading what happened at the exchange, which may explain it: try again when that "
                "is done",
                code=ErrorCode.NOT_READY,
            )
        booked = gateway.book.accept_difference(asset, gateway.venue.venue_ms())
        if not booked:
            raise LocalProtocolError(
                f"the books agree with the account on {asset[:20]}: `tradingsys status` lists where they do not",
                code=ErrorCode.BAD_REQUEST,
            )
        external = plain(gateway.book.session_assets(EXTERNAL).get(asset, booked - booked))
        gateway.log.warning("difference accepted by an operator", asset=asset, booked=plain(booked), external=external)
        result = AcceptResult(asset, plain(booked), external)

        def saved(error: StoreError | None) -> None:
            if client.peer not in gateway.clients:
                return
            if error is None:
                client.peer.write(encode_reply(request.id, result))
            else:
                client.peer.write(encode_error(request.id, ErrorCode.UNDEFINED, f"not written to pos.db: {error}"))

        gateway.when_saved(saved)

    def _require_assets(self) -> None:
        if self._gateway.venue.account_kind is not AccountKind.ASSETS:
            raise LocalProtocolError(
                "a futures account holds positions, not assets: see `tradingsys pos show`", code=ErrorCode.BAD_REQUEST
            )
