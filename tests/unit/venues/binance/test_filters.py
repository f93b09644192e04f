from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.binance.exchange_double import World
from tradingsys.core.enums import OrderType, PriceMatch, Side, TimeInForce
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.filters import (
    FilterDialect,
    Rule,
    check_order,
    offset_remainder,
    plain_remainder,
    shows_old_rules,
    status_refusal,
)
from tradingsys.venues.binance.instruments import instrument
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import SPOT, USDM
from tradingsys.venues.binance.usdm import FILTERS

D = Decimal

# A made-up symbol: the lowest price is on no multiple of the tick, nor the smallest quantity of the step.
SYMBOL = messages.Symbol(
    symbol="AUSDT", status="TRADING", base_asset="A", quote_asset="USDT", margin_asset="USDT", price_precision=3,
    quantity_precision=2, order_types=["LIMIT", "MARKET", "STOP", "WORD_OF_NEXT_YEAR"],
    time_in_force=["GTC", "IOC", "FOK", "GTX", "GTD", "RPI"],
    filters=[
        messages.Filter(filter_type="PRICE_FILTER", min_price="10.05", max_price="900", tick_size="0.10"),
        messages.Filter(filter_type="LOT_SIZE", min_qty="0.15", max_qty="1000", step_size="0.10"),
        messages.Filter(filter_type="MARKET_LOT_SIZE", min_qty="0.50", max_qty="100", step_size="0.50"),
        messages.Filter(filter_type="MIN_NOTIONAL", notional="20"),
        messages.Filter(filter_type="PERCENT_PRICE", multiplier_up="1.1", multiplier_down="0.9"),
        messages.Filter(filter_type="MAX_NUM_ORDERS", limit=2),
        messages.Filter(filter_type="FILTER_OF_NEXT_YEAR"),
    ],
)  # fmt: skip
RULES = instrument(SYMBOL)


def terms(qty: str = "1.15", price: str | None = "100.05", **changes: Any) -> Terms:
    if price is None:
        plain = Terms("AUSDT", Side.BUY, OrderType.MARKET, D(qty))
    else:
        plain = Terms("AUSDT", Side.BUY, OrderType.LIMIT, D(qty), D(price), TimeInForce.GTC)
    return msgspec.structs.replace(plain, **changes)


def code(order: Terms, rules: Instrument = RULES, **context: Any) -> int | None:
    refusal = check_order(FILTERS, rules, order, **context)
    return refusal.code if refusal else None


def test_an_instrument_is_read_from_its_symbol() -> None:
    assert RULES.order_types == (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_LIMIT)
    assert RULES.times_in_force == (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD)
    assert RULES.post_only
    assert (RULES.tick_size, RULES.min_price, RULES.min_qty, RULES.market_lot_size) == (
        D("0.1"), D("10.05"), D("0.15"), D("0.5"),
    )  # fmt: skip
    with pytest.raises(msgspec.ValidationError, match="AUSDT has no PRICE_FILTER"):
        instrument(msgspec.structs.replace(SYMBOL, filters=[]))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (terms(), None),
        (terms(price="100.1"), -4014),
        (terms(price="100.0501"), -1111),
        (terms(price="100.0500"), None),
        (terms(price="10.04"), -4013),
        (terms(price="901.05"), -4002),
        (terms(price="0"), -4001),
        (terms(price="-5"), -4001),
        (msgspec.structs.replace(terms(), price=None), -1102),
        (terms(qty="1.10"), -4023),
        (terms(qty="1.151"), -1111),
        (terms(qty="0.10"), -4004),
        (terms(qty="1000.15"), -4005),
        (terms(qty="0"), -4003),
        (terms(qty="-1"), -4003),
        (terms(qty="0.15"), -4164),
        (terms(qty="0.15", reduce_only=True), None),
        (terms(order_type=OrderType.TRAILING_STOP_MARKET), -1116),
    ],
)
def test_a_limit_order_that_breaks_a_rule_gets_the_exchange_s_code(order: Terms, expected: int | None) -> None:
    assert code(order) == expected


