"""Orders and executions of spot and of margin by REST and WS-API.

``cummulativeQuoteQty`` has two m's everywhere but in answers to an amend.
"""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from tradingsys.venues.binance.messages.base import Message, Number, OptionalBool, OptionalInt, OptionalText

__all__ = [
    "AmendReply",
    "AmendedList",
    "AmendedOrder",
    "CancelReplaceOutcome",
    "CancelReplaceRefused",
    "CancelReplaced",
    "ListedOrder",
    "OrderFill",
    "OrderList",
    "OrderReply",
    "ShownPreventedMatch",
]


class OrderFill(Message, frozen=True, kw_only=True, rename="camel"):
    """One execution inside a FULL `OrderReply`; of smart order routing, ``tradeId`` is -1."""

    match_type: OptionalText = UNSET
    price: str
    qty: str
    commission: str
    commission_asset: str
    trade_id: int
    alloc_id: OptionalInt = UNSET


class ShownPreventedMatch(Message, frozen=True, kw_only=True, rename="camel"):
    """A match that self-trade prevention prevented, inside an `OrderReply`: what it took from either order."""

    prevented_match_id: int
    maker_symbol: OptionalText = UNSET
    maker_order_id: int
    price: str
    taker_prevented_quantity: OptionalText = UNSET
    maker_prevented_quantity: OptionalText = UNSET


class _Shown(Message, frozen=True, kw_only=True, rename="camel"):
    """What every answer that shows an order has where it applies to the order."""

    is_working: OptionalBool = UNSET
    working_time: OptionalInt = UNSET
    """When it came onto the book; -1 while it waits."""
    self_trade_prevention_mode: OptionalText = UNSET
    stop_price: OptionalText = UNSET
    iceberg_qty: OptionalText = UNSET
    prevented_match_id: OptionalInt = UNSET
    prevented_quantity: OptionalText = UNSET
    strategy_id: OptionalInt = UNSET
    strategy_type: OptionalInt = UNSET
    trailing_delta: OptionalInt = UNSET
    """Basis points."""
    trailing_time: OptionalInt = UNSET
    """Since when it trails; -1 while it does not."""
    used_sor: OptionalBool = UNSET
    working_floor: OptionalText = UNSET
    peg_price_type: OptionalText = UNSET
    peg_offset_type: OptionalText = UNSET
    peg_offset_value: OptionalInt = UNSET
    pegged_price: OptionalText = UNSET
    expiry_reason: OptionalText = UNSET
    is_isolated: OptionalBool = UNSET
    """Of margin only, as the next two."""
    margin_buy_borrow_amount: str | Number | UnsetType = UNSET
    """Text in one place, a number in another."""
    margin_buy_borrow_asset: OptionalText = UNSET


