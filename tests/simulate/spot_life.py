"""One seed of a life on spot: the product's gateway of assets, an exchange of assets, and strategies between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from msgspec import structs

from tests.simulate.faults import Faults, Profile
from tests.simulate.incarnation import Incarnation
from tests.simulate.judge import judge_file
from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.lifetime import Lifetime
from tests.simulate.limits_held import FEWER, SPOT_TIGHT, LimitsHeld
from tests.simulate.machine import Machine
from tests.simulate.network import Network
from tests.simulate.odd_frames import OddFrames
from tests.simulate.old_answers import with_old_answers
from tests.simulate.people import People
from tests.simulate.plain_spot import PlainSpot
from tests.simulate.sent import SentRequests
from tests.simulate.spot_box import URLS, SpotPast, WireSpot, markets
from tests.simulate.spot_judge import SpotJudge
from tests.simulate.spot_strategy import SpotPyalgoStrategy, SpotStrategy
from tests.simulate.spot_wish import SPOT_PRICES
from tests.simulate.sql_edits import with_edits
from tests.simulate.troubles import Troubles
from tests.simulate.unanswered import Question, Topic, Unanswered
from tests.simulate.untold import PUT_ASIDE_S
from tests.simulate.venue import Venue
from tests.simulate.verdict import Verdict
from tests.simulate.world import World, apart, ms, s
from tradingsys.core.enums import Side
from tradingsys.core.records import HaltCause, Scope
from tradingsys.core.reports import AssetMoved
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.oms.session_book import SessionBook
from tradingsys.sim.conditions import Condition
from tradingsys.sim.events import NewAmend
from tradingsys.sim.faces.transport import NO_ANSWER, Reply, Request
from tradingsys.sim.spot_exchange import SpotExchange, margin_name
from tradingsys.store import read
from tradingsys.store.loading import load
from tradingsys.store.read import reading
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.spot import SPOT

__all__ = ["SpotLife", "SpotVenue"]

_OUTSIDE = {"bnbusdt": Decimal(600)}
_WORTHS = {"DOGEUSDT": Decimal("0.6"), "ADAUSDT": Decimal("0.75"), "ADADOGE": Decimal("0.75")}
"""In USDT."""
_QUIET_S = 45
_DEPOSITS = {"USDT": "1000000", "DOGE": "500000.5", "ADA": "300000", "BNB": "5000.25"}
_FEW = {"USDT": "900000", "DOGE": "5.5", "ADA": "3", "BNB": "5000.25"}


class SpotVenue(Venue):
    """The exchange of assets, and people who trade there by hand."""

    reads = ("/order", "/openOrders", "/myTrades", "/account")

    def __init__(self, world: World, box: PlainSpot | WireSpot, account: str, counts: Counter[str]) -> None:
        self.counts = counts
        self.troubles = Troubles(world, box.face if isinstance(box, WireSpot) else None, counts)
        self.unanswered = Unanswered(world, counts)
        self.odd_frames = OddFrames(world.rng, counts)
        self._down_until_ns = 0
        self._account = account
        self._plain = box if isinstance(box, PlainSpot) else None
        self.past = SpotPast(box.exchange, account)  # type: ignore[assignment]
        self.sent = SentRequests()
        self.world = world
        self.simulator = box  # type: ignore[assignment]
        self.symbols = [name.upper() for name in (*SPOT_PRICES, *_OUTSIDE)]
        self.networks: dict[int, Network] = {}
        self._ids = 0

    def asked(self, request: Request) -> Question:
        return super().asked(request) if self._plain is None else self._plain.asked(request)

    def instead(self, request: Request) -> Reply | None:
        reply = super().instead(request)
        if self._plain is None or reply is None or reply.status == NO_ANSWER:
            return reply
        return self._plain.refusal(reply)

    def amend_by_hand(self) -> bool:
        """Somebody makes one of the account's orders smaller, which gives it another name."""
        exchange, now_ns = self.simulator.exchange, self.world.now_ns
        waiting = [each for each in exchange.open_orders(self._account) if each.px is not None and each.list_id < 0]
        if not waiting or self._account == margin_name(ACCOUNT):  # where no order can be amended
            return False
        record = self.world.rng.choice(waiting)
        wish = NewAmend(self._account, record.symbol, record.side, record.qty - 1, record.px, order_id=record.order_id)
        self.deliver(self.simulator.absorb(exchange.amend(wish, now_ns), now_ns))
        return True

    def _waiting(self) -> list[Condition]:
        return []


