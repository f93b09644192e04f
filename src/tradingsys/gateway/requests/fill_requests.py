"""What was executed for a session since an event of it: for whoever was away, and is told no events but a snapshot.

A snapshot says what is held and what is open. Executions of orders that are over by then, and that the strategy may
never have heard of, are in no snapshot; nor does memory have them after a restart. pos.db has them, and by which event
each was told.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tradingsys.core.errors import LocalProtocolError, StoreError
from tradingsys.core.order import Fill
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.clients.stored_rows import stored_fills_after
from tradingsys.gateway.host import Host, Method, look_when_saved, require_login, require_ready
from tradingsys.gateway.views.views import order_view
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.codec import decode_params, encode_error, encode_reply
from tradingsys.wire.messages import Cursor, ErrorCode, FillsParams, FillsResult, OrderView, Request

__all__ = ["FillRequests"]

_MOST_FILLS = 100
"""In one answer, and those that one event told together with the last one: about a millisecond, for which others wait,
and which whoever asks on has to repay (`Peer.charged`): much sooner than pages twice as long, half as many.
"""

_Found = tuple[list[tuple[TrackedOrder, list[Fill]]], Cursor | None]


class FillRequests:
    """``get_fills``."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self.methods: dict[str, Method] = {"get_fills": self._get_fills}

    def _get_fills(self, client: Client, request: Request) -> None:
        gateway, session_id = self._gateway, require_login(client)
        params = decode_params(request, FillsParams)
        require_ready(gateway)
        self._check(session_id, params)
        if client.is_reading:
            raise LocalProtocolError(
                "this connection has asked for executions already: wait for that answer", code=ErrorCode.DENIED
            )
        client.is_reading = True

        def told(outcome: _Found | StoreError) -> None:
            client.is_reading = False
            if client.peer not in gateway.clients:
                return
            if isinstance(outcome, StoreError):
                refusal = encode_error(request.id, ErrorCode.UNDEFINED, f"pos.db cannot be read: {outcome}; ask again")
                client.peer.write(refusal)
                return
            with client.peer.charged():
                found = FillsResult(list(self._views(outcome[0])), outcome[1])
                client.peer.write(encode_reply(request.id, found, is_bounded=False))

        # What a snapshot tells may be on its way to the file yet.
        question = partial(stored_fills_after, session=session_id, after=params.after, most_fills=_MOST_FILLS)
        look_when_saved(gateway, question, told)

    def _views(self, runs: list[tuple[TrackedOrder, list[Fill]]]) -> Iterator[OrderView]:
        """Memory knows best how an order stands."""
        known = self._gateway.book.orders
        for order, fills in runs:
            view = order_view(known.get(order.client_order_id, order), fills)
            if view is not None:
                yield view

    def _check(self, session_id: int, params: FillsParams) -> None:
        """Raises LocalProtocolError (-10009) for an event that this book cannot have told."""
        gateway, (epoch, n) = self._gateway, params.after
        if params.lineage != gateway.book.lineage:
            raise LocalProtocolError(
                f"this gateway keeps another pos.db (its lineage is {gateway.book.lineage}) than the one that told of "
                "the event: nothing can be said of what was executed since; begin with the snapshot",
                code=ErrorCode.BAD_REQUEST,
            )
        latest = gateway.sessions.session(session_id).n if gateway.sessions is not None else 0
        if epoch < 0 or n < 0 or (epoch, n) > (gateway.epoch, latest):
            raise LocalProtocolError(
                f"the session has no event {n} of epoch {epoch}: its last one is {latest} of {gateway.epoch}; "
                "after is the epoch and n of an event, or of a snapshot",
                code=ErrorCode.BAD_REQUEST,
            )
