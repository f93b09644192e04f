"""What strategies ask of spot and margin accounts that cannot be."""

from __future__ import annotations

from typing import Any

from tests.bad_input.case import Case
from tests.bad_input.wire_place import WirePlace as Place
from tradingsys.wire.messages import ErrorCode as Code

__all__ = ["CASES", "MARGIN_CASES", "SPOT_CASES", "reaches_the_exchange"]

_AT_EXCHANGE = "exchange: "
Leg = dict[str, Any]


def reaches_the_exchange(case: Case[Place]) -> bool:
    """Whether only the exchange itself can know better."""
    return case.name.startswith(_AT_EXCHANGE)


def _ask(method: str, params: Any, code: int, *says: str) -> Case[Place]:
    return Case(f"{method}: {str(params)[:120]}", lambda place: place.ask(method, params), code, says)


def _asked_there(method: str, params: Any, code: int, *says: str) -> Case[Place]:
    return Case(f"{_AT_EXCHANGE}{method}: {params}", lambda place: place.ask(method, params), code, says)


def _order(changes: dict[str, Any], *says: str, code: int = Code.INVALID_ORDER) -> Case[Place]:
    return Case(f"order: {str(changes)[:160]}", lambda place: place.order(**changes), code, says)


def _refused(changes: dict[str, Any], code: int, *says: str) -> Case[Place]:
    return Case(f"{_AT_EXCHANGE}{changes}", lambda place: place.refused(**changes), code, says)


def _list(
    name: str, contingency: str, legs: tuple[Leg, ...], *says: str, code: int = Code.INVALID_ORDER
) -> Case[Place]:
    return Case(f"{contingency}: {name}", lambda place: place.order_list(contingency, *legs), code, says)


def _list_refused(name: str, contingency: str, legs: tuple[Leg, ...], code: int, *says: str) -> Case[Place]:
    return Case(
        f"{_AT_EXCHANGE}{contingency}: {name}", lambda place: place.refused_list(contingency, *legs), code, says
    )


def _of_others_list(method: str, **changes: object) -> Case[Place]:
    return Case(
        f"{_AT_EXCHANGE}{method} of another session's list",
        lambda place: place.of_others_list(method, (_TARGET, _LOSS), **changes),
        Code.NO_SUCH_ORDER,
        ("no such order",),
    )


def _amend(changes: dict[str, Any], *says: str, terms: Leg | None = None) -> Case[Place]:
    return Case(
        f"amend: {changes} {terms or ''}", lambda place: place.amend(terms, **changes), Code.INVALID_ORDER, says
    )


_SELL = {"side": "SELL"}
_AT_MARKET: Leg = {"order_type": "MARKET", "price": None, "time_in_force": None}
_IN_QUOTE: Leg = {**_AT_MARKET, "quantity": "0", "quote_quantity": "50"}
_STOP: Leg = {**_AT_MARKET, "order_type": "STOP_MARKET", "side": "SELL", "stop_price": "0.5"}
_TRAILING: Leg = {**_AT_MARKET, "order_type": "TRAILING_STOP_MARKET", "side": "SELL"}
_TARGET: Leg = {"side": "SELL", "price": "0.7"}
_LOSS: Leg = {**_STOP}
_WORKING: Leg = {"side": "BUY", "price": "0.55"}
_LIST = {"contingency": "OCO", "orders": []}
_SPELL = "spelled"