@pytest.mark.parametrize(
    ("order", "context", "expected"),
    [
        (terms("1.5", None), {}, None),
        (terms("1.5", None), {"mark_px": D(100)}, None),
        (terms("1.15", None), {}, -4023),
        (terms("0.25", None), {}, -4004),
        (terms("100.5", None), {}, -4005),
        (terms("1.5", None), {"mark_px": D(13)}, -4164),
        (terms("1.5", None, reduce_only=True), {"mark_px": D(13)}, None),
        (terms("1.5", None), {"mark_px": D(100), "counter_px": D("110.1")}, -4131),
        (terms("1.5", None), {"mark_px": D(100), "counter_px": D(80)}, None),
        (terms("1.5", None, side=Side.SELL), {"mark_px": D(100), "counter_px": D("89.9")}, -4131),
    ],
)
def test_a_market_order_has_its_own_lots_and_is_valued_at_the_mark(
    order: Terms, context: dict[str, Any], expected: int | None
) -> None:
    assert code(order, **context) == expected


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (Side.BUY, "110.05", -4016),
        (Side.BUY, "109.95", None),
        (Side.BUY, "20.05", None),
        (Side.SELL, "89.95", -4024),
        (Side.SELL, "90.05", None),
        (Side.SELL, "800.05", None),
    ],
)
def test_the_price_band_is_one_sided(side: Side, price: str, expected: int | None) -> None:
    assert code(terms(price=price, side=side), mark_px=D(100)) == expected


CONDITIONAL = msgspec.structs.replace(RULES, order_types=tuple(OrderType))


def waiting(order_type: OrderType = OrderType.STOP_LIMIT, **changes: Any) -> Terms:
    plain = Terms(
        "AUSDT",
        Side.BUY,
        order_type,
        D("1.15"),
        D("100.05") if order_type.has_price else None,
        TimeInForce.GTC,
        stop_px=None if order_type is OrderType.TRAILING_STOP_MARKET else D("100.05"),
        callback_rate=D(1) if order_type is OrderType.TRAILING_STOP_MARKET else None,
    )
    return msgspec.structs.replace(plain, **changes)


STOP_MARKET, TRAILING = OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        *[(waiting(order_type), None) for order_type in OrderType if order_type.is_conditional],
        (waiting(stop_px=None), -1102),
        (waiting(stop_px=D(0)), -4006),
        (waiting(stop_px=D("901.05")), -4007),
        (waiting(stop_px=D("9.95")), -4013),
        (waiting(stop_px=D("100.1")), -4014),
        (waiting(stop_px=D("100.0501")), -1111),
        (waiting(price=None), -1102),
        (waiting(price=D("100.1")), -4014),
        (waiting(price=D("110.15")), -4183),
        (waiting(price=D("110.05")), None),
        (waiting(price=D("89.95"), side=Side.SELL), -4184),
        (waiting(price=D("90.05"), side=Side.SELL), None),
        (waiting(order_qty=D("0.15")), -4164),
        (waiting(order_qty=D("0.15"), reduce_only=True), None),
        (waiting(STOP_MARKET, order_qty=D("0.15")), -4164),
        (waiting(STOP_MARKET, order_qty=D("1000.15")), -4005),
        (waiting(STOP_MARKET, close_position=True), -4137),
        (waiting(STOP_MARKET, close_position=True, order_qty=D(0)), None),
        (waiting(STOP_MARKET, order_qty=D(0)), -4003),
        (waiting(close_position=True, order_qty=D(0)), -4020),
        (waiting(TRAILING, close_position=True, order_qty=D(0)), -4020),
        (waiting(TRAILING, callback_rate=None), -1102),
        (waiting(TRAILING, callback_rate=D("0.09")), -1130),
        (waiting(TRAILING, callback_rate=D("0.1")), None),
        (waiting(TRAILING, callback_rate=D(20)), None),
        (waiting(TRAILING, callback_rate=D("20.1")), -1130),
        (waiting(TRAILING, activation_px=D("100.05")), None),
        (waiting(TRAILING, activation_px=D(0)), -4135),
        (waiting(TRAILING, activation_px=D("901.05")), -4135),
        (waiting(TRAILING, activation_px=D("100.1")), -4014),
        (waiting(price=None, price_match=PriceMatch.QUEUE), None),
        (waiting(price_match=PriceMatch.QUEUE), -1106),
        (waiting(STOP_MARKET, price_match=PriceMatch.QUEUE), -5038),
        (waiting(time_in_force=TimeInForce.GTD), -1102),
        (waiting(time_in_force=TimeInForce.GTD, good_till_ms=5), None),
    ],
)
def test_a_conditional_order_has_rules_of_its_own(order: Terms, expected: int | None) -> None:
    assert code(order, CONDITIONAL) == expected
    # They wait elsewhere: the book's own limit and the mark price say nothing about them.
    assert code(order, CONDITIONAL, open_orders=2, mark_px=D(10_000)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (msgspec.structs.replace(terms(), price=None, price_match=PriceMatch.OPPONENT), None),
        (terms(price_match=PriceMatch.OPPONENT), -1106),
        (terms("1.5", None, price_match=PriceMatch.OPPONENT), -5038),
        (terms(time_in_force=TimeInForce.GTD), -1102),
        (terms(time_in_force=TimeInForce.GTD, good_till_ms=5), None),
        (terms(close_position=True), -4020),
    ],
)
def test_a_price_may_be_left_to_the_book_and_an_end_must_be_named(order: Terms, expected: int | None) -> None:
    assert code(order) == expected


