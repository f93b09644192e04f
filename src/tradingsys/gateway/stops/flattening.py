"""Trading away what a session holds, by orders of its own that the gateway sends."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side
from tradingsys.core.errors import InvalidOrder, StoreError
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.order import Terms
from tradingsys.gateway.host import Host
from tradingsys.gateway.market.symbol_rules import explain_status
from tradingsys.gateway.ordering.orders import OrderDesk, Prepared
from tradingsys.oms.throttle import Share
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.venues.protocol import Misfit

__all__ = ["Flattening", "Remainder"]

_NS_PER_MS = 1_000_000
_FIRST_WAIT_NS = 500 * _NS_PER_MS
_LONGEST_WAIT_NS = 16_000 * _NS_PER_MS
_DUST_WAIT_NS = 60_000 * _NS_PER_MS
"""Before the exchange is asked again to take so little: prices and rules change."""
_PRICE_AGE_NS = 30_000 * _NS_PER_MS
"""The gateway does not let prices of what is held become older, if it can."""


class Remainder(Struct, frozen=True):
    """What a session still holds, and why."""

    session: int
    symbol: str
    net: Decimal
    why: str
    is_dust: bool = False
    """The exchange takes no order for so little."""

    def __str__(self) -> str:
        return f"session {self.session} holds {plain(self.net)} {self.symbol.lower()}: {self.why}"


class _Attempt(Struct, frozen=True):
    order: TrackedOrder
    net: Decimal
    """What the session held when it was sent."""
    sent_ns: int
    wait_ns: int
    """How long to wait before trying again if it changed nothing."""
    is_all: bool
    """Whether it was for as much as the session's net has lots."""
    most_qty: Decimal | None
    """Orders for more were refused."""


