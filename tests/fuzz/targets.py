"""Every parser of what others write, with right input for each and the exceptions that are documented.

Samples are the payloads in the docstrings of messages and on the pages of docs, and recorded ones where
`tests.shared_data` finds them.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

import msgspec
from msgspec import Struct
from picows.picows import _parse_http_request  # type: ignore[attr-defined]

from tests.bad_input.table_handshakes import HANDSHAKES
from tests.bad_input.test_messages import _PARAMS
from tests.fuzz import requests
from tests.shared_data import SHARED
from tests.unit.store.books import TERMS
from tests.unit.venues.binance.exchange_double import World
from tests.unit.venues.binance.test_messages import examples, message_classes
from tests.unit.venues.binance.test_spoiled_spot import ANSWERS, WRITTEN, event_of_the_account
from tests.unit.wire.examples_in_doc import read_examples
from tradingsys.core.commands import (
    BalancesQuery,
    InstrumentsQuery,
    KlinesQuery,
    OrderQuery,
    PositionsQuery,
    PriceQuery,
    TradesQuery,
)
from tradingsys.core.errors import ConfigError, LocalProtocolError
from tradingsys.core.io import Frame, HttpReply
from tradingsys.core.records import Intent
from tradingsys.gateway.clients.local_port import _refusal
from tradingsys.gateway.configuration.config import load, local_address
from tradingsys.net.headers import lower_case
from tradingsys.net.upgrade import UpgradeRequest
from tradingsys.sim.recording import parse
from tradingsys.store.edits import RowEdit, _checked
from tradingsys.store.journal import _HEAD, Entry, _read
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.products import PRODUCTS, endpoints
from tradingsys.wire.codec import check_request, decode_params, decode_request, decode_server_message

__all__ = ["TARGETS", "Target"]


class Target(Struct, frozen=True):
    """One parser."""

    name: str
    samples: Callable[[], Sequence[bytes]]
    prepare: Callable[[], Callable[[bytes], object]]
    """Makes what is fed."""
    documented: tuple[type[Exception], ...] = ()
    """What it may raise."""
    inputs: Callable[[str], Iterator[bytes]] | None = None
    """Made for it, from a seed; by default the samples are spoiled in every way."""


# ---- our own wire


def _requests() -> list[bytes]:
    pages = {each.type_name: each.text for each in reversed(read_examples())}
    found = [
        b'{"id":1,"method":"%s","params":%s}' % (method.encode(), pages[kind.__name__].encode())
        for method, kind in _PARAMS.items()
    ]
    return [*found, b'{"id":2,"method":"subscribe","params":["btcusdt@depth","dogeusdt@kline:1m"]}']


def _take_request(data: bytes) -> None:
    request = decode_request(data)
    check_request(data)
    kind = _PARAMS.get(request.method)
    if kind is not None:
        decode_params(request, kind)


def _pushes() -> list[bytes]:
    every = [each.text.encode() for each in read_examples()]
    return [each for each in every if b'"type"' in each] + [b'{"id":7,"result":%s}' % each for each in every]


# ---- the exchange's


def _docstrings(prefix: str) -> list[tuple[type, bytes]]:
    return [
        (kind, json.dumps(example).encode())
        for name, kind in message_classes().items()
        if name.startswith(prefix) and (prefix or "." not in name)
        for example in examples(kind)
    ]


def _recorded(*patterns: str) -> list[bytes]:
    folder = SHARED / "data" / "binance" / "payloads"
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return [path.read_bytes() for path in paths if path.stat().st_size < 20_000]


def _streams(product: str) -> Callable[[], list[bytes]]:
    def samples() -> list[bytes]:
        names = {
            "DepthUpdate": "btcusdt@depth20@100ms",
            "DepthSnapshot": "btcusdt@depth20",
            "BookTicker": "btcusdt@bookTicker",
            "AggTrade": "btcusdt@aggTrade",
            "MarkPriceUpdate": "btcusdt@markPrice@1s",
            "KlineUpdate": "btcusdt@kline_1m",
        }
        kinds = message_classes()
        return [
            b'{"stream":"%s","data":%s}' % (stream.encode(), json.dumps(example).encode())
            for name, stream in names.items()
            for example in examples(kinds[name])
        ]

    return samples


def _market(product: str) -> Callable[[], Callable[[bytes], object]]:
    def prepare() -> Callable[[bytes], object]:
        addresses = endpoints(PRODUCTS[product], "sim", rest="http://x", ws_api="ws://x", streams="ws://x")
        return BinanceMarket(PRODUCTS[product], addresses).decode

    return prepare


def _events(prefix: str, *patterns: str) -> Callable[[], list[bytes]]:
    return lambda: [data for _, data in _docstrings(prefix) if data.startswith(b'{"e"')] + _recorded(*patterns)


def _events_of_assets() -> list[bytes]:
    """As they come on the connection that tells them."""
    told = [*_events("spot.", "spot/user_data_json/*.json")(), *_events("margin.")()]
    return [each if b'"subscriptionId"' in each else b'{"subscriptionId":0,"event":%s}' % each for each in told]


def _account_of_futures() -> Callable[[bytes], object]:
    world = World().up()

    def take(data: bytes) -> None:
        world.event(Frame("user", data))
        world.reports.clear()

    return take


def _read_all(prefix: str, *more: Callable[[bytes], object]) -> Callable[[], Callable[[bytes], object]]:
    """Every type of the product, and what the answers mean."""

    def prepare() -> Callable[[bytes], object]:
        kinds = dict.fromkeys(kind for kind, _ in _docstrings(prefix))
        readers: list[Callable[[bytes], object]] = [*(msgspec.json.Decoder(kind).decode for kind in kinds), *more]

        def take(data: bytes) -> None:
            # Which reader it goes to is decided by what is fed, so that a run can be repeated.
            readers[zlib.crc32(data) % len(readers)](data)

        return take

    return prepare


def _answers_of_futures() -> Callable[[bytes], object]:
    queries = (
        BalancesQuery(),
        PositionsQuery(),
        OrderQuery("BTCUSDT", "c"),
        InstrumentsQuery(),
        KlinesQuery("BTCUSDT", "1m", 2),
        PriceQuery("BTCUSDT"),
        TradesQuery("BTCUSDT", from_id=5),
    )

    def take(data: bytes) -> None:
        world = World().up()
        world.ask(queries[zlib.crc32(data) % len(queries)])
        for _ in range(20):
            if not world.requests:
                return
            world.event(HttpReply(world.requests.pop(0).token, 200, {}, data))

    return take


# ---- files


def _configurations() -> list[bytes]:
    page = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text("utf-8")
    blocks = [block.partition("```")[0].encode() for block in page.split("```json\n")[1:]]
    full = {
        "apikey": "k",
        "secret": "s",
        "local": "ws://localhost:8111",
        "urls": {"rest": "https://x", "ws_api": "wss://x", "streams": "wss://x"},
        "symbols": ["btcusdt"],
        "limits": {},
        "sessions": {"3": {"trading": False, "grace_s": 5}},
        "tls": {"certificate": "a", "key": "b", "clients": "c"},
        "recv_window_ms": 2000,
        "margin": False,
    }
    return [*blocks, json.dumps(full).encode()]


def _configuration() -> Callable[[bytes], object]:
    path = Path(tempfile.mkdtemp(prefix="fuzz-")) / "usdt.json"

    def take(data: bytes) -> None:
        path.write_bytes(data)
        local_address(load(path), path)

    return take


@cache
def _entry() -> bytes:
    intent = Intent("Tq3Xz1-1-V70MWDg-2-1-Bh", 1, TERMS, 1_700_000_000_000, 2_000)
    return msgspec.msgpack.encode(Entry(1_700_000_000_000, 1, intent, (intent,)))


def _journal(data: bytes) -> None:
    """Also with a checksum that is right."""
    _read(data, 0)
    _read(_HEAD.pack(len(data), zlib.crc32(data)) + data, 0)


def _edit(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    session, _, rest = text.partition(" ")
    symbol, _, net = rest.partition(" ")
    number = int(session) if session.isascii() and session.lstrip("-").isdigit() and len(session) < 20 else 1
    _checked(RowEdit(number, symbol.upper(), "1", net), Path("pos.db"))


def _lines_of_recordings() -> list[bytes]:
    return [b"1700000000000000000 " + data for data in _streams("usdm")()]


def _upgrade(data: bytes) -> None:
    request = _parse_http_request(data.partition(b"\r\n\r\n")[0])
    _refusal(
        UpgradeRequest(request.path.decode("latin-1"), lower_case(request.headers.items())), frozenset({"localhost"})
    )


_UNREADABLE = messages.UNREADABLE

TARGETS: tuple[Target, ...] = (
    Target("wire: requests", _requests, lambda: _take_request, (LocalProtocolError,)),
    Target("wire: answers and pushes", _pushes, lambda: decode_server_message, (LocalProtocolError,)),
    Target("wire: HTTP upgrade", lambda: [each.sent for each in HANDSHAKES], lambda: _upgrade, (RuntimeError,)),
    Target("binance futures: streams", _streams("usdm"), _market("usdm")),
    Target("binance spot: streams", _streams("spot"), _market("spot")),
    Target("binance margin: streams", _streams("margin"), _market("margin")),
    Target(
        "binance futures: account's events", _events("", "futures/user_data_json/*.json"), lambda: _account_of_futures()
    ),
    Target(
        "binance spot and margin: account's events",
        _events_of_assets,
        lambda: event_of_the_account,
        _UNREADABLE,
    ),
    Target("binance futures: answers to questions", lambda: [data for _, data in _docstrings("")], _answers_of_futures),
    Target(
        "binance futures: REST and WS-API",
        lambda: (
            [data for _, data in _docstrings("")] + _recorded("futures/http_json/*.json", "futures/ws_api_json/*.json")
        ),
        _read_all(""),
        _UNREADABLE,
    ),
    Target(
        "binance spot: REST and WS-API",
        lambda: [data for _, data in _docstrings("spot.")] + _recorded("spot/http_json/*.json"),
        _read_all("spot.", *ANSWERS.values()),
        _UNREADABLE,
    ),
    Target(
        "binance margin: REST and events",
        lambda: (
            [data for _, data in _docstrings("margin.")] + [msgspec.json.encode(each) for each, _ in WRITTEN.values()]
        ),
        _read_all("margin.", *(read for _, read in WRITTEN.values())),
        _UNREADABLE,
    ),
    Target("configuration", _configurations, _configuration, (ConfigError,)),
    Target("journal", lambda: [_entry(), _HEAD.pack(len(_entry()), zlib.crc32(_entry())) + _entry()], lambda: _journal),
    Target(
        "edits of positions",
        lambda: [b"1 btcusdt 0.5", b"3 dogeusdt -1.0e-05", b"65535 ethusdt 123456789.123456789", b"0 x +2."],
        lambda: _edit,
        (ConfigError,),
    ),
    Target("recordings", _lines_of_recordings, lambda: parse, (ValueError,)),
    *(
        Target(
            f"simulator, {name}: requests",
            partial(requests.samples, face),
            partial(requests.answers, face),
            (requests.Refused,),
            inputs=partial(requests.requests, face),
        )
        for name, face in (("futures", requests.FUTURES), ("spot and margin", requests.SPOT))
    ),
)
