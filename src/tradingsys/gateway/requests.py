"""Requests of strategies: each is answered exactly once, with a result or an error that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tradingsys.core.errors import InvalidOrder, LocalProtocolError, StoreError, TradingError
from tradingsys.core.instrument import Instrument
from tradingsys.gateway.market_data import MarketData, parse_stream
from tradingsys.gateway.orders import OrderDesk
from tradingsys.gateway.seams import Peer
from tradingsys.gateway.sessions import Client, Session, SessionDesk
from tradingsys.gateway.venue_link import VenueLink
from tradingsys.gateway.views import positions_view, product_view, snapshot
from tradingsys.oms.procedure import Procedure
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.venues.protocol import Stream
from tradingsys.wire.codec import decode_params, decode_request, encode, encode_error, encode_reply
from tradingsys.wire.messages import (
    CancelParams,
    ErrorCode,
    LoginParams,
    LoginResult,
    OrderParams,
    OrderResult,
    Request,
    ResolveParams,
    ResolveResult,
    StatusPush,
    SymbolsParams,
)

__all__ = ["Host", "RequestHandler"]

_MAX_STREAMS = 256


class Host(Protocol):
    """What requests are answered from."""

    book: SessionBook
    market: MarketData
    venue: VenueLink
    recovery: Recovery
    instruments: dict[str, Instrument]
    clients: dict[Peer, Client]
    sessions: SessionDesk | None
    orders: OrderDesk | None
    is_ready: bool
    halted: str
    text: str

    @property
    def epoch(self) -> int:
        """This incarnation's number."""

    def status(self) -> StatusPush:
        """The gateway's state as strategies see it."""

    def run(self, procedure: Procedure) -> None:
        """Start a procedure."""

    def flush(self) -> None:
        """Make everything learned so far durable. Raises StoreError."""

    def session_opened(self, session: Session) -> None:
        """A session has an owner."""

    def fail(self, error: TradingError) -> None:
        """Nothing may be trusted any more: stop."""


