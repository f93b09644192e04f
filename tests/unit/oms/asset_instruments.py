"""The symbols that an account of assets trades in the tests."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import ContractKind, OrderType, TimeInForce
from tradingsys.core.instrument import Instrument

D = Decimal


def instrument(symbol: str, base: str, quote: str) -> Instrument:
    one = D(1)
    return Instrument(
        symbol=symbol,
        kind=ContractKind.SPOT,
        base_asset=base,
        quote_asset=quote,
        margin_asset=quote,
        status="TRADING",
        is_trading=True,
        tick_size=one,
        min_price=None,
        max_price=None,
        lot_size=one,
        min_qty=one,
        max_qty=one,
        market_lot_size=one,
        market_min_qty=one,
        market_max_qty=one,
        min_notional=one,
        price_precision=2,
        qty_precision=2,
        order_types=tuple(OrderType),
        times_in_force=tuple(TimeInForce),
        post_only=True,
    )


INSTRUMENTS = {
    each.symbol: each
    for each in (
        instrument("BTCUSDT", "BTC", "USDT"),
        instrument("ETHUSDT", "ETH", "USDT"),
        instrument("ETHBTC", "ETH", "BTC"),
        instrument("BNBUSDT", "BNB", "USDT"),
        instrument("SOLBTC", "SOL", "BTC"),
        instrument("XRPADA", "XRP", "ADA"),
    )
}
