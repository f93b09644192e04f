"""Recordings: read in every form, played at their pace, with our orders among them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.errors import ConfigError
from tradingsys.sim.events import Executed, NewOrder
from tradingsys.sim.faces.transport import Request, WsSend
from tradingsys.sim.recording import BookChange, BookImage, Prices, Print, Recording, parse
from tradingsys.sim.recording_file import open_recording
from tradingsys.sim.simulator import Product, Simulator

from .exchange_rig import MS, NS, T0

RECORDED = SHARED / "data/binance/usdm_recording/btcusdt_20240808.gz"
D = Decimal


def event(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"e": kind, "E": 1000, "s": "BTCUSDT", **fields})


def depth(first: int, last: int, previous: int, bids: list[Any], asks: list[Any], ts_ms: int = 1000) -> bytes:
    return event("depthUpdate", T=ts_ms, U=first, u=last, pu=previous, b=bids, a=asks)


def print_(px: str, qty: str, *, sell: bool, ts_ms: int = 2000, number: int = 7) -> bytes:
    return event("trade", T=ts_ms, t=number, p=px, q=qty, X="MARKET", m=sell)


SNAPSHOT = (
    b'{"lastUpdateId":10,"E":900,"T":900,"bids":[["60000.00","2.000"],["59999.00","3.000"]],'
    b'"asks":[["60001.00","1.000"]]}'
)


def combined(stream: str, raw: bytes) -> bytes:
    return b'{"stream":"%s","data":%s}' % (stream.encode(), raw)


def recording(*messages: bytes, every_ms: int = 100, **options: Any) -> Recording:
    lines = [b"%d %s\n" % (5 * NS + number * every_ms * MS, raw) for number, raw in enumerate(messages)]
    return Recording("test", lambda: iter(lines), **options)


def box(played: Recording) -> Simulator:
    return Simulator(now_ns=T0, accounts={"main": {"USDT": D(10**6)}}, keys=[], flow=Random(1), recording=played)


def limit(side: Side, px: str, qty: str, tif: TimeInForce = TimeInForce.GTC, number: int = 1) -> NewOrder:
    return NewOrder("main", "BTCUSDT", side, OrderType.LIMIT, D(qty), D(px), tif, client_order_id=f"mine{number}")


START = (SNAPSHOT, depth(11, 12, 9, [["60000.00", "2.500"]], []))


# --- reading


def test_every_kind_of_line_is_understood() -> None:
    change = depth(11, 12, 9, [["1.0", "2"]], [])
    for raw in (change, combined("btcusdt@depth@0ms", change)):
        _, entry = parse(b"5 " + raw)
        assert isinstance(entry, BookChange)
        assert (entry.symbol, entry.change.previous_id, entry.ts_ms) == ("BTCUSDT", 9, 1000)
    _, partial = parse(b"5 " + combined("btcusdt@depth20@100ms", change))
    assert isinstance(partial, BookImage)
    assert partial.source == "partial"
    _, named = parse(b"5 " + combined("btcusdt@depthSnapshot", SNAPSHOT))
    assert isinstance(named, BookImage)
    assert (named.symbol, named.update_id) == ("BTCUSDT", 10)
    _, trade = parse(b"5 " + print_("60000.10", "0.5", sell=True))
    assert trade == Print("BTCUSDT", 2000, D("60000.10"), D("0.5"), True, "trade")
    _, aggregate = parse(b"5 " + event("aggTrade", a=1, p="60000", q="1", f=1, l=2, T=3, m=False))
    assert aggregate == Print("BTCUSDT", 3, D(60000), D(1), False, "aggTrade")
    _, best = parse(b"5 " + event("bookTicker", u=1, b="1", B="2", a="3", A="4", T=5))
    assert isinstance(best, BookImage)
    assert best.bids == [("1", "2")]
    _, mark = parse(b"5 " + event("markPriceUpdate", p="60000.5", i="60000.1", r="0", T=6))
    assert mark == Prices("BTCUSDT", D("60000.5"), D("60000.1"))


@pytest.mark.parametrize(
    "raw",
    [
        event("kline", k={}),
        event("trade", T=1, t=1, p="0", q="0", X="NA", m=True),
        event("trade", T=1, t=1, p="0", q="1", X="MARKET", m=True),
        event("trade", T=1, t=1, p="60000", q="1", X="INSURANCE_FUND", m=True),
        b'{"result":null,"id":1}',
    ],
)
def test_other_messages_are_passed_over(raw: bytes) -> None:
    assert parse(b"5 " + raw) == (5, None)


@pytest.mark.parametrize("line", [b"", b"nonsense", b"x {}", b"5 {", b'5 {"e":"trade"}', b"5 []"])
def test_lines_that_are_no_recording(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse(line)


def test_bad_lines_are_counted_and_skipped() -> None:
    played = recording(*START, b"{broken", print_("60000.00", "0.1", sell=True))
    simulator = box(played)
    simulator.tick(T0 + 2 * NS)
    assert simulator.market_status(T0)["bad_lines"] == 1
    assert simulator.exchange.venues["BTCUSDT"].last_px == 60000


def test_a_recording_without_a_book_cannot_be_played() -> None:
    for messages in ((), (print_("60000.00", "0.1", sell=True),), (b'{"result":null}',)):
        with pytest.raises(ConfigError, match="holds no recorded market"):
            recording(*messages)


def test_symbols_that_cannot_be_played() -> None:
    with pytest.raises(ConfigError, match="does not hold ETHUSDT, but BTCUSDT"):
        recording(*START, symbol="ETHUSDT")
    strange = recording(*(raw.replace(b"BTCUSDT", b"ABCUSDT") for raw in START), print_("1", "1", sell=True))
    with pytest.raises(ConfigError, match="whose trading rules the simulator does not know"):
        box(strange)


def test_one_of_several_symbols_is_chosen() -> None:
    other = (raw.replace(b"BTCUSDT", b"ETHUSDT") for raw in (depth(1, 2, 0, [["2500.00", "1"]], []),))
    prints = print_("2500.00", "1", sell=True).replace(b"BTCUSDT", b"ETHUSDT")
    messages = [combined("btcusdt@depthSnapshot", SNAPSHOT), START[1], *other, prints]
    assert list(box(recording(*messages)).exchange.venues) == ["BTCUSDT", "ETHUSDT"]
    assert list(box(recording(*messages, symbol="ETHUSDT")).exchange.venues) == ["ETHUSDT"]


def test_files_plain_compressed_and_broken_off(tmp_path: Path) -> None:
    lines = b"".join(b"%d %s\n" % (NS + number, raw) for number, raw in enumerate(START * 200))
    plain, packed, broken = tmp_path / "plain", tmp_path / "packed", tmp_path / "broken"
    plain.write_bytes(lines)
    packed.write_bytes(gzip.compress(lines))
    broken.write_bytes(packed.read_bytes()[:-20])
    entries = [list(open_recording(path).entries()) for path in (plain, packed, broken)]
    assert entries[0] == entries[1]
    assert 0 < len(entries[2]) <= len(entries[0])
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            open_recording(path)


# --- playing


def test_times_are_shifted_to_now_and_the_end_is_the_end() -> None:
    simulator = box(recording(*START, print_("60000.00", "0.1", sell=True), every_ms=1000))
    venue = simulator.exchange.venues["BTCUSDT"]
    assert venue.book.levels(Side.BUY, 9) == [(600000, 2000), (599990, 3000)]
    simulator.tick(T0 + NS - 1)
    assert venue.book.qty_at(Side.BUY, 600000) == 2000
    simulator.tick(T0 + NS)
    assert venue.book.qty_at(Side.BUY, 600000) == 2500
    assert simulator.market_status(T0)["is_over"] is False
    simulator.tick(T0 + 2 * NS)
    assert simulator.market_status(T0)["is_over"] is True
    assert venue.book.qty_at(Side.BUY, 600000) == 2500, "the market stands still"


def test_it_can_be_played_again_and_again() -> None:
    simulator = box(recording(*START, print_("60000.00", "0.1", sell=True), every_ms=1000, loop=True))
    for second in range(1, 20):
        simulator.tick(T0 + second * NS)
        assert not simulator.is_over
    assert simulator.market_status(T0)["rounds"] == 7
    trades = simulator.face._state.tapes["BTCUSDT"].trades
    ids = [trade.trade_id for trade in trades]
    assert len(ids) == 6
    assert ids == sorted(set(ids))


def test_the_next_round_does_not_cross_the_book_of_the_last() -> None:
    """A recording begins with changes whose snapshot comes later: they meet the levels its end has left."""
    before = depth(5, 6, 4, [], [["60000.50", "1.500"]])
    risen = depth(13, 14, 12, [["60003.00", "7.000"]], [["60000.50", "0"], ["60001.00", "0"], ["60004.00", "1.000"]])
    simulator = box(recording(before, *START, risen, every_ms=1000, loop=True))
    book = simulator.exchange.venues["BTCUSDT"].book
    simulator.tick(T0 + 3 * NS)
    assert (book.best(Side.BUY), book.best(Side.SELL)) == (600030, 600040)
    simulator.tick(T0 + 4 * NS)
    assert (book.best(Side.BUY), book.best(Side.SELL)) == (600000, 600005), "the newer price counts"
    assert book.levels(Side.SELL, 9) == [(600005, 1500), (600040, 1000)]
    simulator.tick(T0 + 5 * NS)
    assert book.levels(Side.SELL, 9) == [(600010, 1000)]


def test_a_recording_waits_for_a_jump_of_the_clock() -> None:
    simulator = box(recording(*START, print_("60000.00", "0.1", sell=True), every_ms=1000))
    simulator.advance(3600 * NS, T0)
    assert simulator.market_status(T0)["entries"] == 1
    simulator.tick(T0 + 2 * NS)
    assert simulator.market_status(T0)["entries"] == 3


def test_a_taker_trades_with_the_recorded_book_and_moves_nothing() -> None:
    simulator = box(recording(*START, *[print_("60000.00", "0.1", sell=True)] * 9))
    events, _ = simulator.place(limit(Side.BUY, "60001.00", "0.400", TimeInForce.IOC), T0 + 200 * MS)
    (executed,) = [each for each in events if isinstance(each, Executed)]
    assert (executed.execution.px, executed.execution.qty) == (D("60001.00"), D("0.400"))
    venue = simulator.exchange.venues["BTCUSDT"]
    assert venue.book.levels(Side.SELL, 9) == [(600010, 1000)]
    simulator.tick(T0 + 250 * MS)
    tape = simulator.face._state.tapes["BTCUSDT"]
    assert [trade.qty for trade in tape.trades] == [D("0.100")], "the public tape is the recorded one"


def test_a_resting_order_is_filled_when_its_turn_has_come() -> None:
    prints = [print_("60000.00", "1.000", sell=True, ts_ms=3000 + number) for number in range(4)]
    simulator = box(recording(*START, *prints))
    events, _ = simulator.place(limit(Side.BUY, "60000.00", "0.700"), T0 + 150 * MS)
    order_id = simulator.exchange.open_orders("main")[0].order_id
    assert not [each for each in events if isinstance(each, Executed)]
    quantities = []
    for tenth in range(2, 8):
        simulator.tick(T0 + tenth * 100 * MS)
        order = simulator.exchange.ledger.order("main", "BTCUSDT", order_id)
        assert order is not None
        quantities.append(order.cum_qty)
    # 2.5 were before it: the third trade of 1 reaches it with 0.5.
    assert quantities == [0, 0, D("0.500"), D("0.700"), D("0.700"), D("0.700")]
    (record,) = simulator.exchange.ledger.orders("main", "BTCUSDT")
    assert record.status is OrderStatus.FILLED
    assert {row.is_maker for row in simulator.exchange.ledger.executions} == {True}


def test_conditional_orders_hear_recorded_trades() -> None:
    simulator = box(
        recording(*START, *[print_("60000.00", "0.100", sell=True)] * 3, event("markPriceUpdate", p="59000"))
    )
    simulator.tick(T0 + NS)
    venue = simulator.exchange.venues["BTCUSDT"]
    assert venue.last_px == 60000
    assert abs(venue.mark.px - 59000) < 1000


def test_a_hole_in_the_changes_is_mended_by_the_next_snapshot() -> None:
    later = SNAPSHOT.replace(b"10,", b"40,").replace(b"59999.00", b"59998.00")
    messages = (
        *START,
        depth(31, 35, 30, [["60000.00", "9.000"]], []),
        depth(36, 41, 35, [["59997.00", "1.000"]], []),
        later,
    )
    simulator = box(recording(*messages))
    simulator.tick(T0 + 350 * MS)
    assert simulator.market_status(T0)["gaps"] == 1
    venue = simulator.exchange.venues["BTCUSDT"]
    assert venue.book.levels(Side.BUY, 9) == [(600000, 9000), (599990, 3000), (599970, 1000)]
    simulator.tick(T0 + NS)
    assert venue.book.levels(Side.BUY, 9) == [(600000, 2000), (599980, 3000), (599970, 1000)]


def test_best_prices_alone_make_a_book() -> None:
    best = [event("bookTicker", u=n, b=f"6000{n}.00", B="1", a=f"6000{n}.10", A="2", T=1000) for n in range(3)]
    simulator = box(recording(*best))
    simulator.tick(T0 + NS)
    venue = simulator.exchange.venues["BTCUSDT"]
    assert (venue.book.levels(Side.BUY, 9), venue.book.levels(Side.SELL, 9)) == ([(600020, 1000)], [(600021, 2000)])


# --- the recorded market of 2024


def frames(simulator: Simulator, seconds: int) -> Iterator[bytes]:
    for outputs in (
        simulator.ws_open(1, "/public/stream?streams=btcusdt@depth@0ms/btcusdt@bookTicker", T0),
        simulator.ws_open(2, "/market/ws/btcusdt@aggTrade/btcusdt@kline_1m", T0),
    ):
        yield from (output.data for output in outputs if isinstance(output, WsSend))
    now_ns = T0
    while now_ns < T0 + seconds * NS:
        now_ns = min(T0 + seconds * NS, simulator.next_deadline_ns or 0)
        yield from (output.data for output in simulator.tick(now_ns) if isinstance(output, WsSend))


@requires_shared
def test_the_replayed_book_is_the_recorded_one() -> None:
    """At the update ids of the exchange's own best bid and offer, the book has the same."""
    played = open_recording(RECORDED)
    simulator = box(played)
    (tape,) = simulator.parts[Product.FUTURES].source._tapes.values()  # type: ignore[union-attr]
    tops: dict[int, Any] = {}
    tickers: dict[int, Any] = {}
    with gzip.open(RECORDED) as lines:
        for line in lines:
            raw = line.partition(b" ")[2]
            if b"@bookTicker" in raw[:40]:
                best = msgspec.json.decode(raw)["data"]
                tickers[best["u"]] = (D(best["b"]), D(best["B"]), D(best["a"]), D(best["A"]))
    now_ns = T0
    while now_ns < T0 + 40 * NS:
        now_ns = simulator.next_deadline_ns or 0
        simulator.tick(now_ns)
        bids, asks = tape.book.levels(Side.BUY, 1), tape.book.levels(Side.SELL, 1)
        if tape.sequencer.update_id and bids and asks:
            venue = tape.venue
            ((bid, bid_lots),), ((ask, ask_lots),) = bids, asks
            tops[tape.sequencer.update_id] = (
                venue.price(bid), venue.qty(bid_lots), venue.price(ask), venue.qty(ask_lots),
            )  # fmt: skip
    both = tops.keys() & tickers.keys()
    assert len(both) > 50
    assert {number: tops[number] for number in both} == {number: tickers[number] for number in both}
    assert tape.gaps == 0


