"""Asks what became of orders whose request got no answer."""

from __future__ import annotations

from functools import partial

from pyalgo.history import History
from pyalgo.streams import Ask, may_help_to_wait
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import ErrorCode, Reply, ResolveItem, ResolveParams, ResolveResult

__all__ = ["Resolver"]

_BATCH = 100


class Resolver:
    """Asks as often as it takes; never sends an order."""

    def __init__(self, ask: Ask, history: History) -> None:
        self._ask, self._history = ask, history

    def resolve(self) -> None:
        """Ask about all orders that need it."""
        items = self._history.orders.to_resolve()
        for start in range(0, len(items), _BATCH):
            self._request(items[start : start + _BATCH])

    def _request(self, items: list[ResolveItem]) -> None:
        self._ask.query("resolve", ResolveParams(items), partial(self._on_reply, items), may_wait=True)

    def _on_reply(self, items: list[ResolveItem], reply: Reply) -> None:
        try:
            found = decode_result(reply, ResolveResult)
        except LocalProtocolError as error:
            self._refused(items, error)
            return
        for view in found.orders:
            self._history.answered(view)

    def _refused(self, items: list[ResolveItem], error: LocalProtocolError) -> None:
        if error.code == ErrorCode.DENIED and len(items) > 1:
            # Perhaps all that they executed is too much for one answer.
            for half in (items[: len(items) // 2], items[len(items) // 2 :]):
                self._ask.retry(partial(self._request, half))
        elif may_help_to_wait(error.code) or error.code == ErrorCode.DENIED:
            self._ask.retry(partial(self._request, items))
        elif len(items) > 1:
            # One order that the gateway cannot place must not keep the others in doubt.
            for item in items:
                self._request([item])
        else:
            self._history.orders.unresolved.discard(items[0].client_order_id)
            self._history.durable.give_up(items[0].client_order_id)
            self._ask.report(LocalProtocolError(f"{items[0].client_order_id} stays in doubt: {error}", code=error.code))
