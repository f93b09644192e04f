"""What a gateway looks at again and again, whether anything happened or not.

Each look goes on by itself: what the venue does not answer must delay nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from types import CoroutineType

from tradingsys.oms.cadence import Cadence
from tradingsys.oms.disagreement import CONFIRM_MS
from tradingsys.oms.procedure import Procedure, until
from tradingsys.oms.recovery import Recovery

__all__ = ["Watch"]

_NS_PER_MS = 1_000_000
_CLOCK_CHECK_MS = 250
_LATE_CHECK_MS = 250


class Watch:
    """Procedures that never end."""

    def __init__(self, recovery: Recovery, now_ns: Callable[[], int], every_ms: int, cadence: Cadence) -> None:
        """``every_ms``: between two looks at all but executions, which ``cadence`` has."""
        self._recovery = recovery
        self._now_ns = now_ns
        self._every_ms = every_ms
        self._cadence = cadence

    @property
    def procedures(self) -> tuple[Callable[[], Procedure], ...]:
        """How to begin each of them."""
        recovery = self._recovery
        # Once is enough for the time: a slow answer tells less than what is known.
        looks = (recovery.ask_time, recovery.look_at_orders, recovery.look_at_holdings)
        return (
            *(partial(self._again, look) for look in looks),
            self._keep_proven,
            partial(self._again, recovery.pull_funding),
            partial(recovery.watch_proof, self._every_ms),
            self.read_executions,
            self._look_for_late_orders,
        )

    async def keep_time(self) -> None:
        """Ask for the time as soon as it is in doubt; also while it boots, as a machine may be suspended then."""
        while True:
            await self._wait(_CLOCK_CHECK_MS)
            if self._recovery.is_time_in_doubt:
                await self._recovery.ask_time()

    async def read_executions(self) -> None:
        """Those whose events were lost, one symbol after the other."""
        while True:
            await self._wait(self._cadence.slot_ms)
            await self._recovery.read_whose_turn_it_is(self._cadence)

    # ---- inside

    def _again(self, look: Callable[[], Awaitable[None]]) -> Procedure:
        procedure = self._look(look)
        assert isinstance(procedure, CoroutineType)
        procedure.__qualname__ = look.__qualname__  # a fault is told by what broke, and not as one of four
        return procedure

    async def _look(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._wait(self._every_ms)
            await look()

    async def _keep_proven(self) -> None:
        """What was found once is looked for again soon."""
        while True:
            soon = self._recovery.wants_confirmation
            await self._wait(min(self._every_ms, CONFIRM_MS) if soon else self._every_ms)
            await self._recovery.check_account()

    async def _look_for_late_orders(self) -> None:
        while True:
            await self._wait(_LATE_CHECK_MS)
            self._recovery.have_late_orders_looked_for()

    async def _wait(self, ms: int) -> None:
        await until(self._now_ns() + ms * _NS_PER_MS)