class OrderReply(_Shown, frozen=True, kw_only=True, rename="camel"):
    """An order as answers show it.

    ACK has no terms, RESULT has them, FULL has executions too (the usual one of LIMIT and MARKET orders). A
    cancellation's ``clientOrderId`` is its own, ``origClientOrderId`` the order's. Queries have ``time`` and
    ``updateTime`` instead of ``transactTime``. Margin tells no ``orderListId``, and ids as text when cancelling.

    ::

        {
          "symbol": "ETHUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "my-7",
          "transactTime": 1790000002001
        }
        {
          "symbol": "ETHUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "my-7",
          "transactTime": 1790000002001, "price": "0.00000000", "origQty": "0.50000000", "executedQty": "0.50000000",
          "origQuoteOrderQty": "0.00000000", "cummulativeQuoteQty": "1505.50000000", "status": "FILLED",
          "timeInForce": "GTC", "type": "MARKET", "side": "SELL", "workingTime": 1790000002001,
          "selfTradePreventionMode": "EXPIRE_TAKER",
          "fills": [
            {
              "price": "3011.00000000", "qty": "0.50000000", "commission": "1.50550000", "commissionAsset": "USDT",
              "tradeId": 90210
            }
          ]
        }
        {
          "symbol": "ETHUSDT", "origClientOrderId": "my-7", "orderId": 28, "orderListId": -1,
          "clientOrderId": "the-cancels-own", "transactTime": 1790000002001, "price": "3011.00000000",
          "origQty": "0.50000000", "executedQty": "0.00000000", "origQuoteOrderQty": "0.00000000",
          "cummulativeQuoteQty": "0.00000000", "status": "CANCELED", "timeInForce": "GTC", "type": "LIMIT",
          "side": "SELL", "selfTradePreventionMode": "EXPIRE_TAKER"
        }
        {
          "symbol": "ETHUSDT", "orderId": 32, "orderListId": -1, "clientOrderId": "my-11",
          "transactTime": 1790000002001, "price": "3011.00000000", "origQty": "0.20000000",
          "executedQty": "0.00000000", "origQuoteOrderQty": "0.00000000", "cummulativeQuoteQty": "0.00000000",
          "status": "EXPIRED_IN_MATCH", "timeInForce": "GTC", "type": "LIMIT", "side": "SELL",
          "workingTime": 1790000002001, "fills": [],
          "preventedMatches": [
            {
              "preventedMatchId": 3, "makerSymbol": "ETHUSDT", "makerOrderId": 28, "price": "3011.00000000",
              "takerPreventedQuantity": "0.20000000", "makerPreventedQuantity": "0.20000000"
            }
          ],
          "selfTradePreventionMode": "DECREMENT", "tradeGroupId": -1, "preventedQuantity": "0.20000000"
        }
        {
          "symbol": "ETHUSDT", "orderId": 29, "orderListId": 4, "clientOrderId": "my-8", "price": "2900.00000000",
          "origQty": "0.50000000", "executedQty": "0.00000000", "cummulativeQuoteQty": "0.00000000", "status": "NEW",
          "timeInForce": "GTC", "type": "STOP_LOSS_LIMIT", "side": "SELL", "stopPrice": "2910.00000000",
          "icebergQty": "0.00000000", "time": 1790000001990, "updateTime": 1790000001990, "isWorking": false,
          "workingTime": -1, "origQuoteOrderQty": "0.00000000", "selfTradePreventionMode": "EXPIRE_TAKER"
        }
    """

    symbol: str
    orig_client_order_id: OptionalText = UNSET
    order_id: int | str
    order_list_id: OptionalInt = UNSET
    """-1 outside of lists."""
    client_order_id: str
    transact_time: OptionalInt = UNSET
    time: OptionalInt = UNSET
    update_time: OptionalInt = UNSET
    price: OptionalText = UNSET
    orig_qty: OptionalText = UNSET
    executed_qty: OptionalText = UNSET
    orig_quote_order_qty: OptionalText = UNSET
    cummulative_quote_qty: OptionalText = UNSET
    """Negative where the exchange does not know it any more."""
    status: OptionalText = UNSET
    time_in_force: OptionalText = UNSET
    type: OptionalText = UNSET
    side: OptionalText = UNSET
    fills: list[OrderFill] | UnsetType = UNSET
    prevented_matches: list[ShownPreventedMatch] | UnsetType = UNSET
    """What self-trade prevention did while it was placed."""
    trade_group_id: OptionalInt = UNSET


class ListedOrder(Message, frozen=True, kw_only=True, rename="camel"):
    """The ids of one order inside an `OrderList`."""

    symbol: str
    order_id: int
    client_order_id: str


class OrderList(Message, frozen=True, kw_only=True, rename="camel"):
    """Orders that depend on each other: placed, cancelled (with ``orderReports``) or asked for.

    ::

        {
          "orderListId": 4, "contingencyType": "OCO", "listStatusType": "EXEC_STARTED",
          "listOrderStatus": "EXECUTING", "listClientOrderId": "my-list", "transactionTime": 1790000001990,
          "symbol": "ETHUSDT",
          "orders": [
            {"symbol": "ETHUSDT", "orderId": 29, "clientOrderId": "my-8"},
            {"symbol": "ETHUSDT", "orderId": 30, "clientOrderId": "my-9"}
          ],
          "orderReports": [
            {
              "symbol": "ETHUSDT", "orderId": 29, "orderListId": 4, "clientOrderId": "my-8",
              "transactTime": 1790000001990, "price": "2900.00000000", "origQty": "0.50000000",
              "executedQty": "0.00000000", "origQuoteOrderQty": "0.00000000",
              "cummulativeQuoteQty": "0.00000000", "status": "NEW", "timeInForce": "GTC", "type": "STOP_LOSS_LIMIT",
              "side": "SELL", "stopPrice": "2910.00000000", "workingTime": -1,
              "selfTradePreventionMode": "EXPIRE_TAKER"
            },
            {
              "symbol": "ETHUSDT", "orderId": 30, "orderListId": 4, "clientOrderId": "my-9",
              "transactTime": 1790000001990, "price": "3100.00000000", "origQty": "0.50000000",
              "executedQty": "0.00000000", "origQuoteOrderQty": "0.00000000",
              "cummulativeQuoteQty": "0.00000000", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT_MAKER",
              "side": "SELL", "workingTime": 1790000001990, "selfTradePreventionMode": "EXPIRE_TAKER"
            }
          ]
        }
    """

    order_list_id: int
    contingency_type: str
    """OCO or OTO: an OTOCO is shown as OTO."""
    list_status_type: str
    """RESPONSE, EXEC_STARTED, UPDATED, ALL_DONE."""
    list_order_status: str
    """EXECUTING, ALL_DONE, REJECT."""
    list_client_order_id: str
    transaction_time: int
    symbol: OptionalText = UNSET
    """Missing in two of the exchange's own examples."""
    margin_buy_borrow_amount: str | Number | UnsetType = UNSET
    margin_buy_borrow_asset: OptionalText = UNSET
    is_isolated: OptionalBool = UNSET
    """Of margin only."""
    orders: list[ListedOrder]
    order_reports: list[OrderReply] | UnsetType = UNSET


