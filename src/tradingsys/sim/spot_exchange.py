"""The exchange of assets in the box: spot wallets and cross-margin accounts in the same books, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderStatus
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.fees import SpotFees
from tradingsys.matching.wallet import SpotWallet
from tradingsys.sim.asset_events import BalanceMoved
from tradingsys.sim.asset_holdings import AssetHoldings
from tradingsys.sim.asset_judging import Judging, quoted_lots
from tradingsys.sim.asset_state import HAPPENING, UNIT, AssetState, MarginBars, MarginTerms
from tradingsys.sim.crowding import ExchangeLimits
from tradingsys.sim.deficits import Deficit, DeficitPayment
from tradingsys.sim.events import CancelRefused, ChangeRefused, ExchangeEvent, NewAmend, NewOrder, Refusal, Rejected
from tradingsys.sim.lending import Lending
from tradingsys.sim.linked_orders import LinkedOrders
from tradingsys.sim.margin_watch import MarginWatch
from tradingsys.sim.money import CashKind
from tradingsys.sim.order_lists import ListStatus, NewOrderList, OrderListRecord
from tradingsys.sim.placing import Judged, Placing
from tradingsys.sim.price_range import PriceRange
from tradingsys.sim.segment import TRADING, Segment
from tradingsys.sim.shrinking import Shrinking
from tradingsys.sim.venue import Listing
from tradingsys.sim.working import Working

__all__ = ["MarginBars", "MarginTerms", "SpotExchange", "margin_name"]

_NS = 1_000_000_000
_ZERO = Decimal(0)


def margin_name(account: str) -> str:
    """The account of somebody's cross margin, beside the one of the spot wallet."""
    return f"{account}/margin"