@requires_shared
def test_the_same_recording_gives_the_same_bytes() -> None:
    first, second = (list(frames(box(open_recording(RECORDED)), 3)) for _ in range(2))
    assert len(first) > 100
    assert first == second


@requires_shared
def test_orders_in_the_recorded_market() -> None:
    """Makers at the best bid fill now and then, takers at once; books balance."""
    simulator = box(open_recording(RECORDED))
    exchange = simulator.exchange
    venue = exchange.venues["BTCUSDT"]
    for second in range(1, 90):
        now_ns = T0 + second * NS
        simulator.tick(now_ns)
        exchange.cancel_all("main", "BTCUSDT", now_ns)
        best = venue.book.best(Side.BUY)
        assert best is not None
        simulator.place(limit(Side.BUY, str(venue.price(best)), "0.010", number=second), now_ns)
        if second % 30 == 0:
            market = NewOrder("main", "BTCUSDT", Side.SELL, OrderType.MARKET, D("0.020"), client_order_id=f"m{second}")
            events, _ = simulator.place(market, now_ns)
            assert sum(each.execution.qty for each in events if isinstance(each, Executed)) == D("0.020")
    executions = exchange.ledger.executions
    assert sum(row.is_maker for row in executions) > 5
    net = sum((row.qty * row.side.sign for row in executions), D(0))
    assert exchange.position("main", "BTCUSDT").net == net
    assert sum(account.position("BTCUSDT").net for account in exchange.accounts.values()) == 0


