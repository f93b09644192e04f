"""An account that holds assets: an exchange that knows all that ever moved them, and a gateway's books beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import structs

from tests.unit.oms.asset_instruments import INSTRUMENTS
from tests.unit.store.books import NOW_MS, Machine
from tradingsys.core.commands import (
    AmendmentsQuery,
    Balance,
    BalancesQuery,
    ConditionalOrdersQuery,
    Income,
    IncomeQuery,
    OpenOrdersQuery,
    OrderQuery,
    Query,
    TimeQuery,
    TradesQuery,
)
from tradingsys.core.enums import AccountKind, OrderType, Side, TimeInForce
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.position import Pair
from tradingsys.core.records import Intent, LedgerKind
from tradingsys.core.reports import AssetMoved
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.asset_totals import movements
from tradingsys.oms.effects import Alarm, Attribute, Effect, EnterAsset, EnterSymbol, PullTrades, Save
from tradingsys.oms.inquiry import Margins, Timing
from tradingsys.oms.procedure import Procedure, Procedures, until
from tradingsys.oms.recovery import Difference, Recovery
from tradingsys.oms.session_book import Incarnation, SessionBook

MS = 1_000_000
D = Decimal
STALENESS_MS = Margins().staleness_ms


class AssetVenue:
    """Everything that happened to the account, by time; what is asked is answered as it was a moment ago."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.other: list[tuple[int, str, Decimal]] = []
        self.incomes: list[Income] = []
        self.debts: set[str] = set()
        self.open: set[str] = set()
        self.amended: dict[str, tuple[str, ...]] = {}
        """Former and present client order ids of orders that were amended, by the venue's id."""
        self.lag_ms: Callable[[], int] = lambda: 0
        self._ids = 0

    def trade(
        self,
        symbol: str,
        side: Side,
        qty: str,
        px: str,
        *,
        fee: str = "0",
        fee_asset: str = "",
        client_order_id: str | None = None,
    ) -> Order:
        """What the stream would say of it."""
        self._ids += 3
        order_id = f"o{self._ids}"
        fill = Fill(str(self._ids), symbol, order_id, side, D(px), D(qty), self.now_ms)
        fill = structs.replace(fill, fee=D(fee), fee_asset=fee_asset or INSTRUMENTS[symbol].quote_asset)
        self.fills.append(fill)
        names = (client_order_id or f"web_{order_id}",)
        terms = Terms(symbol, side, OrderType.LIMIT, D(qty), D(px), version_ms=self.now_ms)
        told = Order(names, order_id, terms, accepted=True, venue_cum_qty=D(qty), fills={fill.exec_id: fill})
        self.orders[order_id] = structs.replace(told, fills={})
        return told

    def move(self, asset: str, amount: str) -> AssetMoved:
        self.other.append((self.now_ms, asset, D(amount)))
        return AssetMoved(asset, D(amount), f"m{len(self.other)}", self.now_ms)

    def rest(self, client_order_id: str, symbol: str, side: Side, qty: str, px: str) -> Order:
        """An order waits in the book; what the stream would say of it."""
        self._ids += 3
        order_id = f"o{self._ids}"
        terms = Terms(symbol, side, OrderType.LIMIT, D(qty), D(px), version_ms=self.now_ms)
        self.open.add(order_id)
        self.orders[order_id] = Order((client_order_id,), order_id, terms, accepted=True)
        return self.orders[order_id]

    def amend(self, told: Order, name: str, qty: str) -> Order:
        """Somebody makes an open order smaller, which gives it another name."""
        assert told.venue_order_id is not None and told.terms is not None
        former = self.amended.get(told.venue_order_id, told.client_order_ids)
        self.amended[told.venue_order_id] = (*former, name)
        terms = structs.replace(told.terms, order_qty=D(qty), version_ms=self.now_ms)
        self.orders[told.venue_order_id] = structs.replace(told, client_order_ids=(name,), terms=terms)
        return self.orders[told.venue_order_id]

    def match(self, told: Order, qty: str) -> Order:
        """An open order trades; what the stream would say of it."""
        assert told.venue_order_id is not None and told.terms is not None and told.terms.price is not None
        self._ids += 3
        terms = told.terms
        order_id, px = told.venue_order_id, told.terms.price
        fill = Fill(str(self._ids), terms.symbol, order_id, terms.side, px, D(qty), self.now_ms, fee=D(0))
        self.fills.append(structs.replace(fill, fee_asset=INSTRUMENTS[terms.symbol].quote_asset))
        after = structs.replace(told, venue_cum_qty=self.orders[order_id].venue_cum_qty + D(qty))
        self.orders[order_id] = after
        if after.venue_cum_qty == terms.order_qty:
            self.open.discard(order_id)
        return structs.replace(after, fills={fill.exec_id: self.fills[-1]})

    def charge(self, asset: str, amount: str) -> None:
        self.other.append((self.now_ms, asset, -D(amount)))
        self.incomes.append(Income(LedgerKind.INTEREST, "", asset, -D(amount), f"i{len(self.incomes)}", self.now_ms))

    def balances(self, at_ms: int) -> dict[str, Decimal]:
        held: dict[str, Decimal] = {}
        for fill in self.fills:
            if fill.ts_event_ms <= at_ms:
                listed = INSTRUMENTS[fill.symbol]
                for asset, delta in movements(fill, Pair(listed.base_asset, listed.quote_asset)).items():
                    held[asset] = held.get(asset, D(0)) + delta
        for ts_ms, asset, delta in self.other:
            if ts_ms <= at_ms:
                held[asset] = held.get(asset, D(0)) + delta
        return held

    def answer(self, query: Query[object]) -> object:
        at_ms = self.now_ms - self.lag_ms()
        match query:
            case TimeQuery():
                return self.now_ms
            case OpenOrdersQuery():
                return tuple(self.orders[order_id] for order_id in sorted(self.open))
            case ConditionalOrdersQuery():
                return ()
            case AmendmentsQuery(_, order_id):
                return self.amended.get(order_id, ())
            case BalancesQuery():
                return tuple(
                    Balance(asset, amount + 7, borrowed=D(5), interest=D(2))
                    if asset in self.debts
                    else Balance(asset, amount)
                    for asset, amount in self.balances(at_ms).items()
                )
            case TradesQuery(symbol, from_id, start_ms, limit):
                rows = [fill for fill in self.fills if fill.symbol == symbol and fill.ts_event_ms <= at_ms]
                if from_id is not None:
                    rows = [fill for fill in rows if int(fill.exec_id) >= from_id][:limit]
                elif start_ms is not None:
                    rows = [fill for fill in rows if fill.ts_event_ms >= start_ms][:limit]
                else:
                    rows = rows[-limit:]
                return tuple(Order((), fill.venue_order_id, accepted=True, fills={fill.exec_id: fill}) for fill in rows)
            case OrderQuery(_, client_order_id, venue_order_id):
                for order in self.orders.values():
                    if order.venue_order_id == venue_order_id or client_order_id in order.client_order_ids:
                        return order
                return None
            case IncomeQuery(_, start_ms, limit):
                return tuple(row for row in self.incomes if start_ms <= row.ts_ms <= at_ms)[:limit]
        raise AssertionError(f"nobody asks that: {query}")