class SpotExchange(Segment[SpotWallet]):
    """The exchange of assets; see `Segment`.

    An account is a spot wallet, or the cross-margin account of `margin_name`; both trade in the same books.
    """

    def __init__(
        self,
        listings: Iterable[Listing],
        fees: SpotFees | None = None,
        first_id: int = 1,
        terms: MarginTerms | None = None,
        limits: ExchangeLimits | None = None,
    ) -> None:
        """Order, trade and update ids grow from ``first_id``: give a larger one after each restart."""
        state = self._state = AssetState(listings, fees or SpotFees(), first_id, terms or MarginTerms(), limits)
        self._lending = Lending(state)
        self._judging = Judging(state, self._lending)
        holdings = AssetHoldings(state, self._judging, self._lending)
        placing = holdings.placing = Placing(state, holdings)
        super().__init__(state, placing)
        self._working = Working(state, placing, holdings)
        self._lists = LinkedOrders(state, placing, holdings, self._judging, self._working)
        self._shrinking = Shrinking(state, placing, holdings, self._lists)
        self._watch = MarginWatch(state, placing, self._lending)
        self._watched_s = -1
        self._looked_ns = 0
        """When margin was looked at last."""
        self.fees = state.fees
        self.terms = state.terms
        self.limits = state.limits
        self.asset_limits: dict[tuple[str, str], Decimal] = {}
        """The most of an asset that one order of an account may be about, where there is such a limit."""

    # --- accounts

    def open_account(
        self, name: str, deposits: Mapping[str, Decimal], *, is_house: bool = False, now_ns: int = 0
    ) -> SpotWallet:
        """See `Segment`."""
        return self._opened(SpotWallet(name, deposits, is_house=is_house), now_ns)

    def open_margin(self, name: str, deposits: Mapping[str, Decimal], *, now_ns: int = 0) -> CrossMarginWallet:
        """A new cross-margin account under ``margin_name(name)``."""
        wallet = CrossMarginWallet(margin_name(name), deposits)
        self._opened(wallet, now_ns)
        return wallet

    def _opened(self, wallet: SpotWallet, now_ns: int) -> SpotWallet:
        self.accounts[wallet.name] = wallet
        if not wallet.is_house:
            for asset, amount in wallet.free.items():
                self.ledger.put_money(wallet.name, CashKind.TRANSFER, asset, amount, now_ns)
        return wallet

    def margin(self, account: str) -> CrossMarginWallet:
        """A cross-margin account by its full name. Raises LookupError when it is none."""
        wallet = self.accounts.get(account)
        if not isinstance(wallet, CrossMarginWallet):
            raise LookupError(f"no cross-margin account: {account}")
        return wallet

    def burn_bnb(self, account: str, *, on: bool) -> None:
        """Whether the account pays its fees in BNB."""
        self.accounts[account].burns_bnb = on

    # --- orders

    def open_lists(self, account: str, symbol: str | None = None) -> list[OrderListRecord]:
        """Order lists that are alive, oldest first."""
        return self._lists.open(account, symbol)

    def place(self, request: NewOrder, now_ns: int) -> list[ExchangeEvent]:
        """Take an order of any type; see `Segment`. A market order for more than can be paid is refused."""
        judged = self._judged(request)
        if isinstance(judged, Refusal):
            return [Rejected(request, judged)]
        events: list[ExchangeEvent] = []
        order = self._placing.accept(judged.venue, request, judged.lots, judged.ticks, now_ns, events)
        self._working.begin(judged.venue, order, now_ns, events)
        self._follow(now_ns, events)
        return events

    def _judged(self, request: NewOrder) -> Judged | Refusal:
        """An amount of the quote asset is judged by the quantity that it comes to now."""
        venue = self.venues.get(request.symbol)
        if request.quote_qty is None or venue is None:
            return self._placing.judge(request)
        if venue.instrument.is_trading and not venue.book.would_take(request.side, None):
            return Refusal.NO_BOOK
        lots = quoted_lots(venue, request, request.quote_qty, beyond=True)
        return self._placing.judge(structs.replace(request, qty=venue.qty(lots)))

    def place_list(self, request: NewOrderList, now_ns: int) -> list[ExchangeEvent]:
        """Take an order list: `ListRejected`, or `ListChanged` and an `Accepted` for each of its orders."""
        events: list[ExchangeEvent] = []
        self._lists.place(request, now_ns, events)
        self._follow(now_ns, events)
        return events

    def amend(self, request: NewAmend, now_ns: int) -> list[ExchangeEvent]:
        """Make an order smaller; it keeps its place.

        The first event is `Amended`, `Expired` where nothing is left to trade, or `ChangeRefused`.
        """
        events: list[ExchangeEvent] = []
        venue = self.venues[request.symbol]
        order = self._find_open(venue, request.account, request.order_id, request.client_order_id)
        self._shrinking.amend(request, order, now_ns, events)
        self._follow(now_ns, events)
        return events

    def cancel_list(
        self,
        account: str,
        symbol: str,
        now_ns: int,
        *,
        list_id: int | None = None,
        client_list_id: str | None = None,
    ) -> list[ExchangeEvent]:
        """Cancel an order list by either id: `Canceled` for each open order, then `ListChanged`; or `CancelRefused`.

        Cancelling one of its orders does the same.
        """
        record = self.ledger.order_list(account, list_id, client_list_id)
        if record is None or record.symbol != symbol or record.status is not ListStatus.EXECUTING:
            return [CancelRefused(account, symbol, Refusal.UNKNOWN_LIST)]
        venue = self.venues[symbol]
        events: list[ExchangeEvent] = []
        for leg in record.legs:
            if leg.order_id in venue.open:
                self._placing.end(venue, leg.order_id, OrderStatus.CANCELED, now_ns, events)
        self._state.publish(venue, now_ns, events)
        self._follow(now_ns, events)
        return events

    def number_happening(self) -> int:
        """The number of something that happened to an order, for whoever tells of it; an amend brings its own."""
        return self._state.number(HAPPENING)

    @property
    def next_happening(self) -> int:
        """The number of what happens next."""
        return self._state.next_number(HAPPENING)

    # --- money: the first event is `ChangeRefused` when nothing was done

    def transfer(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Deposit, or (negative) withdraw: `BalanceMoved`, `BalancesChanged`."""
        wallet = self.accounts[account]
        if -amount > self.transferable(account, asset):
            owes = isinstance(wallet, CrossMarginWallet) and -amount <= wallet.free_of(asset)
            return [ChangeRefused(account, "", Refusal.DEBT_OUTSTANDING if owes else Refusal.CROSS_BALANCE)]
        wallet.earn(asset, amount)
        self.ledger.put_money(account, CashKind.TRANSFER, asset, amount, now_ns)
        events: list[ExchangeEvent] = [BalanceMoved(account, asset, amount, now_ns)]
        self._follow(now_ns, events)
        return events

    def borrow(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Borrow: `LiabilityChanged`, `BalancesChanged`; the transaction is the newest of ``ledger.loans``."""
        wallet = self.margin(account)
        refused = self._lending.refusal(wallet, asset, amount)
        if refused is not None:
            return [ChangeRefused(account, "", refused)]
        events: list[ExchangeEvent] = []
        self._lending.lend(wallet, asset, amount, now_ns, events)
        self._follow(now_ns, events)
        return events

    def repay(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Pay back, interest first; more than is owed is refused: `LiabilityChanged`, `BalancesChanged`."""
        wallet = self.margin(account)
        if amount > wallet.debt(asset):
            return [ChangeRefused(account, "", Refusal.NO_DEBT)]
        if amount > wallet.free_of(asset):
            return [ChangeRefused(account, "", Refusal.CROSS_BALANCE)]
        events: list[ExchangeEvent] = []
        self._lending.pay_back(wallet, asset, amount, now_ns, events)
        self._follow(now_ns, events)
        return events

    def borrowable(self, account: str, asset: str) -> tuple[Decimal, Decimal]:
        """How much more of an asset can be borrowed by the collateral, and by the exchange's limit."""
        return self._lending.borrowable(self.margin(account), asset)

    def hourly_rate(self, asset: str) -> Decimal:
        """Interest on a loan for an hour, as a part of it."""
        return self._lending.hourly_rate(asset)

    def transferable(self, account: str, asset: str) -> Decimal:
        """How much of an asset can be taken out."""
        wallet = self.accounts[account]
        if isinstance(wallet, CrossMarginWallet):
            return self._lending.transferable(wallet, asset)
        return wallet.free_of(asset)

    def margin_level(self, account: str) -> Decimal:
        """Assets / debts; 999 without debts."""
        return self._watch.level(self.margin(account))

    def deficit(self, account: str) -> Deficit:
        """What a margin account, by its full name, owes for what the insurance fund paid for it, in `UNIT`."""
        return self._state.deficits.of(account)

    @property
    def deficit_payments(self) -> list[DeficitPayment]:
        """What was paid back of that, by all accounts."""
        return self._state.deficits.payments

    def repay_deficit(self, account: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Pay back out of the spot wallet ``account``: `BalanceMoved`, `BalancesChanged`."""
        wallet, owing = self.accounts[account], margin_name(account)
        if amount > self.deficit(owing).remaining:
            return [ChangeRefused(account, "", Refusal.NO_DEBT)]
        if amount > wallet.free_of(UNIT):
            return [ChangeRefused(account, "", Refusal.CROSS_BALANCE)]
        wallet.earn(UNIT, -amount)
        self.ledger.put_money(account, CashKind.REPAY, UNIT, -amount, now_ns)
        self._state.deficits.pay(DeficitPayment(self._state.number("deficit"), owing, UNIT, amount, now_ns))
        events: list[ExchangeEvent] = [BalanceMoved(account, UNIT, -amount, now_ns)]
        self._follow(now_ns, events)
        return events

    # --- prices and time

    def set_range(self, symbol: str, allowed: PriceRange | None) -> None:
        """Give a symbol a reference price and a range of prices in which orders execute, or take both away."""
        if allowed is None:
            self._state.ranges.pop(symbol, None)
        else:
            self._state.ranges[symbol] = allowed

    def range_of(self, symbol: str) -> PriceRange | None:
        """The range of prices in which orders for a symbol execute; None when there never was any."""
        return self._state.ranges.get(symbol)

    def prices(self, unit: str = UNIT) -> dict[str, Decimal]:
        """What one of each asset is worth in another, by the last prices; assets that nothing leads to are missing."""
        return self._state.prices(unit)

    def average_px(self, symbol: str, now_ns: int, minutes: int = 5) -> Decimal:
        """The average price of what was traded in the last minutes, else the last price."""
        venue = self.venues[symbol]
        return venue.average.px(now_ns, minutes) or venue.last_px

    def measured_px(self, symbol: str, now_ns: int) -> Decimal:
        """What filters measure prices with: the reference price if there is one, else the average price."""
        known = self._state.ranges.get(symbol)
        reference = None if known is None else known.reference_px
        return self.average_px(symbol, now_ns) if reference is None else reference

    @property
    def next_deadline_ns(self) -> int | None:
        """See `Segment`."""
        due_ns = self._state.schedule.next_ns
        if not self._watch.is_needed:
            return due_ns
        look_ns = self._looked_ns + _NS
        return look_ns if due_ns is None else min(due_ns, look_ns)

    def tick(self, now_ns: int) -> list[ExchangeEvent]:
        """Let time pass: interest is owed, margin is watched, orders with an end expire."""
        events: list[ExchangeEvent] = []
        self._looked_ns = now_ns
        while True:
            due_ns = self._state.schedule.next_ns
            due = self._state.schedule.pop(now_ns)
            if due is None or due_ns is None:
                break
            self._lending.accrue(due_ns, events)
        if now_ns // _NS != self._watched_s:
            self._watched_s = now_ns // _NS
            self._watch.check(now_ns, events)
        for venue in self.venues.values():
            self._state.publish(venue, now_ns, events)
        self._follow(now_ns, events)
        return events

    def set_status(self, symbol: str, status: str, now_ns: int) -> list[ExchangeEvent]:  # noqa: ARG002
        """TRADING, HALT, BREAK, END_OF_DAY, or CANCEL_ONLY; open orders stay."""
        venue = self.venues[symbol]
        venue.instrument = structs.replace(venue.instrument, status=status, is_trading=status == TRADING)
        return []

    def _follow(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Lists and waiting orders learn what happened and make more happen; in the end balances are told."""
        state = self._state
        while state.stirred or state.prints:
            if state.stirred:
                self._lists.on_stirred(state.stirred.popleft(), now_ns, events)
            else:
                venue, px = state.prints.popleft()
                self._working.on_price(venue, px, self._lists, now_ns, events)
        state.tell_balances(now_ns, events)
