"""What sessions are told as durable is in pos.db, and all that is in pos.db is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.peers import RecordedPeer
from tradingsys.core.errors import StoreError
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import PositionRecord, Record, SymbolRecord
from tradingsys.gateway.clients.sessions import Client, Session
from tradingsys.gateway.saving import Saving

Done = Callable[[StoreError | None], None]


class SlowStore:
    """As the real one: what waits while a transaction runs shares the next; who must not wait comes after all else."""

    def __init__(self) -> None:
        self.kept = 0
        self.called_back: deque[tuple[int, list[Done]]] = deque()
        self._given = 0
        self._waiting: list[Done] = []
        self._running: list[Done] = []

    def commit(self, records: Sequence[Record], done: Done) -> None:
        self._given += 1
        self._waiting.append(done)
        if not self._running:
            self._begin()

    def save_now(self, records: Sequence[Record]) -> None:
        self._given += 1
        while self._running or self._waiting:
            self.end_transaction()
        self.kept = self._given

    def _begin(self) -> None:
        self._running, self._waiting = self._waiting, []

    def end_transaction(self) -> None:
        """On the store's thread; its callbacks arrive later."""
        if self._running:
            self.kept += len(self._running)
            self.called_back.append((self.kept, self._running))
            self._begin()

    def arrive(self) -> None:
        if self.called_back:
            for done in self.called_back.popleft()[1]:
                done(None)


def durable(peer: RecordedPeer) -> list[int]:
    told = [msgspec.json.decode(data) for data in peer.sent if data.startswith(b'{"type":"durable"')]
    return [each["n"] for each in told]


@given(st.lists(st.sampled_from(["event", "event", "symbol", "must", "nothing", "end", "arrive"]), max_size=60))
def test_durable_is_what_is_kept_and_in_the_end_all_is(happenings: list[str]) -> None:
    store, session, peer = SlowStore(), Session(1, 7), RecordedPeer()
    saving = Saving(store, lambda error: None)  # type: ignore[arg-type]
    session.owner = Client(peer, 0)
    batches: list[int] = []
    """Up to which event each batch goes."""
    for happening in happenings:
        if happening == "end":
            store.end_transaction()
        elif happening == "arrive":
            store.arrive()
        else:
            session.push_position("btcusdt", SessionPosition(Decimal(1)))
            if happening != "nothing":
                batches.append(session.n)
            row = SymbolRecord("X", 1) if happening == "symbol" else PositionRecord(1, "X", Decimal(session.n))
            saving.save([] if happening == "nothing" else [row], durable=happening == "must", moved=[session])
        kept = batches[store.kept - 1] if store.kept else 0
        # An event without rows of its own needs those before it.
        while kept < session.n and kept + 1 not in batches:
            kept += 1
        told = durable(peer)
        assert told == sorted(set(told)) and max(told, default=0) <= kept
        assert session.durable_n == max(told, default=0)
    while store.kept < len(batches) or store.called_back:
        store.end_transaction()
        store.arrive()
    assert session.durable_n == session.n


def test_what_shares_a_transaction_is_told_once() -> None:
    store, session, peer = SlowStore(), Session(1, 7), RecordedPeer()
    saving = Saving(store, lambda error: None)  # type: ignore[arg-type]
    session.owner = Client(peer, 0)
    for _ in range(50):
        session.push_position("btcusdt", SessionPosition(Decimal(1)))
        saving.save([PositionRecord(1, "X", Decimal(session.n))], moved=[session])
    for _ in range(2):
        store.end_transaction()
        store.arrive()
    assert durable(peer) == [1, 50]
