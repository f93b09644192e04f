"""The order path: from a strategy's request to the bytes on the venue's connection.

Memory first, then the journal, then the wire; nothing here waits. A request that was refused here was never sent.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.commands import CancelOrder, PlaceOrder
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import InvalidOrder, LocalProtocolError, StoreError, VenueError
from tradingsys.core.ids import OrderKey, decode_client_order_id, encode_client_order_id
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.order import Closed, Terms
from tradingsys.core.records import Intent
from tradingsys.core.reports import OrderRequest, Outcome, RequestDone
from tradingsys.gateway.seams import StoreSeam
from tradingsys.gateway.sessions import Client
from tradingsys.gateway.views import absent_view, order_view, terms_of
from tradingsys.oms.procedure import Procedures
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import Incarnation, SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import CancelParams, ErrorCode, OrderParams, OrderView, ResolveItem

__all__ = ["OrderDesk", "OrderSettings"]

_OWN_REFUSAL = -1


class OrderSettings(Struct, frozen=True):
    """How orders are sent."""

    recv_window_ms: int
    sync_each: bool = False
    """Sync the journal before each send, not only write it."""


class OrderDesk:
    """Turns requests of sessions into commands for the venue, and their outcomes into judgement."""

    def __init__(
        self,
        book: SessionBook,
        store: StoreSeam,
        recovery: Recovery,
        procedures: Procedures,
        incarnation: Incarnation,
        settings: OrderSettings,
    ) -> None:
        self._book = book
        self._store = store
        self._recovery = recovery
        self._procedures = procedures
        self._incarnation = incarnation
        self._settings = settings

    def prepare(self, client: Client, params: OrderParams, instrument: Instrument, stamp_ms: int) -> PlaceOrder:
        """The command a request means; nothing is used up yet.

        Raises LocalProtocolError (-10011) for a used or foreign key, InvalidOrder for terms that make no sense.
        """
        key = self._key(client, params)
        terms = _terms(params, instrument)
        if terms.reduce_only:
            terms = self._reducing(key.session, terms)
        return PlaceOrder(encode_client_order_id(key), terms, stamp_ms, self._settings.recv_window_ms)

    def commit(self, client: Client, seq: int, command: PlaceOrder) -> None:
        """Memory first, then the journal: from here on the key is used, whatever becomes of the order.

        Raises StoreError when the journal did not take it: nothing may be sent.
        """
        assert client.session is not None
        client.seq = seq
        intent = Intent(
            command.client_order_id, client.session.id, command.terms, command.stamp_ms, command.recv_window_ms
        )
        order = self._book.track(intent)
        try:
            self._store.append(intent)
            if self._settings.sync_each:
                self._store.sync_journal()
        except StoreError:
            self._book.untrack(order)
            raise

    def cancel(self, client: Client, params: CancelParams) -> CancelOrder | None:
        """The command that cancels an order of the session; None when there is nothing left to cancel.

        Raises LocalProtocolError (-10012) when the session has no such order.
        """
        order = self._own(client, params.client_order_id)
        if not order.is_open or order.cancel_pending:
            return None
        return CancelOrder(order.client_order_id, order.symbol, order.facts.venue_order_id)

    def canceling(self, command: CancelOrder) -> None:
        """The cancel is about to be sent."""
        self._book.cancel_pending(self._book.orders[command.client_order_id], True)

    def done(self, report: RequestDone) -> None:
        """A request to the venue ended."""
        order = self._book.order(report.client_order_id)
        if order is None:
            return
        if report.request is OrderRequest.PLACE:
            self._placed(order, report)
        elif report.outcome is Outcome.NOT_SENT:
            self._book.cancel_pending(order, False)
        elif report.outcome is not Outcome.ACCEPTED or order.is_open:
            self._procedures.start(self._recovery.settle_cancel(order))

    def resolve(self, client: Client, item: ResolveItem) -> OrderView:
        """What became of an order whose request got no answer.

        Raises LocalProtocolError when it is not an order of this session, or its terms are no terms.
        """
        order = self._book.order(item.client_order_id)
        if order is None:
            order = self._unknown(client, item)
        elif client.session is None or order.session != client.session.id:
            raise LocalProtocolError("not an order of this session", code=ErrorCode.NO_SUCH_ORDER)
        view = None if order is None else order_view(order, order.facts.fills.values())
        return view or absent_view(item, "never sent")

    def _unknown(self, client: Client, item: ResolveItem) -> TrackedOrder | None:
        """None when it provably never left; else an order in doubt, about which the venue is being asked."""
        key = decode_client_order_id(item.client_order_id)
        now = self._incarnation
        if key is None or client.session is None or key.session != client.session.id:
            raise LocalProtocolError("not an order of this session", code=ErrorCode.NO_SUCH_ORDER)
        if key.lineage != now.lineage:
            raise LocalProtocolError(
                "an order of another pos.db, which alone can tell what became of it: look for it at the exchange",
                code=ErrorCode.NO_SUCH_ORDER,
            )
        if key.epoch >= now.first_epoch_after_cut:
            return None
        try:
            terms = terms_of(item)
        except ValueError as error:
            raise LocalProtocolError(str(error), code=ErrorCode.BAD_REQUEST) from None
        order = self._book.track(Intent(item.client_order_id, key.session, terms, 0, 0))
        self._book.doubt(order)
        self._procedures.start(self._recovery.resolve(order))
        return order

    def _placed(self, order: TrackedOrder, report: RequestDone) -> None:
        if report.outcome is Outcome.IN_DOUBT:
            self._book.doubt(order)
            self._procedures.start(self._recovery.resolve(order))
        elif report.outcome in (Outcome.REFUSED, Outcome.NOT_SENT):
            error = report.error
            code = error.code if isinstance(error, VenueError) else _OWN_REFUSAL
            reason = error.message if isinstance(error, VenueError) else f"not sent: {error}"
            self._book.refuse(order, Closed(OrderStatus.REJECTED, order.stamp_ms, code, reason))

    def _reducing(self, session: int, terms: Terms) -> Terms:
        """Reduce-only against the session's own book: at the venue the flag acts on the whole account's position.

        The flag is passed on only where both mean the same, the session being the sole holder.
        """
        net = self._book.net(session, terms.symbol)
        room = -net * terms.side.sign
        under_way = sum(
            order.complete.leaves_qty + order.facts.missing_qty
            for order in self._book.open_orders(session)
            if order.symbol == terms.symbol and order.known_terms and order.known_terms.side is terms.side
        )
        if terms.order_qty + under_way > room:
            raise InvalidOrder(
                f"reduce-only: the session holds {plain(net)}, {plain(Decimal(under_way))} of it being reduced already",
                code=ErrorCode.INVALID_ORDER,
            )
        alone = self._book.total(terms.symbol) == net and not any(
            held
            for (owner, symbol), held in self._book.positions.items()
            if symbol == terms.symbol and owner != session
        )
        return structs.replace(terms, reduce_only=alone)

    def _key(self, client: Client, params: OrderParams) -> OrderKey:
        now, session = self._incarnation, client.session
        if session is None:
            raise LocalProtocolError("log in first", code=ErrorCode.LOGIN_FIRST)
        if (params.lineage, params.epoch, params.login) != (now.lineage, now.epoch, client.login):
            raise LocalProtocolError(
                "this order's key belongs to another login or gateway run: it was not sent; ask with resolve",
                code=ErrorCode.STALE_KEY,
            )
        if params.seq <= client.seq:
            raise LocalProtocolError(
                f"order number {params.seq} was used before: it was not sent again; ask with resolve",
                code=ErrorCode.STALE_KEY,
            )
        return OrderKey(session.id, now.lineage, now.epoch, client.login, params.seq)

    def _own(self, client: Client, client_order_id: str) -> TrackedOrder:
        order = self._book.order(client_order_id)
        if order is None or client.session is None or order.session != client.session.id:
            raise LocalProtocolError("the session has no such order", code=ErrorCode.NO_SUCH_ORDER)
        return order


def _terms(params: OrderParams, instrument: Instrument) -> Terms:
    item = ResolveItem(
        "",
        params.symbol,
        params.side,
        params.order_type,
        params.quantity,
        params.price,
        params.time_in_force,
        params.post_only,
        params.reduce_only,
    )
    try:
        terms = terms_of(item)
    except ValueError as error:
        raise InvalidOrder(str(error), code=ErrorCode.INVALID_ORDER) from None
    if params.order_type not in instrument.order_types:
        raise InvalidOrder(
            f"{params.order_type} is not offered for {params.symbol}: {', '.join(instrument.order_types)}",
            code=ErrorCode.INVALID_ORDER,
        )
    return structs.replace(terms, symbol=instrument.symbol)