class Flattening:
    """One order at a time for each session on each symbol, and none while anything of the session is under way there.

    So the net is what it is once all of the session's orders are known to their end, and never traded away twice.
    """

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._attempts: dict[tuple[int, str], _Attempt] = {}
        self._told: dict[tuple[int, str], Remainder] = {}
        """What the log has."""
        self._login = self._seq = 0

    def last_order(self, session: int, symbol: str) -> TrackedOrder | None:
        """The last that was sent to trade away what a session holds, as long as it holds something."""
        attempt = self._attempts.get((session, symbol))
        return None if attempt is None else attempt.order

    def is_own(self, order: TrackedOrder) -> bool:
        """Whether it trades away what a session holds."""
        attempt = self._attempts.get((order.session, order.symbol))
        return attempt is not None and attempt.order is order

    def step(self, session: int, symbol: str) -> Remainder | None:
        """Do what can be done now; None when the session holds nothing."""
        book = self._gateway.book
        net = book.net(session, symbol)
        if not net and not self._under_way(session, symbol):
            self._attempts.pop((session, symbol), None)
            self._told.pop((session, symbol), None)
            return None
        waits_for = self._under_way(session, symbol) or self._obstacle(symbol)
        if waits_for:
            return Remainder(session, symbol, net, waits_for)
        last = self._attempts.get((session, symbol))
        misfit = self._refused(last) if last is not None else None
        if last is not None and last.net == net:
            is_dust = misfit is not None and misfit.is_too_little and last.is_all
            if self._gateway.now_ns() < last.sent_ns + (_DUST_WAIT_NS if is_dust else last.wait_ns):
                return self._dust(session, symbol, net, misfit) if is_dust else self._tried(last)
        most_qty = last.most_qty if last is not None else None
        if last is not None and last.order.terms is not None and misfit is not None and not misfit.is_too_little:
            most_qty = _half(last.order.terms.order_qty, self._gateway.instruments[symbol])
        return self._trade_away(session, symbol, net, most_qty)

    def _tried(self, last: _Attempt) -> Remainder:
        order, closed = last.order, last.order.facts.closed
        told = closed.reason or closed.status.lower() if closed is not None else "it had no effect"
        why = f"the last order did not trade it away ({told}): trying again"
        return Remainder(order.session, order.symbol, last.net, why)

    def _refused(self, last: _Attempt) -> Misfit | None:
        """Whether the exchange itself said of the last order that it is too little, or too much."""
        gateway, order, closed = self._gateway, last.order, last.order.facts.closed
        instrument = gateway.instruments.get(order.symbol)
        if closed is None or not closed.code or order.terms is None or instrument is None:
            return None
        px = gateway.market.prices.worth(order.symbol, gateway.now_ns())
        px = px or gateway.book.position(order.session, order.symbol).entry_px
        return gateway.venue.refused_misfit(order.terms, instrument, px, closed.code, closed.reason)

    def _fresh_px(self, symbol: str) -> Decimal | None:
        now_ns = self._gateway.now_ns()
        return self._gateway.market.prices.measure(symbol, now_ns - _PRICE_AGE_NS, now_ns).px

    def _dust(self, session: int, symbol: str, net: Decimal, misfit: Misfit | None) -> Remainder:
        why = f" ({misfit.why})" if misfit is not None else ""
        why = f"less than the exchange takes an order for{why}"
        return self._stays(Remainder(session, symbol, net, why, is_dust=True))

    def _stays(self, remainder: Remainder) -> Remainder:
        """For now, or for good: the log says so once."""
        place = remainder.session, remainder.symbol
        if self._told.get(place) != remainder:
            self._told[place] = remainder
            what = "too little to be traded away: it stays" if remainder.is_dust else "it cannot be traded away"
            self._gateway.log.warning(
                what, session=remainder.session, symbol=remainder.symbol, net=remainder.net, reason=remainder.why
            )
        return remainder

    def _under_way(self, session: int, symbol: str) -> str:
        """What must end before the session's net can be known; empty when nothing is."""
        book = self._gateway.book
        known = (order for order in book.open_orders(session) if not order.is_past)
        orders = [order for order in known if order.symbol == symbol]
        doubtful = [order.client_order_id for order in orders if order.in_doubt]
        if doubtful:
            return f"what became of {doubtful[0]} is being asked"
        if any(order.is_open for order in orders):
            return f"{orders[0].client_order_id} is open"
        if any(order.unbooked for order in orders) or self._gateway.recovery.owners.strays_of(session, symbol):
            return "executions are on their way"
        if self._gateway.recovery.is_catching_up:
            return "what happened while the connection was lost is being read"
        return ""

    def _obstacle(self, symbol: str) -> str:
        instrument = self._gateway.instruments.get(symbol)
        if instrument is None:
            return "the exchange lists it no longer"
        if not instrument.is_trading:
            return f"it does not trade now, its status is {explain_status(instrument.status)}"
        if OrderType.MARKET not in instrument.order_types:
            return "it takes no market orders: trade it away by hand, and correct the session's position"
        return self._gateway.venue.why_not_trading()

    def _trade_away(self, session: int, symbol: str, net: Decimal, most_qty: Decimal | None) -> Remainder:
        gateway, desk = self._gateway, self._gateway.orders
        assert desk is not None
        instrument = gateway.instruments[symbol]
        all_qty = _floor(abs(net), instrument)
        if not all_qty:
            why = f"less than the lot, {plain(instrument.lot_size)}"
            return self._stays(Remainder(session, symbol, net, why, is_dust=True))
        terms = Terms(
            symbol,
            Side.SELL if net > 0 else Side.BUY,
            OrderType.MARKET,
            _at_once(all_qty, instrument, most_qty),
            reduce_only=True,
            # Whatever other sessions have in the market gives way, or nothing could be traded behind it.
            self_trade_prevention=SelfTradePrevention.EXPIRE_MAKER,
        )
        try:
            prepared, misfit = self._prepared(desk, session, terms, instrument)
        except InvalidOrder as error:
            return Remainder(session, symbol, net, str(error))
        command = prepared[0]
        is_all = command.terms.order_qty == all_qty
        if misfit is not None and misfit.is_too_little and is_all:
            return self._dust(session, symbol, net, misfit)
        refusal = misfit.why if misfit is not None else gateway.venue.refusal(command.terms, instrument, None)
        if refusal:  # not for being too little: whoever holds much must not be told that all is done
            return self._stays(Remainder(session, symbol, net, f"the exchange takes no such order: {refusal}"))
        if not gateway.venue.admits(command, Share.CANCELS):
            return Remainder(session, symbol, net, gateway.venue.too_fast("order", command, Share.CANCELS))
        self._seq += 1
        try:
            desk.commit(session, [prepared])
        except StoreError as error:
            gateway.fail(error)
            return Remainder(session, symbol, net, str(error))
        last = self._attempts.get((session, symbol))
        wait_ns = min(2 * last.wait_ns, _LONGEST_WAIT_NS) if last is not None and last.net == net else _FIRST_WAIT_NS
        order = gateway.book.orders[command.client_order_id]
        self._attempts[session, symbol] = _Attempt(order, net, gateway.now_ns(), wait_ns, is_all, most_qty)
        gateway.venue.send(command)
        return Remainder(session, symbol, net, f"{command.client_order_id} is under way")

    def _prepared(
        self, desk: OrderDesk, session: int, terms: Terms, instrument: Instrument
    ) -> tuple[Prepared, Misfit | None]:
        """The order, or as large a part of it as the exchange takes at once; and what is wrong with that all the same.

        Raises InvalidOrder.
        """
        venue, px = self._gateway.venue, self._fresh_px(instrument.symbol)
        while True:
            prepared = desk.prepare_own(session, self._own_login(), self._seq + 1, terms, venue.venue_ms())
            misfit = venue.misfit(prepared[0].terms, instrument, px)
            half = _half(terms.order_qty, instrument)
            if misfit is None or misfit.is_too_little or half == terms.order_qty:
                return prepared, misfit
            terms = structs.replace(terms, order_qty=half)

    def _own_login(self) -> int:
        """The gateway's own, of which there is one: it trades for all sessions."""
        desk = self._gateway.sessions
        assert desk is not None
        self._login = self._login or desk.own_login()
        return self._login


def _floor(qty: Decimal, instrument: Instrument) -> Decimal:
    """As many whole lots as it has; 0 when it is less than one."""
    step = max(instrument.lot_size, instrument.market_lot_size)
    return (qty / step).quantize(Decimal(1), ROUND_FLOOR) * step


def _at_once(qty: Decimal, instrument: Instrument, most_qty: Decimal | None) -> Decimal:
    """As much of it as one market order can trade."""
    bounds = (instrument.market_max_qty, instrument.max_qty, most_qty)
    return _floor(min(qty, *(bound or qty for bound in bounds)), instrument)


def _half(qty: Decimal, instrument: Instrument) -> Decimal:
    """At least a lot."""
    return _floor(qty / 2, instrument) or min(qty, max(instrument.lot_size, instrument.market_lot_size))
