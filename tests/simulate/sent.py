"""Every request that ever left a gateway: none about an order may leave twice, none at all while it is shut out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tradingsys.core.io import HttpRequest, WsFrame

__all__ = ["SentRequests", "new_orders"]

_REPEATABLE = ("cancel", "DELETE")
_ORDER_ID = "ClientOrderId"


class SentRequests:
    """Counts by what makes a request itself: a new order by its client id, an amend by the order and its number."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, ...]] = Counter()
        self.unheeded: list[str] = []
        """What was asked of an exchange that wanted to be left alone."""

    def note(self, request: WsFrame | HttpRequest) -> None:
        """A request about an order leaves."""
        method, params = _asked(request)
        if method in _REPEATABLE:
            return
        lists = sorted(str(params[name]) for name in params if name.endswith(_ORDER_ID))
        if "newQty" in params:
            self._counts["amend", *lists, str(params["newQty"]), str(params["timestamp"])] += 1
        elif "newClientOrderId" not in params and len(lists) > 1:
            self._counts["list", *lists] += 1
        elif "modifyId" in params:
            named = str(params.get("orderId") or params["origClientOrderId"])
            self._counts["amend", str(params["symbol"]), named, str(params["modifyId"])] += 1
        else:
            self._counts["order", str(params.get("newClientOrderId") or params["clientAlgoId"])] += 1

    def wrong(self) -> Iterator[str]:
        """What was sent more than once, or should not have been sent yet."""
        yield from self.unheeded
        for key, count in self._counts.items():
            if count > 1:
                yield f"sent {count} times: {' '.join(key)}"


def new_orders(request: WsFrame | HttpRequest) -> Iterator[tuple[str, str]]:
    """The client ids and symbols of the orders that a request about orders is to place."""
    method, params = _asked(request)
    if method not in _REPEATABLE and not params.keys() & {"newQty", "modifyId"}:
        for name, value in params.items():
            if name == "clientAlgoId" or (name.endswith(_ORDER_ID) and name != "listClientOrderId"):
                yield str(value), str(params["symbol"])


def _asked(request: WsFrame | HttpRequest) -> tuple[str, dict[str, Any]]:
    """What is to be done, and with what."""
    if isinstance(request, WsFrame):
        content = json.loads(request.data)
        return content["method"].removeprefix("order.").split(".")[-1], content["params"]
    return request.method, dict(parse_qsl(urlsplit(request.url).query))
