"""What all lives have in common: how time passes at the exchange, what happens at random, and how a gateway dies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from tests.simulate.faults import Faults
from tests.simulate.incarnation import Incarnation, Owner
from tests.simulate.machine import Machine
from tests.simulate.overseer import Overseer
from tests.simulate.rude import RudeClient
from tests.simulate.strategy import Link
from tests.simulate.venue import Venue
from tests.simulate.world import World, ms, s

__all__ = ["Lifetime"]

_TICK_MS, _QUIET_TICK_MS = 40, 500
"""How often the exchange looks at its clock."""


class Living(Owner, Protocol):
    """A strategy, across its deaths."""

    active: bool

    def kill(self) -> None: ...

    def drop(self) -> None: ...


class Lifetime(ABC):
    """One exchange, and one gateway after the other."""

    world: World
    machine: Machine
    venue: Venue
    faults: Faults
    counts: Counter[str]
    gateway: Incarnation | None = None
    overseer: Overseer
    exchange_forgets: bool
    """It hides orders for longer than margins allow for."""
    strategies: Sequence[Living]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing goes wrong any more."""
        return self.faults == Faults.none()

    def _plan_faults(self) -> None:
        """What happens at random in every life."""
        faults, rng = self.faults, self.world.rng
        self.venue.troubles.faults = lambda: self.faults
        self.exchange_forgets = bool(faults.hide_order)
        self._every(faults.gateway_kills_per_s, self._kill_gateway)
        self._every(faults.boot_kills_per_s, self._kill_booting_gateway)
        self._every(faults.strategy_kills_per_s, lambda: rng.choice(self.strategies).kill())
        self._every(faults.drops_per_s, lambda: rng.choice(self.strategies).drop())
        self._every(faults.manual_trades_per_s, self._trade_by_hand)
        self._every(faults.shut_outs_per_s, self._shut_out)
        self._every(faults.restarts_per_s, self._restart_exchange)
        self._every(faults.stream_ends_per_s, self._end_streams)
        self._every(faults.silences_per_s, self._silence)
        self._every(faults.clock_stops_per_s, self._stop_clock)
        self._every(faults.stalls_per_s, self._stall)
        self._every(faults.rude_clients_per_s, self._be_rude)
        self._look_at_sizes()
        self.machine.begin(self._every)

    @abstractmethod
    def _trade_by_hand(self) -> None:
        """Somebody uses the account himself."""

    def _be_good(self) -> None:
        """Nothing goes wrong from now on."""
        self.faults = Faults.none()
        self.venue.troubles.be_good()
        self.machine.be_good()
        for strategy in self.strategies:
            strategy.active = False

    @property
    def _is_settled(self) -> bool:
        """Whether the gateway may ask and hears what it wants: who was told to come back in a minute waits so long."""
        if self.gateway is None or not self.gateway.gateway.is_ready:
            return False
        venue = self.gateway.gateway.venue
        return venue.stream.is_up and not venue.why_not_trading() and not venue.questions_waiting

    def _every(self, per_s: float, action: Callable[[], object]) -> None:
        """So often, at random, until it is quiet."""
        if per_s <= 0:
            return

        def again() -> None:
            if not self.is_quiet:
                action()
                self._every(per_s, action)

        self.world.after(s(self.world.rng.expovariate(per_s)), again)

    def _tick_venue(self) -> None:
        self.venue.tick()
        self.world.after(ms(_QUIET_TICK_MS if self.is_quiet else _TICK_MS), self._tick_venue)

    def _kill_gateway(self) -> None:
        if self.gateway is not None:
            self.gateway.kill("at random")

    def _kill_booting_gateway(self) -> None:
        if self.gateway is not None and self.gateway.alive and not self.gateway.gateway.is_ready:
            self.counts["deaths during a boot"] += 1
            self.gateway.kill("while it started", power_cut=False)

    def _look_at_sizes(self) -> None:
        if self.gateway is not None and self.gateway.alive:
            self.overseer.is_bounded()
        self.world.after(s(1), self._look_at_sizes)

    # ---- the exchange and the way to it

    def _shut_out(self) -> None:
        is_ban = self.world.chance(0.4)
        seconds = self.world.rng.uniform(1, 10)
        gateway = self.gateway
        if not self.venue.troubles.shut_out(seconds, is_ban=is_ban):
            return
        self.world.note(f"the exchange {'bans' if is_ban else 'refuses'} everybody for {seconds:.1f} s")
        self.counts["bans" if is_ban else "too many requests"] += 1
        if (
            gateway is not None
            and gateway.alive
            and any(order.in_doubt for order in gateway.gateway.book.open_orders())
        ):
            self.counts["shut out with orders in doubt"] += 1

    def _restart_exchange(self) -> None:
        self.world.note("the exchange restarts")
        self.counts["exchange restarts"] += 1
        self.venue.restart(ms(self.world.rng.uniform(200, 4_000)))

    def _end_streams(self) -> None:
        outputs = self.venue.troubles.end_streams()
        self.counts["streams ended"] += bool(outputs)
        self.venue.deliver(outputs)

    def _silence(self) -> None:
        gateway = self.gateway
        if gateway is not None and gateway.alive and gateway.network.fall_silent():
            self.world.note("connections fall silent")
            self.counts["silent connections"] += 1

    def _stop_clock(self) -> None:
        gateway, by_ms = self.gateway, self.world.rng.choice((100, 900, 1_500, 4_000, 30_000))
        if gateway is not None and gateway.alive:
            self.world.note(f"the gateway's clock stops for {by_ms} ms")
            self.counts["clocks stopped"] += 1
            gateway.clock.fall_behind(ms(by_ms))
            gateway.call(lambda: None)

    # ---- clients

    def _stall(self) -> None:
        """A strategy reads nothing for a while."""
        link = self.world.rng.choice(self.strategies)._link
        if link is not None:
            self.counts["strategies that stopped reading"] += 1
            link.stall(ms(self.world.rng.uniform(500, 6_000)))

    def _be_rude(self) -> None:
        session = self.world.rng.choice(self.strategies).session
        RudeClient(self.world, session, self.counts).come(self._connect)

    def _connect(self, strategy: Owner) -> Link | None:
        return self.gateway.connect(strategy) if self.gateway is not None else None