class SpotLife(Lifetime):
    """Builds the world of a seed and lives it."""

    strategies: list[SpotStrategy | SpotPyalgoStrategy]

    def __init__(
        self,
        seed: int,
        folder: Path,
        profile: Profile | None = None,
        *,
        wire: bool = True,
        margin: bool = False,
        renames: bool = False,
    ) -> None:
        """Over the venue's own ``wire``, or with Python objects for it, which is quicker, and all there is
        on margin; there people may also amend orders of sessions by hand, which ``renames`` them.
        """
        self.margin = margin
        self.account = margin_name(ACCOUNT) if margin else ACCOUNT
        self.seed = seed
        self.world = World(seed)
        self.world.home = f"{folder}/"
        self.folder = folder
        drawn = with_edits(Faults.draw(self.world.rng, profile or Profile.of(seed)), self.world.rng)
        self.faults = with_old_answers(drawn, self.world.rng)
        if margin or not wire:  # what is said are Python objects, which cannot be broken and carry no time
            own = {"last_instant": 0.0, "clock_ahead_ms": 0.0, "odd_event": 0.0, "new_field": 0.0}
            self.faults = structs.replace(self.faults, **own)
        self.counts: Counter[str] = Counter()
        deposits = {asset: Decimal(amount) for asset, amount in (_FEW if margin else _DEPOSITS).items()}
        self.box = self._plain_box(deposits) if margin or not wire else WireSpot(self.world.now_ns - s(60), deposits)
        self.exchange = self.box.exchange
        self.exchange.accounts[self.account].burns_bnb = self.world.chance(0.5)
        self.exchange.open_account("house", {}, is_house=True)
        self.venue = SpotVenue(self.world, self.box, self.account, self.counts)
        product = ProductName.MARGIN if margin else ProductName.SPOT
        self.settings = structs.replace(SETTINGS, product=product)
        self._take_time()
        self.transfers: dict[str, tuple[str, Decimal, int]] = {}
        """Asset, amount and instant of every one, by id."""
        self._dust = apart(self.world.rng, "dust")
        self._told: set[str] = set()
        """Those that a gateway heard of, and did not forget when it died."""
        symbols = (*SPOT_PRICES, *_OUTSIDE)
        what = "orders of assets"
        self.people = People(self.world, self.venue, self.counts, self.account, symbols, (1, 2, 9), what)
        self._overhear(self.exchange)
        self.limits = self._held_to_limits() if self.faults.has_limits else None
        self.machine = Machine(self.world, folder, lambda: self.faults, self.counts)
        self._tick_venue()
        self._make_market()
        self._start_gateway()
        self.strategies = [
            SpotStrategy(self.world, 1, list(SPOT_PRICES), self._connect),
            SpotPyalgoStrategy(self.world, 2, list(SPOT_PRICES), self._connect),
            SpotPyalgoStrategy(self.world, 9, list(SPOT_PRICES), self._connect),
        ]
        for strategy in self.strategies:
            strategy.borrows, strategy.bursts = margin, self.faults.bursts
            strategy.amends, strategy.repeats = self.faults.amends, self.faults.repeats
            strategy.pace = self.usual_pace
        self._plan_faults()
        if not self.executions_are_late:  # one that nobody hears of hides what they explain
            self._every(self.faults.fundings_per_s / 4, self._transfer)
        self._every(self.faults.manual_changes_per_s, self.people.change)
        if renames:
            self._every(8.0, self._rename)

    def _held_to_limits(self) -> LimitsHeld:
        """In this life sessions have limits that they run into all the time."""
        own = {9: FEWER}
        self.settings = structs.replace(self.settings, limits=SPOT_TIGHT, sessions=own)
        self.overseer.may_halt |= {HaltCause.LIMIT, HaltCause.PAUSE}
        return LimitsHeld(self.world, self.exchange, self.account, _WORTHS, SPOT_TIGHT, own)

    def _plain_box(self, deposits: dict[str, Decimal]) -> PlainSpot:
        exchange = SpotExchange((market.listing for market in markets()), first_id=self.seed + 1)
        if self.margin:
            exchange.open_margin(ACCOUNT, deposits, now_ns=self.world.now_ns - s(60))
        else:
            exchange.open_account(ACCOUNT, deposits, now_ns=self.world.now_ns - s(60))
        return PlainSpot(self.account, exchange)

    def live(self) -> Verdict:
        """Chaos, then quiet until everything that can be known is known, then judgement."""
        violations = list[str]()
        self._watch_worst_case()
        try:
            self._be_troubled()
            self._come_to_rest(_QUIET_S)
            violations += self._judge()
            violations += self.build_once_more(self.venue.symbols)
            assert self.gateway is not None
            self.gateway.stop()
        finally:
            self._close()
        violations += self.machine.disk.broken
        wrong = [self.overseer.wrong, self._uncounted, {} if self.limits is None else self.limits.wrong]
        violations += [f"at {at}: {what}" for each in wrong for what, at in each.items()]
        return Verdict.of(self.seed, self.world, violations, self.counts)

    def _judge(self) -> Iterator[str]:
        assert self.gateway is not None
        if self.gateway.failure is not None:
            yield f"the gateway gave up: {self.gateway.failure}"
        self.gateway.gateway.flush()
        path = self.folder / "pos.db"
        with reading(path) as conn:
            judge = SpotJudge(self, conn)
            yield from judge.violations()
            saved = load(conn, path, self.world.now_ns // 1_000_000, proven=True)
        yield from judge_file(judge.earned, SessionBook(saved), are_late=self.executions_are_late)
        self.counts += judge.seen()

    # ---- the gateway's lives

    def _start_gateway(self) -> None:
        self.counts["gateway starts"] += 1
        self.machine.bring_up(self._run_gateway, self._died, self._start_gateway)

    def _run_gateway(self) -> None:
        self.gateway = Incarnation(
            self.world,
            self.venue,
            self.machine,
            self.settings,
            lambda: self.box.protocol(),
            BinanceMarket(SPOT, URLS),
            lambda: self.faults,
            self._died,
            self.witness.hear,
            self.counts,
        )
        if self.gateway.alive:  # it may have died while it opened the book
            self._told &= {row.ext_id for row in read.ledger(self.gateway.store._conn, limit=1_000_000)}
        self._has_begun(self.gateway)
        if self.limits is not None:
            self.limits.begin(self.gateway)

    def _beyond(self, gateway: Incarnation) -> Iterator[str]:
        yield from super()._beyond(gateway)
        if self.limits is not None:
            yield from self.limits.beyond(gateway.gateway.book.lineage)

    def _died(self, power_cut: bool) -> None:
        self.counts["power cuts" if power_cut else "kills"] += 1
        self.world.after(ms(self.faults.restart_ms or self.world.rng.choice((20, 200, 3_000))), self._start_gateway)

    # ---- the market

    def _make_market(self) -> None:
        if self.is_quiet:
            return
        symbol, px = self.world.rng.choice([*SPOT_PRICES.items(), *_OUTSIDE.items()])
        side = self.world.rng.choice(list(Side))
        px += Decimal(self.world.rng.randint(-12, 12)) / (1000 if px < 100 else 10)
        qty = self.world.rng.randint(10, 80)
        self.venue.order("house", symbol.upper(), side, qty, px, f"house-{self.world.steps}")
        self.world.after(ms(self.world.rng.uniform(10, 100) * self.pace), self._make_market)

    def _trade_by_hand(self) -> None:
        self.people.trade()

    def _rename(self) -> None:
        self.counts["orders renamed by hand"] += self.venue.amend_by_hand()

    def _transfer(self) -> None:
        """A deposit or a withdrawal; or a few units of one asset are exchanged for BNB at once, as the exchange offers
        for what is too little to be traded.
        """
        asset, rng = self.world.rng.choice(list(_DEPOSITS)), self.world.rng
        amount = Decimal(rng.randint(-500, 800)) / 100
        if not self._move(asset, amount):
            return
        self.counts["transfers"] += 1
        if amount < 0 and asset != "BNB" and self._dust.random() < 0.5:
            self.counts["dust exchanged for BNB"] += self._move("BNB", -amount / 500)

    def _move(self, asset: str, amount: Decimal) -> bool:
        """Told to a gateway that listens, at once: nothing else would ever tell it."""
        name = f"t{len(self.transfers)}"
        if not self.box.transfer(asset, amount, self.world.now_ns):
            return False
        self.transfers[name] = (asset, amount, self.world.now_ns // 1_000_000)
        gateway = self.gateway
        if gateway is not None and gateway.alive and gateway.gateway.venue.stream.is_up:
            self._told.add(name)
            report = AssetMoved(asset, amount, name, self.world.now_ns // 1_000_000)
            gateway.call(lambda: gateway.gateway._heard(report))
            gateway.call(gateway.gateway.settle)
        return True

    def _is_excused(self, scope: Scope, cause: HaltCause) -> bool:
        is_owing = self.margin and cause is HaltCause.DIFFERENCE  # interest is read from there
        if is_owing and self.venue.unanswered.was_refused(Question(Topic.CASH), s(PUT_ASIDE_S)):
            return True
        return self._moved_unheard(scope, cause) or super()._is_excused(scope, cause)

    def _moved_unheard(self, scope: Scope, cause: HaltCause) -> bool:
        """Whether an asset of this symbol was moved, and the gateway does not know it."""
        assert self.gateway is not None
        pair = self.gateway.gateway.book.pairs.get(scope.symbol)
        unheard = {asset for name, (asset, _, _) in self.transfers.items() if name not in self._told}
        return cause is HaltCause.DIFFERENCE and pair is not None and not unheard.isdisjoint((pair.base, pair.quote))
