"""An order and its executions, as a strategy sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, count, takewhile

from pyalgo.phase import to_datetime
from pyalgo.words import OrderType, PriceMatch, Side, SideEffect, State, Tif, TriggerPrice, state_of
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.messages import FillView, OrderView
from tradingsys.wire.messages.orders import OrderTerms

__all__ = ["ZERO", "Fill", "Order"]

ZERO = Decimal(0)

_ids = count(1)
_ENDED = (State.FILLED, State.CANCELED, State.EXPIRED, State.EXPIRED_IN_MATCH)
_NOT_ACCEPTED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN, OrderStatus.ABSENT)
_NEVER_ARRIVED = "never reached the exchange"


class Fill:
    """One execution of an order."""

    __slots__ = ("fee", "fee_asset", "id", "is_durable", "making", "price", "quantity", "time")

    def __init__(self, view: FillView) -> None:
        self.id = view.exec_id
        """The exchange's trade id (FIX exec_id)."""
        self.price = float(view.px)
        self.quantity = float(view.qty)
        self.time = view.ts_ms
        """Unix ms."""
        self.making: bool | None = None
        """Whether it added liquidity; None until known."""
        self.fee: float | None = None
        """Paid, negative for a rebate; None until known, which `Context.on_fee` tells."""
        self.fee_asset = ""
        """Empty until the fee is known."""
        self.is_durable = False
        """Whether the gateway has it on disk (in pos.db, synced), which `Context.on_durable` tells. Until then a power
        cut there may make it forget the execution, which it then reads at the exchange again."""
        self._complete(view)

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    def __repr__(self) -> str:
        fee = "" if self.fee is None else f", fee {self.fee} {self.fee_asset}"
        making = {True: ", making", False: ", taking", None: ""}[self.making]
        return f"Fill({self.datetime:%H:%M:%S.%f} #{self.id} {self.quantity} @ {self.price}{making}{fee})"

    def _complete(self, view: FillView) -> bool:
        """Take what was not known yet; returns whether the fee was not."""
        if view.making is not None:
            self.making = view.making
        if view.fee is None:
            return False
        is_news, self.fee, self.fee_asset = self.fee is None, float(view.fee), view.fee_asset or ""
        return is_news


