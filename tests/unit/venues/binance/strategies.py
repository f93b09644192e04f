"""Values the exchange can say, for property tests."""

from decimal import Decimal

from hypothesis import strategies as st
from msgspec import structs

from tradingsys.core.commands import Income
from tradingsys.core.enums import (
    OrderStatus,
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.reports import AccountChanged, OrderChanged
from tradingsys.venues.binance import words

times_ms = st.integers(1_600_000_000_000, 1_900_000_000_000)
ids = st.integers(1, 2**62)
symbols = st.sampled_from(["BTCUSDT", "DOGEUSDT", "1000SHIBUSDT", "测试USDT"])
# Small exponents too: Decimal's own text for 1E-8 is no number to Binance.
quantities = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 10**12), st.integers(-10, 3)
)
signed = st.builds(lambda value, sign: value * sign, quantities, st.sampled_from([-1, 0, 1]))
number_texts = quantities.map(lambda value: format(value, "f"))
client_ids = st.text("ABCxyz019_-", min_size=1, max_size=36).filter(lambda text: not words.forced_by_id(text))
forced_ids = st.sampled_from(["autoclose-1", "adl_autoclose", "settlement_autoclose-2", "delivery_autoclose-3"])


@st.composite
def terms(draw: st.DrawFn, version_ms: int, symbol: str) -> Terms:
    order_type = draw(st.sampled_from(list(OrderType)))
    has_price = order_type.has_price
    is_trailing = order_type is OrderType.TRAILING_STOP_MARKET
    time_in_force = None if order_type is OrderType.MARKET else draw(st.sampled_from(list(TimeInForce)))
    return Terms(
        symbol,
        draw(st.sampled_from(list(Side))),
        order_type,
        draw(quantities),
        draw(quantities) if has_price else None,
        time_in_force,
        post_only=time_in_force is TimeInForce.GTC and draw(st.booleans()),
        reduce_only=draw(st.booleans()),
        stop_px=None if order_type in (OrderType.LIMIT, OrderType.MARKET) else draw(quantities),
        self_trade_prevention=draw(st.none() | st.sampled_from(list(SelfTradePrevention))),
        version_ms=version_ms,
        close_position=order_type.is_conditional and draw(st.booleans()),
        callback_rate=draw(quantities) if is_trailing else None,
        activation_px=draw(st.none() | quantities) if is_trailing else None,
        good_till_ms=draw(times_ms) if time_in_force is TimeInForce.GTD else None,
        price_match=draw(st.none() | st.sampled_from(list(PriceMatch))) if has_price else None,
        trigger_price=draw(st.sampled_from(list(TriggerPrice))) if order_type.is_conditional else None,
        price_protect=order_type.is_conditional and draw(st.booleans()),
        revision=draw(st.integers(0, 5)),
    )


@st.composite
def fills(draw: st.DrawFn, symbol: str, venue_order_id: str, side: Side, ts_event_ms: int) -> Fill:
    has_fee = draw(st.booleans())
    return Fill(
        str(draw(ids)),
        symbol,
        venue_order_id,
        side,
        draw(quantities),
        draw(quantities),
        ts_event_ms,
        draw(st.none() | st.booleans()),
        draw(signed) if has_fee else None,
        draw(st.sampled_from(["USDT", "BNB"])) if has_fee else None,
        draw(st.none() | signed),
    )


def closings(ts_event_ms: int, with_reason: bool) -> st.SearchStrategy[Closed]:
    plain = st.sampled_from([OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH]).map(
        lambda status: Closed(status, ts_event_ms)
    )
    reasons = st.sampled_from(sorted(words.EXPIRY_REASON_CODES))
    explained = reasons.map(lambda reason: Closed(OrderStatus.EXPIRED, ts_event_ms, reason=reason))
    return plain | explained if with_reason else plain


@st.composite
def orders(draw: st.DrawFn, *, single_fill: bool, ts_event_ms: int, client_order_id: str) -> Order:
    """An order as one message can tell it: open or closed, perhaps with one execution."""
    symbol, venue_order_id = draw(symbols), str(draw(ids))
    its_terms = draw(terms(ts_event_ms, symbol))
    fill = draw(fills(symbol, venue_order_id, its_terms.side, ts_event_ms)) if single_fill else None
    before = draw(st.just(Decimal(0)) | quantities)
    cum_qty = before + (fill.last_qty if fill else 0)
    is_filled = cum_qty >= its_terms.order_qty
    return Order(
        (client_order_id,),
        venue_order_id,
        its_terms,
        accepted=True,
        venue_cum_qty=cum_qty,
        closed=None if is_filled or fill else draw(st.none() | closings(ts_event_ms, with_reason=True)),
        fills={fill.exec_id: fill} if fill else {},
        forced=words.forced_by_id(client_order_id),
    )


@st.composite
def algo_orders(draw: st.DrawFn, ts_event_ms: int) -> Order:
    """A conditional order as its own service can tell it: waiting, triggered or ended."""
    symbol = draw(symbols)
    its_terms = draw(terms(1, symbol).filter(lambda some: some.order_type.is_conditional))
    closed = draw(st.none() | st.sampled_from([OrderStatus.CANCELED, OrderStatus.EXPIRED]))
    return Order(
        (draw(client_ids),),
        draw(st.none() | ids.map(str)),
        structs.replace(its_terms, revision=0),
        accepted=True,
        closed=Closed(closed, ts_event_ms, reason=draw(st.text(max_size=20))) if closed else None,
        algo_id=str(draw(ids)),
    )


@st.composite
def order_reports(draw: st.DrawFn, with_fill: bool | None = None) -> OrderChanged:
    ts_event_ms, is_forced = draw(times_ms), draw(st.booleans())
    order = draw(
        orders(
            single_fill=draw(st.booleans()) if with_fill is None else with_fill,
            ts_event_ms=ts_event_ms,
            client_order_id=draw(forced_ids if is_forced else client_ids),
        )
    )
    assert order.terms is not None
    return OrderChanged(order, order.terms.symbol, ts_event_ms)


account_reports = st.builds(
    AccountChanged,
    st.sampled_from(["ORDER", "FUNDING_FEE", "A_WORD_OF_NEXT_YEAR"]),
    times_ms,
    st.dictionaries(st.sampled_from(["USDT", "BNB", "USDC"]), signed),
    st.dictionaries(symbols, signed),
)

levels = st.lists(st.tuples(number_texts, number_texts), max_size=20)
depths = st.builds(Depth, symbols, times_ms, levels, levels, ids)
best_bid_offers = st.builds(
    BestBidOffer, symbols, times_ms, number_texts, number_texts, number_texts, number_texts, ids
)
trades = st.builds(Trade, symbols, times_ms, ids, number_texts, number_texts, st.booleans())
mark_prices = st.builds(
    MarkPrice, symbols, times_ms, number_texts, number_texts, number_texts, st.just("") | number_texts, times_ms
)
incomes = st.builds(
    Income,
    st.sampled_from(["FUNDING_FEE", "TRANSFER", "A_WORD_OF_NEXT_YEAR"]),
    st.just("") | symbols,
    st.sampled_from(["USDT", "BNB"]),
    signed,
    ids.map(str),
    times_ms,
)
klines = st.builds(
    Kline,
    symbols,
    st.sampled_from(["1m", "15m", "1M"]),
    times_ms,
    times_ms,
    times_ms,
    *[number_texts] * 8,
    st.integers(0, 10**6),
    st.integers(-1, 2**40),
    st.integers(-1, 2**40),
    st.booleans(),
)
