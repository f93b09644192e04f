"""Values that spot and margin can say, for property tests."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from tests.unit.venues.binance.strategies import client_ids, ids, quantities, signed, symbols, times_ms
from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.reports import AccountChanged, OrderChanged
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode_spot import Progress

_FORCES = st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])
_RATES = st.integers(1, 2000).map(words.callback_rate)


@st.composite
def terms(draw: st.DrawFn, version_ms: int, symbol: str) -> Terms:
    order_type = draw(st.sampled_from(list(OrderType)))
    is_trailing = order_type is OrderType.TRAILING_STOP_MARKET
    is_conditional = order_type.is_conditional and not is_trailing
    may_trail = is_conditional and order_type is not OrderType.STOP_MARKET
    callback_rate = draw(_RATES) if is_trailing else draw(st.none() | _RATES) if may_trail else None
    has_stop = is_conditional and (callback_rate is None or draw(st.booleans()))
    is_post_only = order_type is OrderType.LIMIT and draw(st.booleans())
    return Terms(
        symbol,
        draw(st.sampled_from(list(Side))),
        order_type,
        draw(quantities),
        draw(quantities) if order_type.has_price else None,
        None if order_type is OrderType.MARKET else TimeInForce.GTC if is_post_only else draw(_FORCES),
        post_only=is_post_only,
        stop_px=draw(quantities) if has_stop else None,
        self_trade_prevention=draw(st.none() | st.sampled_from(list(SelfTradePrevention))),
        version_ms=version_ms,
        callback_rate=callback_rate,
        activation_px=draw(st.none() | quantities) if is_trailing else None,
        quote_order_qty=draw(st.none() | quantities) if order_type is OrderType.MARKET else None,
        iceberg_qty=draw(st.none() | quantities) if order_type is OrderType.LIMIT else None,
    )


@st.composite
def fills(draw: st.DrawFn, symbol: str, venue_order_id: str, side: Side, ts_event_ms: int) -> Fill:
    has_fee = draw(st.booleans())
    return Fill(
        str(draw(st.just(0) | ids)),
        symbol,
        venue_order_id,
        side,
        draw(quantities),
        draw(quantities),
        ts_event_ms,
        draw(st.none() | st.booleans()),
        draw(signed) if has_fee else None,
        draw(st.sampled_from(["USDT", "BNB", "BTC"])) if has_fee else None,
    )


@st.composite
def closings(draw: st.DrawFn, ts_event_ms: int) -> Closed:
    status = draw(st.sampled_from([OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH]))
    return Closed(status, ts_event_ms, reason=draw(st.sampled_from(["", *sorted(words.SPOT_REASON_WORDS)])))


@st.composite
def orders(draw: st.DrawFn, *, ts_event_ms: int, has_fill: bool) -> Order:
    """An order as one message can tell it: open or closed, perhaps with one execution, perhaps in a list."""
    symbol, venue_order_id = draw(symbols), str(draw(ids))
    its_terms = draw(terms(ts_event_ms, symbol))
    fill = draw(fills(symbol, venue_order_id, its_terms.side, ts_event_ms)) if has_fill else None
    cum_qty = draw(st.just(Decimal(0)) | quantities) + (fill.last_qty if fill else 0)
    may_end = not fill and cum_qty != its_terms.order_qty
    return Order(
        (draw(client_ids),),
        venue_order_id,
        its_terms,
        accepted=True,
        venue_cum_qty=cum_qty,
        closed=draw(st.none() | closings(ts_event_ms)) if may_end else None,
        fills={fill.exec_id: fill} if fill else {},
        list_id=draw(st.none() | st.integers(0, 2**40).map(str)),
    )


@st.composite
def order_reports(draw: st.DrawFn, has_fill: bool | None = None) -> OrderChanged:
    ts_event_ms = draw(times_ms)
    with_fill = draw(st.booleans()) if has_fill is None else has_fill
    order = draw(orders(ts_event_ms=ts_event_ms, has_fill=with_fill))
    assert order.terms is not None
    return OrderChanged(order, order.terms.symbol, ts_event_ms)


progresses = st.builds(
    Progress,
    created_ms=times_ms,
    working_ms=st.none() | times_ms,
    trailing_ms=st.none() | times_ms,
    cum_quote_qty=st.none() | quantities,
)

account_reports = st.builds(
    AccountChanged,
    st.just("outboundAccountPosition"),
    times_ms,
    st.dictionaries(st.sampled_from(["USDT", "BNB", "ETH"]), quantities),
    st.just({}),
)
