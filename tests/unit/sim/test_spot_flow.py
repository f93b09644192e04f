"""Both segments of the box: a coin's price here and there, and the same box for the same seed."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from tradingsys.core.enums import Contingency, OrderStatus, Side
from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.flow import Flow
from tradingsys.sim.markets import load_markets
from tradingsys.sim.order_lists import NewOrderList
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.sim.spot_markets import load_spot_markets

from .spot_rig import BTC, DOGE, ETHBTC, MS, T0, order

STEP = 100 * MS


class Box:
    def __init__(self, seed: int) -> None:
        markets, spot_markets = load_markets(), load_spot_markets()
        self.futures = Exchange(market.listing for market in markets)
        self.spot = SpotExchange(market.listing for market in spot_markets)
        self.spot.open_account("a", {"USDT": Decimal(10_000)}, now_ns=T0)
        self.leader = Flow(self.futures, markets, Random(seed), T0)
        self.follower = Flow(self.spot, spot_markets, Random(seed + 1), T0, elsewhere=self.leader.value)
        self.now_ns = T0

    def run(self, seconds: int) -> list[ExchangeEvent]:
        events: list[ExchangeEvent] = []
        for _ in range(seconds * 1000 * MS // STEP):
            self.leader.advance(self.now_ns)
            self.futures.tick(self.now_ns)
            events += self.follower.advance(self.now_ns)
            events += self.spot.tick(self.now_ns)
            self.now_ns += STEP
        return events

    def apart_bp(self, symbol: str) -> float:
        here, there = self.spot.venues[symbol].mid, self.futures.venues[symbol].mid
        assert here is not None and there is not None
        return float(abs(here / there - 1) * 10_000)


def test_spot_and_perpetual_stay_near_each_other() -> None:
    box = Box(3)
    for _ in range(8):
        box.run(1)
        assert max(box.apart_bp(BTC), box.apart_bp(DOGE)) < 15


def test_a_jump_of_one_segment_takes_the_other_along() -> None:
    box = Box(3)
    box.run(2)
    box.leader.move(DOGE, 66_000, box.now_ns)
    assert box.apart_bp(DOGE) > 500
    box.run(10)
    assert box.apart_bp(DOGE) < 15


def test_whoever_is_in_the_way_of_a_jump_can_trade_back_at_once() -> None:
    for side, back, ticks in ((Side.BUY, Side.SELL, 54_000), (Side.SELL, Side.BUY, 66_000)):
        box = Box(3)
        box.spot.transfer("a", "DOGE", Decimal(2_000), box.now_ns)
        box.run(1)
        first = order("a", side, "1000", "0.58" if side is Side.BUY else "0.62")
        second = order("a", back, "1000") if back is Side.SELL else order("a", back, "900")
        box.spot.place_list(NewOrderList("a", DOGE, Contingency.OTO, (first, second)), box.now_ns)
        box.follower.move(DOGE, ticks, box.now_ns)
        ends = [(each.status, each.expiry) for each in box.spot.ledger.orders("a", DOGE)]
        assert ends == [(OrderStatus.FILLED, None)] * 2


def test_a_cross_rate_follows_its_two_coins() -> None:
    box = Box(3)
    box.run(5)
    eth, btc, cross = (float(box.spot.venues[symbol].mid or 0) for symbol in ("ETHUSDT", BTC, ETHBTC))
    assert abs(cross / (eth / btc) - 1) < 0.002


def test_the_same_seed_gives_the_same_spot_market() -> None:
    told = []
    for seed in (5, 5, 6):
        box = Box(seed)
        events = box.run(3)
        events += box.spot.place(order("a", Side.BUY, "100"), box.now_ns)
        told.append(repr(events))
    assert told[0] == told[1] != told[2]
