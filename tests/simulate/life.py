"""One seed: an exchange, a gateway that dies and comes back, and strategies; then silence, then judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from msgspec import structs

from tests.simulate.absent import Absent
from tests.simulate.copies import Copy
from tests.simulate.faults import Faults, Profile
from tests.simulate.forces import Forces
from tests.simulate.incarnation import Incarnation
from tests.simulate.judge import Judge, judge_file
from tests.simulate.lifetime import Lifetime
from tests.simulate.limits_held import TIGHT, LimitsHeld
from tests.simulate.machine import Machine
from tests.simulate.old_answers import with_old_answers
from tests.simulate.people import People
from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.sql_edits import with_edits
from tests.simulate.strategy import Strategy
from tests.simulate.venue import Venue
from tests.simulate.verdict import Verdict
from tests.simulate.wish import PRICES
from tests.simulate.world import World, apart, ms, s
from tradingsys.core.enums import OnDisconnect, Side
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.gateway.kernel import GatewaySettings
from tradingsys.gateway.ordering.orders import OrderSettings
from tradingsys.matching.fees import FeeSchedule
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.recovery import Margins, Timing
from tradingsys.oms.session_book import SessionBook
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.markets import load_markets
from tradingsys.sim.simulator import Simulator
from tradingsys.sim.state import Options
from tradingsys.store.loading import load
from tradingsys.store.read import reading
from tradingsys.venues.auth import Signer, load_signer
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.usdm import USDM

__all__ = ["ACCOUNT", "SETTINGS", "Life", "make_simulator", "signer"]

ACCOUNT = "account"
_URLS = Endpoints("http://sim", "ws://sim/ws-fapi/v1", "ws://sim")
SETTINGS = GatewaySettings(
    OrderSettings(recv_window_ms=2_000),
    Margins(engine_ms=500, staleness_ms=500),
    Timing(),
    symbols=(),
    watch_ms=5_000,
    cadence=Cadence(busy_ms=5_000, idle_ms=10_000, slot_ms=500, audit_ms=30_000, first_audit_ms=10_000),
    limits=UNLIMITED,
)
_QUIET_S = 45
_FLATTENED = 0.25
"""Of lives, in which a session holds nothing while its strategy is gone."""


def signer() -> Signer:
    """The account's key: an HMAC one, which signs fastest."""
    return load_signer(secret="a secret of the simulation")


def make_simulator(now_ns: int, options: Options | None = None, fees: FeeSchedule | None = None) -> Simulator:
    """The exchange with our account and one of limitless credit that makes the market."""
    simulator = Simulator(
        now_ns=now_ns,
        accounts={ACCOUNT: {"USDT": Decimal(10**9)}},
        keys=[ApiKey("key", ACCOUNT, signer().verifier())],
        flow=None,
        markets=[market for market in load_markets() if market.symbol.lower() in PRICES],
        spot_markets=(),
        options=options,
        fees=fees,
    )
    simulator.exchange.open_account("house", {}, is_house=True)
    return simulator


