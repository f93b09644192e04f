"""The order path: from a strategy's request to the bytes on the venue's connection.

Memory first, then the journal, then the wire; nothing here waits. A request that was refused here was never sent.

Amends are journaled like orders: one that was on its way when the process died must count with its larger quantity
until it is seen, or can no longer act. Cancels are not: one that is forgotten leaves the order counted in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.commands import CancelOrder, PlaceOrder, ReplaceOrder
from tradingsys.core.enums import AccountKind, OrderStatus
from tradingsys.core.errors import LocalProtocolError, StoreError, TradingError, VenueError
from tradingsys.core.ids import OrderKey, decode_client_order_id, encode_client_order_id
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Closed, Terms
from tradingsys.core.records import Intent
from tradingsys.core.reports import OrderRequest, Outcome, RequestDone
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.ordering.amends import amendable_terms, amended_terms
from tradingsys.gateway.ordering.cancels import cancel_of
from tradingsys.gateway.ordering.fitting import fitting_terms
from tradingsys.gateway.ordering.order_lists import check_list, executed_before, leg_name, list_terms
from tradingsys.gateway.ordering.reducing import Reducing
from tradingsys.gateway.ordering.unproven import Presume, UnprovenOrders
from tradingsys.gateway.seams import StoreSeam
from tradingsys.gateway.views.views import absent_view, order_view
from tradingsys.oms.procedure import Procedures
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import Incarnation, SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import (
    AmendParams,
    CancelParams,
    ErrorCode,
    OrderListParams,
    OrderParams,
    OrderView,
    ResolveItem,
)

__all__ = ["OrderDesk", "OrderSettings", "Prepared"]

_OWN_REFUSAL = -1
_ZERO = Decimal(0)
_NO_RIVALS: Mapping[str, str] = {}
_MAX_SEQ = 10**8
"""Client order ids have 36 characters at most."""


class OrderSettings(Struct, frozen=True):
    """How orders are sent."""

    recv_window_ms: int
    sync_each: bool = False
    """Sync the journal before each send, not only write it."""


Prepared = tuple[PlaceOrder, Terms]
"""The command that a request means, and what was asked for: at the venue a flag may be left out."""

Failed = Callable[[TrackedOrder, OrderRequest, int, str], None]
"""Told of a cancel or replace that the venue refused, or that was never sent: code and reason."""


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
        failed: Failed,
        account_kind: AccountKind = AccountKind.CONTRACTS,
    ) -> None:
        self.reducing = Reducing(book, account_kind)
        self._book = book
        self._store = store
        self._recovery = recovery
        self._procedures = procedures
        self._incarnation = incarnation
        self._unproven = UnprovenOrders(book, incarnation, recovery.is_listed)
        self._settings = settings
        self._failed = failed

    def key(self, client: Client, params: OrderParams) -> OrderKey:
        """What names the order, for ever: whatever becomes of it now, a request with the same key is not taken.

        Raises LocalProtocolError (-10011) for a used or foreign key.
        """
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
        if params.seq > _MAX_SEQ:
            raise LocalProtocolError(
                f"seq counts the orders of a login from 1 on: {params.seq} is too many", code=ErrorCode.BAD_REQUEST
            )
        client.seq = params.seq
        return OrderKey(session.id, now.lineage, now.epoch, client.login, params.seq)

    def list_keys(self, client: Client, params: OrderListParams) -> list[OrderKey]:
        """The same for orders that depend on each other; the error names the order that it is about."""
        keys: list[OrderKey] = []
        for number, leg in enumerate(params.orders, 1):
            with _of_leg(params, number):
                keys.append(self.key(client, leg))
        return keys

    def prepare(
        self, key: OrderKey, params: OrderParams, instrument: Instrument, stamp_ms: int, restriction: str = ""
    ) -> Prepared:
        """The command a request means, and what was asked for.

        With ``restriction``, which says why, it may only reduce what the session holds. Raises InvalidOrder for terms
        that make no sense, or that do more.
        """
        return self._prepared(key, fitting_terms(params, instrument), stamp_ms, restriction)

    def prepare_list(
        self,
        keys: list[OrderKey],
        params: OrderListParams,
        instrument: Instrument,
        stamp_ms: int,
        restriction: str = "",
    ) -> list[Prepared]:
        """The same for orders that depend on each other; the errors name the order that they are about."""
        asked: list[Terms] = []
        for number, leg in enumerate(params.orders, 1):
            with _of_leg(params, number):
                asked.append(fitting_terms(leg, instrument))
        asked = list_terms(params.contingency, asked)
        check_list(params.contingency, asked, instrument)
        prepared: list[Prepared] = []
        for number, (key, terms) in enumerate(zip(keys, asked, strict=True), 1):
            before = executed_before(params.contingency, asked, number)
            with _of_leg(params, number):
                prepared.append(self._prepared(key, terms, stamp_ms, restriction, before))
        return prepared

    def _prepared(
        self, key: OrderKey, asked: Terms, stamp_ms: int, restriction: str = "", before: Terms | None = None
    ) -> Prepared:
        if restriction:
            asked = self.reducing.restricted(key.session, asked, restriction, before=before)
        terms = asked
        if terms.reduce_only or terms.close_position:
            is_flagged = self.reducing.terms_for_venue(key.session, terms, before=before)
            terms = structs.replace(terms, reduce_only=is_flagged)
        else:
            self.reducing.check_others(key.session, terms, terms.order_qty or None)
        return PlaceOrder(encode_client_order_id(key), terms, stamp_ms, self._settings.recv_window_ms), asked

    def prepare_own(self, session: int, login: int, seq: int, terms: Terms, stamp_ms: int) -> Prepared:
        """The command of an order that the gateway itself sends for a session. Raises InvalidOrder."""
        now = self._incarnation
        return self._prepared(OrderKey(session, now.lineage, now.epoch, login, seq), terms, stamp_ms)

    def commit(
        self,
        session: int,
        prepared: Sequence[Prepared],
        *,
        presumed_qty: Decimal = _ZERO,
        rivals: Mapping[str, str] = _NO_RIVALS,
    ) -> None:
        """Memory first, then the journal: from here on the keys are used, whatever becomes of the orders.

        ``presumed_qty`` and ``rivals`` (by client order id) are as in `Intent`.

        Raises StoreError when the journal did not take them: nothing may be sent.
        """
        intents = [
            Intent(
                command.client_order_id,
                session,
                asked,
                command.stamp_ms,
                command.recv_window_ms,
                presumed_qty=presumed_qty,
                rival=rivals.get(command.client_order_id, ""),
            )
            for command, asked in prepared
        ]
        orders = [self._book.track(intent) for intent in intents]
        try:
            self._write_down(*intents)
        except StoreError:
            for order in orders:
                self._book.untrack(order)
            raise
        for order, (command, _) in zip(orders, prepared, strict=True):
            self.reducing.watch(order, flagged=command.terms.reduce_only)

    def _write_down(self, intent: Intent, *others: Intent) -> None:
        self._store.append(intent, *others)
        if self._settings.sync_each:
            self._store.sync_journal()

    def cancel(self, client: Client, params: CancelParams) -> CancelOrder | None:
        """The command that cancels an order of the session; None when there is nothing left to cancel.

        Raises LocalProtocolError (-10012) when the session has no such order.
        """
        return cancel_of(self.own(client, params.client_order_id))

    def canceling(self, command: CancelOrder) -> None:
        """The cancel is about to be sent."""
        self._book.cancel_pending(self._book.orders[command.client_order_id], True)

    def amend(
        self,
        order: TrackedOrder,
        params: AmendParams,
        instruments: Mapping[str, Instrument],
        stamp_ms: int,
        restriction: str = "",
    ) -> tuple[ReplaceOrder, Terms]:
        """The command that changes an order of the session, and the terms it would have then; nothing is changed yet.

        With ``restriction``, which says why, it may only become smaller, or only reduce what the session holds. Raises
        InvalidOrder when it cannot be amended so.
        """
        terms = amendable_terms(order)
        amended = amended_terms(order, terms, params, instruments.get(order.symbol))
        session = order.session
        if restriction and not _is_less(amended, terms):
            self.reducing.restricted(session, amended, restriction, instead_of=order)
        if terms.reduce_only or (order.terms is not None and order.terms.reduce_only):
            self.reducing.terms_for_venue(session, amended, instead_of=order)
        elif not _is_less(amended, terms):
            adds = amended.order_qty - order.facts.cum_qty - order.worst_leaves_qty
            self.reducing.check_others(session, amended, max(_ZERO, adds))
        command = ReplaceOrder(
            order.client_order_id,
            order.symbol,
            terms.side,
            amended.order_qty,
            amended.price,
            max(order.revisions + 1, stamp_ms),  # not used before, not even by an amend that a dead process sent
            stamp_ms,
            self._settings.recv_window_ms,
            order.facts.venue_order_id,
            amended.price_match,
        )
        return command, amended

    def amending(self, command: ReplaceOrder, amended: Terms) -> None:
        """The amend is about to be sent: in memory first, then in the journal.

        Raises StoreError when the journal did not take it: nothing may be sent.
        """
        order = self._book.orders[command.client_order_id]
        self._book.replacing(order, command)
        try:
            self._write_down(
                Intent(
                    command.client_order_id,
                    order.session,
                    amended,
                    command.stamp_ms,
                    command.recv_window_ms,
                    command.revision,
                )
            )
        except StoreError:
            self._book.replace_ended(order)
            raise

    def done(self, report: RequestDone) -> None:
        """A request to the venue ended."""
        order = self._book.order(report.client_order_id)
        if order is None:
            return
        match report.request:
            case OrderRequest.PLACE:
                self._placed(order, report)
            case OrderRequest.CANCEL:
                self._canceled(order, report)
            case OrderRequest.REPLACE:
                self._replaced(order, report)

    def _canceled(self, order: TrackedOrder, report: RequestDone) -> None:
        if report.outcome is Outcome.NOT_SENT:
            self._book.cancel_pending(order, False)
            self._tell_failed(order, report)
        elif report.outcome is Outcome.REFUSED:
            self._procedures.start(self._settle_refused_cancel(order, report))
        elif report.outcome is not Outcome.ACCEPTED or order.is_open:
            self._procedures.start(self._recovery.settle_cancel(order))

    async def _settle_refused_cancel(self, order: TrackedOrder, report: RequestDone) -> None:
        await self._recovery.settle_cancel(order)
        if order.is_open:  # most often it is refused because the order ended meanwhile: no failure to speak of
            self._tell_failed(order, report)

    def _replaced(self, order: TrackedOrder, report: RequestDone) -> None:
        # The account's stream may have told its end before: then the one under way now is another.
        if order.replace is not None and order.replace.revision == report.revision:
            if report.outcome in (Outcome.ACCEPTED, Outcome.NOT_SENT):
                self._book.replace_ended(order)
            else:
                is_refused = report.outcome is Outcome.REFUSED
                self._procedures.start(self._recovery.settle_replace(order, refused=is_refused))
        if report.outcome in (Outcome.REFUSED, Outcome.NOT_SENT):
            self._tell_failed(order, report)

    def _tell_failed(self, order: TrackedOrder, report: RequestDone) -> None:
        self._failed(order, report.request, *_told(report.error))

    def resolve(
        self, client: Client, item: ResolveItem, instruments: Mapping[str, Instrument], presume: Presume
    ) -> OrderView:
        """What became of an order whose request got no answer; ``presume`` tells what one for an amount may come to.

        Raises LocalProtocolError when it is not an order of this session, or its terms are none that it can have had.
        """
        _require_own(client.session_id, item.client_order_id)
        order, said = self._book.order(item.client_order_id), None
        if order is None:
            intent = self._unproven.intent(client.session, item, instruments, presume)
            if intent is None:
                return absent_view(item, "never sent")
            order = self._book.track(intent)
            self._book.doubt(order)
            self._procedures.start(self._recovery.resolve(order))
        elif order.known_terms is None:  # only executions told of it so far: what it is, the venue knows
            said = None if item.terms_unknown else self._unproven.terms(item)
            self._procedures.start(self._recovery.find_terms(order))
        view = order_view(order, order.facts.fills.values(), said=said)
        if view is None:
            raise LocalProtocolError("nobody knows yet what was ordered: ask again", code=ErrorCode.NOT_READY)
        return view

    def _placed(self, order: TrackedOrder, report: RequestDone) -> None:
        if report.outcome is Outcome.IN_DOUBT:
            self._book.doubt(order)
            self._procedures.start(self._recovery.resolve(order))
        elif report.outcome in (Outcome.REFUSED, Outcome.NOT_SENT):
            self._book.refuse(order, Closed(OrderStatus.REJECTED, order.stamp_ms, *_told(report.error)))

    def own(self, client: Client, client_order_id: str) -> TrackedOrder:
        """An order of the session. Raises LocalProtocolError (-10012) when it has no such order."""
        _require_own(None if client.session is None else client.session.id, client_order_id)
        order = self._book.order(client_order_id)
        if order is None:
            raise LocalProtocolError("the session has no such order", code=ErrorCode.NO_SUCH_ORDER)
        return order


def _require_own(session: int | None, client_order_id: str) -> None:
    """By the name alone: looking for an order of any age may have to wait for the disk.

    Raises LocalProtocolError (-10012).
    """
    key = decode_client_order_id(client_order_id)
    if key is None or key.session != session:
        raise LocalProtocolError("the session has no such order", code=ErrorCode.NO_SUCH_ORDER)


@contextmanager
def _of_leg(params: OrderListParams, number: int) -> Iterator[None]:
    try:
        yield
    except LocalProtocolError as error:
        error.args = (f"{leg_name(params, number)}: {error}",)
        raise


def _told(error: TradingError | None) -> tuple[int, str]:
    """Code and reason of a failure, as strategies are told."""
    if isinstance(error, VenueError):
        return error.code, error.message
    return _OWN_REFUSAL, f"not sent: {error}"


def _is_less(amended: Terms, terms: Terms) -> bool:
    """Whether an amend can only make an order do less."""
    return amended.order_qty <= terms.order_qty and (amended.price, amended.price_match) == (terms.price, None)
