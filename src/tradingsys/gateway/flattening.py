"""Trading away what a session holds, by orders of its own that the gateway sends."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side
from tradingsys.core.errors import InvalidOrder, StoreError
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.order import Terms
from tradingsys.gateway.host import Host
from tradingsys.gateway.symbol_rules import explain_status
from tradingsys.oms.throttle import Share
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Flattening", "Remainder"]

_NS_PER_MS = 1_000_000
_FIRST_WAIT_NS = 500 * _NS_PER_MS
_LONGEST_WAIT_NS = 16_000 * _NS_PER_MS


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
    due_ns: int
    """When to try again if it changed nothing."""
    wait_ns: int


class Flattening:
    """One order at a time for each session on each symbol, and none while anything of the session is under way there.

    So the net is what it is once all of the session's orders are known to their end, and never traded away twice.
    """

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._attempts: dict[tuple[int, str], _Attempt] = {}
        self._login = self._seq = 0

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
            return None
        waits_for = self._under_way(session, symbol) or self._obstacle(symbol)
        if waits_for:
            return Remainder(session, symbol, net, waits_for)
        last = self._attempts.get((session, symbol))
        if last is not None and last.net == net and self._gateway.now_ns() < last.due_ns:
            closed = last.order.facts.closed
            told = closed.reason or closed.status.lower() if closed is not None else "it had no effect"
            return Remainder(session, symbol, net, f"the last order did not trade it away ({told}): trying again")
        return self._trade_away(session, symbol, net)

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
        if any(order.unbooked for order in orders) or any(held == symbol for held, _ in book.unattributed):
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

    def _trade_away(self, session: int, symbol: str, net: Decimal) -> Remainder:
        gateway, desk = self._gateway, self._gateway.orders
        assert desk is not None
        instrument = gateway.instruments[symbol]
        qty = _tradable(abs(net), instrument)
        if not qty:
            return Remainder(session, symbol, net, f"less than the lot, {plain(instrument.lot_size)}", is_dust=True)
        terms = Terms(
            symbol,
            Side.SELL if net > 0 else Side.BUY,
            OrderType.MARKET,
            qty,
            reduce_only=True,
            # Whatever other sessions have in the market gives way, or nothing could be traded behind it.
            self_trade_prevention=SelfTradePrevention.EXPIRE_MAKER,
        )
        try:
            command, asked = desk.prepare_own(
                session, self._own_login(), self._seq + 1, terms, gateway.venue.venue_ms()
            )
        except InvalidOrder as error:
            return Remainder(session, symbol, net, str(error))
        reference_px = gateway.market.reference_px(symbol) or gateway.book.position(session, symbol).entry_px
        refusal = gateway.venue.refusal(command.terms, instrument, reference_px)
        if refusal:
            return Remainder(session, symbol, net, f"the exchange takes no such order: {refusal}", is_dust=True)
        if not gateway.venue.admits(command, Share.CANCELS):
            return Remainder(session, symbol, net, gateway.venue.too_fast("order", command, Share.CANCELS))
        self._seq += 1
        try:
            desk.commit(session, [(command, asked)])
        except StoreError as error:
            gateway.fail(error)
            return Remainder(session, symbol, net, str(error))
        self._remember(session, symbol, net, command.client_order_id)
        gateway.venue.send(command)
        return Remainder(session, symbol, net, f"{command.client_order_id} is under way")

    def _remember(self, session: int, symbol: str, net: Decimal, client_order_id: str) -> None:
        last = self._attempts.get((session, symbol))
        is_again = last is not None and last.net == net
        wait_ns = min(2 * last.wait_ns, _LONGEST_WAIT_NS) if last is not None and is_again else _FIRST_WAIT_NS
        order = self._gateway.book.orders[client_order_id]
        self._attempts[session, symbol] = _Attempt(order, net, self._gateway.now_ns() + wait_ns, wait_ns)

    def _own_login(self) -> int:
        """The gateway's own, of which there is one: it trades for all sessions."""
        desk = self._gateway.sessions
        assert desk is not None
        self._login = self._login or desk.own_login()
        return self._login


def _tradable(qty: Decimal, instrument: Instrument) -> Decimal:
    """As much of it as one market order can trade; 0 when it is less than the lot."""
    step = max(instrument.lot_size, instrument.market_lot_size)
    most = min(qty, instrument.market_max_qty or qty, instrument.max_qty or qty)
    return (most / step).quantize(Decimal(1), ROUND_FLOOR) * step
