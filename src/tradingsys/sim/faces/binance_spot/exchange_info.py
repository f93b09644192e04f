"""The venue's description of its symbols, from the box's markets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradingsys.sim.crowding import ExchangeLimits
from tradingsys.sim.faces.binance_spot.new_orders import DEFAULT_PREVENTION
from tradingsys.sim.spot_markets import SpotMarket
from tradingsys.venues.binance.messages import ExchangeInfo, Filter, RateLimitRule, Symbol

__all__ = ["exchange_filters", "exchange_info", "symbol_filters"]

_ORDER_TYPES = [
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
]  # fmt: skip
_PREVENTIONS = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"]


def exchange_info(
    markets: Iterable[SpotMarket],
    statuses: Mapping[str, str],
    rates: list[RateLimitRule],
    limits: ExchangeLimits,
    now_ms: int,
    *,
    sets: bool,
) -> ExchangeInfo:
    """The answer to `GET /api/v3/exchangeInfo`; ``statuses`` by symbol; with permission ``sets`` or without."""
    return ExchangeInfo(
        timezone="UTC",
        server_time=now_ms,
        rate_limits=rates,
        exchange_filters=[*exchange_filters(limits)],
        symbols=[_symbol(market, statuses[market.symbol], sets) for market in markets],
    )


def _symbol(market: SpotMarket, status: str, sets: bool) -> Symbol:
    groups: list[str | list[str]] = [["SPOT", "MARGIN"] if market.margin else ["SPOT"]]
    return Symbol(
        symbol=market.symbol,
        status=status,
        base_asset=market.base,
        base_asset_precision=market.digits,
        quote_asset=market.quote,
        quote_precision=market.digits,
        quote_asset_precision=market.digits,
        base_commission_precision=market.digits,
        quote_commission_precision=market.digits,
        order_types=_ORDER_TYPES,
        iceberg_allowed=True,
        oco_allowed=True,
        oto_allowed=True,
        opo_allowed=True,
        quote_order_qty_market_allowed=True,
        allow_trailing_stop=True,
        cancel_replace_allowed=True,
        amend_allowed=True,
        peg_instructions_allowed=False,
        is_spot_trading_allowed=True,
        is_margin_trading_allowed=market.margin,
        filters=symbol_filters(market),
        permissions=[],
        permission_sets=groups if sets else [],
        default_self_trade_prevention_mode=DEFAULT_PREVENTION.value,
        allowed_self_trade_prevention_modes=_PREVENTIONS,
    )


def exchange_filters(limits: ExchangeLimits) -> list[Filter]:
    """What an account may have open on all symbols together."""
    return [
        Filter(filter_type="EXCHANGE_MAX_NUM_ORDERS", max_num_orders=limits.orders),
        Filter(filter_type="EXCHANGE_MAX_NUM_ALGO_ORDERS", max_num_algo_orders=limits.conditional),
        Filter(filter_type="EXCHANGE_MAX_NUM_ICEBERG_ORDERS", max_num_iceberg_orders=limits.icebergs),
        Filter(filter_type="EXCHANGE_MAX_NUM_ORDER_LISTS", max_num_order_lists=limits.lists),
    ]


def symbol_filters(market: SpotMarket) -> list[Filter]:
    """The rules of a symbol."""
    filters = [
        Filter(
            filter_type="PRICE_FILTER",
            min_price=_text(market.price.min),
            max_price=_text(market.price.max),
            tick_size=_text(market.price.step),
        ),
        Filter(
            filter_type="LOT_SIZE",
            min_qty=_text(market.lot.min),
            max_qty=_text(market.lot.max),
            step_size=_text(market.lot.step),
        ),
        Filter(filter_type="ICEBERG_PARTS", limit=market.iceberg_parts),
        Filter(
            filter_type="MARKET_LOT_SIZE",
            min_qty=_text(Decimal(0)),
            max_qty=_text(market.market_max),
            step_size=_text(Decimal(0)),
        ),
        Filter(
            filter_type="TRAILING_DELTA",
            min_trailing_above_delta=market.trailing_min_bps,
            max_trailing_above_delta=market.trailing_max_bps,
            min_trailing_below_delta=market.trailing_min_bps,
            max_trailing_below_delta=market.trailing_max_bps,
        ),
        Filter(
            filter_type="PERCENT_PRICE_BY_SIDE",
            bid_multiplier_up=str(market.multiplier_up),
            bid_multiplier_down=str(market.multiplier_down),
            ask_multiplier_up=str(market.multiplier_up),
            ask_multiplier_down=str(market.multiplier_down),
            avg_price_mins=market.average_minutes,
        ),
        Filter(
            filter_type="NOTIONAL",
            min_notional=_text(market.min_notional),
            apply_min_to_market=True,
            max_notional=_text(market.max_notional),
            apply_max_to_market=False,
            avg_price_mins=market.average_minutes,
        ),
        Filter(filter_type="MAX_NUM_ORDERS", max_num_orders=market.max_orders),
        Filter(filter_type="MAX_NUM_ORDER_LISTS", max_num_order_lists=market.max_lists),
        Filter(filter_type="MAX_NUM_ALGO_ORDERS", max_num_algo_orders=market.max_conditional),
        Filter(filter_type="MAX_NUM_ORDER_AMENDS", max_num_order_amends=market.max_amends),
    ]
    if market.max_icebergs is not None:
        filters.append(Filter(filter_type="MAX_NUM_ICEBERG_ORDERS", max_num_iceberg_orders=market.max_icebergs))
    if market.max_position is not None:
        filters.append(Filter(filter_type="MAX_POSITION", max_position=_text(market.max_position)))
    return filters


def _text(value: Decimal) -> str:
    return format(value, ".8f")
