"""The background market: lively, plausible, sane, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.events import ExchangeEvent, Executed, NewOrder, Traded
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.flow import Flow
from tradingsys.sim.markets import load_markets

from .exchange_rig import NS, T0

MARKETS = load_markets()


class Market:
    def __init__(self, seed: int, pace: float = 1.0) -> None:
        self.exchange = Exchange(market.listing for market in MARKETS)
        self.flow = Flow(self.exchange, MARKETS, Random(seed), T0, pace)
        self.now_ns = T0
        self.flow.advance(T0)

    def run(self, seconds: float) -> list[ExchangeEvent]:
        self.now_ns += int(seconds * NS)
        return self.flow.advance(self.now_ns)


def test_books_are_deep_and_tight_and_prices_move() -> None:
    market = Market(1)
    best: dict[str, list[int]] = {each.symbol: [] for each in MARKETS}
    spreads: dict[str, list[int]] = {each.symbol: [] for each in MARKETS}
    trades: Counter[str] = Counter()
    for _ in range(240):
        trades.update(event.symbol for event in market.run(0.25) if isinstance(event, Traded))
        for symbol, venue in market.exchange.venues.items():
            bids, asks = venue.book.levels(Side.BUY, 500), venue.book.levels(Side.SELL, 500)
            assert min(len(bids), len(asks)) >= 20, symbol
            best[symbol].append(bids[0][0])
            spreads[symbol].append(asks[0][0] - bids[0][0])
            assert len({qty for _, qty in bids[:20]}) > 10
    for symbol, prices in best.items():
        assert sorted(spreads[symbol])[120] <= 3, symbol
        assert len(set(prices)) >= 8, symbol
        assert trades[symbol] > 60, symbol


def test_a_slower_market_trades_as_much_less_and_stays_as_tight() -> None:
    usual, slow = Market(1), Market(1, pace=0.25)
    trades = [sum(isinstance(event, Traded) for _ in range(60) for event in market.run(1)) for market in (usual, slow)]
    assert 3 < trades[0] / trades[1] < 5
    for venue in slow.exchange.venues.values():
        bid, ask = venue.book.best(Side.BUY), venue.book.best(Side.SELL)
        assert bid is not None and ask is not None and ask - bid < 10


@pytest.mark.parametrize("symbol", ["BTCUSDT", "DOGEUSDT", "ADAUSDT"])
def test_an_order_at_the_best_bid_is_soon_filled_or_left_behind(symbol: str) -> None:
    market = Market(2)
    market.run(5)
    market.exchange.open_account("me", {"USDT": Decimal(10**6)})
    venue = market.exchange.venues[symbol]
    waits = []
    for _ in range(12):
        best = venue.book.best(Side.BUY)
        assert best is not None
        qty = venue.instrument.min_qty * 20
        request = NewOrder("me", symbol, Side.BUY, OrderType.LIMIT, qty, venue.price(best), client_order_id="mine")
        market.exchange.place(request, market.now_ns)
        for waited in range(1, 120):  # noqa: B007 - the last value is the answer
            events = market.run(0.5)
            bid = venue.book.best(Side.BUY) or 0
            if bid > best or any(isinstance(event, Executed) for event in events):
                break
        waits.append(waited / 2)
        market.exchange.cancel("me", symbol, market.now_ns, client_order_id="mine")
    assert sorted(waits)[6] <= 6


def test_prices_stay_sane_for_days() -> None:
    market = Market(3)
    for _ in range(24):
        market.run(3 * 3600)  # only its end is lived through
        for each in MARKETS:
            mark = market.exchange.marks()[each.symbol]
            assert abs(mark / each.start_price - 1) < Decimal("0.1")


def test_the_house_leaves_no_trace_in_the_ledger_and_no_hole_in_the_books() -> None:
    market = Market(4)
    market.run(4)
    assert market.exchange.ledger.executions == []
    for each in MARKETS:
        assert sum(account.position(each.symbol).net for account in market.exchange.accounts.values()) == 0


def test_a_seed_is_a_market() -> None:
    one, same, other = Market(5), Market(5), Market(6)
    first = one.run(3)
    assert first == same.run(3)
    assert first != other.run(3)


def test_slicing_time_changes_nothing() -> None:
    whole, sliced = Market(7), Market(7)
    events = whole.run(4)
    assert events == [event for _ in range(400) for event in sliced.run(0.01)]


def test_after_a_long_sleep_the_market_goes_on_from_now() -> None:
    market = Market(8)
    events = market.run(36_000)
    assert len(events) < 20_000
    assert market.flow.next_deadline_ns is not None
    assert market.flow.next_deadline_ns > market.now_ns
