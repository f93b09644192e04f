"""What the gateway told its strategies, held against what the exchange did afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from tests.simulate.world import World
from tradingsys.core.enums import OrderStatus
from tradingsys.core.ids import OrderKey, decode_client_order_id
from tradingsys.sim.events import Execution, OrderRecord
from tradingsys.wire.codec import decode_result, decode_server_message
from tradingsys.wire.messages import LoginResult, OrderPush, OrderView, Reply, ResolveResult, Snapshot, SnapshotPush

__all__ = ["Witness"]

_NEVER = (OrderStatus.ABSENT, OrderStatus.REJECTED)


class _Told(Struct):
    """A snapshot: all that a strategy without memory decides from."""

    at_ns: int
    session: int
    login: int
    """Orders of this and later logins came after it."""
    snapshot: Snapshot

    def knew_of(self, key: OrderKey) -> bool:
        return (key.epoch, key.login) < (self.snapshot.epoch, self.login)


class Witness:
    """Listens to everything; judges at the end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._snapshots: list[_Told] = []
        self._never: dict[str, OrderStatus] = {}

    def hear(self, session: int, data: bytes) -> None:
        """The gateway says something to a session."""
        if b'"snapshot"' not in data and b'"ABSENT"' not in data and b'"REJECTED"' not in data:
            return
        message = decode_server_message(data)
        match message:
            case SnapshotPush(snapshot):
                self._snapshots.append(_Told(self._world.now_ns, session, 0, snapshot))
                self._note(snapshot.orders)
            case OrderPush(order=order):
                self._note([order])
            case Reply() if b'"snapshot"' in data:
                login = decode_result(message, LoginResult)
                assert login.snapshot is not None
                self._snapshots.append(_Told(self._world.now_ns, session, login.login, login.snapshot))
                self._note(login.snapshot.orders)
            case Reply() if b'"orders"' in data:
                self._note(decode_result(message, ResolveResult).orders)

    def lies(self, orders: list[OrderRecord], rows: list[Execution], lineage: str) -> Iterator[str]:
        """What was told and was not true."""
        accepted = {order.client_order_id for order in orders}
        for client_order_id, status in self._never.items():
            if client_order_id in accepted:
                yield f"told that {client_order_id} is {status}, and the exchange accepted it"
        own: dict[int, list[tuple[OrderKey, OrderRecord]]] = {}
        for order in orders:
            key = decode_client_order_id(order.client_order_id)
            if key is not None and key.lineage == lineage:
                own.setdefault(key.session, []).append((key, order))
        executions: dict[tuple[str, int], list[Execution]] = {}
        for row in rows:
            executions.setdefault((row.symbol, row.order_id), []).append(row)
        for told in self._snapshots:
            yield from self._untold(told, own.get(told.session, ()), executions)

    def _untold(
        self,
        told: _Told,
        own: Iterable[tuple[OrderKey, OrderRecord]],
        executions: dict[tuple[str, int], list[Execution]],
    ) -> Iterator[str]:
        """Orders that a snapshot left out must be over, and their executions in its positions."""
        listed = {view.client_order_id: view for view in told.snapshot.orders}
        net: dict[str, Decimal] = {}
        for key, order in own:
            if not told.knew_of(key):
                continue
            done = executions.get((order.symbol, order.order_id), ())
            view = listed.get(order.client_order_id)
            if view is not None:
                held = sum((Decimal(fill.qty) for fill in view.fills), Decimal(0)) * order.side.sign
            else:
                held = sum((row.qty for row in done if row.ts_ns <= told.at_ns), Decimal(0)) * order.side.sign
                late = order.created_ns > told.at_ns or any(row.ts_ns > told.at_ns for row in done)
                if late or (order.status.is_open or order.updated_ns > told.at_ns):
                    yield f"{self._where(told)} leaves out {order.client_order_id}, which lived on"
            net[order.symbol] = net.get(order.symbol, Decimal(0)) + held
        shown = {view.symbol.upper(): Decimal(view.net) for view in told.snapshot.positions}
        for symbol in net.keys() | shown.keys():
            true, said = net.get(symbol, Decimal(0)), shown.get(symbol, Decimal(0))
            if true != said:
                yield f"{self._where(told)} says {said} {symbol}; it was {true}"

    def _where(self, told: _Told) -> str:
        return f"the snapshot of session {told.session} at {self._world.at(told.at_ns):.4f}"

    def _note(self, views: Iterable[OrderView]) -> None:
        for view in views:
            if view.status in _NEVER:
                self._never[view.client_order_id] = view.status
