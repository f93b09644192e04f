"""What all lives have in common: how time passes at the exchange, what happens at random, and how a gateway dies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import apsw
from msgspec import structs

from tests.simulate.asked import Asked
from tests.simulate.clocks import plan_times, stop_clock
from tests.simulate.durable_marks import lost
from tests.simulate.faults import Faults
from tests.simulate.incarnation import Incarnation, Owner
from tests.simulate.living import Living
from tests.simulate.machine import Machine
from tests.simulate.outlasting import outlast_ban, outlast_refusals
from tests.simulate.overseer import Overseer
from tests.simulate.people import People
from tests.simulate.replica import Replica
from tests.simulate.rude import RudeClient
from tests.simulate.strategy import Link
from tests.simulate.unanswered import Topic
from tests.simulate.untold import PUT_ASIDE_S, Untold
from tests.simulate.venue import Venue
from tests.simulate.witness import Witness
from tests.simulate.world import World, apart, ms, s
from tests.simulate.worst_case import uncounted
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.store.read import reading

__all__ = ["Lifetime"]

_BUSY_S, _LONGEST_S = 6, 40
"""Troubles last until the exchange took orders in so many seconds; but not for ever."""
_PATIENCE_S = (2, 4, 15)
"""When it took none for so long, in one life or another, they let up."""
_REST_S, _LONGEST_BANS_S = 20, 600
"""At the end who may ask has read all within the first; who may not may do so within the second."""
_RESTS, _STARTS = 2, 10
"""The same where answers are older, times what they are older by."""
_CLOCK_SET_S = 3_700
"""A ban is remembered by the machine's time of day: whose clock is set back by an hour leaves the exchange alone so
much longer.
"""
_LONG_REFUSED_S = 45
"""What was refused for so long may be put aside."""
_ENOUGH = 3
"""Orders, of which more than that is a life."""
_EARLY = 0.2
"""Of refusals, those that may come before that, and while others last."""
_LEFT_OUT, _LAST_CUT = 0.5, 0.3
"""Of lives, in which it is not built once more from the files; and of the deaths before that, in which power fails."""
_TICK_MS, _QUIET_TICK_MS = 40, 500
"""How often the exchange looks at its clock."""


_MISSED_MS = 300_000.0
"""Within which executions that were shown later than margins allow for are missed, found and booked."""


class Lifetime(ABC):
    """One exchange, and one gateway after the other."""

    world: World
    folder: Path
    machine: Machine
    venue: Venue
    faults: Faults
    counts: Counter[str]
    people: People
    gateway: Incarnation | None = None
    account: str
    overseer: Overseer
    witness: Witness
    asked: Asked
    exchange_forgets: bool
    """It hides orders for longer than margins allow for."""
    executions_are_late: bool
    """History shows them later than margins allow for, and younger ones before."""
    strategies: Sequence[Living] = ()

    is_quiet = False
    """Nothing goes wrong any more."""
    usual_pace = pace = 1
    """So much less often the market moves and things go wrong, and somebody looks at it; usually and now."""
    more_s = 0
    """By so much older than in other lives answers may be."""
    settings: GatewaySettings
    """Of its gateways."""

    def _take_time(self) -> None:
        """Everything in this life may take longer than in others."""
        if margin_ms := self.faults.margin_ms:
            margins = structs.replace(self.settings.margins, staleness_ms=margin_ms)
            self.settings = structs.replace(self.settings, margins=margins)
            self.counts["lives with answers of many seconds ago"] += 1
            self.more_s = margin_ms // 1_000
        self.usual_pace = self.pace = self.faults.slower

    def _overhear(self, exchange: Exchange | SpotExchange) -> None:
        """To all that is decided, asked for and told, from now on."""
        self._exchange = exchange
        self._uncounted: dict[str, str] = {}
        """What was wrong meanwhile, by when it was first seen."""
        self.exchange_forgets = bool(self.faults.hide_order)
        self.executions_are_late = bool(self.faults.lag_ms) and Topic.EXECUTIONS in self.faults.lagging
        self.overseer = Overseer(self.world, exchange, self.account, self.counts)
        self.overseer.staleness_ms = max(self.faults.staleness_ms, self.faults.lag_ms)
        self.overseer.is_excused, self._lags = self._is_excused, bool(self.faults.lag_ms)
        if self.executions_are_late:
            self.overseer.executions_are_late, self.overseer.staleness_ms = True, _MISSED_MS
        self.overseer.unanswered = self.venue.unanswered
        self._untold = Untold(self.world, self.venue.unanswered, self.overseer, self.counts)
        self.witness = Witness(self.world, self.counts)
        self.asked = Asked(self.world, exchange, self.account)
        self.witness.exchange_forgets = self.asked.exchange_forgets = self.exchange_forgets
        self.witness.executions_are_late = self.executions_are_late
        self.witness.edited = self.asked.edited = self.overseer.edited
        self.witness.unknowable = self.overseer.unknowable
        self.witness.flattened = self.asked.flattened

    def _has_begun(self, gateway: Incarnation) -> None:
        """Another gateway has opened the book."""
        self.overseer.begin(gateway.gateway, self.machine.lost_orders)
        self.asked.begin(gateway)
        self._look_for_durable()

    def _plan_faults(self) -> None:
        """What happens at random in every life."""
        faults, rng = self.faults, self.world.rng
        self.venue.troubles.faults = lambda: self.faults
        self.venue.unanswered.refused = self._untold.note
        self._every(faults.gateway_kills_per_s, self._kill_gateway)
        self._every(faults.boot_kills_per_s, self._kill_booting_gateway)
        self._every(faults.strategy_kills_per_s, lambda: rng.choice(self.strategies).kill())
        self._every(faults.drops_per_s, lambda: rng.choice(self.strategies).drop())
        self._every(faults.manual_trades_per_s, self._trade_by_hand)
        self._every(faults.shut_outs_per_s, self._shut_out)
        self._every(faults.refusals_per_s, self._refuse)
        self._every(faults.restarts_per_s, self._restart_exchange)
        self._every(faults.stream_ends_per_s, self._end_streams)
        self._every(faults.silences_per_s, self._silence)
        self._every(faults.clock_stops_per_s, partial(stop_clock, self))
        self._every(faults.stalls_per_s, self._stall)
        self._every(faults.rude_clients_per_s, self._be_rude)
        self._every(faults.edits_per_s, self._edit_positions)
        plan_times(self)
        self._look_at_sizes()
        self.machine.begin(self._every)

    @abstractmethod
    def _trade_by_hand(self) -> None:
        """Somebody uses the account himself."""

    def _be_troubled(self) -> None:
        """Most troubles are of orders: where a gateway cannot start for troubles, or was shut out, they let up."""
        troubles, patience_s = self.faults, self.world.rng.choice(_PATIENCE_S)
        busy_s = idle_s = 0
        for _ in range(_LONGEST_S):
            before = self.counts["orders accepted"]
            self._run(self.usual_pace)
            is_busy = self.counts["orders accepted"] > before
            busy_s, idle_s = busy_s + is_busy, 0 if is_busy else idle_s + 1
            self.faults = troubles if idle_s < patience_s else troubles.let_up()
            if busy_s == _BUSY_S:
                break
        outlast_refusals(self)
        outlast_ban(self)
        self._be_good()

    def let_trade(self, does: bool) -> None:
        for strategy in self.strategies:
            strategy.active = does

    def _come_to_rest(self, quiet_s: int) -> None:
        """Until all that can be known has been known for a while: many deaths in a minute end in a ban, and what was on
        its way when all became too many in one that is longer.
        """
        self._run(quiet_s - _REST_S)
        rested_s, rest_s = 0, _REST_S + _RESTS * self.more_s
        for _ in range(rest_s + _LONGEST_BANS_S + self.starts_later_s):
            self._run(1)
            rested_s = rested_s + 1 if self.is_settled else 0
            if rested_s == rest_s:
                break
        if self.venue.unanswered.total_s > _LONG_REFUSED_S:
            self._run(PUT_ASIDE_S)

    @property
    def starts_later_s(self) -> int:
        """By so much more than in other lives a start may take."""
        return _STARTS * self.more_s + _CLOCK_SET_S * bool(self.counts["bans of minutes or hours"])

    def build_once_more(self, symbols: Sequence[str]) -> Iterator[str]:
        """What is wrong with the book that another gateway makes of the files, and of what the exchange shows."""
        assert self.gateway is not None
        ledger = self._exchange.ledger
        names = {order.client_order_id for symbol in symbols for order in ledger.orders(self.account, symbol)}
        if HaltCause.ABSENCE in self.overseer.may_halt:
            return  # somebody's strategy is gone for too long by then, and what it holds is traded away
        rng = apart(self.world.rng, "the last death")
        if rng.random() < _LEFT_OUT:
            return
        is_cut = rng.random() < _LAST_CUT
        yield from Replica(self, names).violations(power_cut=is_cut)

    def _run(self, seconds: int) -> None:
        self.world.run_for(s(seconds))

    def _be_good(self) -> None:
        """Nothing goes wrong from now on."""
        self.is_quiet = True
        self.faults = self.faults.over()
        self.venue.troubles.be_good()
        self.venue.unanswered.be_good()
        self.machine.be_good()
        self.let_trade(False)
        self.world.after(s(5), self._start_for_edits)

    def _close(self) -> None:
        """Whether it ended well or broke."""
        if self.gateway is not None:
            self.gateway.release()
        self.machine.close()

    # ---- at every moment

    def _watch_worst_case(self) -> None:
        self._count_worst_case()
        self.world.after(ms(1_000 if self.is_quiet else 50 * self.pace), self._watch_worst_case)

    def _count_worst_case(self) -> None:
        gateway = self.gateway
        if self.exchange_forgets or not self._is_alone or gateway is None:
            return
        if gateway.alive and gateway.gateway.is_ready:
            for what in self._beyond(gateway):
                self._uncounted.setdefault(what, f"{self.world.at(self.world.now_ns):.4f}")

    def _beyond(self, gateway: Incarnation) -> Iterator[str]:
        """What the exchange could do to us now that a gateway must not let it, or does not reckon with."""
        return uncounted(self._exchange, self.account, gateway.gateway.book)

    @property
    def _is_alone(self) -> bool:
        """Whether nobody else sends orders in the name of this book."""
        return True

    # ---- what strategies were told to be durable

    def _look_for_durable(self) -> None:
        """A gateway has opened its book: it has all that was ever told to be durable, unless it is another book."""
        if self.gateway is None or not self.gateway.alive or self.machine.hands.were_used:
            return
        marks = [strategy.durable for strategy in self.strategies]
        self.counts["durable executions looked for after a death"] += sum(len(each.safe) for each in marks)
        self.machine.disk.broken += lost(marks, self.gateway.store._conn)

    def marks_missing(self) -> Iterator[str]:
        """When all is quiet, all that strategies were told is durable, and they know."""
        for strategy in self.strategies:
            self.counts["executions told to be durable"] += len(strategy.durable.safe)
            if strategy.never_durable:
                yield f"session {strategy.session} never heard that these are durable: {strategy.never_durable}"

    # ---- a person with an SQL shell

    def edits_broken(self, conn: apsw.Connection) -> Iterator[str]:
        """What is wrong with what became of edits."""
        return self.machine.editor.judge(conn, self.overseer.edited_by, self.overseer.staleness_ms)

    def _edit_positions(self) -> None:
        if self.gateway is not None and self.gateway.alive:
            self.machine.editor.edit(is_up=True)

    def _start_for_edits(self) -> None:
        """What is edited while a gateway runs waits for the next start: whoever wants it starts another."""
        editor, gateway = self.machine.editor, self.gateway
        if not editor.waits:
            return
        if gateway is not None and gateway.alive and gateway.gateway.is_ready:
            with reading(self.folder / "pos.db") as conn:
                editor.look(conn)
            if editor.waits:
                gateway.kill("so that edits are taken", power_cut=False)
        self.world.after(s(5), self._start_for_edits)

    @property
    def is_settled(self) -> bool:
        """Whether the gateway may ask and hears what it wants: who was told to come back in a minute waits so long."""
        if self.gateway is None or not self.gateway.gateway.is_ready:
            return False
        if not self.gateway.alive or self.machine.editor.waits:
            return False
        venue, book = self.gateway.gateway.venue, self.gateway.gateway.book
        may_ask = venue.stream.is_up and not venue.why_not_trading() and not venue.questions_waiting
        knows_all = not self.gateway.gateway.recovery.is_catching_up
        in_doubt = any(order.in_doubt for order in book.open_orders())
        differs = self.executions_are_late and any(row.cause is HaltCause.DIFFERENCE for row in book.halts)
        if self.more_s and self.gateway.gateway.recovery._account._entering._wanted:  # type: ignore[attr-defined]
            return False  # somebody waits for a symbol to be accounted for, which takes minutes
        return may_ask and knows_all and not in_doubt and not book.unattributed and not differs

    def _every(self, per_s: float, action: Callable[[], object]) -> None:
        """So often, at random, until it is quiet."""
        if per_s <= 0:
            return

        def again() -> None:
            if self.is_quiet:
                return
            if not self.faults.is_letting_up:
                action()
            self._every(per_s, action)

        self.world.after(s(self.world.rng.expovariate(per_s) * self.pace), again)

    def _tick_venue(self) -> None:
        self.venue.tick()
        self.world.after(ms(_QUIET_TICK_MS if self.is_quiet else _TICK_MS * self.pace), self._tick_venue)

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

    def _refuse(self) -> None:
        is_early = self.counts["orders accepted"] < _ENOUGH
        if (is_early or self.venue.unanswered.lasting()) and not self.world.chance(_EARLY):
            return
        self.venue.unanswered.begin(self.venue.symbols, self.faults.refused_for_s, self.world.rng)

    def _is_excused(self, scope: Scope, cause: HaltCause) -> bool:
        """Whether there is reason for a restriction here and now."""
        is_banned = cause is HaltCause.UNPROVEN and self.venue.troubles.shuts_out
        is_late = self._lags and cause in (HaltCause.DIFFERENCE, HaltCause.AUDIT)
        return is_banned or is_late or self._untold.explains(scope, cause)

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
