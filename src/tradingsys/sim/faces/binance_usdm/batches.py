"""Several orders in one request: each has its own answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_usdm import orders
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.venues.binance.messages import ErrorBody, OrderReply

__all__ = ["cancel", "modify", "place"]

_MOST_ORDERS = 5
_MOST_CANCELS = 10
_COST_10S = 5
"""A batch counts so many orders of ten seconds and one of a minute, however many it has."""

_Answers = list[OrderReply | ErrorBody]

_decode = msgspec.json.Decoder(list[dict[str, object]], float_hook=Decimal).decode
_decode_list = msgspec.json.Decoder(list[int | str]).decode


def place(call: Call) -> _Answers:
    """`POST /fapi/v1/batchOrders`."""
    return _each(call, orders.place_uncounted)


def modify(call: Call) -> _Answers:
    """`PUT /fapi/v1/batchOrders`."""
    return _each(call, orders.modify_uncounted)


def cancel(call: Call) -> _Answers:
    """`DELETE /fapi/v1/batchOrders`: by the venue's ids, or by the client's.

    The venue takes the names of both lists in small letters too: ccxt sends them so, and users of python-binance found
    it out (its issue 1195).
    """
    call.symbol()
    by_id = _list(call, "orderIdList") or _list(call, "orderidlist")
    by_client_id = _list(call, "origClientOrderIdList") or _list(call, "origclientorderidlist")
    if not by_id and not by_client_id:
        raise Fault(
            400, -1102, "Param 'origClientOrderIdList' or 'orderIdList' must be sent, but both were empty/null!"
        )
    if len(by_id or by_client_id) > _MOST_CANCELS:
        raise Fault(400, -4032, "Exceed maximum cancel order size.")
    if not all(str(each).isdecimal() for each in by_id):
        raise malformed("orderIdList")
    return _answers(
        [lambda each=each: orders.cancel_uncounted(call, int(each), None) for each in by_id]  # type: ignore[misc]
        if by_id
        else [lambda each=each: orders.cancel_uncounted(call, None, str(each)) for each in by_client_id]  # type: ignore[misc]
    )


def _each(call: Call, answer: Callable[[Call], OrderReply]) -> _Answers:
    text = call.params.text("batchOrders")
    try:
        items = _decode(text)
    except msgspec.DecodeError:
        raise malformed("batchOrders") from None
    if not 0 < len(items) <= _MOST_ORDERS:
        raise Fault(400, -4082, f"Invalid number of batch place orders: {len(items)}")
    call.state.limits.spend_order(call.account, call.now_ms, _COST_10S, 1)
    timing = {name: call.params.values[name] for name in ("timestamp", "recvWindow") if name in call.params.values}
    calls = [
        Call(call.state, Params({**_plain(item), **timing}), call.now_ns, call.account, call.api_key) for item in items
    ]
    return _answers([lambda one=one: answer(one) for one in calls])  # type: ignore[misc]


def _answers(tasks: Iterable[Callable[[], OrderReply]]) -> _Answers:
    answers: _Answers = []
    for task in tasks:
        try:
            answers.append(task())
        except Fault as fault:
            answers.append(ErrorBody(code=fault.code, msg=fault.message))
        except VenueError as error:
            answers.append(ErrorBody(code=error.code, msg=error.message))
    return answers


def _plain(item: dict[str, object]) -> dict[str, str | int | bool]:
    """Numbers as the text that stands for them."""
    return {name: _text(value) for name, value in item.items() if value is not None}


def _text(value: object) -> str | int | bool:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, int | bool) else str(value)


def _list(call: Call, name: str) -> list[int | str]:
    text = call.params.get(name)
    if not text:
        return []
    try:
        return _decode_list(text)
    except msgspec.DecodeError:
        raise malformed(name) from None
