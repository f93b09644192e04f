"""The exchange behind the gateway while it is measured: everything but ticks and orders is the simulator's.

It lists as many symbols as the real one does. Orders to sell are the simulator's too: they rest where they are put.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import structs

from benchmarks.exchange import SYMBOL, Exchange
from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.net import http_server, ws
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.faces.transport import Request, WsClose, WsOutput, WsPing
from tradingsys.sim.simulator import Simulator
from tradingsys.venues.auth import Signer
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.encode import order_reply, order_trade_update, to_bytes, ws_api_reply

__all__ = ["API_KEY", "MeasuringVenue"]

API_KEY = "benchmark"
ACCOUNT = "benchmark"
ORDERS_ALLOWED = 10**9
"""Per window: what is measured is latency, not the exchange's patience."""

SYMBOLS = 600

_Params = Mapping[str, str | int | bool]


class MeasuringVenue(Exchange):
    """Ticks as `Exchange`, and refuses no order: each is accepted, and expires unfilled at once."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(self._answer_order_channel)
        keys = [ApiKey(API_KEY, ACCOUNT, signer.verifier())]
        funds = {ACCOUNT: {"USDT": Decimal(10_000)}}
        self._sim = Simulator(now_ns=time.time_ns(), accounts=funds, keys=keys, flow=None)
        self._numbers: dict[ws.Connection, int] = {}
        self._connections: dict[int, ws.Connection] = {}
        self._user_streams: set[ws.Connection] = set()
        self._orders = 0
        self._http: http_server.HttpServer | None = None
        self.http_port = 0

    async def start(self) -> int:
        """Listen for websockets and for HTTP; returns the websockets' port."""
        self._http = await http_server.serve("127.0.0.1", 0, self._answer_http)
        self.http_port = self._http.port
        return await super().start()

    async def stop(self) -> None:
        """Hang up."""
        await super().stop()
        if self._http is not None:
            await self._http.close()

    def accept(self, request: ws.UpgradeRequest) -> ws.WsHandler | ws.Accept | ws.Refuse:
        """The account's stream is the simulator's; the rest as in `Exchange`."""
        if request.path.startswith("/private"):
            return _SimulatorChannel(self, request.path, is_user_stream=True)
        return super().accept(request)

    # ---- the simulator's connections

    def opened(self, conn: ws.Connection, target: str, *, is_user_stream: bool) -> None:
        """A connection that the simulator answers."""
        number = self._numbers[conn] = len(self._numbers) + 1
        self._connections[number] = conn
        if is_user_stream:
            self._user_streams.add(conn)
        self._perform(self._sim.ws_open(number, target, time.time_ns()))

    def arrived(self, conn: ws.Connection, data: bytes) -> None:
        """A frame that the simulator answers."""
        self._perform(self._sim.ws_frame(self._numbers[conn], data, time.time_ns()))

    def closed(self, conn: ws.Connection) -> None:
        """A connection of the simulator is gone."""
        self._user_streams.discard(conn)
        number = self._numbers.get(conn)
        if number is not None and self._connections.pop(number, None) is not None:
            self._sim.ws_closed(number)

    def _perform(self, outputs: list[WsOutput]) -> None:
        for output in outputs:
            conn = self._connections.get(output.conn_id)
            if conn is None:
                continue
            if isinstance(output, WsClose):
                conn.close(output.code, output.reason)
            elif isinstance(output, WsPing):
                self._sim.ws_pong(output.conn_id)
            else:
                conn.send(output.data)

    def _answer_http(self, request: http_server.HttpIn) -> http_server.HttpOut:
        asked = Request(request.method, request.path, request.query, request.headers, request.body)
        reply, outputs = self._sim.http(asked, time.time_ns())
        self._perform(outputs)
        body = _as_large_as_the_real_one(reply.body) if request.path.endswith("/exchangeInfo") else reply.body
        return http_server.HttpOut(reply.status, reply.headers, body)

    # ---- orders

    def _answer_order_channel(self, conn: ws.Connection, data: bytes) -> None:
        if conn not in self._numbers:
            self.opened(conn, "/ws-fapi/v1", is_user_stream=False)
        request = msgspec.json.decode(data, type=messages.WsApiRequest)
        if request.method != "order.place" or isinstance(request.params, msgspec.UnsetType):
            self.arrived(conn, data)
            return
        if request.params["side"] == Side.SELL:
            self.arrived(conn, data)
            return
        self._orders += 1
        new = _order(request.params, self._orders)
        conn.send(ws_api_reply(request.id, order_reply(new)))
        ended = structs.replace(new, closed=Closed(OrderStatus.EXPIRED, _now_ms()))
        for order in (new, ended):
            event = to_bytes(order_trade_update(OrderChanged(order, SYMBOL, _now_ms())))
            for stream in self._user_streams:
                stream.send(event)


class _SimulatorChannel:
    def __init__(self, venue: MeasuringVenue, target: str, *, is_user_stream: bool) -> None:
        self._venue, self._target, self._is_user_stream = venue, target, is_user_stream
        self._conn: ws.Connection | None = None

    def opened(self, conn: ws.Connection) -> None:
        self._conn = conn
        self._venue.opened(conn, self._target, is_user_stream=self._is_user_stream)

    def frame(self, data: bytes, _is_text: bool) -> None:
        assert self._conn is not None
        self._venue.arrived(self._conn, data)

    def closed(self, _reason: str) -> None:
        assert self._conn is not None
        self._venue.closed(self._conn)


def _order(params: _Params, number: int) -> Order:
    terms = Terms(
        SYMBOL,
        Side(str(params["side"])),
        OrderType.LIMIT,
        Decimal(str(params["quantity"])),
        Decimal(str(params["price"])),
        TimeInForce.IOC,
        self_trade_prevention=SelfTradePrevention.EXPIRE_TAKER,
        version_ms=_now_ms(),
    )
    return Order((str(params["newClientOrderId"]),), str(number), terms, accepted=True)


def _as_large_as_the_real_one(body: bytes) -> bytes:
    """Its symbols, again and again under other names; and any number of orders."""
    known = msgspec.json.decode(body, type=messages.ExchangeInfo)
    rules = [
        structs.replace(rule, limit=ORDERS_ALLOWED) if rule.rate_limit_type == "ORDERS" else rule
        for rule in known.rate_limits
    ]
    model = known.symbols[0]
    more = [
        structs.replace(model, symbol=f"X{number}USDT", pair=f"X{number}USDT", base_asset=f"X{number}")
        for number in range(SYMBOLS - len(known.symbols))
    ]
    return to_bytes(structs.replace(known, rate_limits=rules, symbols=[*known.symbols, *more]))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