class AmendedOrder(_Shown, frozen=True, kw_only=True, rename="camel"):
    """The order inside an `AmendReply`: some of its keys are spelt as nowhere else."""

    symbol: str
    order_id: int
    order_list_id: int
    orig_client_order_id: str
    client_order_id: str
    price: str
    qty: str
    executed_qty: str
    prevented_qty: str
    quote_order_qty: OptionalText = UNSET
    cumulative_quote_qty: str
    status: str
    time_in_force: str
    type: str
    side: str


class AmendedList(Message, frozen=True, kw_only=True, rename="camel"):
    """The list that an amended order belongs to, inside an `AmendReply`."""

    order_list_id: int
    contingency_type: str
    list_order_status: str
    list_client_order_id: str
    symbol: str
    orders: list[ListedOrder]


class AmendReply(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to making an order smaller in its place (`PUT /api/v3/order/amend/keepPriority`).

    ::

        {
          "transactTime": 1790000002001, "executionId": 60,
          "amendedOrder": {
            "symbol": "ETHUSDT", "orderId": 28, "orderListId": -1, "origClientOrderId": "my-7",
            "clientOrderId": "my-7", "price": "3011.00000000", "qty": "0.30000000", "executedQty": "0.00000000",
            "preventedQty": "0.00000000", "quoteOrderQty": "0.00000000", "cumulativeQuoteQty": "0.00000000",
            "status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "SELL", "workingTime": 1790000001990,
            "selfTradePreventionMode": "EXPIRE_TAKER"
          }
        }
    """

    transact_time: int
    execution_id: int
    amended_order: AmendedOrder
    list_status: AmendedList | UnsetType = UNSET


class CancelReplaced(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to cancelling one order and placing another (`POST /api/v3/order/cancelReplace`).

    ::

        {
          "cancelResult": "SUCCESS", "newOrderResult": "SUCCESS",
          "cancelResponse": {
            "symbol": "ETHUSDT", "origClientOrderId": "my-7", "orderId": 28, "orderListId": -1,
            "clientOrderId": "the-cancels-own", "transactTime": 1790000002001, "price": "3011.00000000",
            "origQty": "0.50000000", "executedQty": "0.00000000", "cummulativeQuoteQty": "0.00000000",
            "status": "CANCELED", "timeInForce": "GTC", "type": "LIMIT", "side": "SELL"
          },
          "newOrderResponse": {
            "symbol": "ETHUSDT", "orderId": 31, "orderListId": -1, "clientOrderId": "my-10",
            "transactTime": 1790000002001
          }
        }
    """

    cancel_result: str
    """SUCCESS, FAILURE, NOT_ATTEMPTED."""
    new_order_result: str
    cancel_response: OrderReply
    new_order_response: OrderReply


class CancelReplaceOutcome(Message, frozen=True, kw_only=True, rename="camel"):
    """Which half was done, inside a `CancelReplaceRefused`: each response is an `OrderReply` or an error, undecoded."""

    cancel_result: str
    """SUCCESS, FAILURE."""
    new_order_result: str
    """FAILURE, NOT_ATTEMPTED."""
    cancel_response: Raw
    new_order_response: Raw
    """null when not attempted."""


class CancelReplaceRefused(Message, frozen=True, kw_only=True):
    """The answer when cancelling one order and placing another failed (-2022) or was done by half (-2021).

    ::

        {
          "code": -2022, "msg": "Order cancel-replace failed.",
          "data": {
            "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
            "cancelResponse": {"code": -2011, "msg": "Unknown order sent."}, "newOrderResponse": null
          }
        }
    """

    code: int
    msg: str
    data: CancelReplaceOutcome
