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
    """Asks as often as it takes, one question at a time; never sends an order. One for each connection."""

    def __init__(self, ask: Ask, history: History) -> None:
        self._ask, self._history = ask, history
        self._is_asking = False

    def resolve(self) -> None:
        """Ask about all orders that need it; whatever comes to need it meanwhile is asked about too."""
        if not self._is_asking:
            self._go_on()

    def _go_on(self) -> None:
        # The newest first: the exchange has to be asked about old ones only, and about few of them at a time.
        items = self._history.orders.to_resolve()[: -_BATCH - 1 : -1]
        self._is_asking = bool(items)
        if items:
            self._ask.query("resolve", ResolveParams(items), partial(self._on_reply, items[0]), may_wait=True)

    def _on_reply(self, first: ResolveItem, reply: Reply) -> None:
        try:
            found = decode_result(reply, ResolveResult)
        except LocalProtocolError as error:
            if may_help_to_wait(error.code) or error.code == ErrorCode.DENIED:
                self._ask.retry(self._go_on)
                return
            self._give_up(first.client_order_id, error)
        else:
            for view in found.orders:
                self._history.answered(view)
        self._go_on()

    def _give_up(self, client_order_id: str, error: LocalProtocolError) -> None:
        self._history.orders.unresolved.discard(client_order_id)
        self._history.durable.give_up(client_order_id)
        self._ask.report(LocalProtocolError(f"{client_order_id} stays in doubt: {error}", code=error.code))
