"""Another gateway on a copy of the files, as `cp` makes it of a running gateway's folder."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from tests.simulate.incarnation import Incarnation
from tests.simulate.judge import Judge
from tests.simulate.machine import Machine
from tests.simulate.overseer import Overseer
from tests.simulate.strategy import Strategy
from tests.simulate.truth import Truth
from tests.simulate.wish import PRICES
from tests.simulate.world import World, s
from tradingsys.core.errors import TradingError
from tradingsys.core.records import HaltCause
from tradingsys.gateway.kernel import Gateway
from tradingsys.store.read import reading

if TYPE_CHECKING:
    from tests.simulate.life import Life

__all__ = ["LEARNING_S", "Copy", "learn"]

_LONGEST_START_S = 150
"""As for any gateway: so long may it be told to come back later."""
_TRADING_S, LEARNING_S = 3, 8


class Asking(Protocol):
    """Whoever may have to wait before it asks the exchange."""

    @property
    def questions_waiting(self) -> int: ...


def learn(world: World, askers: Iterable[Asking], more_s: int = 0) -> None:
    """Until nobody had to wait for some time: what was asked a moment ago has no answer yet.

    ``more_s``: by so much older than usually answers may be.
    """
    answered_s, learning_s = 0, LEARNING_S + 2 * more_s
    for _ in range(_LONGEST_START_S + learning_s):
        answered_s = 0 if any(asker.questions_waiting for asker in askers) else answered_s + 1
        if answered_s > learning_s:
            break
        world.run_for(s(1))


class Copy:
    """Made at some instant of the life's troubles; lives when these are over."""

    def __init__(self, life: Life) -> None:
        rng = life.world.rng
        self.is_alone = rng.random() < 0.4
        """The original is gone for good when it starts, as where somebody moves to another machine."""
        self._is_on_the_same_machine = rng.random() < 0.5
        """Where the original's ticket is found."""
        self._copy_trades = rng.random() < 0.7
        """Rather than the original, while both live."""
        self.is_alive = False
        self._life = life
        self._folder = life.folder / "copy"
        self._machine: Machine | None = None
        life.world.after(s(rng.uniform(2, 20) * life.usual_pace), self._make)

    def close(self) -> None:
        """Its folder is one like any again."""
        if self._machine is not None:
            self._machine.close()

    def live(self) -> Iterator[str]:
        """Start, trade, and stop; what was wrong with it, or with the one beside it."""
        life = self._life
        original = life.gateway
        assert original is not None
        if self._machine is None or not original.gateway.book.symbols:
            return
        self._machine.hands.scan |= original.gateway.book.symbols.keys()
        overseer = Overseer(life.world, life.venue.simulator.exchange, life.account, Counter())
        overseer.may_halt, overseer.is_restored = life.overseer.may_halt | {HaltCause.COPIED_BOOK}, True
        overseer.is_excused = life.overseer.is_excused
        overseer.executions_are_late = life.overseer.executions_are_late
        life.overseer.may_halt.add(HaltCause.COPIED_BOOK)
        try:
            copy = life.new_gateway(self._machine, lambda power_cut: None, lambda session, data: None, Counter())
        except TradingError as error:
            if not life.machine.was_harmed:
                yield f"the copy was refused: {error}"
            return
        self.is_alive = True
        overseer.begin(copy.gateway)
        life.asked.begin(copy)
        for _ in range(_LONGEST_START_S + life.starts_later_s):
            if copy.gateway.is_ready:
                break
            life.world.run_for(s(1))
        life.counts["copies of the book alone" if self.is_alone else "copies of the book beside it"] += 1
        if not copy.gateway.is_ready:
            yield f"the copy is not ready: {copy.gateway.text}"
            return
        yield from self._trade(copy, original)
        copy.gateway.flush()
        if not life.executions_are_late:  # what is missed takes longer to be found
            with reading(self._folder / "pos.db") as conn:
                yield from (f"of the copy: {wrong}" for wrong in Judge(life, conn, copy).books())
        yield from (f"of the copy, at {at}: {what}" for what, at in overseer.wrong.items())
        copy.stop()

    # ---- inside

    def _make(self) -> None:
        """All files as they are, whatever is in the middle of being written."""
        life = self._life
        self._folder.mkdir()
        for path in sorted(life.folder.iterdir()):
            if path.is_file():
                shutil.copyfile(path, self._folder / path.name)
        if self._is_on_the_same_machine:
            (life.folder / "shm").mkdir(exist_ok=True)
            (self._folder / "shm").symlink_to(life.folder / "shm")
        life.world.note("the gateway's files are copied")
        self._machine = Machine(life.world, self._folder, lambda: life.faults, Counter())

    def _trade(self, copy: Incarnation, original: Incarnation) -> Iterator[str]:
        """One of the two sends orders, if the other one is there it must notice."""
        life = self._life
        trader, other = (copy, original) if self.is_alone or self._copy_trades else (original, copy)
        strategy = life.strategies[0] if trader is original else Strategy(life.world, 1, list(PRICES), trader.connect)
        strategy.active, began_ns = True, life.world.now_ns
        life.world.run_for(s(_TRADING_S))
        strategy.active = False
        learn(life.world, (trader.gateway.venue, copy.gateway.venue), life.more_s)
        if not self.is_alone and self._has_sent(trader.gateway, began_ns):
            life.counts["copies of the book noticed"] += 1
            if not any(row.cause is HaltCause.COPIED_BOOK for row in other.gateway.book.halts):
                yield f"{'a copy' if trader is copy else 'the original'} of the book was not noticed"

    def _has_sent(self, gateway: Gateway, since_ns: int) -> bool:
        """Whether the exchange took an order of it since then: whoever amends or cancels may be a person."""
        venue = self._life.venue
        truth = Truth(venue.simulator.exchange, self._life.account, gateway.book.lineage, venue.symbols)
        return any(order.key.epoch == gateway.epoch and order.created_ns >= since_ns for order in truth.orders)
