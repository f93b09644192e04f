"""A `BinanceProtocol` under test with the exchange's side played by values: no sockets, no clock."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import UNSET, UnsetType

from tradingsys.core.commands import Ask, PlaceOrder, Query, ReplaceOrder, TimeQuery
from tradingsys.core.enums import OrderType, Side, TimeInForce, TriggerPrice
from tradingsys.core.io import (
    Closed,
    CloseWs,
    Frame,
    HttpFailed,
    HttpReply,
    HttpRequest,
    Input,
    Opened,
    OpenWs,
    Tick,
    WsFrame,
)
from tradingsys.core.order import Order, Terms
from tradingsys.core.reports import Answer, RequestDone
from tradingsys.venues.auth import Ed25519Signer, HmacSigner, Signer
from tradingsys.venues.binance import encode, messages
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, USDM, endpoints
from tradingsys.venues.binance.signing import Params, parse_query, query_text, verify_query, verify_ws_params
from tradingsys.venues.protocol import Output, VenueProtocol

SECRET = "a-secret-that-must-not-show"
API_KEY = "an-api-key"
SECOND_NS = 1_000_000_000
SERVER_MS = 1_790_000_000_000

WS_API = "ws://x/ws-api"

T = TypeVar("T")


def ed25519() -> Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def hmac() -> Signer:
    return HmacSigner(SECRET)


def limit_order(client_order_id: str = "c-1", **changes: Any) -> PlaceOrder:
    terms = Terms(
        "ETHUSDT", Side.BUY, OrderType.LIMIT, Decimal("0.5"), Decimal("3000.10"), TimeInForce.GTC, version_ms=0
    )
    return PlaceOrder(client_order_id, msgspec.structs.replace(terms, **changes), SERVER_MS + 77, 1234)


STOP = limit_order(
    "c-stop",
    order_type=OrderType.STOP_MARKET,
    price=None,
    stop_px=Decimal("2950.10"),
    reduce_only=True,
    trigger_price=TriggerPrice.MARK,
)
CHANGE = ReplaceOrder("c-1", "ETHUSDT", Side.BUY, Decimal("0.4"), Decimal("2999.9"), 2, SERVER_MS + 78, 1234, "42")


def accepted(place: PlaceOrder, venue_order_id: str = "42") -> Order:
    terms = msgspec.structs.replace(place.terms, version_ms=SERVER_MS + 99)
    return Order((place.client_order_id,), venue_order_id, terms, accepted=True)


def _until(wait_ms: int | None) -> messages.ErrorDetail | UnsetType:
    if wait_ms is None:
        return UNSET
    return messages.ErrorDetail(server_time=SERVER_MS, retry_after=SERVER_MS + wait_ms)


class World:
    """The transport and the exchange around one protocol; ``reports`` is everything the gateway was told."""

    def __init__(self, signer: Signer | None = None, product: Product = USDM) -> None:
        self.signer, self.product = signer or ed25519(), product
        addresses = endpoints(product, "sim", rest="http://x", ws_api=WS_API, streams="ws://x")
        self.protocol: VenueProtocol = BinanceProtocol(product, addresses, API_KEY, self.signer)
        self.now_ns = 5 * SECOND_NS
        self.reports: list[Any] = []
        self.opening: list[OpenWs] = []
        self.closing: list[str] = []
        self.frames: list[messages.WsApiRequest] = []
        self.user_frames: list[tuple[str, messages.WsApiRequest]] = []
        """On the connections of the account's stream."""
        self.requests: list[HttpRequest] = []

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case OpenWs():
                    self.opening.append(output)
                case CloseWs(channel):
                    self.closing.append(channel)
                case WsFrame(channel, data):
                    request = msgspec.json.decode(data, type=messages.WsApiRequest)
                    if isinstance(request.params, Mapping) and "signature" in request.params:
                        assert verify_ws_params(self.signer.verifier(), request.params)
                        assert request.params["apiKey"] == API_KEY
                    if channel == "trade":
                        self.frames.append(request)
                    else:
                        self.user_frames.append((channel, request))
                case HttpRequest():
                    query = urlsplit(output.url).query
                    if "signature=" in query:
                        assert verify_query(self.signer.verifier(), query)
                        assert output.headers["X-MBX-APIKEY"] == API_KEY
                    self.requests.append(output)
                case _:
                    self.reports.append(output)

    def event(self, event: Input) -> None:
        self.take(self.protocol.handle(event, self.now_ns))

    def command(self, command: Any) -> None:
        self.take(self.protocol.command(command, self.now_ns))

    def wait(self, seconds: float) -> None:
        """Let time pass as a shell does: tick at every deadline on the way."""
        end_ns = self.now_ns + int(seconds * SECOND_NS)
        while (deadline_ns := self.protocol.next_deadline_ns) is not None and deadline_ns <= end_ns:
            self.now_ns = max(self.now_ns, deadline_ns)
            self.event(Tick())
        self.now_ns = end_ns

    # ---- the exchange's side

    def reply_http(
        self, value: object, status: int = 200, headers: Mapping[str, str] = {}, request: HttpRequest | None = None
    ) -> HttpRequest:
        """Answer the oldest (or the given) request under way."""
        request = request or self.requests[0]
        self.requests.remove(request)
        body = value if isinstance(value, bytes) else encode.to_bytes(value)
        self.event(HttpReply(request.token, status, headers, body))
        return request

    def fail_http(self, *, sent: bool, request: HttpRequest | None = None) -> None:
        request = request or self.requests[0]
        self.requests.remove(request)
        self.event(HttpFailed(request.token, sent, "it broke"))

    def reply_ws(self, value: object, limits: list[messages.RateLimitRule] | Any = msgspec.UNSET) -> None:
        self.event(Frame("trade", encode.ws_api_reply(self.frames.pop(0).id, value, limits)))

    def refuse_ws(self, code: int, message: str = "no", status: int = 400, *, wait_ms: int | None = None) -> None:
        body = messages.ErrorBody(code=code, msg=message, data=_until(wait_ms))
        self.event(Frame("trade", encode.ws_api_error(self.frames.pop(0).id, status, body)))

    def tell_time(self) -> None:
        self.command(Ask(900, TimeQuery()))
        self.reply_http(messages.ServerTime(server_time=SERVER_MS), request=self.requests[-1])

    def open_trade(self) -> None:
        self.event(Opened("trade"))
        self.opening = [opening for opening in self.opening if opening.channel != "trade"]
        if self.frames:
            self.reply_ws(messages.SessionState(api_key=API_KEY, authorized_since=SERVER_MS))

    def open_user(self, key: str = "key-1") -> None:
        """The account's stream comes up."""
        if self.product is USDM:
            self.open_keyed(key)
        else:
            self.open_subscribed()

    def open_subscribed(self, channel: str = "user", **subscription: int) -> None:
        (opening,) = [opening for opening in self.opening if opening.channel == channel]
        self.opening.remove(opening)
        assert opening.url == WS_API
        self.event(Opened(channel))
        self.subscribe(**subscription)

    def subscribe(self, **subscription: int) -> None:
        """Answer everything that subscribing takes."""
        if self.product is MARGIN:
            token = next(each for each in self.requests if urlsplit(each.url).path == "/sapi/v1/userListenToken")
            self.reply_http({"token": "a-token", "expirationTime": SERVER_MS + 86_400_000}, request=token)
            subscription.setdefault("expirationTime", SERVER_MS + 86_400_000)
        if self.user_frames[0][1].method == "session.logon":
            self.reply_user(messages.SessionState(api_key=API_KEY, authorized_since=SERVER_MS))
        self.reply_user({"subscriptionId": 0, **subscription})

    def reply_user(self, value: object) -> str:
        """Answer the oldest request on a connection of the account's stream; its method."""
        channel, request = self.user_frames.pop(0)
        self.event(Frame(channel, encode.ws_api_reply(request.id, value)))
        return request.method

    def refuse_user(self, code: int, status: int = 400, *, wait_ms: int | None = None) -> None:
        channel, request = self.user_frames.pop(0)
        body = messages.ErrorBody(code=code, msg="no", data=_until(wait_ms))
        self.event(Frame(channel, encode.ws_api_error(request.id, status, body)))

    def tell(self, event: bytes | object, channel: str = "user", subscription: int | None = 0) -> None:
        """An event on a subscription."""
        told: dict[str, object] = {"event": msgspec.Raw(event if isinstance(event, bytes) else encode.to_bytes(event))}
        if subscription is not None:
            told["subscriptionId"] = subscription
        self.event(Frame(channel, msgspec.json.encode(told)))

    def open_keyed(self, key: str = "key-1") -> None:
        self.reply_http(messages.ListenKey(listen_key=key))
        (opening,) = [opening for opening in self.opening if opening.channel == "user"]
        self.opening.remove(opening)
        assert opening.url == f"ws://x/private/ws/{key}"
        self.event(Opened("user"))

    def up(self) -> "World":
        """Connected and logged on."""
        self.tell_time()
        self.take(self.protocol.connect(self.now_ns))
        self.open_user()
        if self.product is not MARGIN:
            self.open_trade()
        for request in list(self.requests):
            # Of what warns a margin account, nothing is needed here.
            self.fail_http(sent=False, request=request)
        self.reports.clear()
        return self

    def close(self, channel: str, reason: str = "gone") -> None:
        self.event(Closed(channel, reason))

    # ---- what the gateway was told

    def told(self, kind: type[T]) -> list[T]:
        return [report for report in self.reports if isinstance(report, kind)]

    def done(self) -> RequestDone:
        (done,) = self.told(RequestDone)
        self.reports.remove(done)
        return done

    def ask(self, query: Query[Any], token: int = 1) -> None:
        self.command(Ask(token, query))

    def answer(self) -> Answer:
        (answer,) = self.told(Answer)
        self.reports.remove(answer)
        return answer


def path_and_params(request: HttpRequest) -> tuple[str, str, dict[str, str]]:
    parts = urlsplit(request.url)
    params = parse_query(parts.query)
    params.pop("signature", None)
    return request.method, parts.path, params


def as_text(params: Params) -> dict[str, str]:
    """As the exchange gets them."""
    return parse_query(query_text(params))
