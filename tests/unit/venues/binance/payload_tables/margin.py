"""What reads each payload of margin: orders and executions are messages of spot."""

from __future__ import annotations

from typing import Any

from tests.unit.venues.binance.payload_tables.table import Table, as_array, order_and_list
from tradingsys.venues.binance import decode_spot
from tradingsys.venues.binance import messages as m
from tradingsys.venues.binance.messages import margin as g
from tradingsys.venues.binance.messages import spot as s

__all__ = ["MARGIN"]

_REST: dict[str, Any] = {
    "GET /sapi/v1/bnbBurn": g.BnbBurn,
    "GET /sapi/v1/margin/account": g.Account,
    "GET /sapi/v1/margin/allAssets": list[g.Asset],
    "GET /sapi/v1/margin/allOrderList": list[s.OrderList],
    "GET /sapi/v1/margin/allOrders": list[s.OrderReply],
    "GET /sapi/v1/margin/allPairs": list[g.Pair],
    "GET /sapi/v1/margin/api-key-list": list[g.SpecialKey],
    "GET /sapi/v1/margin/apiKey": g.SpecialKey,
    "GET /sapi/v1/margin/available-inventory": g.AvailableInventory,
    "GET /sapi/v1/margin/borrow-repay": g.BorrowRepayRows,
    "GET /sapi/v1/margin/capital-flow": list[g.CapitalFlow],
    "GET /sapi/v1/margin/crossMarginCollateralRatio": list[g.CollateralRatio],
    "GET /sapi/v1/margin/crossMarginData": list[g.CrossFee],
    "GET /sapi/v1/margin/delist-schedule": list[g.Delisting],
    "GET /sapi/v1/margin/exchange-small-liability": list[g.DebtSale],
    "GET /sapi/v1/margin/exchange-small-liability-history": g.DebtSaleRows,
    "GET /sapi/v1/margin/forceLiquidationRec": g.ForcedRows,
    "GET /sapi/v1/margin/interestHistory": g.InterestRows,
    "GET /sapi/v1/margin/interestRateHistory": list[g.DailyRate],
    "GET /sapi/v1/margin/isolated/account": g.IsolatedAccount,
    "GET /sapi/v1/margin/isolated/accountLimit": g.IsolatedLimit,
    "GET /sapi/v1/margin/isolated/allPairs": list[g.Pair],
    "GET /sapi/v1/margin/isolatedMarginData": list[g.IsolatedFee],
    "GET /sapi/v1/margin/isolatedMarginTier": list[g.IsolatedTier],
    "GET /sapi/v1/margin/leverageBracket": list[g.LeverageBracket],
    "GET /sapi/v1/margin/limit-price-pairs": g.PricedPairs,
    "GET /sapi/v1/margin/liquidation-loan": g.LiquidationLoan,
    "GET /sapi/v1/margin/liquidation-loan/repay-history": g.LoanRepayments,
    "GET /sapi/v1/margin/list-schedule": list[g.Listing],
    "GET /sapi/v1/margin/maxBorrowable": g.Borrowable,
    "GET /sapi/v1/margin/maxTransferable": g.Transferable,
    "GET /sapi/v1/margin/myPreventedMatches": list[s.PreventedMatch],
    "GET /sapi/v1/margin/myTrades": list[s.UserTrade],
    "GET /sapi/v1/margin/next-hourly-interest-rate": list[g.HourlyRate],
    "GET /sapi/v1/margin/openOrderList": list[s.OrderList],
    "GET /sapi/v1/margin/openOrders": list[s.OrderReply],
    "GET /sapi/v1/margin/order": s.OrderReply,
    "GET /sapi/v1/margin/orderList": s.OrderList,
    "GET /sapi/v1/margin/priceIndex": g.PriceIndex,
    "GET /sapi/v1/margin/rateLimit/order": list[m.RateLimitRule],
    "GET /sapi/v1/margin/restricted-asset": g.RestrictedAssets,
    "GET /sapi/v1/margin/risk-based-liquidation-ratio": list[g.LiquidationRatio],
    "GET /sapi/v1/margin/tradeCoeff": g.TradeCoefficients,
    "GET /sapi/v1/margin/transfer": g.TransferRows,
    "DELETE /sapi/v1/margin/isolated/account": g.Changed,
    "DELETE /sapi/v1/margin/openOrders": decode_spot.answers,
    "DELETE /sapi/v1/margin/order": s.OrderReply,
    "DELETE /sapi/v1/margin/orderList": s.OrderList,
    "POST /sapi/v1/margin/apiKey": g.SpecialKeyCreated,
    "POST /sapi/v1/margin/borrow-repay": g.BorrowRepay,
    "POST /sapi/v1/margin/isolated/account": g.Changed,
    "POST /sapi/v1/margin/liquidation-loan/repay": g.LoanRepaid,
    "POST /sapi/v1/margin/listen-key": m.ListenKey,
    "POST /sapi/v1/margin/manual-liquidation": g.DebtSale,
    "POST /sapi/v1/margin/max-leverage": g.Changed,
    "POST /sapi/v1/margin/order": s.OrderReply,
    "POST /sapi/v1/margin/order/oco": s.OrderList,
    "POST /sapi/v1/margin/order/oto": s.OrderList,
    "POST /sapi/v1/margin/order/otoco": s.OrderList,
}

MARGIN = Table(
    prefix="margin_trading",
    rest=_REST,
    reshaped={"DELETE /sapi/v1/margin/openOrders": as_array(order_and_list)},
)
