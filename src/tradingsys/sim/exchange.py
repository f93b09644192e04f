"""The exchange of contracts in the box: accounts, books, matching and a ledger, in virtual time. It knows no venue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import MarginType, OrderStatus, Side, TriggerPrice
from tradingsys.core.position import Position
from tradingsys.matching.account import Account
from tradingsys.matching.fees import FeeSchedule
from tradingsys.sim.adjusting import Adjusting
from tradingsys.sim.amending import Amending
from tradingsys.sim.conditional import Conditional
from tradingsys.sim.conditions import Condition, NewCondition
from tradingsys.sim.contract_holdings import ContractHoldings
from tradingsys.sim.events import (
    ExchangeEvent,
    ExpiryReason,
    NewAmend,
    NewOrder,
    Refusal,
    Rejected,
)
from tradingsys.sim.funding import Funding
from tradingsys.sim.liquidation import Liquidation
from tradingsys.sim.money import CashKind
from tradingsys.sim.placing import Placing
from tradingsys.sim.segment import TRADING, Segment
from tradingsys.sim.settlement import Settlement
from tradingsys.sim.state import Options, State
from tradingsys.sim.venue import Listing, Venue

__all__ = ["TRADING", "Exchange"]

_EMPTIED = frozenset({"SETTLING", "DELIVERING", "DELIVERED", "CLOSE"})
"""Nobody has orders or positions of a symbol in one of these states."""

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000


class Exchange(Segment[Account]):
    """The exchange of contracts; see `Segment`."""

    def __init__(
        self,
        listings: Iterable[Listing],
        fees: FeeSchedule | None = None,
        first_id: int = 1,
        options: Options | None = None,
    ) -> None:
        """Order, trade and update ids grow from ``first_id``: give a larger one after each restart."""
        self._state = State(listings, fees or FeeSchedule(), first_id, options or Options())
        holdings = ContractHoldings(self._state)
        holdings.placing = Placing(self._state, holdings)
        super().__init__(self._state, holdings.placing)
        self.fees = self._state.fees
        self._amending = Amending(self._state, self._placing)
        self._conditional = Conditional(self._state, self._placing)
        self._funding = Funding(self._state)
        self._liquidation = Liquidation(self._state, self._placing, holdings)
        self._adjusting = Adjusting(self._state)
        self._settlement = Settlement(self._state, self._placing, self._conditional)
        self._watched_s = -1
        self._looked_ns = 0
        """When prices were looked at last."""

    # --- accounts and prices

    def open_account(
        self, name: str, deposits: Mapping[str, Decimal], *, is_house: bool = False, now_ns: int = 0
    ) -> Account:
        """See `Segment`."""
        account = self.accounts[name] = Account(name, deposits, is_house=is_house)
        if not is_house:
            for asset, amount in deposits.items():
                self.ledger.put_money(name, CashKind.TRANSFER, asset, amount, now_ns)
        return account

    def marks(self) -> dict[str, Decimal]:
        """Mark price by symbol."""
        return self._state.marks()

    def position(self, account: str, symbol: str) -> Position:
        """The position of an account."""
        return self.accounts[account].position(symbol)

    def deleveraging_queue(self, symbol: str, side: Side) -> list[str]:
        """Accounts with a position of this direction, those who would lose it first first."""
        return [account.name for account in self._liquidation.queue(self.venues[symbol], side)]

    def insurance(self) -> dict[str, Decimal]:
        """What the insurance fund has, by asset."""
        return self._liquidation.insurance()

    # --- time

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do at the latest."""
        due_ns = self._state.schedule.next_ns
        if not self._is_watched() or not any(venue.is_settling for venue in self.venues.values()):
            return due_ns
        look_ns = self._looked_ns + _NS
        return look_ns if due_ns is None else min(due_ns, look_ns)

    def _is_watched(self) -> bool:
        """Whether anybody's fate hangs on a mark price."""
        if self._conditional.watches_mark:
            return True
        return any(next(iter(account.held()), None) is not None for account in self._state.traders())

    def tick(self, now_ns: int) -> list[ExchangeEvent]:
        """Let time pass: prices move, orders with an end expire, funding is paid, margin is watched."""
        events: list[ExchangeEvent] = []
        self._looked_ns = now_ns
        for venue in self.venues.values():
            if venue.move_prices(now_ns):
                self._on_mark(venue, now_ns, events)
        if now_ns // _NS != self._watched_s:
            self._watched_s = now_ns // _NS
            self._funding.sample(now_ns)
            self._liquidation.check(now_ns, events)
        while True:
            due_ns = self._state.schedule.next_ns
            due = self._state.schedule.pop(now_ns)
            if due is None or due_ns is None:
                break
            self._perform(due, due_ns, now_ns, events)
        self._follow(now_ns, events)
        for venue in self.venues.values():
            self._state.publish(venue, now_ns, events)
        return events

    def _perform(self, due: tuple[str, str, int | str], due_ns: int, now_ns: int, events: list[ExchangeEvent]) -> None:
        kind, symbol, name = due
        if kind == "funding":
            self._funding.settle(due_ns, events)
        elif kind == "countdown":
            self._cancel_all(str(name), self.venues[symbol], now_ns, events)
        elif kind == "condition":
            self._conditional.expire(int(name), now_ns, events)
        else:
            self._placing.end(
                self.venues[symbol], int(name), OrderStatus.EXPIRED, now_ns, events, ExpiryReason.GOOD_TILL
            )

    def _on_mark(self, venue: Venue, now_ns: int, events: list[ExchangeEvent]) -> None:
        if venue.triggers[TriggerPrice.MARK]:
            self._conditional.on_price(venue, TriggerPrice.MARK, venue.mark.px, now_ns, events)

    def _follow(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Conditional orders learn what happened, and make more happen."""
        state = self._state
        while state.prints or state.ended_children or state.flattened:
            if state.ended_children:
                self._conditional.on_child_ended(state.ended_children.popleft(), now_ns, events)
            elif state.prints:
                venue, px = state.prints.popleft()
                self._conditional.on_price(venue, TriggerPrice.LAST, px, now_ns, events)
            else:
                account, symbol = state.flattened.popleft()
                if not self.position(account, symbol).net:
                    for algo_id in list(state.position_bound.get((account, symbol), ())):
                        self._conditional.expire(algo_id, now_ns, events)

    def set_status(self, symbol: str, status: str, now_ns: int) -> list[ExchangeEvent]:
        """A symbol trades, or does not any more; in settlement its orders end and its positions are closed."""
        venue = self.venues[symbol]
        venue.instrument = structs.replace(venue.instrument, status=status, is_trading=status == TRADING)
        events: list[ExchangeEvent] = []
        if status in _EMPTIED:
            self._settlement.settle(venue, now_ns, events)
            self._follow(now_ns, events)
        return events

    def deleverage(self, account: str, symbol: str, qty: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Auto-deleverage a position by ``qty``, which is no more than it is."""
        events: list[ExchangeEvent] = []
        self._liquidation.deleverage(self.venues[symbol], self.accounts[account], qty, now_ns, events)
        self._follow(now_ns, events)
        return events

    # --- orders

    def place(self, request: NewOrder, now_ns: int) -> list[ExchangeEvent]:
        """Take an order. The first event is `Accepted` or `Rejected`; what it traded and how it ended follow."""
        events: list[ExchangeEvent] = []
        venue = self.venues.get(request.symbol)
        if venue is None:
            return [Rejected(request, Refusal.UNKNOWN_SYMBOL)]
        self._looked_ns = now_ns
        moved = venue.move_prices(now_ns)
        self._placing.place(request, now_ns, events)
        if moved:
            self._on_mark(venue, now_ns, events)
        self._follow(now_ns, events)
        return events

    def amend(self, request: NewAmend, now_ns: int) -> list[ExchangeEvent]:
        """Change an order. The first event is `Amended`, `Canceled` or `ChangeRefused`."""
        events: list[ExchangeEvent] = []
        venue = self.venues[request.symbol]
        order = self._find_open(venue, request.account, request.order_id, request.client_order_id)
        self._amending.amend(request, order, now_ns, events)
        self._follow(now_ns, events)
        return events

    def count_down(self, account: str, symbol: str, countdown_ms: int, now_ns: int) -> None:
        """Cancel all of an account's orders on a symbol after so long, unless told anew before; 0 never."""
        key = ("countdown", symbol, account)
        if countdown_ms:
            self._state.schedule.put(key, now_ns + countdown_ms * _NS_PER_MS)
        else:
            self._state.schedule.drop(key)

    # --- conditional orders

    def open_conditions(self, account: str, symbol: str | None = None) -> list[Condition]:
        """Conditional orders that wait, oldest first."""
        return self._conditional.open(account, symbol)

    def place_condition(self, request: NewCondition, now_ns: int) -> list[ExchangeEvent]:
        """Take a conditional order. The first event is `ConditionChanged` or `ChangeRefused`."""
        events: list[ExchangeEvent] = []
        self._conditional.place(request, now_ns, events)
        return events

    def cancel_condition(
        self, account: str, now_ns: int, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> list[ExchangeEvent]:
        """Cancel a waiting conditional order. The first event is `ConditionChanged` or `ChangeRefused`."""
        events: list[ExchangeEvent] = []
        found = self.ledger.condition(account, algo_id, client_algo_id)
        self._conditional.cancel(account, found, now_ns, events)
        return events

    def cancel_conditions(self, account: str, symbol: str, now_ns: int) -> list[ExchangeEvent]:
        """Cancel all waiting conditional orders of an account on a symbol."""
        events: list[ExchangeEvent] = []
        for condition in self._conditional.open(account, symbol):
            self._conditional.cancel(account, condition, now_ns, events)
        return events

    # --- settings and money: the first event is `ChangeRefused` when nothing was done

    def set_leverage(self, account: str, symbol: str, leverage: int, now_ns: int) -> list[ExchangeEvent]:
        """Trade a symbol with another leverage: `LeverageChanged`."""
        return self._adjusting.leverage(account, symbol, leverage, now_ns)

    def set_margin_type(self, account: str, symbol: str, kind: MarginType, now_ns: int) -> list[ExchangeEvent]:
        """Give a symbol's position margin of its own, or the account's: `AccountChanged`."""
        return self._adjusting.margin_type(account, symbol, kind, now_ns)

    def move_margin(self, account: str, symbol: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Give an isolated position more margin, or (negative) less: `AccountChanged`."""
        return self._adjusting.position_margin(account, symbol, amount, now_ns)

    def transfer(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Deposit, or (negative) withdraw: `AccountChanged`."""
        return self._adjusting.transfer(account, asset, amount, now_ns)