@requires_shared
def test_a_client_sees_the_recorded_market() -> None:
    simulator = box(open_recording(RECORDED))
    simulator.tick(T0 + 5 * NS)
    reply, _ = simulator.http(Request("GET", "/fapi/v1/ticker/24hr", b"symbol=BTCUSDT"), T0 + 5 * NS)
    day = msgspec.json.decode(reply.body)
    assert abs(D(day["lastPrice"]) / 61800 - 1) < D("0.01")
    reply, _ = simulator.http(Request("GET", "/fapi/v1/klines", b"symbol=BTCUSDT&interval=1h"), T0 + 5 * NS)
    assert len(msgspec.json.decode(reply.body)) == 500
    reply, _ = simulator.http(Request("GET", "/fapi/v1/exchangeInfo"), T0 + 5 * NS)
    assert [symbol["symbol"] for symbol in msgspec.json.decode(reply.body)["symbols"]] == ["BTCUSDT"]
    reply, _ = simulator.http(
        Request("POST", "/admin/price", b"", {}, b'{"symbol":"BTCUSDT","price":"50000"}'), T0 + 5 * NS
    )
    assert reply.status == 409


def test_a_finer_grid_is_gathered_on_that_of_the_box() -> None:
    """As of another exchange, which has BTCUSDT with a tick of 0.01 and lots of 0.00001."""
    book = combined(
        "btcusdt@depthSnapshot",
        b'{"lastUpdateId":10,"bids":[["60000.06","0.0012"],["60000.01","0.0009"],["59999.99","0.0004"]],'
        b'"asks":[["60000.07","0.5"],["60000.10","0.25"],["60000.11","1"]]}',
    )
    spot = event("depthUpdate", U=11, u=12, pu=10, b=[["60000.06", "0.0020"]], a=[["60000.10", "0"]])
    sold = print_("60000.06", "0.004", sell=True)
    simulator = box(recording(book, spot, sold))
    venue = simulator.exchange.venues["BTCUSDT"]
    assert venue.book.levels(Side.BUY, 9) == [(600000, 2)]
    assert venue.book.levels(Side.SELL, 9) == [(600001, 750), (600002, 1000)]
    simulator.tick(T0 + 100 * MS)
    assert venue.book.levels(Side.BUY, 9) == [(600000, 2)]
    assert venue.book.levels(Side.SELL, 9) == [(600001, 500), (600002, 1000)]
    simulator.place(limit(Side.BUY, "60000.00", "0.001"), T0 + 150 * MS)
    simulator.tick(T0 + 200 * MS)
    (row,) = simulator.exchange.ledger.executions
    assert (row.px, row.is_maker, venue.last_px) == (D("60000.0"), True, D("60000.0"))