class Life(Lifetime):
    """Builds the world of a seed and lives it."""

    account = ACCOUNT
    settings = SETTINGS
    """Of its gateways."""
    is_impatient = False
    """It ends as soon as anything is noticed: nobody wants to know what else is wrong."""
    strategies: list[Strategy | PyalgoStrategy]
    _limits: LimitsHeld | None = None

    def __init__(
        self, seed: int, folder: Path, profile: Profile | None = None, *, faults: Faults | None = None
    ) -> None:
        """What goes wrong is drawn within the profile, or is ``faults``."""
        self.seed = seed
        self.world = World(seed)
        self.world.home = f"{folder}/"
        self.folder = folder
        drawn = faults or with_edits(Faults.draw(self.world.rng, profile or Profile.of(seed)), self.world.rng)
        self.faults = drawn if faults else with_old_answers(drawn, self.world.rng)
        self.counts: Counter[str] = Counter()
        self._take_time()
        self._foreign_children = self.faults.foreign_children
        options = Options(child_keeps_client_id=not self._foreign_children)
        fees = FeeSchedule(maker=Decimal("-0.0001")) if self.faults.has_rebates else None
        simulator = make_simulator(self.world.now_ns, options, fees)
        self.venue = Venue(self.world, simulator, [symbol.upper() for symbol in PRICES], ACCOUNT, self.counts)
        self._was_killed = False
        """The last gateway was READY, and lost nothing but its memory."""
        self._dead: Incarnation | None = None
        self._deaf: list[tuple[int, int]] = []
        """From a gateway's death until the next one was there."""
        self.people = People(self.world, self.venue, self.counts, ACCOUNT, list(PRICES), (1, 2, 65_535))
        self.forces = Forces(self.world, self.venue, self.counts)
        self.resumed: list[tuple[str, int]] = []
        """When an operator lifted a halt."""
        self._overhear(simulator.exchange)
        if self.faults.asks_every_ms:
            self.settings = structs.replace(self.settings, timing=Timing(20, self.faults.asks_every_ms))
        if self.faults.has_limits:
            self.settings = structs.replace(self.settings, limits=TIGHT)
            self.overseer.may_halt |= {HaltCause.LIMIT, HaltCause.PAUSE}
            worths = {symbol.upper(): px for symbol, px in PRICES.items()}
            self._limits = LimitsHeld(self.world, simulator.exchange, ACCOUNT, worths, TIGHT)
            self._limits.is_blind = self.exchange_forgets
        self._copy = Copy(self) if self.faults.is_copied else None
        self.machine = Machine(self.world, folder, lambda: self.faults, self.counts)
        self._tick_venue()
        self._make_market()
        self._start_gateway()
        self.strategies = [
            Strategy(self.world, 1, list(PRICES), self._connect),
            PyalgoStrategy(self.world, 2, list(PRICES), self._connect),
            PyalgoStrategy(self.world, 65_535, list(PRICES), self._connect),
        ]
        for strategy in self.strategies:
            strategy.amends, strategy.repeats = self.faults.amends, self.faults.repeats
            strategy.bursts, strategy.wants_all = self.faults.bursts, self.faults.wants_all
            strategy.pace = self.usual_pace
        self._may_be_flattened()
        self._plan_faults()
        self._every(self.faults.manual_changes_per_s, self.people.change)
        self._every(self.faults.transfers_per_s, self._transfer)
        self._every(self.faults.fundings_per_s, self._pay_funding)
        self._every(self.faults.liquidations_per_s, self.forces.strike)
        if self.faults.settles_after_s:
            self.forces.settle_after(self.faults.settles_after_s, self._state, self._kill_gateway)
        self._resume_halted()

    def live(self) -> Verdict:
        """Chaos, then quiet until everything that can be known is known, then judgement."""
        violations = list[str]()
        self._watch_worst_case()
        self.venue.past.amended = lambda: self.world.after(0, self._count_worst_case)
        try:
            self._be_troubled()
            self._come_to_rest(_QUIET_S)
            if self._copy is not None and not self._copy.is_alone:
                violations += self._copy.live()
            assert self.gateway is not None
            if self.gateway.failure is not None:
                violations.append(f"the gateway gave up: {self.gateway.failure}")
            violations += self._judge(self.gateway)
            if self._copy is None:  # it would find another book than the one that it was made of
                violations += self.build_once_more(self.venue.symbols)
            self.gateway.stop()
            if self._copy is not None and self._copy.is_alone:
                violations += self._copy.live()
        except Exception as error:
            self.world.note(f"broke: {error!r}")
            violations.append(f"{type(error).__name__}: {error}")
            if not isinstance(error, AssertionError):
                raise
        finally:
            self._close()
            if self._copy is not None:
                self._copy.close()
        violations += self.machine.disk.broken
        violations += [f"at {at}: {what}" for what, at in self.overseer.wrong.items()]
        return Verdict.of(self.seed, self.world, violations, self.counts)

    def _run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.run_for(s(1))
            noticed = self._noticed()
            assert not (noticed and self.is_impatient), noticed[0]

    def _noticed(self) -> list[str]:
        """What was wrong so far, at whatever moment."""
        machine = self.machine
        return [*self.overseer.wrong, *self.asked.wrong, *self._uncounted, *machine.editor.wrong, *machine.disk.broken]

    def _judge(self, gateway: Incarnation) -> list[str]:
        gateway.gateway.flush()
        path = self.folder / "pos.db"
        with reading(path) as conn:
            judge = Judge(self, conn)
            violations = list(judge.violations())
            saved = load(conn, path, self.world.now_ns // 1_000_000, proven=True)
        violations += judge_file(judge.earned, SessionBook(saved), are_late=self.executions_are_late)
        limits = {} if self._limits is None else self._limits.wrong
        violations += [f"at {at}: {what}" for what, at in (self._uncounted | limits).items()]
        self.counts += judge.seen()
        return violations

    # ---- the gateway's lives

    def was_deaf(self, at_ns: int) -> bool:
        """Whether no gateway lived at this instant."""
        return any(begin_ns <= at_ns <= end_ns for begin_ns, end_ns in self._deaf)

    def _state(self) -> str:
        gateway = self.gateway
        assert gateway is not None
        return "dead" if not gateway.alive else "ready" if gateway.gateway.is_ready else "booting"

    def _start_gateway(self) -> None:
        self.counts["gateway starts"] += 1
        self.machine.bring_up(self._run_gateway, self._died, self._start_gateway)

    def _run_gateway(self) -> None:
        self.gateway = self.new_gateway(self.machine, self._died, self.witness.hear, self.counts)
        self.overseer.is_restored = self.machine.hands.were_used
        self._has_begun(self.gateway)
        if self._limits is not None:
            self._limits.begin(self.gateway)
        is_proven = self.gateway.store.saved.journal_proven or self.machine.was_harmed
        if self._was_killed and not is_proven:
            self._uncounted["the death of a process was taken for a power cut"] = f"{self.world.at(self.world.now_ns)}"

    def new_gateway(
        self,
        machine: Machine,
        died: Callable[[bool], None],
        overheard: Callable[[int, bytes], None],
        counts: Counter[str],
    ) -> Incarnation:
        """One on whatever machine. Raises as `Incarnation` does."""
        return Incarnation(
            self.world,
            self.venue,
            machine,
            self.settings,
            lambda: BinanceProtocol(USDM, _URLS, "key", signer()),
            BinanceMarket(USDM, _URLS),
            lambda: self.faults,
            died,
            overheard,
            counts,
        )

    def _died(self, power_cut: bool) -> None:
        self.counts["power cuts" if power_cut else "kills"] += 1
        # One that dies of opening the book is not there yet: the last one's death counts no more, but a cut still does.
        was_ready = self.gateway is not None and self.gateway is not self._dead and self.gateway.gateway.is_ready
        self._was_killed, self._dead = was_ready and not power_cut, self.gateway
        wait_ns = ms(self.faults.restart_ms or self.world.rng.choice((20, 200, 3_000)))
        self._deaf.append((self.world.now_ns, self.world.now_ns + wait_ns))
        self.world.after(wait_ns, self._start_gateway)

    # ---- the market

    def _make_market(self) -> None:
        if self.is_quiet:
            return
        symbol = self.world.rng.choice(list(PRICES))
        side = self.world.rng.choice(list(Side))
        px = PRICES[symbol] + Decimal(self.world.rng.randint(-12, 12)) / 1000
        qty = self.world.rng.randint(10, 80)
        self.venue.order("house", symbol.upper(), side, qty, px, f"house-{self.world.steps}")
        self.world.after(ms(self.world.rng.uniform(10, 150) * self.pace), self._make_market)

    def _may_be_flattened(self) -> None:
        """In some lives one of them is away for longer, and wants to hold nothing meanwhile: what it is told when it is
        back are orders that it knows nothing of.
        """
        rng = apart(self.world.rng, "gone")
        if rng.random() < _FLATTENED:
            strategy = rng.choice(self.strategies)
            strategy.when_gone = OnDisconnect.FLATTEN, rng.choice((10, 200, 1_000))
            strategy._connect = Absent(self.world, rng, strategy._connect).connect
            self.overseer.may_halt.add(HaltCause.ABSENCE)

    def _trade_by_hand(self) -> None:
        self.people.trade()

    def _transfer(self) -> None:
        self.venue.transfer("USDT", Decimal(self.world.rng.randint(-500, 500)))
        self.counts["transfers"] += 1

    def _pay_funding(self) -> None:
        """Not waiting for eight hours to pass."""
        if any(self.venue.simulator.exchange.position(ACCOUNT, symbol).net for symbol in self.venue.symbols):
            self.counts[f"fundings while {self._state()}"] += 1
        self.venue.pay_funding()

    def _resume_halted(self) -> None:
        """An operator looks at halts now and then."""
        gateway = self.gateway
        if gateway is not None and gateway.alive and gateway.gateway.is_ready:
            for row in gateway.gateway.book.halts:
                if row.cause is not HaltCause.FORCED:
                    continue  # nothing else is to be resumed by a look at it
                gateway.call(lambda scope=row.scope: gateway.gateway.halting.lift(scope, HaltCause.FORCED))  # type: ignore[misc]
                self.resumed.append((row.scope.symbol, self.world.now_ns))
                self.counts["halts resumed"] += 1
        self.world.after(ms(self.world.rng.uniform(500, 3_000)), self._resume_halted)

    def _is_excused(self, scope: Scope, cause: HaltCause) -> bool:
        forced = {symbol for symbol, _ in self.forces.trades}
        return (cause is HaltCause.FORCED and scope.symbol in forced) or super()._is_excused(scope, cause)

    @property
    def _is_alone(self) -> bool:
        return self._copy is None or not self._copy.is_alive

    def _beyond(self, gateway: Incarnation) -> Iterator[str]:
        yield from super()._beyond(gateway)
        if self._limits is not None:
            yield from self._limits.beyond(gateway.gateway.book.lineage)
