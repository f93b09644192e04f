"""However much there is to read, procedures keep to their share of the rate limit, and orders go on."""

from __future__ import annotations

import contextlib
from collections import Counter
from decimal import Decimal
from pathlib import Path

from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.spot_venue import SpotVenue, spot_instrument
from tradingsys.core.commands import (
    Ask,
    BalancesQuery,
    Command,
    InstrumentsQuery,
    OpenOrdersQuery,
    Query,
    RateLimit,
    TimeQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Order
from tradingsys.core.reports import Answer, EventMissed, OrderChanged
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.procedure import ask
from tradingsys.oms.throttle import Share
from tradingsys.venues.binance.products import SPOT
from tradingsys.venues.binance.queries import weight
from tradingsys.venues.protocol import Cost, Output
from tradingsys.wire.messages import ErrorCode

MINUTE_MS = 60_000
LIMIT = 6_000
OTHERS = [f"A{number}USDT" for number in range(40)]


class WeighingVenue(SpotVenue):
    """A spot account among many symbols; it weighs what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.instruments += [spot_instrument(symbol, is_margin=False) for symbol in OTHERS]
        limits = (RateLimit("weight", MINUTE_MS, LIMIT),)
        self.answers[InstrumentsQuery] = lambda _: VenueRules(tuple(self.instruments), limits)
        self.answers[TradesQuery] = self._trades
        self.weights: Counter[int] = Counter()
        """By minute: what questions cost; orders come on top."""
        self.questions: Counter[type] = Counter()

    def _trades(self, query: TradesQuery) -> tuple[Order, ...]:
        def is_asked_for(row: Order) -> bool:
            (fill,) = row.fills.values()
            if fill.symbol != query.symbol:
                return False
            if query.from_id is not None:
                return int(fill.exec_id) >= query.from_id
            return query.start_ms is None or fill.ts_event_ms >= query.start_ms

        return tuple(filter(is_asked_for, self.fills))[-query.limit :]

    def command(self, command: Command, now_ns: int) -> list[Output]:
        outputs = super().command(command, now_ns)
        if isinstance(command, Ask):
            self.weights[self.clock.now_ms(now_ns) // MINUTE_MS] += self.cost(command).weight
            self.questions[type(command.query)] += 1
        return outputs

    def cost(self, command: Command) -> Cost:
        return Cost(weight(SPOT, command.query), 0) if isinstance(command, Ask) else Cost(1, 1)


class Desk:
    """A strategy that goes on trading whatever the gateway has to read."""

    def __init__(self, folder: Path, watch_ms: int = 30_000) -> None:
        self.venue = WeighingVenue()
        settings = structs.replace(SETTINGS, product=ProductName.SPOT, watch_ms=watch_ms, cadence=Cadence())
        self.scene = Scene(folder, settings, venue=self.venue).ready()
        self.venue.weights.clear()
        self.client = self.scene.client()

    def enter(self, *symbols: str) -> None:
        self.client.request("subscribe", [f"{symbol.lower()}@trade" for symbol in symbols])
        self.scene.run(70)
        assert self.scene.gateway.book.symbols.keys() >= set(symbols)

    def rest(self, *symbols: str) -> None:
        """An order waits on each of these symbols, from now on."""
        resting = [self.scene.accepts(self.client.order(symbol=symbol.lower(), price="0.1")) for symbol in symbols]
        self.venue.answers[OpenOrdersQuery] = lambda _: tuple(resting)

    def trade(self, symbol: str = "DOGEUSDT", side: str = "BUY", fee_asset: str = "USDT") -> None:
        self.client.peer.sent.clear()
        order = self.client.order(symbol=symbol.lower(), side=side)
        told = self.scene.accepts(order)
        self.scene.fills_order(order, "30", fee_asset=fee_asset)
        self.scene.says(OrderChanged(structs.replace(told, venue_cum_qty=Decimal(30)), symbol, self.scene.now_ms()))

    def go_on(self, seconds: int, fee_asset: str = "USDT") -> None:
        """Trade every second; each order is taken, or this raises."""
        for _ in range(seconds):
            self.scene.run(1)
            self.trade(fee_asset=fee_asset)

    def assert_kept(self) -> None:
        assert max(self.venue.weights.values()) <= LIMIT * Share.OWN_QUESTIONS // 100


def test_a_fee_in_an_asset_that_never_rests(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.enter(*OTHERS[:20])
    desk.rest(*OTHERS[:20])
    desk.scene.run(60)
    desk.venue.questions.clear()
    desk.go_on(180, fee_asset="BNB")
    desk.assert_kept()
    assert "BNB" not in desk.scene.gateway.book.assets, "it never rests"
    # The watch reads one of 21 symbols every second, and nobody reads them for BNB.
    assert desk.venue.questions[TradesQuery] <= 185
    busy = [line for line in desk.scene.logged if "does not move" in line]
    assert len(busy) == 1 and "BNB" in busy[0], busy
    desk.go_on(30)
    assert "BNB" in desk.scene.gateway.book.assets, "once it rests it is entered"
    desk.scene.run(60)
    assert desk.scene.gateway.book.differences == {}


def test_what_nobody_can_read_is_told_every_second(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.enter(*OTHERS[:20])
    desk.rest(*OTHERS[:20])
    desk.scene.run(60)
    desk.venue.weights.clear()
    for _ in range(240):
        desk.scene.says(EventMissed())
        desk.go_on(1)
    desk.assert_kept()
    # The watch takes some 900 a minute, and each reading of what was missed twice 440.
    assert max([*desk.venue.weights.values()][-2:]) <= 2_700


def test_symbols_on_which_nothing_can_happen_are_not_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.enter(*OTHERS)
    for symbol in OTHERS:
        desk.trade(symbol)
        desk.trade(symbol, side="SELL")
    desk.scene.run(90)
    desk.venue.asked.clear()
    desk.go_on(90)
    assert {query.symbol for query in desk.venue.asked if isinstance(query, TradesQuery)} == {"DOGEUSDT"}
    desk.trade(OTHERS[0])
    desk.scene.run(90)
    asked = [query.symbol for query in desk.venue.asked if isinstance(query, TradesQuery)]
    assert 1 <= asked.count(OTHERS[0]) <= 2, "until what happened is settled"
    desk.assert_kept()
    assert desk.scene.gateway.book.differences == {}


def test_strategies_that_want_the_same_symbol_share_its_readings(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.scene.run(60)
    desk.venue.questions.clear()
    strategies = [desk.scene.client(session) for session in range(2, 22)]
    wishes = [strategy.request("subscribe", [f"{OTHERS[0].lower()}@trade"]) for strategy in strategies]
    for _ in range(100):  # its asset comes to the account all the time
        desk.venue.moves("A0", "1")
        desk.go_on(1)
    assert OTHERS[0] not in desk.scene.gateway.book.symbols
    assert desk.venue.questions[BalancesQuery] <= 30
    desk.assert_kept()
    desk.scene.run(30)
    assert all("result" in (each.reply_to(wish) or {}) for each, wish in zip(strategies, wishes, strict=True))


def test_reading_that_waits_for_the_next_minute_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.enter(*OTHERS[:20])
    desk.rest(*OTHERS[:20])
    desk.scene.run(60)
    desk.venue.weights.clear()
    desk.scene.logged.clear()
    desk.scene.gateway.venue.set_limits((RateLimit("weight", MINUTE_MS, 300),))
    desk.scene.run(110)
    told = [line for line in desk.scene.logged if "reading waits for room" in line]
    assert 1 <= len(told) <= 3, "once a minute, and these are parts of three"
    assert max(desk.venue.weights.values()) <= 300 * Share.OWN_QUESTIONS // 100


def test_the_time_is_asked_for_before_all_else(tmp_path: Path) -> None:
    """Without it no order could be sent: what there was no room for goes first, when there is some."""
    desk = Desk(tmp_path)
    desk.scene.run(60 - desk.scene.now_ms() % MINUTE_MS / 1000 + 1)
    desk.scene.gateway.venue.set_limits((RateLimit("weight", MINUTE_MS, 10),))
    desk.scene.gateway.venue.send(Ask(0, BalancesQuery()))
    for query in (TradesQuery("DOGEUSDT"), TimeQuery()):
        desk.scene.gateway.run(asking(query))
    desk.venue.asked.clear()
    desk.scene.run(61)
    assert isinstance(desk.venue.asked[0], TimeQuery)


def test_a_slow_venue_is_asked_a_few_questions_at_a_time(tmp_path: Path) -> None:
    """A question that waits for a connection is too old when it gets there; the time never waits behind others."""
    desk = Desk(tmp_path)
    symbols = [f"B{number}USDT" for number in range(40)]
    trades = desk.venue.answers.pop(TradesQuery)
    desk.venue.asked.clear()
    for symbol in symbols:
        desk.scene.gateway.run(asking(TradesQuery(symbol)))
    desk.scene.gateway.run(asking(TimeQuery()))
    assert len(desk.venue.asked) < 16 and isinstance(desk.venue.asked[-1], TimeQuery)
    desk.venue.answers[TradesQuery] = trades
    for each in desk.venue.open_asks:
        desk.scene.says(Answer(each.token, ()))
    assert {query.symbol for query in desk.venue.asked if isinstance(query, TradesQuery)} >= {*symbols}


def test_what_strategies_ask_keeps_nothing_else_waiting(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    del desk.venue.answers[BalancesQuery]
    strategies = [desk.client, *(desk.scene.client(session) for session in range(2, 6))]
    wishes = [(each, each.request("get_balances")) for each in strategies for _ in range(8)]
    assert len(desk.venue.open_asks) <= 4, "of forty"
    desk.venue.asked.clear()
    desk.scene.gateway.run(asking(TradesQuery("DOGEUSDT")))
    assert desk.venue.asked == [TradesQuery("DOGEUSDT")]
    desk.scene.run(20)
    assert all((each.reply_to(wish) or {})["error"]["code"] == ErrorCode.DISCONNECTED for each, wish in wishes)
    for each in desk.venue.open_asks.copy():
        desk.venue.open_asks.remove(each)
        desk.scene.says(Answer(each.token, ()))
    assert not desk.venue.open_asks, "what nobody waits for any more is not asked"


def test_the_kill_switch_asks_before_all_that_waits_to_be_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.scene.run(60 - desk.scene.now_ms() % MINUTE_MS / 1000 + 1)
    desk.scene.gateway.venue.set_limits((RateLimit("weight", MINUTE_MS, 600),))
    for _ in range(40):
        desk.scene.gateway.run(asking(TradesQuery("DOGEUSDT")))
    assert desk.scene.gateway.venue.questions_waiting, "its share is used up"
    desk.venue.asked.clear()
    view = desk.scene.operator().result("op.halt", {})
    desk.scene.run(1)
    assert [type(query) for query in desk.venue.asked] == [OpenOrdersQuery]
    assert view["number"]


def test_a_question_that_nothing_will_answer_keeps_no_place(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    del desk.venue.answers[TradesQuery]
    for _ in range(12):
        desk.scene.gateway.run(asking(TradesQuery("DOGEUSDT")))
    desk.venue.answers[TradesQuery] = lambda _: ()
    desk.scene.gateway.run(asking(BalancesQuery()))
    assert BalancesQuery() not in desk.venue.asked[-12:]
    desk.venue.asked.clear()
    desk.scene.run(601)
    assert BalancesQuery() in desk.venue.asked
    assert sum("never answered" in line for line in desk.scene.logged) == 12


async def asking(query: Query[object]) -> None:
    with contextlib.suppress(TradingError):
        await ask(query)
