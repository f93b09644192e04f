"""What became of orders: executions of the account, and changes that are no execution."""

from __future__ import annotations

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = ["Allocation", "AmendmentRow", "PreventedMatch", "UserTrade"]


class AmendmentRow(Message, frozen=True, kw_only=True, rename="camel"):
    """One change of an order in history (`GET /api/v3/order/amendments`).

    ::

        {
          "symbol": "ETHUSDT", "orderId": 28, "executionId": 60, "origClientOrderId": "my-7",
          "newClientOrderId": "my-7", "origQty": "0.50000000", "newQty": "0.30000000", "time": 1790000002001
        }
    """

    symbol: str
    order_id: int
    execution_id: int
    orig_client_order_id: str
    new_client_order_id: str
    orig_qty: str
    new_qty: str
    time: int


class UserTrade(Message, frozen=True, kw_only=True, rename="camel"):
    """One execution of the account in history (`GET /api/v3/myTrades`, `GET /sapi/v1/margin/myTrades`).

    It carries no client order id; margin has neither ``orderListId`` nor ``quoteQty``.

    ::

        {
          "symbol": "ETHUSDT", "id": 90210, "orderId": 28, "orderListId": -1, "price": "3011.00000000",
          "qty": "0.50000000", "quoteQty": "1505.50000000", "commission": "1.50550000", "commissionAsset": "USDT",
          "time": 1790000002001, "isBuyer": false, "isMaker": false, "isBestMatch": true
        }
        {
          "commission": "0.00050000", "commissionAsset": "ETH", "id": 90211, "isBestMatch": true, "isBuyer": true,
          "isMaker": false, "orderId": 31, "price": "3011.00000000", "qty": "0.50000000", "symbol": "ETHUSDT",
          "isIsolated": false, "time": 1790000002002
        }
    """

    symbol: str
    id: int
    order_id: int
    order_list_id: OptionalInt = UNSET
    price: str
    qty: str
    quote_qty: OptionalText = UNSET
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool
    is_best_match: bool
    is_isolated: OptionalBool = UNSET


class PreventedMatch(Message, frozen=True, kw_only=True, rename="camel"):
    """Two orders of the account that would have traded with each other (`GET /api/v3/myPreventedMatches`).

    ::

        {
          "symbol": "ETHUSDT", "preventedMatchId": 1, "takerOrderId": 31, "makerSymbol": "ETHUSDT",
          "makerOrderId": 28, "tradeGroupId": 1, "selfTradePreventionMode": "EXPIRE_TAKER",
          "price": "3011.00000000", "makerPreventedQuantity": "0.50000000", "transactTime": 1790000002001
        }
    """

    symbol: str
    prevented_match_id: int
    taker_order_id: int
    maker_symbol: str
    maker_order_id: int
    trade_group_id: int
    self_trade_prevention_mode: str
    price: str
    maker_prevented_quantity: OptionalText = UNSET
    taker_prevented_quantity: OptionalText = UNSET
    transact_time: int


class Allocation(Message, frozen=True, kw_only=True, rename="camel"):
    """An execution by smart order routing (`GET /api/v3/myAllocations`).

    ::

        {
          "symbol": "ETHUSDT", "allocationId": 0, "allocationType": "SOR", "orderId": 31, "orderListId": -1,
          "price": "3011.00000000", "qty": "0.50000000", "quoteQty": "1505.50000000", "commission": "0.00050000",
          "commissionAsset": "ETH", "time": 1790000002001, "isBuyer": true, "isMaker": false, "isAllocator": false
        }
    """

    symbol: str
    allocation_id: int
    allocation_type: str
    order_id: int
    order_list_id: int
    price: str
    qty: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool
    is_allocator: bool
