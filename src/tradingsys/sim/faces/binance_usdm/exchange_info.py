"""The venue's description of its symbols, from the box's markets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradingsys.sim.markets import Market
from tradingsys.venues.binance.messages import Asset, ExchangeInfo, Filter, RateLimitRule, Symbol

__all__ = ["CONTRACT_TYPE", "USDM", "exchange_info", "symbol"]

CONTRACT_TYPE = "PERPETUAL"
"""Of every symbol in the box."""

USDM = 1
"""The kind of symbol in every message; COIN-M would be 2."""

_ORDER_TYPES = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]
_TIMES_IN_FORCE = ["GTC", "IOC", "FOK", "GTX", "GTD"]
_MAX_MOVES = 10_000
_ASSET_DIGITS = 8


def exchange_info(
    markets: Iterable[Market], statuses: Mapping[str, str], limits: list[RateLimitRule], now_ms: int
) -> ExchangeInfo:
    """The answer to `GET /fapi/v1/exchangeInfo`; ``statuses`` by symbol."""
    listed = list(markets)
    return ExchangeInfo(
        timezone="UTC",
        server_time=now_ms,
        futures_type="U_MARGINED",
        rate_limits=limits,
        exchange_filters=[],
        assets=[
            Asset(asset=asset, margin_available=True, auto_asset_exchange="-10000")
            for asset in sorted({market.quote for market in listed})
        ],
        symbols=[symbol(market, statuses[market.symbol]) for market in listed],
    )


def symbol(market: Market, status: str) -> Symbol:
    """One symbol."""
    return Symbol(
        symbol=market.symbol,
        pair=market.symbol,
        contract_type=CONTRACT_TYPE,
        delivery_date=market.delivery_ms,
        onboard_date=market.onboard_ms,
        status=status,
        maint_margin_percent="2.5000",
        required_margin_percent="5.0000",
        base_asset=market.base,
        quote_asset=market.quote,
        margin_asset=market.quote,
        price_precision=market.price.digits,
        quantity_precision=market.lot.digits,
        base_asset_precision=_ASSET_DIGITS,
        quote_precision=_ASSET_DIGITS,
        underlying_type="COIN",
        underlying_sub_type=market.groups,
        trigger_protect=market.trigger_protect,
        liquidation_fee=market.liquidation_fee,
        market_take_bound=_text(market.market_bound),
        max_move_order_limit=_MAX_MOVES,
        filters=_filters(market),
        order_types=_ORDER_TYPES,
        time_in_force=_TIMES_IN_FORCE,
        permission_sets=list(market.permissions),
    )


def _filters(market: Market) -> list[Filter]:
    price, lot, market_lot = market.price, market.lot, market.market_lot
    return [
        Filter(
            filter_type="PRICE_FILTER",
            min_price=_text(price.min),
            max_price=_text(price.max),
            tick_size=_text(price.step),
        ),
        Filter(filter_type="LOT_SIZE", min_qty=_text(lot.min), max_qty=_text(lot.max), step_size=_text(lot.step)),
        Filter(
            filter_type="MARKET_LOT_SIZE",
            min_qty=_text(market_lot.min),
            max_qty=_text(market_lot.max),
            step_size=_text(market_lot.step),
        ),
        Filter(filter_type="MAX_NUM_ORDERS", limit=market.max_open_orders),
        Filter(filter_type="MIN_NOTIONAL", notional=_text(market.min_notional)),
        Filter(
            filter_type="PERCENT_PRICE",
            multiplier_up=_text(market.band.up),
            multiplier_down=_text(market.band.down),
            multiplier_decimal="4",
        ),
        Filter(filter_type="POSITION_RISK_CONTROL", position_control_side="NONE"),
    ]


def _text(value: Decimal) -> str:
    return format(value, "f")