class AssetWorld:
    """The venue, and a gateway that keeps its books in a real pos.db; `kill` and `boot` begin it anew."""

    def __init__(self, folder: Path) -> None:
        self.venue = AssetVenue()
        self.machine = Machine(folder)
        self.alarms: list[str] = []
        self.asked: list[Query[object]] = []
        self.meanwhile: Callable[[], None] = lambda: None
        """Something happens at the venue while it is being asked."""
        self.is_lost: Callable[[Query[object]], bool] = lambda _: False
        """Whether a question never arrives, which is found out 10 s later."""
        self.is_refused: Callable[[Query[object]], bool] = lambda _: False
        self.told_time: Callable[[], None] = lambda: None
        """What follows from the venue's answer to what time it is."""
        self._seq = 0
        self._settling = False
        self.open()

    # ---- the process

    def open(self) -> None:
        self.store = self.machine.ready()
        self.book = SessionBook(self.store.saved, self.store.find_order, AccountKind.ASSETS)
        self.epoch = self.store.saved.last_epoch + 1
        self.book.begin(Incarnation(self.store.saved.lineage, self.epoch, 0, self.venue.now_ms + 10_000))
        self.clock = VenueClock()
        self.clock.set(self.venue.now_ms, 0, 0)
        self._opened_ms = self.venue.now_ms
        self.recovery = Recovery(self.book, Margins(), Timing(), lambda: self.now_ns, self.clock, charges_interest=True)
        self.recovery.read_rules(INSTRUMENTS, ())
        self.procedures = Procedures()
        self._asked: list[tuple[int, Query[object]]] = []

    def kill(self) -> None:
        """What was not kept is lost."""
        self.machine.kill()

    def boot(self, *symbols: str) -> None:
        self.open()
        self.catch_up(*symbols)

    def catch_up(self, *symbols: str) -> None:
        self.run(self.recovery.reconcile(symbols))
        self.run(self._settled())
        self.check()

    def check(self) -> None:
        """What `watch` does, with nobody interfering: the verdict is in `book.differences`."""
        self.wait(6 * STALENESS_MS)
        self.run(self.recovery.pull_funding())
        self.run(self.recovery.check_account())

    def measure(self, asset: str) -> Difference:
        """As when a person wants to accept what differs."""
        found: list[Difference] = []

        async def measured() -> None:
            found.append(await self.recovery.measure(asset))

        self.run(measured())
        return found[0]

    async def _settled(self) -> None:
        while self.book.unattributed:
            await self.recovery._inquiry.wait(50)

    # ---- time

    @property
    def now_ns(self) -> int:
        return (self.venue.now_ms - self._opened_ms) * MS

    def wait(self, ms: int) -> None:
        end_ms = self.venue.now_ms + ms
        while self.venue.now_ms < end_ms:
            self.settle()
            due_ns = self.procedures.next_deadline_ns
            due_ms = end_ms if due_ns is None else self._opened_ms + -(-due_ns // MS)
            self.venue.now_ms = min(max(due_ms, self.venue.now_ms + 1), end_ms)
            self.procedures.tick(self.now_ns)
        self.settle()

    def run(self, procedure: Procedure, limit_ms: int = 300_000) -> None:
        ended: list[bool] = []

        async def whole() -> None:
            await procedure
            ended.append(True)

        self.procedures.start(whole())
        end_ms = self.venue.now_ms + limit_ms
        self.settle()
        while not ended:
            assert self.venue.now_ms < end_ms, "it never ends"
            self.wait(50)

    def settle(self) -> None:
        """Perform effects and answer questions until there are no more, as a gateway does."""
        if self._settling:
            return
        self._settling = True
        while True:
            effects = self.book.take_effects()
            self._apply(effects)
            self._asked += [(token, query) for token, query, _ in self.procedures.take_queries()]
            if not effects and not self._asked:
                break
            if self._asked:
                token, query = self._asked.pop(0)
                self.asked.append(query)
                self.venue.now_ms += 1
                if self.is_lost(query):
                    self.procedures.start(self._find_out_lost(token))
                    continue
                self.meanwhile()
                if isinstance(query, TimeQuery):
                    self.told_time()
                if self.is_refused(query):
                    self.procedures.answer(token, None, VenueError(-1121, "Invalid symbol."))
                else:
                    self.procedures.answer(token, self.venue.answer(query), None)
        self._settling = False

    async def _find_out_lost(self, token: int) -> None:
        await until(self.now_ns + 10_000 * MS)
        self.procedures.answer(token, None, TransportError("no answer", sent=False))

    def _apply(self, effects: list[Effect]) -> None:
        records = [effect.record for effect in effects if isinstance(effect, Save)]
        if records:
            self.store.save_now(records)
        for effect in effects:
            match effect:
                case Alarm(text):
                    self.alarms.append(text)
                case Attribute(symbol, venue_order_id):
                    self.procedures.start(self.recovery.attribute(symbol, venue_order_id))
                case PullTrades(symbol) if symbol in self.book.symbols:
                    self.procedures.start(self.recovery.fetch_missing(symbol))
                case EnterSymbol(symbol):
                    self.procedures.start(self.recovery.enter_symbols([symbol]))
                case EnterAsset(asset):
                    self.procedures.start(self.recovery.enter_assets([asset]))

    # ---- what happens

    def order(self, session: int, symbol: str, side: Side, qty: str) -> str:
        """Track an order of a session, as if it were sent; returns its id."""
        self._seq += 1
        name = encode_client_order_id(OrderKey(session, self.store.saved.lineage, self.epoch, 1, self._seq))
        terms = Terms(symbol, side, OrderType.LIMIT, D(qty), D(1), TimeInForce.GTC)
        intent = Intent(name, session, terms, self.venue.now_ms, 2_000)
        self.book.track(intent)
        self.store.append(intent)
        return name

    def tell(self, told: Order) -> None:
        assert told.terms is not None
        self.book.learn(told, told.terms.symbol, self.venue.now_ms)

    def trade(
        self, session: int | None, symbol: str, side: Side, qty: str, px: str, fee: str = "0", fee_asset: str = ""
    ) -> Order:
        """A session, or somebody else (None), trades; returns what the stream says, which nobody heard yet."""
        name = None if session is None else self.order(session, symbol, side, qty)
        self.venue.now_ms += 1
        return self.venue.trade(symbol, side, qty, px, fee=fee, fee_asset=fee_asset, client_order_id=name)

    def totals(self) -> dict[str, Decimal]:
        return {asset: total for asset, total in self.book.asset_totals().items() if total}

    def expected(self) -> dict[str, Decimal]:
        held = self.venue.balances(self.venue.now_ms)
        return {asset: held[asset] for asset in sorted(self.book.assets) if held.get(asset)}

    def assert_exact(self) -> None:
        assert self.book.differences == {} and self.totals() == self.expected()


def thin(told: Order, *lacks: str) -> Order:
    """The same without the fee, or what else it ``lacks``."""
    missing: dict[str, Any] = dict.fromkeys(lacks or ("fee", "fee_asset"))
    return structs.replace(told, fills={name: structs.replace(fill, **missing) for name, fill in told.fills.items()})


def worlds(folder: Path) -> Iterator[AssetWorld]:
    world = AssetWorld(folder)
    yield world
    world.kill()
