"""What the gateway told its strategies, held against what the exchange did afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from tests.simulate.truth import FORGOTTEN, Owned, Truth
from tests.simulate.world import World
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.ids import OrderKey, decode_client_order_id
from tradingsys.core.order import FillKey
from tradingsys.sim.events import Execution
from tradingsys.wire.codec import decode_result, decode_server_message
from tradingsys.wire.messages import LoginResult, OrderPush, OrderView, Reply, ResolveResult, Snapshot, SnapshotPush

__all__ = ["Witness"]

_NEVER = (OrderStatus.ABSENT, OrderStatus.REJECTED)
_TAKEN_OVER = b'{"type":"session_closed"'
_MARKS = (b'"snapshot"', b'"order"', b'"orders"')


class _Told(Struct):
    """A snapshot: all that a strategy without memory decides from."""

    at_ns: int
    session: int
    login: int
    """Orders of this and later logins came after it."""
    snapshot: Snapshot
    edited: dict[str, Decimal]
    """What edits by SQL gave to the session until then."""
    unknowable: frozenset[FillKey]

    def knew_of(self, key: OrderKey) -> bool:
        return (key.epoch, key.login) < (self.snapshot.epoch, self.login)

    def could_have(self, row: Execution) -> bool:
        """Whether it had happened, and there was somebody to know of it from."""
        return row.ts_ns <= self.at_ns and (row.symbol, str(row.exec_id), str(row.order_id)) not in self.unknowable


class Witness:
    """Listens to everything; judges at the end."""

    def __init__(self, world: World, counts: Counter[str] | None = None) -> None:
        self._world = world
        self._counts = Counter[str]() if counts is None else counts
        self._misled: list[str] = []
        self.exchange_forgets = False
        """It hides orders for longer than margins allow for: what is concluded from that is nobody's lie."""
        self.executions_are_late = False
        """History shows them later than margins allow for: a snapshot cannot have what nothing told of."""
        self.edited: Mapping[tuple[int, str], Decimal] = {}
        """What edits by SQL gave to sessions, as the gateway of now knows."""
        self.unknowable: Callable[[], frozenset[FillKey]] = frozenset
        """Executions that the gateway of now cannot know of."""
        self.flattened: Mapping[str, int] = {}
        """Orders of gateways themselves, and when they were sent: a strategy's later login does not end theirs."""
        self._snapshots: list[_Told] = []
        self._never: dict[str, tuple[OrderStatus, int]] = {}
        """What was told of orders that never were, and when."""
        self._over: dict[str, int] = {}
        """When an order was first told to be over."""
        self._ends: dict[str, OrderStatus] = {}
        """How, the last time it was told."""

    def hear(self, session: int, data: bytes) -> None:
        """The gateway says something to a session."""
        self._counts["sessions taken over"] += data.startswith(_TAKEN_OVER)
        if not any(mark in data for mark in _MARKS):
            return
        message = decode_server_message(data)
        match message:
            case SnapshotPush(snapshot):
                self._snapshots.append(self._told(session, 0, snapshot))
                self._note(snapshot.orders)
            case OrderPush(order=order):
                self._note([order])
                key = decode_client_order_id(order.client_order_id)
                if key is None or key.session != session:
                    self._misled.append(f"session {session} heard of {order.client_order_id}")
            case Reply() if b'"snapshot"' in data:
                login = decode_result(message, LoginResult)
                assert login.snapshot is not None
                if login.trading:  # whoever only looks on decides nothing from it
                    self._snapshots.append(self._told(session, login.login, login.snapshot))
                self._note(login.snapshot.orders)
            case Reply() if b'"orders"' in data:
                self._note(decode_result(message, ResolveResult).orders)

    def lies(self, truth: Truth) -> Iterator[str]:
        """What was told and was not true, or not to be told to this session."""
        yield from self._misled
        if self.exchange_forgets:
            return
        yield from self.verdicts(truth)
        own: dict[int, list[Owned]] = {}
        for order in truth.orders:
            own.setdefault(order.key.session, []).append(order)
        for told in () if self.executions_are_late else self._snapshots:
            yield from self._untold(told, own.get(told.session, ()))
        for order in truth.orders:
            end = self._ends.get(order.client_order_id, order.status)
            if end is not order.status and not (end in FORGOTTEN and order.is_forgotten(self._world.now_ns)):
                yield f"told that {order.client_order_id} is {end}; it is {order.status}"

    def verdicts(self, truth: Truth) -> Iterator[str]:
        """Orders that were told to be over, or never to have been, and lived; executions that were not told."""
        accepted = {order.client_order_id: order for order in truth.orders}
        for client_order_id, (status, at_ns) in self._never.items():
            order = accepted.get(client_order_id)
            if order is not None and not (order.left_no_trace(at_ns) or order.is_forgotten(at_ns)):
                yield f"told that {client_order_id} is {status}, and the exchange accepted it"
        for client_order_id, at_ns in self._over.items():
            order = accepted.get(client_order_id)
            if order is not None and (order.status.is_open or _last_ns(order) > at_ns):
                yield f"told at {self._world.at(at_ns):.4f} that {client_order_id} is over, which lived on"
        for told in self._snapshots:
            yield from self._unbooked(told)

    def _untold(self, told: _Told, own: Iterable[Owned]) -> Iterator[str]:
        """Orders that a snapshot left out must be over, and their executions in its positions."""
        listed = {view.client_order_id: view for view in told.snapshot.orders}
        net: dict[str, Decimal] = {}
        for order in own:
            view = listed.get(order.client_order_id)
            if not told.knew_of(order.key) or (
                view is None and self.flattened.get(order.client_order_id, 0) > told.at_ns
            ):
                continue
            if view is not None:
                held = sum((Decimal(fill.qty) for fill in view.fills), Decimal(0)) * order.side.sign
            else:
                held = sum((row.qty for row in order.rows if told.could_have(row)), Decimal(0)) * order.side.sign
                if order.created_ns > told.at_ns or order.status.is_open or _last_ns(order) > told.at_ns:
                    yield f"{self._where(told)} leaves out {order.client_order_id}, which lived on"
            net[order.symbol] = net.get(order.symbol, Decimal(0)) + held
        shown: dict[str, Decimal] = {}
        edited = dict(told.edited)
        for position in told.snapshot.positions:
            shown[position.symbol.upper()] = Decimal(position.net_executed or position.net)
            if position.net_executed is not None:
                edited.pop(position.symbol.upper(), None)
        for symbol, qty in edited.items():
            net[symbol] = net.get(symbol, Decimal(0)) + qty
        for symbol in net.keys() | shown.keys():
            true, said = net.get(symbol, Decimal(0)), shown.get(symbol, Decimal(0))
            if true != said:
                yield f"{self._where(told)} says {said} {symbol}; it was {true}"

    def _told(self, session: int, login: int, snapshot: Snapshot) -> _Told:
        return _Told(self._world.now_ns, session, login, snapshot, self._edited(session), self.unknowable())

    def _edited(self, session: int) -> dict[str, Decimal]:
        return {symbol: qty for (each, symbol), qty in self.edited.items() if each == session}

    def _unbooked(self, told: _Told) -> Iterator[str]:
        """What was executed and is not booked yet is told for each side: one does not make up for the other."""
        true: Counter[tuple[str, Side]] = Counter()
        for view in told.snapshot.orders:
            booked = sum((Decimal(fill.qty) for fill in view.fills), Decimal(0))
            true[view.symbol, view.side] += max(Decimal(0), Decimal(view.cum_qty) - booked)  # type: ignore[assignment]
        for position in told.snapshot.positions:
            for side, said in ((Side.BUY, position.unbooked_buy), (Side.SELL, position.unbooked_sell)):
                if Decimal(said) != true.pop((position.symbol, side), 0):
                    yield f"{self._where(told)} says that {side} {said} {position.symbol} is not booked yet"
        for (symbol, side), qty in true.items():
            if qty:
                yield f"{self._where(told)} does not say that {side} {qty} {symbol} is not booked yet"

    def _where(self, told: _Told) -> str:
        return f"the snapshot of session {told.session} at {self._world.at(told.at_ns):.4f}"

    def _note(self, views: Iterable[OrderView]) -> None:
        for view in views:
            if view.status in _NEVER:
                self._never[view.client_order_id] = view.status, self._world.now_ns
            elif not view.status.is_open:
                self._over.setdefault(view.client_order_id, self._world.now_ns)
                self._ends[view.client_order_id] = view.status


def _last_ns(order: Owned) -> int:
    return max([order.updated_ns, *(row.ts_ns for row in order.rows)])