class RequestHandler:
    """The methods of the wire."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._methods: dict[str, Callable[[Client, Request], None]] = {
            "login": self._login,
            "get_products": self._get_products,
            "get_positions": self._get_positions,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "order": self._order,
            "cancel": self._cancel,
            "resolve": self._resolve,
        }

    def handle(self, client: Client, data: bytes) -> None:
        """Answer one message, whatever it is."""
        request_id = None
        in_rate = client.may_speak(client.heard_ns)
        try:
            request = decode_request(data)
            request_id = request.id
            if not in_rate:
                raise LocalProtocolError(
                    "more messages than a connection may send (200 a second): this one was ignored",
                    code=ErrorCode.DENIED,
                )
            if client.is_evicted:
                raise LocalProtocolError("the session has another owner now", code=ErrorCode.LOGIN_FIRST)
            method = self._methods.get(request.method)
            if method is None:
                known = ", ".join(self._methods)
                raise LocalProtocolError(
                    f"unknown method {request.method[:40]!r}; known: {known}", code=ErrorCode.BAD_REQUEST
                )
            method(client, request)
        except LocalProtocolError as error:
            client.peer.write(encode_error(request_id, error.code, str(error)))
            if client.is_flooding:
                client.peer.close("too many messages: the rate of 200 a second was exceeded again and again")
        except StoreError as error:
            client.peer.write(encode_error(request_id, ErrorCode.UNDEFINED, f"not sent: {error}"))
            self._gateway.fail(error)

    def _login(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        params = decode_params(request, LoginParams)
        if gateway.sessions is None:
            raise LocalProtocolError("the gateway is starting", code=ErrorCode.NOT_READY)
        gateway.sessions.login(client, params, client.heard_ns)
        session = client.session
        missed = session.missed_since(params.cursor) if session is not None and gateway.is_ready else None
        result = LoginResult(
            params.session_id,
            params.name,
            params.trading,
            gateway.book.lineage,
            gateway.epoch,
            client.login,
            resumed=missed is not None,
            snapshot=snapshot(gateway.book, session.id, session.epoch, session.n)
            if session is not None and gateway.is_ready and missed is None
            else None,
        )
        client.peer.write(encode_reply(request.id, result))
        for data in missed or ():
            client.peer.write(data)
        client.peer.write(encode(gateway.status()))
        if session is not None:
            gateway.session_opened(session)

    def _get_products(self, client: Client, request: Request) -> None:
        wanted = self._symbols(request)
        instruments = self._gateway.instruments.values()
        views = [product_view(each) for each in instruments if not wanted or each.symbol in wanted]
        client.peer.write(encode_reply(request.id, views))

    def _get_positions(self, client: Client, request: Request) -> None:
        wanted = self._symbols(request)
        session_id = client.session_id
        if session_id is None:
            raise LocalProtocolError("please login first", code=ErrorCode.LOGIN_FIRST)
        if not self._gateway.is_ready:
            raise LocalProtocolError(f"not ready: {self._gateway.text}", code=ErrorCode.NOT_READY)
        views = positions_view(self._gateway.book, session_id)
        shown = [view for view in views if not wanted or view.symbol.upper() in wanted]
        client.peer.write(encode_reply(request.id, shown))

    def _subscribe(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        streams = self._streams(client, request)
        new = {stream.symbol for stream in streams} - gateway.book.symbols.keys()
        if client.session is None or not new:
            self._confirm(client, request.id, streams)
            return
        gateway.run(self._enter_then_confirm(client, request.id, streams, sorted(new)))

    async def _enter_then_confirm(self, client: Client, request_id: int, streams: list[Stream], new: list[str]) -> None:
        await self._gateway.recovery.enter_symbols(new)
        try:
            self._gateway.flush()
        except StoreError as error:
            self._gateway.fail(error)
            return
        self._confirm(client, request_id, streams)

    def _confirm(self, client: Client, request_id: int, streams: list[Stream]) -> None:
        if client.peer not in self._gateway.clients:
            return
        client.peer.write(encode_reply(request_id))
        for stream in streams:
            self._gateway.market.subscribe(client, stream)

    def _unsubscribe(self, client: Client, request: Request) -> None:
        for stream in self._streams(client, request):
            self._gateway.market.unsubscribe(client, stream)
        client.peer.write(encode_reply(request.id))

    def _order(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        desk, _ = self._trading(client)
        params = decode_params(request, OrderParams)
        instrument = self._tradable(params.symbol.upper())
        if not gateway.is_ready:
            raise LocalProtocolError(f"not ready: {gateway.text}", code=ErrorCode.NOT_READY)
        if gateway.halted:
            raise InvalidOrder(f"halted: {gateway.halted}", code=ErrorCode.DENIED)
        disconnected = gateway.venue.why_not_trading()
        if disconnected:
            raise LocalProtocolError(disconnected, code=ErrorCode.DISCONNECTED)
        command = desk.prepare(client, params, instrument, gateway.venue.venue_ms())
        refusal = gateway.venue.refusal(command, instrument, gateway.market.reference_px(instrument.symbol))
        if refusal:
            raise InvalidOrder(refusal, code=ErrorCode.INVALID_ORDER)
        if not gateway.venue.admits(command):
            raise InvalidOrder("over the exchange's order rate limit: not sent", code=ErrorCode.DENIED)
        desk.commit(client, params.seq, command)
        gateway.venue.send(command)
        client.peer.write(encode_reply(request.id, OrderResult(command.client_order_id)))

    def _cancel(self, client: Client, request: Request) -> None:
        desk, _ = self._trading(client)
        params = decode_params(request, CancelParams)
        command = desk.cancel(client, params)
        if command is not None:
            if not self._gateway.venue.admits(command, urgent=True):
                raise LocalProtocolError("over the exchange's rate limit: cancel not sent", code=ErrorCode.DENIED)
            desk.canceling(command)
            self._gateway.venue.send(command)
        client.peer.write(encode_reply(request.id))

    def _resolve(self, client: Client, request: Request) -> None:
        desk, _ = self._trading(client)
        params = decode_params(request, ResolveParams)
        if not self._gateway.is_ready:
            raise LocalProtocolError(f"not ready: {self._gateway.text}", code=ErrorCode.NOT_READY)
        views = [desk.resolve(client, item) for item in params.orders]
        client.peer.write(encode_reply(request.id, ResolveResult(views)))

    def _trading(self, client: Client) -> tuple[OrderDesk, Session]:
        if client.session is not None and self._gateway.orders is not None:
            return self._gateway.orders, client.session
        if client.read_only_session is not None:
            raise LocalProtocolError(
                "this session was opened with trading=False: it cannot send or cancel orders",
                code=ErrorCode.NON_TRADING,
            )
        raise LocalProtocolError("please login first", code=ErrorCode.LOGIN_FIRST)

    def _tradable(self, symbol: str) -> Instrument:
        instrument = self._gateway.instruments.get(symbol)
        if instrument is None:
            raise LocalProtocolError(f"invalid symbol {symbol.lower()[:40]}", code=ErrorCode.INVALID_SYMBOL)
        if symbol not in self._gateway.book.symbols:
            raise InvalidOrder(f"subscribe {symbol.lower()} before trading it", code=ErrorCode.INVALID_ORDER)
        if not instrument.is_trading:
            raise InvalidOrder(
                f"{symbol.lower()} does not trade now: its status is {instrument.status}", code=ErrorCode.INVALID_ORDER
            )
        return instrument

    def _symbols(self, request: Request) -> set[str]:
        try:
            symbols = decode_params(request, SymbolsParams).symbols
        except LocalProtocolError:
            symbols = decode_params(request, list[str])
        return {symbol.upper() for symbol in symbols}

    def _streams(self, client: Client, request: Request) -> list[Stream]:
        if not client.is_logged_in:
            raise LocalProtocolError("please login first", code=ErrorCode.LOGIN_FIRST)
        streams = [parse_stream(text) for text in decode_params(request, list[str])]
        for stream in streams:
            if stream.symbol not in self._gateway.instruments:
                raise LocalProtocolError(f"invalid symbol {stream.symbol.lower()[:40]}", code=ErrorCode.INVALID_SYMBOL)
            self._gateway.market.check(stream)
        if len(streams) > _MAX_STREAMS:
            raise LocalProtocolError(f"at most {_MAX_STREAMS} streams at once", code=ErrorCode.DENIED)
        return streams
