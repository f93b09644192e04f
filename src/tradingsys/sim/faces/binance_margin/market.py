"""What can be traded and borrowed on margin, and at which price."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_margin.account import page
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.binance_spot.wallets import assets_of
from tradingsys.sim.order_records import OrderRecord
from tradingsys.sim.spot_exchange import margin_name
from tradingsys.venues.binance.messages import margin

__all__ = [
    "all_assets",
    "all_pairs",
    "cross_data",
    "forced_orders",
    "isolated_account",
    "next_rates",
    "nothing",
    "price_index",
    "priced_pairs",
]

_HOURS = 24
_DAYS = 365


def all_pairs(call: Call) -> list[margin.Pair]:
    """`GET /sapi/v1/margin/allPairs`, or the one that is asked for."""
    only = call.maybe_symbol()
    return [
        margin.Pair(
            id=number,
            symbol=market.symbol,
            base=market.base,
            quote=market.quote,
            is_margin_trade=True,
            is_buy_allowed=True,
            is_sell_allowed=True,
        )
        for number, market in enumerate(call.state.markets.values(), 1)
        if market.margin and only in (None, market.symbol)
    ]


def all_assets(call: Call) -> list[margin.Asset]:
    """`GET /sapi/v1/margin/allAssets`, or the one that is asked for."""
    only = call.params.get("asset")
    return [
        margin.Asset(
            asset_full_name=asset,
            asset_name=asset,
            is_borrowable=True,
            is_mortgageable=True,
            user_min_borrow="0.00000000",
            user_min_repay="0.00000000",
        )
        for asset in assets_of(call.state)
        if only in ("", asset)
    ]


def priced_pairs(_call: Call) -> margin.PricedPairs:
    """`GET /sapi/v1/margin/limit-price-pairs`: no pair of the box has a band around an index."""
    return margin.PricedPairs(cross_margin_symbols=[])


def price_index(call: Call) -> margin.PriceIndex:
    """`GET /sapi/v1/margin/priceIndex`: the box's own market alone."""
    symbol = call.symbol()
    price = format(call.state.exchange.venues[symbol].last_px, ".8f")
    return margin.PriceIndex(calc_time=call.now_ms, price=price, symbol=symbol)


def next_rates(call: Call) -> list[margin.HourlyRate]:
    """`GET /sapi/v1/margin/next-hourly-interest-rate`, of up to twenty assets."""
    call.params.text("isIsolated")
    return [
        margin.HourlyRate(asset=asset, next_hourly_interest_rate=_rate(call.state.exchange.hourly_rate(asset)))
        for asset in call.params.text("assets").split(",")
    ]


def cross_data(call: Call) -> list[margin.CrossFee]:
    """`GET /sapi/v1/margin/crossMarginData`, of one asset or all."""
    only, exchange = call.params.get("coin"), call.state.exchange
    pairs = [market.symbol for market in call.state.markets.values() if market.margin]
    return [
        margin.CrossFee(
            vip_level=0,
            coin=asset,
            transfer_in=True,
            borrowable=True,
            daily_interest=_rate(exchange.hourly_rate(asset) * _HOURS),
            yearly_interest=_rate(exchange.hourly_rate(asset) * _HOURS * _DAYS),
            borrow_limit=format(exchange.borrowable(margin_name(call.account), asset)[1], "f"),
            marginable_pairs=pairs,
        )
        for asset in assets_of(call.state)
        if only in ("", asset)
    ]


def _rate(value: Decimal) -> str:
    return format(value, ".8f")


def forced_orders(call: Call) -> dict[str, object]:
    """`GET /sapi/v1/margin/forceLiquidationRec`: what the exchange sold of the account, the newest first."""
    ledger, given = call.state.exchange.ledger, call.params
    start_ms, end_ms = given.optional_integer("startTime", 0), given.optional_integer("endTime", call.now_ms)
    records = [
        record
        for symbol in ledger.symbols(call.account)
        for record in ledger.orders(call.account, symbol)
        if record.forced and start_ms <= ms(record.updated_ns) <= end_ms
    ]
    records.sort(key=lambda record: record.updated_ns)
    return {"rows": [_forced(record) for record in page(call, records[::-1])], "total": len(records)}


def _forced(record: OrderRecord) -> dict[str, object]:
    return {
        "avgPrice": format(record.avg_px, ".8f"),
        "executedQty": format(record.cum_qty, ".8f"),
        "orderId": record.order_id,
        "price": format(record.px or Decimal(0), ".8f"),
        "qty": format(record.qty, ".8f"),
        "side": record.side.value,
        "symbol": record.symbol,
        "timeInForce": record.time_in_force.value,
        "isIsolated": False,
        "updatedTime": ms(record.updated_ns),
    }


def isolated_account(_call: Call) -> margin.IsolatedAccount:
    """`GET /sapi/v1/margin/isolated/account`: nobody has any.

    Raises Fault (-11001) when a pair is named.
    """
    if _call.params.get("symbols"):
        raise Fault(400, -11001, "Isolated margin account does not exist.")
    return margin.IsolatedAccount(
        assets=[], total_asset_of_btc="0", total_liability_of_btc="0", total_net_asset_of_btc="0"
    )


def nothing(_call: Call) -> list[object]:
    """Of what the box does not have."""
    return []
