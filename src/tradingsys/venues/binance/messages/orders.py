"""Orders and executions by REST and WS-API."""

from __future__ import annotations

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = ["AmendedValue", "Amendment", "OrderAmendment", "OrderReply", "UserTrade"]


class OrderReply(Message, frozen=True, kw_only=True, rename="camel"):
    """An order as answers show it.

    Placing, amending and cancelling answer without ``avgPrice``, ``cumQuote`` and ``time``; queries have them and lack
    ``cumQty``.

    ::

        {
          "clientOrderId": "my-7", "cumQty": "0.000", "executedQty": "0.000", "orderId": 4400017, "origQty": "0.500",
          "price": "3011.00", "reduceOnly": false, "side": "SELL", "positionSide": "BOTH", "status": "NEW",
          "stopPrice": "0.00", "closePosition": false, "symbol": "ETHUSDT", "timeInForce": "GTC", "type": "LIMIT",
          "origType": "LIMIT", "updateTime": 1790000001990, "workingType": "CONTRACT_PRICE", "priceProtect": false,
          "priceMatch": "NONE", "selfTradePreventionMode": "EXPIRE_TAKER", "goodTillDate": 0
        }
        {
          "avgPrice": "3011.00000", "clientOrderId": "my-7", "cumQuote": "903.30000", "executedQty": "0.300",
          "orderId": 4400017, "origQty": "0.500", "origType": "LIMIT", "price": "3011.00", "reduceOnly": false,
          "side": "SELL", "positionSide": "BOTH", "status": "PARTIALLY_FILLED", "stopPrice": "0",
          "closePosition": false, "symbol": "ETHUSDT", "time": 1790000001990, "timeInForce": "GTC", "type": "LIMIT",
          "updateTime": 1790000002001, "workingType": "CONTRACT_PRICE", "priceProtect": false, "priceMatch": "NONE",
          "selfTradePreventionMode": "EXPIRE_TAKER", "goodTillDate": 0
        }
    """

    order_id: int
    symbol: str
    pair: OptionalText = UNSET
    status: str
    client_order_id: str
    modify_id: OptionalInt = UNSET
    price: str
    avg_price: OptionalText = UNSET
    orig_qty: str
    executed_qty: str
    cum_qty: OptionalText = UNSET
    cum_quote: OptionalText = UNSET
    cum_base: OptionalText = UNSET
    time_in_force: OptionalText = UNSET
    type: str
    reduce_only: OptionalBool = UNSET
    close_position: OptionalBool = UNSET
    side: str
    position_side: OptionalText = UNSET
    stop_price: OptionalText = UNSET
    activate_price: OptionalText = UNSET
    price_rate: OptionalText = UNSET
    working_type: OptionalText = UNSET
    price_protect: OptionalBool = UNSET
    orig_type: OptionalText = UNSET
    price_match: OptionalText = UNSET
    self_trade_prevention_mode: OptionalText = UNSET
    good_till_date: OptionalInt = UNSET
    time: OptionalInt = UNSET
    update_time: int


class UserTrade(Message, frozen=True, kw_only=True, rename="camel"):
    """One execution of the account in history (`GET /userTrades`); it carries no client order id.

    ::

        {
          "buyer": false, "commission": "0.12044000", "commissionAsset": "USDT", "id": 90210, "maker": true,
          "orderId": 4400017, "price": "3011.00", "qty": "0.200", "quoteQty": "602.20000", "baseQty": "0.200",
          "marginAsset": "USDT", "realizedPnl": "1.25000000", "side": "SELL", "positionSide": "BOTH",
          "symbol": "ETHUSDT", "pair": "ETHUSDT", "time": 1790000002001
        }
    """

    buyer: OptionalBool = UNSET
    commission: str
    commission_asset: str
    id: int
    maker: bool
    order_id: int
    price: str
    qty: str
    quote_qty: OptionalText = UNSET
    base_qty: OptionalText = UNSET
    margin_asset: OptionalText = UNSET
    realized_pnl: OptionalText = UNSET
    side: str
    position_side: OptionalText = UNSET
    symbol: str
    pair: OptionalText = UNSET
    time: int


class AmendedValue(Message, frozen=True, kw_only=True):
    """A value inside an `Amendment`."""

    before: str
    after: str


class Amendment(Message, frozen=True, kw_only=True, rename="camel"):
    """What an `OrderAmendment` changed; ``count`` is how often the order was changed so far."""

    price: AmendedValue
    orig_qty: AmendedValue
    count: int
    modify_id: OptionalInt = UNSET


class OrderAmendment(Message, frozen=True, kw_only=True, rename="camel"):
    """One change of an order in history (`GET /fapi/v1/orderAmendment`).

    ::

        {
          "amendmentId": 5363, "symbol": "ETHUSDT", "pair": "ETHUSDT", "orderId": 4400017, "clientOrderId": "my-7",
          "time": 1790000001995,
          "amendment": {
            "price": {"before": "3011.00", "after": "3011.10"}, "origQty": {"before": "0.500", "after": "0.500"},
            "count": 3, "modifyId": 2
          }
        }
    """

    amendment_id: int
    symbol: str
    pair: OptionalText = UNSET
    order_id: int
    client_order_id: str
    time: int
    amendment: Amendment