class Order:
    """A live order: read it whenever you like, it changes as the exchange reports. Times are Unix ms."""

    def __init__(self, client_order_id: str, terms: OrderTerms, order_type: OrderType, tif: Tif, time_ms: int) -> None:
        self.id = next(_ids)
        """This strategy's own number for the order, unique within the process."""
        self.client_order_id = client_order_id
        """Under which the exchange knows the order."""
        self._take_request(terms, order_type, tif)
        self.list_id: str | None = None
        """The exchange's id of the list that the order belongs to, once known."""
        self.state = State.NEW
        self.is_waiting = False
        """A conditional order that was not triggered yet."""
        self.in_doubt = False
        """Whether nobody knows yet what became of it: count its whole remaining quantity."""
        self.time = self.order_time = time_ms
        """``time`` is of the last change, ``order_time`` of the sending, or of the first report."""
        self.acc = 0.0
        """Executed so far (FIX cum_qty)."""
        self.avg_price = 0.0
        """Of all executions; 0.0 until there is one."""
        self.trade_time = 0
        self.trade_price = 0.0
        self.trade_quantity = 0.0
        """Of the latest execution; 0 until there is one."""
        self.making: bool | None = None
        """Whether the latest execution added liquidity; None until known."""
        self.reason = ""
        """Why it was rejected or expired."""
        self.code = 0
        self._fills: dict[str, Fill] = {}
        self._quantity = self._booked = self._cum = self._before = ZERO
        self._asked_quantity: Decimal | None = None
        self._is_accepted = self._is_absent = self._is_rejection_told = False
        self._is_adopted = self._is_translated = self._lacks_terms = False
        self._take_terms(terms.quantity, terms.price)

    def _take_request(self, terms: OrderTerms, order_type: OrderType, tif: Tif) -> None:
        """What was ordered, by this process or by another."""
        self.symbol = terms.symbol
        self.side = Side(terms.side.value)
        self.order_type, self.tif = order_type, tif
        self.quantity = self.price = 0.0
        """``price`` is 0.0 for orders at market, ``quantity`` for those that close a position, and for those with a
        ``quote_quantity`` until all of it was executed."""
        self.quote_quantity = _float(terms.quote_quantity)
        """A market order for so much of the quote asset; 0.0 for none."""
        self.iceberg = _float(terms.iceberg_quantity)
        """As much as the book shows of it at a time; 0.0 for all."""
        self.side_effect: SideEffect | None = terms.side_effect
        """What it borrows or pays back, in a margin account."""
        self.stop_price = _float(terms.stop_price)
        """What triggers it; 0.0 for none."""
        self.callback_rate = _float(terms.callback_rate)
        """How far a stop follows the market, in percent; 0.0 for one that does not."""
        self.activation_price = _float(terms.activation_price)
        self.reduce_only, self.close_position = terms.reduce_only, terms.close_position
        self.post_only = terms.post_only
        self.good_till = terms.good_till_ms or 0
        """When a Tif.GTD order ends; 0 for never."""
        self.price_match: PriceMatch | None = terms.price_match
        self.trigger_by: TriggerPrice | None = terms.trigger_price
        self.price_protect = terms.price_protect
        self._terms = terms

    @property
    def is_active(self) -> bool:
        """Whether more executions must be expected."""
        return self.state.is_active

    @property
    def is_provisional(self) -> bool:
        """Whether it is REJECTED by the gateway's judgement alone: the exchange, asked again and again, knows nothing
        of it. Should it appear there after all, it comes back, and `on_order` tells.
        """
        return self._is_absent and self.reason == _NEVER_ARRIVED

    @property
    def _lacks_a_fee(self) -> bool:
        return any(fill.fee is None for fill in self._fills.values())

    @property
    def fills(self) -> list[Fill]:
        """Its executions, as far as this process knows them, in the order they became known."""
        return list(self._fills.values())

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    @property
    def order_dt(self) -> dt.datetime:
        """`order_time` in UTC+8."""
        return to_datetime(self.order_time)

    @property
    def trade_dt(self) -> dt.datetime:
        """`trade_time` in UTC+8."""
        return to_datetime(self.trade_time)

    def __repr__(self) -> str:
        price = f"@ {self.price}" if self.price else "at market"
        if self.quote_quantity:
            price += f" for {self.quote_quantity}"
        stop = f" stop {self.stop_price}" if self.stop_price else ""
        trade = f", last {self.trade_quantity} @ {self.trade_price}" if self.trade_quantity else ""
        waiting = ", waiting" if self.is_waiting else ""
        doubt = ", in doubt" if self.in_doubt else ""
        why = f", {self.reason}" if self.reason else ""
        return (
            f"Order({self.datetime:%H:%M:%S.%f} #{self.id} {self.symbol} {self.side} {self.quantity} {price}{stop} "
            f"{self.order_type} {self.tif}: {self.state}, filled {self.acc}{trade}{waiting}{doubt}{why})"
        )

    def _is_rejection_news(self) -> bool:
        """Whether somebody refused it, and nobody was told."""
        is_news = self.state is State.REJECTED and not self._is_absent and not self._is_rejection_told
        self._is_rejection_told = self._is_rejection_told or is_news
        return is_news

    def _ask_quantity(self, quantity: str | None) -> None:
        """An amend asks for this quantity; None when none is under way any more."""
        self._asked_quantity = None if quantity is None else Decimal(quantity)

    def _unfilled(self) -> Decimal:
        """What may still execute; while an amend is under way, of the larger quantity."""
        asked = self._quantity if self._asked_quantity is None else max(self._quantity, self._asked_quantity)
        return max(ZERO, asked - self._cum) if self.is_active else ZERO

    def _unbooked(self) -> Decimal:
        """What the exchange says was executed without the executions being known here."""
        return ZERO if self._is_adopted else max(ZERO, self._cum - self._booked)

    def _facts(self) -> tuple[object, ...]:
        terms = (self._quantity, self.price, self.is_waiting)
        return (self.state, self._is_accepted, self.in_doubt, self._cum, self.code, self.reason, terms)

    def _take_terms(self, quantity: str, price: str | None) -> None:
        self._quantity = Decimal(quantity)
        self.quantity, self.price = float(quantity), _float(price)

    def _from_before(self, views: Sequence[FillView]) -> list[FillView]:
        """Of all the executions of an adopted order those that the first position of this process contained.

        It had ended then, and was told of since: it lives after all, why it ended is known now, or an
        execution came late. What is before that one was booked before this process began.
        """
        if self._fills:
            return list(takewhile(lambda view: view.exec_id not in self._fills, views))
        sums = accumulate(Decimal(view.qty) for view in views)
        return [view for view, cum in zip(views, sums, strict=True) if cum <= self._before]

    def _book(self, view: FillView) -> Fill:
        fill = self._fills[view.exec_id] = Fill(view)
        self._booked += Decimal(view.qty)
        self._raise_cum(self._booked)
        self.trade_time = self.time = view.ts_ms
        self.trade_price, self.trade_quantity = fill.price, fill.quantity
        self.making = view.making
        if self.state in (State.NEW, State.REJECTED):
            self.state = State.PARTIALLY_FILLED
        return fill

    def _complete(self, view: FillView) -> Fill | None:
        """More is known of an execution that is known here; returns it when its fee was not."""
        fill = self._fills.get(view.exec_id)
        if fill is None:
            return None
        is_news = fill._complete(view)
        self.making = next(reversed(self._fills.values())).making
        return fill if is_news else None

    def _raise_cum(self, cum: Decimal) -> None:
        self._cum = max(self._cum, cum)
        self.acc = float(self._cum)

    def _settle(self, view: OrderView) -> None:
        """Take everything but executions from ``view``; what ended stays ended, whatever arrives late."""
        self._raise_cum(Decimal(view.cum_qty))
        if view.avg_px is not None:
            self.avg_price = float(view.avg_px)
        self.list_id = view.list_id or self.list_id
        self._is_accepted = self._is_accepted or view.status not in _NOT_ACCEPTED
        state = state_of(view.status)
        is_over = self.state in _ENDED and (state not in _ENDED or self.state is State.FILLED)
        if is_over and not self._is_outgrown(view):
            return
        if state is State.NEW and self._cum:
            state = State.PARTIALLY_FILLED
        self.state = state
        self.in_doubt = state.is_active and (view.in_doubt or view.status is OrderStatus.UNKNOWN)
        self.is_waiting = state.is_active and view.is_waiting
        self.time = max(self.time, view.ts_ms)
        self._is_absent = view.status is OrderStatus.ABSENT
        self.reason = view.reason or (_NEVER_ARRIVED if self._is_absent else "")
        self.code = view.code
        if not self._is_absent and not view.terms_unknown:
            self._take_terms(view.quantity, view.price)

    def _is_outgrown(self, view: OrderView) -> bool:
        """Whether it was filled before it was known how large an amend had made it; it may execute further."""
        is_larger = Decimal(view.quantity) > self._cum and not view.terms_unknown
        return self.state is State.FILLED and is_larger and Decimal(view.cum_qty) == self._cum


def _float(text: str | None) -> float:
    return 0.0 if text is None else float(text)
