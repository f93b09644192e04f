"""Requests of operators: people who look after the gateway, from the command line.

Everything is answered from memory, or by questions to pos.db and the exchange that hold up nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import apsw

from tradingsys.core.commands import Balance, BalancesQuery, PositionsQuery
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import LocalProtocolError, StoreError, TradingError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.core.instrument import plain
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.clients.stored_rows import merged_fills, most, stored_fills, stored_orders
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, known_instrument, reply, reply_when_saved, require_ready
from tradingsys.gateway.requests.asset_desk import AssetDesk
from tradingsys.gateway.requests.limit_desk import LimitDesk
from tradingsys.gateway.requests.operator_views import OperatorViews, session_fill, session_orders
from tradingsys.gateway.requests.questions import ask_within
from tradingsys.gateway.requests.stop_desk import StopDesk
from tradingsys.gateway.views.views import signed_number
from tradingsys.wire.codec import decode_params, encode_error, encode_reply
from tradingsys.wire.messages import ErrorCode, Request
from tradingsys.wire.operator import (
    ExplainParams,
    OperateParams,
    Selection,
    SetPositionParams,
    SetPositionResult,
)

__all__ = ["OperatorDesk"]

T = TypeVar("T")

_EXPLAIN_MS = 5_000
_WHY = "set by an operator"


class OperatorDesk:
    """``operate`` and everything that begins with ``op.``."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway
        self._views = OperatorViews(gateway)
        self.methods: dict[str, Method] = {
            "operate": self._operate,
            "op.status": self._status,
            "op.sessions": self._sessions,
            "op.orders": self._orders,
            "op.fills": self._fills,
            "op.positions": self._positions,
            "op.set_position": self._set_position,
            "op.explain": self._explain,
            **AssetDesk(gateway).methods,
            **StopDesk(gateway).methods,
            **LimitDesk(gateway).methods,
        }

    def method(self, client: Client, name: str) -> Method | None:
        """The method of this name, if there is one.

        Raises LocalProtocolError (-10010) when the connection has not shown the token.
        """
        if name in self.methods and name != "operate" and not client.is_operator:
            raise LocalProtocolError(
                f"{name} is for operators: send operate with the gateway's token first", code=ErrorCode.UNAUTHORIZED
            )
        return self.methods.get(name)

    def _operate(self, client: Client, request: Request) -> None:
        params = decode_params(request, OperateParams)
        desk = self._gateway.sessions
        if desk is None:
            raise LocalProtocolError("the gateway is starting", code=ErrorCode.NOT_READY)
        desk.operate(client, params)
        self._status(client, request)

    def _status(self, client: Client, request: Request) -> None:
        client.peer.write(encode_reply(request.id, self._views.gateway()))

    def _sessions(self, client: Client, request: Request) -> None:
        client.peer.write(encode_reply(request.id, self._views.sessions()))

    def _orders(self, client: Client, request: Request) -> None:
        selection, views = _selection(request), self._views
        found = views.orders(selection)
        if selection.open_only or len(found) >= most(selection):
            client.peer.write(encode_reply(request.id, session_orders(found)))
            return
        self._look(
            client,
            request,
            lambda conn: stored_orders(conn, selection),
            lambda stored: session_orders(views.with_stored(stored, selection)),
        )

    def _fills(self, client: Client, request: Request) -> None:
        selection, views = _selection(request), self._views
        found = views.fills(selection)
        if len(found) >= most(selection):
            client.peer.write(encode_reply(request.id, [session_fill(row) for row in found]))
            return
        self._look(
            client,
            request,
            lambda conn: stored_fills(conn, selection),
            lambda stored: [session_fill(row) for row in merged_fills(stored, views.fills(selection), selection)],
        )

    def _look(
        self, client: Client, request: Request, question: Callable[[apsw.Connection], T], show: Callable[[T], object]
    ) -> None:
        """Reply with what pos.db has beyond memory."""

        def told(outcome: T | StoreError) -> None:
            if client.peer not in self._gateway.clients:
                return
            if isinstance(outcome, StoreError):
                client.peer.write(encode_error(request.id, ErrorCode.UNDEFINED, f"pos.db cannot be read: {outcome}"))
                return
            with client.peer.charged():
                reply(client, request.id, show(outcome))

        self._gateway.store.look(question, told)

    def _positions(self, client: Client, request: Request) -> None:
        client.peer.write(encode_reply(request.id, self._views.positions(_selection(request))))

    def _set_position(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        params = decode_params(request, SetPositionParams)
        require_ready(gateway)
        if not 0 <= params.session_id <= MAX_SESSION:
            raise LocalProtocolError(
                f"session_id must be 0 to {MAX_SESSION}: EXTERNAL is what the sessions leave over",
                code=ErrorCode.BAD_REQUEST,
            )
        try:
            net = signed_number("net", params.net)
        except ValueError as error:
            raise LocalProtocolError(str(error), code=ErrorCode.BAD_REQUEST) from None
        symbol = self._booked_symbol(params.symbol)
        self._check_lot(symbol, net)
        self._check_certain(params.session_id, symbol)

        def backed_up(error: StoreError | None) -> None:
            if client.peer not in gateway.clients:
                return
            try:
                if error is not None:
                    raise LocalProtocolError(f"nothing was changed: no backup before it: {error}")
                require_ready(gateway)
                self._check_certain(params.session_id, symbol)
                self._set_net(client, request, params.session_id, symbol, net)
            except LocalProtocolError as refusal:
                client.peer.write(encode_error(request.id, refusal.code, str(refusal)))

        gateway.backups.before("pos-set", backed_up)

    def _set_net(self, client: Client, request: Request, session: int, symbol: str, net: Decimal) -> None:
        gateway = self._gateway
        before, after, external = gateway.book.set_net(session, symbol, net, gateway.venue.venue_ms(), _WHY)
        gateway.limiting.losses.value_edit(session, symbol)
        gateway.log.warning(
            "position set by an operator",
            session=session,
            symbol=symbol,
            was=plain(before),
            now=plain(after),
            external=plain(external),
        )
        result = SetPositionResult(session, symbol.lower(), plain(before), plain(after), plain(external))
        reply_when_saved(gateway, client, request.id, result)

    def _check_lot(self, symbol: str, net: Decimal) -> None:
        """Raises LocalProtocolError for a net that no executions of contracts come to.

        Where assets are traded, fees leave parts of a lot.
        """
        instrument = self._gateway.instruments.get(symbol)
        if instrument is not None and instrument.spot is None and net % instrument.lot_size:
            raise LocalProtocolError(
                f"{plain(net)} is no multiple of {symbol.lower()}'s lot, {plain(instrument.lot_size)}: "
                "no session can come to hold that, nor trade it away",
                code=ErrorCode.BAD_REQUEST,
            )

    def _check_certain(self, session: int, symbol: str) -> None:
        """Raises LocalProtocolError while executions of the session may be on their way.

        "The net is this now" needs a now: an execution that is found out later would move the net that a person has
        just looked up, and that may have counted it in.
        """
        gateway, book = self._gateway, self._gateway.book
        if not gateway.venue.stream.is_up or gateway.recovery.is_catching_up:
            raise LocalProtocolError(
                "the gateway does not know, or is reading, what the exchange did while the connection was lost "
                f"({gateway.venue.stream.reason or 'reading'}): try again when that is done",
                code=ErrorCode.NOT_READY,
            )
        doubtful = [
            order.client_order_id
            for order in book.open_orders(session)
            if order.symbol == symbol and (order.in_doubt or order.facts.missing_qty)
        ]
        strays = gateway.recovery.owners.strays_of(session, symbol)
        if doubtful or strays:
            told = ", ".join([*doubtful[:5], *(f"the exchange's order {order}" for order in strays[:5])])
            raise LocalProtocolError(
                f"executions of {symbol.lower()} are in doubt or on their way ({told}): the gateway is finding out; "
                "try again in some seconds (up to a minute for what a stop of its own may be that waits there)",
                code=ErrorCode.NOT_READY,
            )

    def _explain(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        symbol = self._booked_symbol(decode_params(request, ExplainParams).symbol)

        def told_contracts(outcome: dict[str, Decimal] | TradingError | None) -> None:
            if client.peer in gateway.clients:
                held = outcome.get(symbol, Decimal(0)) if isinstance(outcome, dict) else None
                reply(client, request.id, self._views.explanation(symbol, held))

        def told_assets(outcome: tuple[Balance, ...] | TradingError | None) -> None:
            if client.peer in gateway.clients:
                balances = {row.asset: row for row in outcome} if isinstance(outcome, tuple) else None
                reply(client, request.id, self._views.explanation(symbol, None, balances))

        if gateway.venue.account_kind is AccountKind.ASSETS:
            ask_within(gateway, BalancesQuery(), _EXPLAIN_MS, told_assets)
        else:
            ask_within(gateway, PositionsQuery(), _EXPLAIN_MS, told_contracts)

    def _booked_symbol(self, text: str) -> str:
        symbol = text.upper()
        if symbol not in self._gateway.book.symbols:
            known_instrument(self._gateway, symbol)
            raise LocalProtocolError(
                f"nobody traded {symbol.lower()} through this gateway: subscribe it, or name it in the configuration's "
                "symbols",
                code=ErrorCode.INVALID_SYMBOL,
            )
        return symbol


def _selection(request: Request) -> Selection:
    return Selection() if bytes(request.params) == b"null" else decode_params(request, Selection)
