"""Market data and rules, as a gateway sends them."""

from __future__ import annotations

from msgspec import structs

from tradingsys.core.enums import Contingency, OrderType, TimeInForce
from tradingsys.wire.messages import DepthPush, KlinePush, MarkPush, ProductView, Range, TradePush

SYMBOLS = ("dogeusdt", "btcusdt")


def product(symbol: str) -> ProductView:
    tick, lot = ("0.00001", "1") if symbol == "dogeusdt" else ("0.10", "0.001")
    return ProductView(
        symbol,
        "TRADING",
        Range(tick, tick, "1000000"),
        Range(lot, lot, "10000000"),
        "5",
        list(OrderType),
        list(TimeInForce),
        True,
        1_569_398_400_000,
        None,
    )


def spot_product(symbol: str) -> ProductView:
    """The same steps and bounds on the spot market."""
    types = [order_type for order_type in OrderType if order_type is not OrderType.TRAILING_STOP_MARKET]
    return structs.replace(
        product(symbol),
        order=types,
        tif=[TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK],
        onboard=None,
        base_asset=symbol.removesuffix("usdt").upper(),
        quote_asset="USDT",
        is_spot=True,
        quote_quantity=True,
        iceberg=True,
        trailing=True,
        lists=list(Contingency),
    )


def margin_product(symbol: str) -> ProductView:
    return structs.replace(spot_product(symbol), amend=False, margin=True)


def depth(symbol: str, bid: str, ask: str, stream: str = "depth", ts_ms: int = 1_700_000_000_000) -> DepthPush:
    return DepthPush(
        symbol=symbol,
        stream=f"{symbol}@{stream}",
        ts_venue_ms=ts_ms,
        ts_gateway_in_ns=ts_ms * 1_000_000,
        ts_gateway_out_ns=ts_ms * 1_000_000,
        bids=[(bid, "100")],
        asks=[(ask, "100")],
    )


def kline(
    interval: str = "1m", is_closed: bool = True, symbol: str = "dogeusdt", start_ms: int = 1_699_999_980_000
) -> KlinePush:
    return KlinePush(
        symbol=symbol,
        stream=f"{symbol}@kline:{interval}",
        ts_venue_ms=1_700_000_000_000,
        ts_gateway_in_ns=1,
        ts_gateway_out_ns=2,
        interval=interval,
        start_ms=start_ms,
        close_ms=start_ms + 59_999,
        open="0.6",
        high="0.7",
        low="0.5",
        close="0.65",
        volume="1000",
        amount="600",
        buy_volume="400",
        buy_amount="250",
        trade_count=12,
        first_trade_id=1,
        last_trade_id=12,
        is_closed=is_closed,
    )


def trade(px: str, trade_id: int = 1, symbol: str = "dogeusdt", buyer_is_maker: bool = False) -> TradePush:
    return TradePush(
        symbol=symbol,
        stream=f"{symbol}@trade",
        ts_venue_ms=1_700_000_000_000 + trade_id,
        ts_gateway_in_ns=1,
        ts_gateway_out_ns=2,
        trade_id=trade_id,
        px=px,
        qty="12",
        buyer_is_maker=buyer_is_maker,
    )


def mark(px: str, symbol: str = "dogeusdt", funding_rate: str = "0.00010000") -> MarkPush:
    return MarkPush(
        symbol=symbol,
        stream=f"{symbol}@mark",
        ts_venue_ms=1_700_000_000_000,
        ts_gateway_in_ns=1,
        ts_gateway_out_ns=2,
        mark_px=px,
        index_px="0.601",
        settle_px="0.602",
        funding_rate=funding_rate,
        next_funding_ms=1_700_006_400_000,
    )
