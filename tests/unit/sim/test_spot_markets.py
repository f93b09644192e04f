"""The spot markets of the box against the venue's own rules."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.sim.markets import load_markets
from tradingsys.sim.spot_markets import SpotMarket, load_spot_markets

MARKETS = {market.symbol: market for market in load_spot_markets()}


def test_what_is_listed() -> None:
    assert set(MARKETS) >= {"BTCUSDT", "ETHUSDT", "DOGEUSDT", "BNBUSDT", "ETHBTC"}
    futures = {market.symbol: market for market in load_markets()}
    for symbol in set(futures) & set(MARKETS):
        assert futures[symbol].start_price == MARKETS[symbol].start_price
        assert futures[symbol].flow.sigma_bp == MARKETS[symbol].flow.sigma_bp, "their pasts would differ"


@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
def test_every_market_fits_its_own_grid(market: SpotMarket) -> None:
    assert market.start_price % market.price.step == 0
    assert market.lot.min % market.lot.step == 0
    assert market.price.min <= market.start_price <= market.price.max
    instrument = market.instrument
    assert instrument.spot is not None and instrument.spot.margin
    assert instrument.market_max_qty <= instrument.max_qty


@requires_shared
@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "DOGEUSDT"])
def test_rules_are_the_venues(symbol: str) -> None:
    listed = msgspec.json.decode((SHARED / "data/binance/exchange_info_2026.json").read_bytes())["spot"]
    row = next(each for each in listed if each["symbol"] == symbol)
    filters = {each["filterType"]: each for each in row["filters"]}
    market = MARKETS[symbol]

    def same(kind: str, **fields: object) -> None:
        for name, ours in fields.items():
            assert Decimal(filters[kind][name]) == Decimal(str(ours)), (kind, name)

    same("PRICE_FILTER", minPrice=market.price.min, maxPrice=market.price.max, tickSize=market.price.step)
    same("LOT_SIZE", minQty=market.lot.min, maxQty=market.lot.max, stepSize=market.lot.step)
    same("MARKET_LOT_SIZE", maxQty=market.market_max)
    same("NOTIONAL", minNotional=market.min_notional, maxNotional=market.max_notional)
    same("PERCENT_PRICE_BY_SIDE", bidMultiplierUp=market.multiplier_up, askMultiplierDown=market.multiplier_down)
    same("TRAILING_DELTA", minTrailingAboveDelta=market.trailing_min_bps, maxTrailingBelowDelta=market.trailing_max_bps)
    same("MAX_NUM_ORDERS", maxNumOrders=market.max_orders)
    same("MAX_NUM_ORDER_LISTS", maxNumOrderLists=market.max_lists)
    same("MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders=market.max_conditional)
    same("MAX_NUM_ORDER_AMENDS", maxNumOrderAmends=market.max_amends)
    same("ICEBERG_PARTS", limit=market.iceberg_parts)
    assert (market.base, market.quote) == (row["baseAsset"], row["quoteAsset"])
