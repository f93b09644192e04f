"""The product's gateway, with somebody who counts what it meets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.simulate.overseer import Overseer
from tradingsys.core.ids import decode_client_order_id
from tradingsys.core.reports import OrderRequest, Outcome, Report, RequestDone
from tradingsys.gateway.kernel import Gateway
from tradingsys.gateway.seams import Peer
from tradingsys.oms.effects import Effect

__all__ = ["WatchedGateway"]

_NAMES = re.compile(rb'"client_order_id":"([^"]+)"').findall
_WORDS = {OrderRequest.PLACE: "orders", OrderRequest.REPLACE: "amends", OrderRequest.CANCEL: "cancels"}
_OUTCOMES = {Outcome.IN_DOUBT: "in doubt", Outcome.REFUSED: "refused", Outcome.NOT_SENT: "not sent"}


class WatchedGateway(Gateway):
    """Behaves as its base in everything."""

    overseer: Overseer | None = None
    was_ready: Callable[[], None] | None = None
    """Told when it is READY."""

    def __init__(self, counts: Counter[str], *args: Any, **kwargs: Any) -> None:
        self.counts = counts
        super().__init__(*args, **kwargs)

    def peer_frame(self, peer: Peer, data: bytes) -> None:
        if b'"resolve"' not in data:
            super().peer_frame(peer, data)
            return
        known = set(self.book.orders)
        super().peer_frame(peer, data)
        names = [name.decode() for name in _NAMES(data)]
        keys = [decode_client_order_id(name) for name in names]
        self.counts["orders of an older run asked for"] += sum(
            key is not None and key.epoch < self.epoch for key in keys
        )
        self.counts["of these, at the exchange"] += len(self.book.orders.keys() - known)

    def _heard(self, report: Report) -> None:
        if self.overseer is not None:
            self.overseer.heard(report)
        if isinstance(report, RequestDone) and report.outcome in _OUTCOMES:
            self._count(report)
        super()._heard(report)

    def _apply(self, effects: list[Effect], *, durable: bool = False) -> None:
        if self.overseer is not None:
            self.overseer.decided(effects)
        super()._apply(effects, durable=durable)

    def _ready(self) -> None:
        super()._ready()
        if self.overseer is not None:
            self.overseer.ready()
        if self.was_ready is not None:
            self.was_ready()

    def _count(self, report: RequestDone) -> None:
        kind, outcome = _WORDS[report.request], _OUTCOMES[report.outcome]
        order = self.book.order(report.client_order_id)
        if order is not None and order.is_conditional and report.request is not OrderRequest.REPLACE:
            kind = f"conditional {kind}"
        self.counts[f"{kind} {outcome}"] += 1
        is_refused_amend = report.request is OrderRequest.REPLACE and report.outcome is Outcome.REFUSED
        if is_refused_amend and order is not None and order.facts.cum_qty:
            self.counts["amends raced by a fill"] += 1