CASES: tuple[Case[Place], ...] = (
    _order({"price": "0.600005"}, "-1013", "PRICE_FILTER", "round the price", "tick, 0.00001"),
    _order({"quantity": "200.5"}, "-1013", "LOT_SIZE", "round the quantity", "lot, 1"),
    _order({"quantity": "0.5"}, "LOT_SIZE", "the least quantity is 1"),
    _order({"quantity": "0"}, "quantity"),
    _order({"quantity": "1"}, "-1013", "NOTIONAL", "the least value of an order is 1", "order more"),
    _order({"quantity": "99999999"}, "-1013", "LOT_SIZE", "9000000"),
    _order({"price": "1000.1"}, "PRICE_FILTER", "1000"),
    _order({"price": "NaN"}, "price is not a plain decimal number"),
    _order({"price": "Infinity"}, "price is not a plain decimal number"),
    _order({"price": "-0.6"}, "price"),
    _order({"price": "1e-1"}, "price is not a plain decimal number"),
    _order({"quantity": "NaN"}, "quantity is not a plain decimal number"),
    _order({"quantity": "9" * 500}, "quantity"),
    _order({"price": None}, "price"),
    _order({"symbol": "nosuchusdt"}, _SPELL, code=Code.INVALID_SYMBOL),
    _order({"symbol": "ethusdt"}, "subscribe ethusdt before"),
    _order({"iceberg_quantity": "1"}, "ICEBERG_PARTS", "100"),
    _order({"iceberg_quantity": "0"}, "iceberg"),
    _order({"iceberg_quantity": "0.5"}, "iceberg"),
    _order({"iceberg_quantity": "NaN"}, "iceberg_quantity is not a plain decimal number"),
    _order({**_AT_MARKET, "iceberg_quantity": "50"}, "iceberg_quantity is for orders at a limit"),
    _order({"iceberg_quantity": "50", "time_in_force": "IOC"}, "iceberg"),
    _order({**_STOP, "stop_price": None}, "stop_price"),
    _order({**_STOP, "stop_price": "0.5000001"}, "PRICE_FILTER", "round the price"),
    _order({**_STOP, "stop_price": "0"}, "price"),
    _order({**_TRAILING, "callback_rate": "0.05"}, "TRAILING_DELTA", "callback_rate must be 0.10 to 20.00 percent"),
    _order({**_TRAILING, "callback_rate": "20.01"}, "TRAILING_DELTA", "callback_rate must be 0.10 to 20.00 percent"),
    _order({**_TRAILING, "callback_rate": "1.005"}, "callback"),
    _order({**_TRAILING, "callback_rate": "NaN"}, "callback_rate is not a plain decimal number"),
    _order({**_TRAILING}, "callback_rate"),
    _order({"callback_rate": "1"}, "callback_rate is for stops and take-profits"),
    _order({**_IN_QUOTE, "order_type": "LIMIT", "price": "0.6", "time_in_force": "GTC"}, "quote_quantity", "MARKET"),
    _order({**_IN_QUOTE, "quantity": "200"}, "quantity"),
    _order({**_IN_QUOTE, "quote_quantity": "0"}, "quote_quantity must be above 0"),
    _order({**_IN_QUOTE, "quote_quantity": "-5"}, "quote_quantity"),
    _order({**_IN_QUOTE, "quote_quantity": "NaN"}, "quote_quantity is not a plain decimal number"),
    _order({**_IN_QUOTE, "quote_quantity": "5.123456789"}, "decimals in the amount"),
    _order({**_IN_QUOTE, "reduce_only": True, "side": "SELL"}, "reduce_only needs a quantity"),
    _order({**_AT_MARKET, "price": "0.6"}, "MARKET", "price"),
    _order({"reduce_only": True}, "reduce"),
    _order({"reduce_only": True, **_SELL}, "reduce"),
    _order({"close_position": True, **_STOP, "quantity": "0"}, "close_position is for futures"),
    _order({"price_match": "QUEUE", "price": None}, "price_match is for futures"),
    _order({**_STOP, "trigger_price": "MARK"}, "no mark price"),
    _order({**_STOP, "price_protect": True}, "price_protect is for futures"),
    _order({"time_in_force": "GTD", "good_till_ms": 4_000_000_000_000}, "GTD is for futures"),
    _order({"time_in_force": "IOC", "post_only": True}, "post"),
    _order({"side_effect": "BORROW"}, "BORROW", code=Code.BAD_REQUEST),
    _list("one order", "OCO", (_TARGET,), "2 orders, not 1"),
    _list("two orders", "OTOCO", (_WORKING, _TARGET), "3 orders, not 2"),
    _list("no orders", "OTO", (), "2 orders, not 0"),
    _list("another kind", "OPO", (_TARGET, _LOSS), "OPO", code=Code.BAD_REQUEST),
    _list("two symbols", "OCO", (_TARGET, {**_LOSS, "symbol": "btcusdt"}), "one symbol", "btcusdt"),
    _list("unknown symbol", "OCO", tuple(leg | {"symbol": "nosuch"} for leg in (_TARGET, _LOSS)), _SPELL, code=-10003),
    _list("two sides", "OCO", (_TARGET, {**_LOSS, "side": "BUY"}), "the same side"),
    _list("two quantities", "OCO", (_TARGET, {**_LOSS, "quantity": "100"}), "the same quantity"),
    _list("two targets", "OCO", (_TARGET, {**_TARGET, "price": "0.8"}), "the other stops a loss"),
    _list("two stops", "OCO", (_LOSS, {**_LOSS, "stop_price": "0.4"}), "one order takes profit"),
    _list("target below the stop", "OCO", ({**_TARGET, "price": "0.45"}, _LOSS), "takes its profit above"),
    _list("a leg off tick", "OCO", ({**_TARGET, "price": "0.7000001"}, _LOSS), "order 1 of 2", "round the price"),
    _list("a leg off lot", "OCO", tuple(leg | {"quantity": "0.5"} for leg in (_TARGET, _LOSS)), "order 1 of 2"),
    _list("a leg without price", "OCO", (_TARGET, {**_LOSS, "stop_price": None}), "order 2 of 2", "stop_price"),
    _list("a leg of NaN", "OCO", (_TARGET, {**_LOSS, "stop_price": "NaN"}), "order 2 of 2", "plain decimal"),
    _list("an amount", "OTO", (_WORKING, {**_IN_QUOTE, **_SELL}), "quote_quantity is for single orders"),
    _list("begins at market", "OTO", ({**_AT_MARKET}, _TARGET), "LIMIT order"),
    _list(
        "a key twice",
        "OCO",
        ({**_TARGET, "seq": 1}, {**_LOSS, "seq": 1}),
        "used before",
        "resolve",
        code=Code.STALE_KEY,
    ),
    _list("a foreign key", "OCO", ({**_TARGET, "epoch": 5}, _LOSS), "resolve", code=Code.STALE_KEY),
    Case("order_list: without trading", lambda place: place.watcher("order_list", _LIST), -10005, ("trading=False",)),
    _ask("order_list", {"contingency": "OCO"}, Code.BAD_REQUEST, "orders"),
    _ask("subscribe", ["dogeusdt@mark"], Code.INVALID_STREAM, "only futures have a mark price", "bbo and trade"),
    _ask("subscribe", ["dogeusdt@kline:7m"], Code.INVALID_STREAM, "'7m'", "1m, 3m, 5m"),
    _ask("subscribe", ["dogeusdt@depth:500ms"], Code.INVALID_STREAM, "depth:500ms"),
    _ask("subscribe", ["nosuchusdt@depth"], Code.INVALID_SYMBOL, _SPELL),
    _ask("get_klines", {"symbol": "dogeusdt", "interval": "7m", "limit": 5}, Code.INVALID_STREAM, "'7m'"),
    _ask("get_klines", {"symbol": "dogeusdt", "interval": "1m", "limit": 5_000}, Code.BAD_REQUEST, "1 to 1"),
    _ask("get_klines", {"symbol": "nosuch", "interval": "1m", "limit": 5}, Code.INVALID_SYMBOL, _SPELL),
    _ask("set_leverage", {"symbol": "dogeusdt", "leverage": 5}, Code.BAD_REQUEST, "leverage"),
    _ask("set_margin_type", {"symbol": "dogeusdt", "margin_type": "ISOLATED"}, Code.BAD_REQUEST, "margin"),
    _ask("get_settings", {"symbol": "dogeusdt"}, Code.BAD_REQUEST),
    _ask("cancel", {"client_order_id": "nosuch"}, Code.NO_SUCH_ORDER, "no such order"),
    _ask("amend", {"client_order_id": "nosuch", "quantity": "5"}, Code.NO_SUCH_ORDER, "no such order"),
    _of_others_list("cancel"),
    _of_others_list("amend", quantity="100"),
    _refused({"quantity": "1600000", "price": "0.7"}, -2010, "insufficient balance"),
    _list_refused(
        "target below the market", "OCO", ({**_TARGET, "price": "0.55"}, _LOSS), -2010, "relationship of the prices"
    ),
    _list_refused(
        "stop above the market", "OCO", (_TARGET, {**_LOSS, "stop_price": "0.65"}), -2010, "relationship of the prices"
    ),
)
SPOT_CASES: tuple[Case[Place], ...] = (
    _order({"side_effect": "MARGIN_BUY"}, "side_effect is for margin accounts"),
    _order({"side_effect": "AUTO_REPAY", **_SELL}, "side_effect is for margin accounts"),
    _ask("borrow", {"asset": "usdt", "amount": "5"}, Code.BAD_REQUEST, "spot account", '"margin": true'),
    _ask("repay", {"asset": "usdt", "amount": "5"}, Code.BAD_REQUEST, "spot account", '"margin": true'),
    _ask("get_borrowable", {"asset": "usdt"}, Code.BAD_REQUEST, "spot account", '"margin": true'),
    _ask("get_margin", None, Code.BAD_REQUEST, "spot account", '"margin": true'),
    _amend({"quantity": "300"}, "can only be made smaller", "cancel it"),
    _amend({"price": "0.59"}, "price of a spot order cannot be changed", "cancel it"),
    _amend({"quantity": "200"}, "changes nothing"),
    _amend({}, "changes nothing"),
    _amend({"quantity": "NaN"}, "quantity is not a plain decimal number"),
    _amend({"quantity": "100.5"}, "LOT_SIZE", "round the quantity"),
    _amend({"quantity": "1"}, "NOTIONAL"),
    _amend({"quantity": "100"}, "only limit orders can be amended", "cancel it", terms=_STOP),
)
_NO_ASSET = {"asset": "no asset", "amount": "5"}
MARGIN_CASES: tuple[Case[Place], ...] = (
    _amend({"quantity": "100"}, "no amends on this account", "cancel it"),
    _amend({"price": "0.59"}, "no amends on this account", "cancel it"),
    _list(
        "two side effects", "OCO", ({**_TARGET, "side_effect": "AUTO_REPAY"}, _LOSS), "side_effect is the whole list's"
    ),
    _ask("borrow", _NO_ASSET, Code.BAD_REQUEST, "no asset such as BTC"),
    _ask("borrow", {"asset": "usdt", "amount": "0"}, Code.BAD_REQUEST, "amount"),
    _ask("borrow", {"asset": "usdt", "amount": "-5"}, Code.BAD_REQUEST, "amount"),
    _ask("borrow", {"asset": "usdt", "amount": "NaN"}, Code.BAD_REQUEST, "amount is not a plain decimal number"),
    _ask("borrow", {"asset": "usdt", "amount": 5}, Code.BAD_REQUEST, "amount"),
    _ask("borrow", {"asset": "usdt"}, Code.BAD_REQUEST, "amount"),
    _ask("repay", {"asset": "usdt", "amount": "0"}, Code.BAD_REQUEST, "amount"),
    _ask("repay", _NO_ASSET, Code.BAD_REQUEST, "no asset such as BTC"),
    _ask("get_borrowable", {"asset": ""}, Code.BAD_REQUEST, "no asset such as BTC"),
    Case("borrow: without trading", lambda place: place.watcher("borrow", _NO_ASSET), -10005, ("trading=False",)),
    Case("repay: without trading", lambda place: place.watcher("repay", _NO_ASSET), -10005, ("trading=False",)),
    _asked_there("borrow", {"asset": "nosuch", "amount": "5"}, -3027, "Not a valid margin asset"),
    _asked_there("borrow", {"asset": "usdt", "amount": "999999999999"}, -3006, "exceed"),
    _asked_there("borrow", {"asset": "usdt", "amount": "0.000000001"}, -1111, "precision"),
    _asked_there("repay", {"asset": "usdt", "amount": "5"}, -3015, "exceeds borrow"),
    _asked_there("repay", {"asset": "nosuch", "amount": "5"}, -3027, "Not a valid margin asset"),
    _asked_there("get_borrowable", {"asset": "nosuch"}, -3027, "Not a valid margin asset"),
)
