"""Spot's rules for an order: its own arithmetic, its own answers."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance.exchange_double import World
from tradingsys.core.enums import Contingency, OrderType, Side, TimeInForce
from tradingsys.core.errors import OrderRejected
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.core.order import Terms
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.filters import Standing, check_order
from tradingsys.venues.binance.instruments import margin_instrument, spot_instrument
from tradingsys.venues.binance.products import MARGIN, SPOT
from tradingsys.venues.binance.spot_filters import FILTERS

D = Decimal
RECORDED = SHARED / "data" / "binance" / "exchange_info_2026.json"


def rule(name: str, **fields: Any) -> messages.Filter:
    return messages.Filter(filter_type=name, **fields)


# A made-up symbol: the lowest price is on no multiple of the tick, which spot does not mind.
SYMBOL = messages.Symbol(
    symbol="AUSDT", status="TRADING", base_asset="A", quote_asset="USDT", base_asset_precision=4, quote_precision=3,
    quote_asset_precision=3,
    order_types=["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "NEXT_YEAR"],
    iceberg_allowed=True, oco_allowed=True, oto_allowed=True, quote_order_qty_market_allowed=True,
    allow_trailing_stop=True, amend_allowed=True, is_spot_trading_allowed=True, is_margin_trading_allowed=True,
    filters=[
        rule("PRICE_FILTER", min_price="10.05", max_price="900", tick_size="0.10"),
        rule("LOT_SIZE", min_qty="0.15", max_qty="1000", step_size="0.10"),
        rule("MARKET_LOT_SIZE", min_qty="0", max_qty="100", step_size="0"),
        rule("NOTIONAL", min_notional="20", apply_min_to_market=True, max_notional="20000", apply_max_to_market=False),
        rule("PERCENT_PRICE_BY_SIDE", bid_multiplier_up="1.1", bid_multiplier_down="0.2", ask_multiplier_up="5",
             ask_multiplier_down="0.9", avg_price_mins=5),
        rule("ICEBERG_PARTS", limit=10),
        rule("TRAILING_DELTA", min_trailing_above_delta=10, max_trailing_above_delta=2000,
             min_trailing_below_delta=20, max_trailing_below_delta=1000),
        rule("MAX_POSITION", max_position="50"),
        rule("MAX_NUM_ORDERS", max_num_orders=3),
        rule("MAX_NUM_ALGO_ORDERS", max_num_algo_orders=2),
        rule("MAX_NUM_ICEBERG_ORDERS", max_num_iceberg_orders=1),
        rule("MAX_NUM_ORDER_LISTS", max_num_order_lists=20),
        rule("MAX_NUM_ORDER_AMENDS", max_num_order_amends=10),
        rule("FILTER_OF_NEXT_YEAR"),
    ],
)  # fmt: skip
RULES = spot_instrument(SYMBOL)
LIMIT = Terms("AUSDT", Side.BUY, OrderType.LIMIT, D("1.2"), D("100.1"), TimeInForce.GTC)
MARKET = Terms("AUSDT", Side.BUY, OrderType.MARKET, D("1.2"))
STOP = Terms("AUSDT", Side.SELL, OrderType.STOP_MARKET, D("1.2"), stop_px=D("90.1"))
TRAIL = Terms("AUSDT", Side.SELL, OrderType.TRAILING_STOP_MARKET, D("1.2"), callback_rate=D("0.5"))


def changed(terms: Terms, **changes: Any) -> Terms:
    decimals = {name: D(value) if type(value) is str else value for name, value in changes.items()}
    return msgspec.structs.replace(terms, **decimals)


def verdict(terms: Terms, rules: Instrument = RULES, **context: Any) -> str | None:
    refusal = check_order(FILTERS, rules, terms, **context)
    return None if refusal is None else f"{refusal.code} {refusal.message}"


def test_an_instrument_is_read_from_its_symbol() -> None:
    assert RULES.order_types == (
        OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_MARKET,
        OrderType.TRAILING_STOP_MARKET,
    )  # fmt: skip
    assert RULES.times_in_force == (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
    assert (RULES.post_only, RULES.price_precision, RULES.qty_precision) == (True, 3, 4)
    assert (RULES.market_lot_size, RULES.market_min_qty, RULES.market_max_qty) == (D("0.1"), D("0.15"), D(100))
    assert (RULES.min_notional, RULES.max_open_orders) == (D(20), 3)
    assert RULES.spot == SpotRules(
        quote_order_qty=True, iceberg=True, trailing=True, amend=True,
        lists=(Contingency.OCO, Contingency.OTO, Contingency.OTOCO), max_notional=D(20000),
        max_notional_of_market=False, max_position=D(50),
        max_iceberg_parts=10, max_iceberg_orders=1, max_conditional_orders=2, max_order_lists=20,
        max_amends=10, trailing_above_bps=(10, 2000), trailing_below_bps=(20, 1000), bid_band=(D("0.2"), D("1.1")),
        ask_band=(D("0.9"), D(5)),
    )  # fmt: skip
    with pytest.raises(msgspec.ValidationError, match="AUSDT has no PRICE_FILTER"):
        spot_instrument(msgspec.structs.replace(SYMBOL, filters=[]))


def test_a_symbol_without_options_has_none() -> None:
    plain = messages.Symbol(
        symbol="AUSDT", status="BREAK", base_asset="A", quote_asset="USDT",
        filters=[
            *SYMBOL.filters[:2],
            rule("MIN_NOTIONAL", min_notional="5", apply_to_market=False),
            rule("PERCENT_PRICE", multiplier_up="2", multiplier_down="0.5"),
        ],
    )  # fmt: skip
    told = spot_instrument(plain)
    band = (D("0.5"), D(2))
    assert told.spot == SpotRules(
        min_notional_of_market=False, max_notional_of_market=False, bid_band=band, ask_band=band
    )
    assert (told.is_trading, told.min_notional, told.order_types) == (False, D(5), ())
    assert not margin_instrument(plain).is_trading


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (LIMIT, None),
        (changed(LIMIT, price="100.15"), "-1013 Filter failure: PRICE_FILTER"),
        (changed(LIMIT, price="10.1"), "-1013 Filter failure: NOTIONAL"),
        (changed(LIMIT, price="10"), "-1013 Filter failure: PRICE_FILTER"),
        (changed(LIMIT, price="900.1"), "-1013 Filter failure: PRICE_FILTER"),
        (changed(LIMIT, price="100.1001"), "-1111 Parameter 'price' has too much precision."),
        (changed(LIMIT, price="0"), "-1013 Invalid price."),
        (changed(LIMIT, price=None), "-1102 Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
        (changed(LIMIT, order_qty="1.25"), "-1013 Filter failure: LOT_SIZE"),
        (changed(LIMIT, order_qty="0.1"), "-1013 Filter failure: LOT_SIZE"),
        (changed(LIMIT, order_qty="1000.1"), "-1013 Filter failure: LOT_SIZE"),
        (changed(LIMIT, order_qty="1.20001"), "-1111 Parameter 'quantity' has too much precision."),
        (changed(LIMIT, order_qty="0"), "-1013 Invalid quantity."),
        (changed(LIMIT, order_qty="200"), "-1013 Filter failure: NOTIONAL"),
        (changed(LIMIT, order_qty="1.2", iceberg_qty="0.2"), None),
        (changed(LIMIT, order_qty="2.1", iceberg_qty="0.2"), "-1013 Filter failure: ICEBERG_PARTS"),
        (changed(LIMIT, iceberg_qty="0.25"), "-1013 Filter failure: LOT_SIZE"),
        (changed(LIMIT, iceberg_qty="1.3"), "-1013 IcebergQty exceeds QTY."),
        (MARKET, None),
        (changed(MARKET, order_qty="100"), None),
        (changed(MARKET, order_qty="100.1"), "-1013 Filter failure: MARKET_LOT_SIZE"),
        (changed(MARKET, order_qty="1000.1"), "-1013 Filter failure: LOT_SIZE"),
        (changed(MARKET, order_qty="0", quote_order_qty="19.9"), "-1013 Filter failure: NOTIONAL"),
        (changed(MARKET, order_qty="0", quote_order_qty="20"), None),
        (changed(MARKET, order_qty="0", quote_order_qty="90000"), None),
        (
            changed(MARKET, order_qty="0", quote_order_qty="20.0001"),
            "-1111 Parameter 'quoteOrderQty' has too much precision.",
        ),
        (STOP, None),
        (changed(STOP, stop_px="90.15"), "-1013 Filter failure: PRICE_FILTER"),
        (
            changed(STOP, stop_px=None),
            "-1102 Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
        ),
        (TRAIL, None),
        (changed(TRAIL, callback_rate="0.19"), "-1013 Filter failure: TRAILING_DELTA"),
        (changed(TRAIL, callback_rate="10.01"), "-1013 Filter failure: TRAILING_DELTA"),
        (changed(TRAIL, callback_rate="20", side=Side.BUY), None),
        (changed(TRAIL, activation_px="90.15"), "-1013 Filter failure: PRICE_FILTER"),
        (
            changed(TRAIL, order_type=OrderType.TAKE_PROFIT_MARKET, callback_rate="20", side=Side.SELL),
            None,
        ),
        (changed(LIMIT, order_type=OrderType.TAKE_PROFIT_LIMIT), "-1116 Invalid orderType."),
    ],
)  # fmt: skip
def test_an_order_that_breaks_a_rule_gets_the_exchange_s_words(terms: Terms, expected: str | None) -> None:
    assert verdict(terms) == expected


@pytest.mark.parametrize(
    ("terms", "mark_px", "expected"),
    [
        (LIMIT, "91", None),
        (LIMIT, "90.9", "PERCENT_PRICE_BY_SIDE"),
        (LIMIT, "500", None),
        (LIMIT, "501", "PERCENT_PRICE_BY_SIDE"),
        (changed(LIMIT, side=Side.SELL), "111.2", None),
        (changed(LIMIT, side=Side.SELL), "111.3", "PERCENT_PRICE_BY_SIDE"),
        (changed(LIMIT, order_type=OrderType.STOP_LIMIT, stop_px="90.1"), "90.9", "PERCENT_PRICE_BY_SIDE"),
        (MARKET, "16", "NOTIONAL"),
        (MARKET, "17", None),
        (STOP, "16", None),
        (changed(STOP, stop_px="16.1"), "90", "NOTIONAL"),
        (TRAIL, "16", "NOTIONAL"),
        (changed(MARKET, order_qty="100"), "500", None),
    ],
)
def test_bands_and_values_at_market_need_a_reference(terms: Terms, mark_px: str, expected: str | None) -> None:
    failure = None if expected is None else f"-1013 Filter failure: {expected}"
    assert verdict(terms, mark_px=D(mark_px)) == failure


@pytest.mark.parametrize(
    ("terms", "standing", "expected"),
    [
        (LIMIT, Standing(2), None),
        (LIMIT, Standing(3), "MAX_NUM_ORDERS"),
        (STOP, Standing(3), "MAX_NUM_ORDERS"),
        (STOP, Standing(conditional_orders=1), None),
        (STOP, Standing(conditional_orders=2), "MAX_NUM_ALGO_ORDERS"),
        (LIMIT, Standing(conditional_orders=2), None),
        (changed(LIMIT, iceberg_qty="0.2"), Standing(iceberg_orders=1), "MAX_NUM_ICEBERG_ORDERS"),
        (LIMIT, Standing(position=D("48.8")), None),
        (LIMIT, Standing(position=D("48.9")), "MAX_POSITION"),
        (changed(LIMIT, side=Side.SELL), Standing(position=D(60)), None),
    ],
)
def test_what_is_open_already_counts(terms: Terms, standing: Standing, expected: str | None) -> None:
    failure = None if expected is None else f"-1013 Filter failure: {expected}"
    assert verdict(terms, standing=standing) == failure


@pytest.mark.parametrize(
    ("terms", "missing", "words"),
    [
        (changed(LIMIT, iceberg_qty="0.2"), {"iceberg": False}, "Iceberg"),
        (TRAIL, {"trailing": False}, "Trailing"),
        (changed(MARKET, order_qty="0", quote_order_qty="50"), {"quote_order_qty": False}, "Quote"),
    ],
)
def test_options_that_a_symbol_lacks(terms: Terms, missing: dict[str, bool], words: str) -> None:
    assert RULES.spot is not None
    rules = msgspec.structs.replace(RULES, spot=msgspec.structs.replace(RULES.spot, **missing))
    told = verdict(terms, rules)
    assert told is not None
    assert told.startswith("-1013") and words in told


def test_every_rule_that_spot_can_break_has_an_answer_and_what_to_do() -> None:
    world = World(product=SPOT)
    refusal = world.protocol.refusal(changed(LIMIT, price="100.15"), RULES, None)
    assert isinstance(refusal, OrderRejected)
    assert str(refusal) == "-1013: Filter failure: PRICE_FILTER (round the price to the symbol's tick, 0.10)"
    assert world.protocol.refusal(LIMIT, RULES, D(90)) is None, "which average is meant, only the exchange knows"
    refusal = world.protocol.refusal(changed(LIMIT, price="10.1"), RULES, None)
    assert "the least value of an order is 20 of the quote asset" in str(refusal)
    refusal = world.protocol.refusal(LIMIT, msgspec.structs.replace(RULES, status="HALT", is_trading=False), None)
    assert "HALT: the exchange halted it" in str(refusal)
    assert {code for code, _ in FILTERS.answers.values()} <= SPOT.errors.codes.keys()
    assert SPOT.errors.codes.keys() < MARGIN.errors.codes.keys()


@given(st.integers(101, 9000), st.integers(2, 9999))
def test_every_multiple_of_the_steps_is_accepted(ticks: int, lots: int) -> None:
    price, qty = ticks * D("0.1"), lots * D("0.1")
    expected = None if 20 <= price * qty <= 20000 else "-1013 Filter failure: NOTIONAL"
    assert verdict(changed(LIMIT, price=price, order_qty=qty)) == expected
    assert verdict(changed(LIMIT, price=price + D("0.05"), order_qty=qty)) == "-1013 Filter failure: PRICE_FILTER"


@requires_shared
def test_recorded_symbols_are_read() -> None:
    told = msgspec.json.decode(RECORDED.read_bytes())
    symbols = [msgspec.convert(each, messages.Symbol, strict=False) for each in told["spot"]]
    rules = [spot_instrument(each) for each in symbols]
    assert len(rules) == len(told["spot"]) > 0
    for each in rules:
        assert each.is_trading and each.post_only and each.spot is not None
        assert each.market_lot_size > 0 and each.market_max_qty > 0
        assert each.spot.trailing_above_bps == (10, 2000)
    assert all(margin_instrument(each).is_trading for each in symbols if each.is_margin_trading_allowed)
