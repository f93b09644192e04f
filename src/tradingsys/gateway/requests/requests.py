"""Requests of strategies: each is answered exactly once, with a result or an error that says what to do."""

from __future__ import annotations

from tradingsys.core.enums import TradingState
from tradingsys.core.errors import LimitExceeded, LocalProtocolError, StoreError
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.clients.tokens import WrongToken
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, require_login, require_ready
from tradingsys.gateway.requests.account_requests import AccountRequests
from tradingsys.gateway.requests.fill_requests import FillRequests
from tradingsys.gateway.requests.market_requests import MarketRequests, wanted_symbols
from tradingsys.gateway.requests.operator_desk import OperatorDesk
from tradingsys.gateway.requests.order_requests import OrderRequests
from tradingsys.gateway.views.views import positions_view, snapshot, trading_view
from tradingsys.wire.codec import (
    check_request,
    decode_params,
    decode_request,
    encode,
    encode_denial,
    encode_error,
    encode_reply,
)
from tradingsys.wire.messages import ErrorCode, LoginParams, LoginResult, Request

__all__ = ["RequestHandler"]

_BOUNDED = frozenset({"order", "order_list", "amend", "cancel"})
"""Limits of their own keep these from taking the loop: however dear each is on a machine, none waits for that."""
_LONGEST_BOUNDED = 4096
"""Bytes: a list of three orders with every field written out, and spaces between, needs two thirds of that. What is
longer only calls itself so.
"""
_FLOODERS_WAIT_S = 5.0
"""Before they may come again: the time of others that they cost is little beside this."""


class RequestHandler:
    """The methods of the wire."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway
        self._methods: dict[str, Method] = {
            "login": self._login,
            "get_positions": self._get_positions,
            **MarketRequests(gateway).methods,
            **OrderRequests(gateway).methods,
            **FillRequests(gateway).methods,
            **AccountRequests(gateway).methods,
        }
        self._operator = OperatorDesk(gateway)

    def handle(self, client: Client, data: bytes) -> None:
        """Answer one message, whatever it is."""
        request_id = None
        in_rate = client.may_speak(client.heard_ns)
        try:
            request = decode_request(data)
            request_id = request.id
            if not in_rate and not (client.peer.is_late and request.method == "cancel"):
                raise LocalProtocolError(
                    "what came before it on this connection took so much of the gateway's time that this one waited "
                    "2 s: it was ignored; ask for less at a time"
                    if client.peer.is_late
                    else "more messages than a connection may send (200 a second): this one was ignored",
                    code=ErrorCode.DENIED,
                )
            check_request(data)
            if client.is_evicted:
                raise LocalProtocolError("this connection lost its place to another one", code=ErrorCode.LOGIN_FIRST)
            method = self._method(client, request.method)
            if request.method in _BOUNDED and client.session is not None and len(data) <= _LONGEST_BOUNDED:
                client.peer.forgive()
            method(client, request)
        except LimitExceeded as denied:
            client.peer.write(encode_denial(request_id, denied))
        except LocalProtocolError as error:
            client.peer.write(encode_error(request_id, error.code, str(error)))
            if isinstance(error, WrongToken) and error.is_repeated:
                client.peer.close("too many wrong tokens")
            if client.is_flooding:
                self._mute(client)
        except StoreError as error:
            client.peer.write(encode_error(request_id, ErrorCode.UNDEFINED, f"not sent: {error}"))
            self._gateway.fail(error)

    def _mute(self, client: Client) -> None:
        """Whoever is not heard cannot look after orders either: the session is as one whose strategy is gone."""
        if self._gateway.sessions is not None:
            self._gateway.sessions.release(client)
        client.peer.close(
            "too many messages: the rate of 200 a second was exceeded again and again", after_s=_FLOODERS_WAIT_S
        )

    def _method(self, client: Client, name: str) -> Method:
        if client.is_operator or name == "operate" or name.startswith("op."):
            method, known = self._operator.method(client, name), self._operator.methods
        else:
            method, known = self._methods.get(name), self._methods
        if method is not None:
            return method
        if client.is_operator and name in self._methods:
            raise LocalProtocolError(
                f"this connection is an operator's: open another one for {name}", code=ErrorCode.BAD_REQUEST
            )
        raise LocalProtocolError(f"unknown method {name[:40]!r}; known: {', '.join(known)}", code=ErrorCode.BAD_REQUEST)

    def _login(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        params = decode_params(request, LoginParams)
        if gateway.sessions is None:
            raise LocalProtocolError("the gateway is starting", code=ErrorCode.NOT_READY)
        gateway.sessions.login(client, params, client.heard_ns)
        session = client.told
        missed = session.missed_since(params.cursor) if session is not None and gateway.is_ready else None
        result = LoginResult(
            params.session_id,
            params.name,
            params.trading,
            gateway.book.lineage,
            gateway.epoch,
            client.login,
            resumed=missed is not None,
            snapshot=snapshot(gateway.book, session.id, session.epoch, session.n, session.unsaved.orders)
            if session is not None and gateway.is_ready and missed is None
            else None,
        )
        client.peer.write(encode_reply(request.id, result, is_bounded=False))
        for data in missed or ():
            client.peer.write(data)
        if session is not None and gateway.is_ready:
            client.peer.write(session.durable_push())
        client.peer.write(encode(gateway.status()))
        if session is not None:
            session.trading = may = trading_view(gateway.book.halts, session.id)
            if may.state is not TradingState.ACTIVE or may.symbols:
                client.peer.write(encode(may))
        if client.session is not None:
            gateway.session_opened(client.session)

    def _get_positions(self, client: Client, request: Request) -> None:
        wanted = wanted_symbols(request)
        session_id = require_login(client)
        require_ready(self._gateway)
        views = positions_view(self._gateway.book, session_id)
        shown = [view for view in views if not wanted or view.symbol.upper() in wanted]
        client.peer.write(encode_reply(request.id, shown))