@pytest.mark.parametrize("status", [*FILTERS.statuses, "A_STATUS_OF_NEXT_YEAR"])
def test_a_symbol_that_does_not_trade_is_refused_with_what_that_means(status: str) -> None:
    rules = msgspec.structs.replace(RULES, status=status, is_trading=False)
    text = status_refusal(FILTERS, rules).message
    assert f"AUSDT is {status}: " in text
    assert FILTERS.statuses.get(status, "TRADING") in text


def test_the_gateway_asks_the_same_function_and_what_only_reduces_is_left_to_the_exchange() -> None:
    protocol = World().protocol
    closed = msgspec.structs.replace(RULES, status="PRE_SETTLE", is_trading=False)
    assert protocol.refusal(terms(), RULES, D(100)) is None
    assert "PRE_SETTLE" in str(protocol.refusal(terms(), closed, None))
    assert protocol.refusal(terms(reduce_only=True), closed, None) is None
    assert "-4014" in str(protocol.refusal(terms(price="100.1", reduce_only=True), closed, None))
    assert "-4016" in str(protocol.refusal(terms(price="110.15"), RULES, D(100)))
    assert protocol.refusal(terms(price="110.15"), RULES, None) is None
    assert "stop_price" in str(protocol.refusal(waiting(stop_px=None), CONDITIONAL, None))
    soon = terms(time_in_force=TimeInForce.GTD, good_till_ms=1_790_000_000_000)
    assert protocol.refusal(soon, RULES, None) is None, "how soon is only known when it is sent"


def test_the_bound_is_named_and_the_symbol_must_trade() -> None:
    refusal = check_order(FILTERS, RULES, terms(price="110.05"), mark_px=D(100))
    assert refusal is not None
    assert refusal.message == "Limit price can't be higher than 110.0."
    assert code(terms(), msgspec.structs.replace(RULES, is_trading=False)) == -4140


def test_only_so_many_orders_may_rest() -> None:
    assert code(terms(), open_orders=1) is None
    assert code(terms(), open_orders=2) == -2025
    assert code(terms("1.5", None), open_orders=2) is None


def test_spot_counts_steps_from_zero_and_has_answers_of_its_own() -> None:
    spot = FilterDialect(
        plain_remainder, FILTERS.checks, {rule: (-1013, f"Filter failure: {rule.name}") for rule in Rule}
    )
    refusal = check_order(spot, RULES, terms(qty="1.1", price="100.05"))
    assert refusal is not None
    assert (refusal.code, refusal.message) == (-1013, "Filter failure: PRICE_OFF_TICK")
    assert check_order(spot, RULES, terms(qty="1.1", price="100.10")) is None


@given(st.integers(0, 8899), st.integers(0, 9000))
def test_every_step_from_the_minimum_is_accepted(ticks: int, steps: int) -> None:
    price, qty = D("10.05") + ticks * D("0.1"), D("0.15") + min(steps, 9998) * D("0.1")
    expected = None if price * qty >= 20 else -4164
    assert code(terms(str(qty), str(price))) == expected
    assert offset_remainder(price, D("10.05"), D("0.1")) == 0
    assert offset_remainder(price, None, D(0)) == 0


@pytest.mark.parametrize(
    ("product", "code", "message", "expected"),
    [
        (SPOT, -1013, "Market is closed. (the exchange halted it: wait)", True),
        (SPOT, -1013, "Filter failure: PRICE_FILTER", True),
        (SPOT, -1013, "Filter failure: LOT_SIZE", True),
        (SPOT, -1111, "Parameter 'price' has too much precision.", True),
        (SPOT, -1116, "Invalid orderType.", True),
        (SPOT, -1013, "Filter failure: NOTIONAL", False),
        (SPOT, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE", False),
        (SPOT, -1013, "Filter failure: MAX_NUM_ORDERS", False),
        (SPOT, -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.", False),
        (SPOT, -2010, "Account has insufficient balance for requested action.", False),
        (USDM, -4140, "Invalid symbol status for opening position.", True),
        (USDM, -4014, "Price not increased by tick size.", True),
        (USDM, -4014, "in the words of next year", True),
        (USDM, -4016, "Limit price can't be higher than 5.", False),
        (USDM, -2025, "Reached max open order limit.", False),
    ],
)
def test_only_what_a_symbols_rules_should_have_foreseen_shows_that_they_are_old(
    product: Product, code: int, message: str, expected: bool
) -> None:
    assert shows_old_rules(product.filters, code, message) is expected
