"""Questions about an account that are refused for a time, all the others being answered."""

from __future__ import annotations

from urllib.parse import parse_qs

from tradingsys.sim.chaos.dice import Throw
from tradingsys.sim.faces.transport import NO_ANSWER, Reply, Request

__all__ = ["Refusal"]

_NS = 1_000_000_000
_KINDS = (
    ("/userTrades", "/myTrades"),
    ("/openOrders", "/openAlgoOrders", "/allAlgoOrders", "/openOrderList"),
    ("/order", "/openOrder", "/algoOrder", "/orderList", "/order/amendments", "/orderAmendment"),
    ("/positionRisk", "/account", "/balance", "/accountConfig"),
    ("/income", "/interestHistory"),
)
"""By the endings of their paths: executions, lists of orders, one order, what the account holds, what was paid."""
_EVERYTHING = 0.15
"""How often questions of all kinds are refused."""
_REPLIES = (
    Reply(400, b'{"code":-1130,"msg":"Data sent for parameter is not valid."}'),
    Reply(403, b"<html><head><title>403 Forbidden</title></head><body></body></html>", {"Content-Type": "text/html"}),
    Reply(429, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "2"}),
    Reply(503, b'{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}'),
    Reply(NO_ANSWER, b"", late_ns=15 * _NS),
)


class Refusal:
    """One of them, which the throw decides: of which kind, how, and whether of one symbol alone.

    That is the one that is asked about first.
    """

    def __init__(self, throw: Throw) -> None:
        at = (throw.which - _EVERYTHING) / (1 - _EVERYTHING) * len(_KINDS)
        self._ends = _KINDS[int(at)] if at >= 0 else None
        self._is_of_one = at >= 0 and at % 1 < 0.5
        self._symbol: str | None = None
        self._reply = _REPLIES[int(throw.place * len(_REPLIES))]

    def instead(self, request: Request) -> Reply | None:
        """What is answered to this; None where the truth is."""
        if request.method != "GET" or b"signature=" not in request.query:
            return None
        if self._ends is not None and not request.path.endswith(self._ends):
            return None
        symbol = parse_qs(request.query.decode("latin-1")).get("symbol", [""])[0]
        if self._is_of_one and symbol:
            self._symbol = self._symbol or symbol
            if symbol != self._symbol:
                return None
        return self._reply
