"""Conditional orders, which wait at a service of their own (Algo) and become ordinary orders when triggered."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = ["AlgoCanceled", "AlgoOrder", "AlgoOrderUpdate", "AlgoUpdate"]

_VenueId = int | str | UnsetType | None
"""A venue's id where the documents show text (empty for none) and its other messages show numbers."""


class AlgoOrder(Message, frozen=True, kw_only=True, rename="camel"):
    """A conditional order as answers show it (`POST` and `GET /fapi/v1/algoOrder`, lists, `algoOrder.place`).

    Placing answers without the ``actual…`` fields, which tell of the order it became when triggered. What it is is
    named ``orderType``, or in older answers ``type``.

    ::

        {
          "algoId": 7100012, "clientAlgoId": "my-8", "algoType": "CONDITIONAL", "orderType": "STOP_MARKET",
          "symbol": "ETHUSDT", "side": "SELL", "positionSide": "BOTH", "timeInForce": "GTC", "quantity": "0.300",
          "algoStatus": "NEW", "triggerPrice": "2950.00", "price": "0.00", "icebergQuantity": null,
          "selfTradePreventionMode": "EXPIRE_TAKER", "workingType": "MARK_PRICE", "priceMatch": "NONE",
          "closePosition": false, "priceProtect": true, "reduceOnly": true, "activatePrice": "", "callbackRate": "",
          "createTime": 1790000001990, "updateTime": 1790000001990, "triggerTime": 0, "goodTillDate": 0
        }
        {
          "algoId": 7100012, "clientAlgoId": "my-8", "algoType": "CONDITIONAL", "orderType": "STOP_MARKET",
          "symbol": "ETHUSDT", "side": "SELL", "positionSide": "BOTH", "timeInForce": "GTC", "quantity": "0.300",
          "algoStatus": "FINISHED", "actualOrderId": "4400018", "actualPrice": "2949.10", "actualType": "MARKET",
          "actualQty": "0.300", "triggerPrice": "2950.00", "price": "0.00", "icebergQuantity": null,
          "tpTriggerPrice": "0.00", "tpPrice": "0.00", "slTriggerPrice": "0.00", "slPrice": "0.00", "tpOrderType": "",
          "selfTradePreventionMode": "EXPIRE_TAKER", "workingType": "MARK_PRICE", "priceMatch": "NONE",
          "closePosition": false, "priceProtect": true, "reduceOnly": true, "createTime": 1790000001990,
          "updateTime": 1790000009100, "triggerTime": 1790000009050, "goodTillDate": 0
        }
    """

    algo_id: int
    client_algo_id: str
    algo_type: OptionalText = UNSET
    order_type: OptionalText = UNSET
    type: OptionalText = UNSET
    symbol: str
    side: str
    position_side: OptionalText = UNSET
    time_in_force: OptionalText = UNSET
    quantity: str | UnsetType | None = UNSET
    algo_status: str
    """NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, REJECTED, EXPIRED."""
    actual_order_id: _VenueId = UNSET
    actual_price: OptionalText = UNSET
    actual_type: OptionalText = UNSET
    actual_qty: OptionalText = UNSET
    trigger_price: OptionalText = UNSET
    price: OptionalText = UNSET
    iceberg_quantity: str | UnsetType | None = UNSET
    tp_trigger_price: OptionalText = UNSET
    tp_price: OptionalText = UNSET
    sl_trigger_price: OptionalText = UNSET
    sl_price: OptionalText = UNSET
    tp_order_type: OptionalText = UNSET
    self_trade_prevention_mode: OptionalText = UNSET
    working_type: OptionalText = UNSET
    price_match: OptionalText = UNSET
    close_position: OptionalBool = UNSET
    price_protect: OptionalBool = UNSET
    reduce_only: OptionalBool = UNSET
    activate_price: OptionalText = UNSET
    callback_rate: OptionalText = UNSET
    create_time: OptionalInt = UNSET
    update_time: OptionalInt = UNSET
    trigger_time: OptionalInt = UNSET
    good_till_date: OptionalInt = UNSET


class AlgoCanceled(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to cancelling a conditional order (`DELETE /fapi/v1/algoOrder`, `algoOrder.cancel`).

    ::

        {"algoId": 7100012, "clientAlgoId": "my-8", "code": "200", "msg": "success"}
    """

    algo_id: int
    client_algo_id: str
    code: str | int
    msg: str


class AlgoOrderUpdate(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "client_algo_id": "caid",
        "algo_id": "aid",
        "algo_type": "at",
        "order_type": "o",
        "symbol": "s",
        "side": "S",
        "position_side": "ps",
        "time_in_force": "f",
        "quantity": "q",
        "algo_status": "X",
        "actual_order_id": "ai",
        "actual_price": "ap",
        "actual_qty": "aq",
        "actual_type": "act",
        "trigger_price": "tp",
        "price": "p",
        "self_trade_prevention_mode": "V",
        "working_type": "wt",
        "price_match": "pm",
        "close_position": "cp",
        "price_protect": "pP",
        "reduce_only": "R",
        "trigger_time": "tt",
        "good_till_date": "gtd",
        "reject_reason": "rm",
        "is_activated": "ia",
    },
):
    """The conditional order inside an `AlgoUpdate`: what `AlgoOrder` says, under shorter keys.

    It tells neither activation price nor callback rate.
    """

    client_algo_id: str
    algo_id: int
    algo_type: OptionalText = UNSET
    order_type: str
    symbol: str
    side: str
    position_side: OptionalText = UNSET
    time_in_force: OptionalText = UNSET
    quantity: str | UnsetType | None = UNSET
    algo_status: str
    """As in `AlgoOrder`. A trailing stop is NEW twice: when it is placed and when it is activated."""
    actual_order_id: _VenueId = UNSET
    actual_price: OptionalText = UNSET
    actual_qty: OptionalText = UNSET
    actual_type: OptionalText = UNSET
    trigger_price: OptionalText = UNSET
    price: OptionalText = UNSET
    self_trade_prevention_mode: OptionalText = UNSET
    working_type: OptionalText = UNSET
    price_match: OptionalText = UNSET
    close_position: OptionalBool = UNSET
    price_protect: OptionalBool = UNSET
    reduce_only: OptionalBool = UNSET
    trigger_time: OptionalInt = UNSET
    good_till_date: OptionalInt = UNSET
    reject_reason: OptionalText = UNSET
    is_activated: OptionalBool = UNSET


class AlgoUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ALGO_UPDATE",
    rename={"ts_sent_ms": "E", "ts_event_ms": "T", "order": "o"},
):
    """A conditional order was accepted, triggered or closed.

    ::

        {
          "e": "ALGO_UPDATE", "T": 1790000009050, "E": 1790000009052,
          "o": {
            "caid": "my-8", "aid": 7100012, "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "ETHUSDT", "S": "SELL",
            "ps": "BOTH", "f": "GTC", "q": "0.300", "X": "TRIGGERED", "ai": "4400018", "ap": "0", "aq": "0",
            "act": "MARKET", "tp": "2950", "p": "0", "V": "EXPIRE_TAKER", "wt": "MARK_PRICE", "pm": "NONE",
            "cp": false, "pP": true, "R": true, "tt": 1790000009050, "gtd": 0, "rm": "", "ia": false
          }
        }
    """

    ts_event_ms: int
    ts_sent_ms: int
    order: AlgoOrderUpdate
