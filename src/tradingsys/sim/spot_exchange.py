"""The exchange that trades assets: spot wallets and cross-margin accounts in the same books, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.fees import SpotFees
from tradingsys.matching.wallet import SpotWallet
from tradingsys.sim.events import ExchangeEvent, NewAmend, NewOrder, OrderRecord, Rejected
from tradingsys.sim.ledger import Ledger
from tradingsys.sim.order_lists import NewOrderList, OrderListRecord
from tradingsys.sim.venue import Listing, Venue

__all__ = ["MarginBars", "MarginTerms", "SpotExchange", "margin_name"]


def margin_name(account: str) -> str:
    """The account of somebody's cross margin, beside the one of the spot wallet."""
    return f"{account}/margin"


class MarginBars(Struct, frozen=True):
    """Margin levels that mean something."""

    normal: Decimal = Decimal("1.5")
    """Above, assets can be taken out; at or below, nothing can be borrowed."""
    call: Decimal = Decimal("1.3")
    """At or below, the account is warned."""
    liquidation: Decimal = Decimal("1.1")
    """At or below, the exchange sells."""


class MarginTerms(Struct, frozen=True):
    """What borrowing costs and how far it goes."""

    bars: MarginBars = MarginBars()
    daily_rates: Mapping[str, Decimal] = {}
    """Interest by asset, of the principal for a day; others have ``daily_rate``."""
    daily_rate: Decimal = Decimal("0.00040000")
    limits: Mapping[str, Decimal] = {}
    """The most of an asset that one account may owe; others have ``limit_usdt`` worth of it."""
    limit_usdt: Decimal = Decimal(1_000_000)
    leverage: int = 3
    """Debts may be so many times the account's own, less one."""
    liquidation_fee: Decimal = Decimal("0.02")
    """Of the debts that are paid in a liquidation."""


class SpotExchange:
    """Takes requests with the time at which they arrive and says what happened; see `Exchange`, its sibling.

    An account is a spot wallet, or the cross-margin account of `margin_name`; both trade in the same books.
    """

    fees: SpotFees
    terms: MarginTerms
    first_id: int
    ledger: Ledger
    accounts: dict[str, SpotWallet]
    venues: dict[str, Venue]

    def __init__(
        self,
        listings: Iterable[Listing],
        fees: SpotFees | None = None,
        first_id: int = 1,
        terms: MarginTerms | None = None,
    ) -> None:
        """Order, trade and update ids grow from ``first_id``: give a larger one after each restart."""
        raise NotImplementedError

    # --- accounts

    def open_account(
        self, name: str, deposits: Mapping[str, Decimal], *, is_house: bool = False, now_ns: int = 0
    ) -> SpotWallet:
        """A new spot wallet. A house account has whatever it needs and leaves no trace in the ledger."""
        raise NotImplementedError

    def open_margin(self, name: str, deposits: Mapping[str, Decimal], *, now_ns: int = 0) -> CrossMarginWallet:
        """A new cross-margin account under ``margin_name(name)``."""
        raise NotImplementedError

    def margin(self, account: str) -> CrossMarginWallet:
        """A cross-margin account by its full name. Raises LookupError when it is none."""
        raise NotImplementedError

    # --- orders

    def open_orders(self, account: str, symbol: str | None = None) -> list[OrderRecord]:
        """Open orders, those that wait included, oldest first, on one symbol or all."""
        raise NotImplementedError

    def open_count(self, account: str, symbol: str) -> int:
        """How many orders an account has open on a symbol."""
        raise NotImplementedError

    def open_lists(self, account: str, symbol: str | None = None) -> list[OrderListRecord]:
        """Order lists that are alive, oldest first."""
        raise NotImplementedError

    def refused(self, request: NewOrder, now_ns: int) -> Rejected | None:
        """What `place` would say to an order now, without placing it: for test orders and before a replacement."""
        raise NotImplementedError

    def place(self, request: NewOrder, now_ns: int) -> list[ExchangeEvent]:
        """Take an order of any type. The first event is `Accepted` or `Rejected`."""
        raise NotImplementedError

    def place_list(self, request: NewOrderList, now_ns: int) -> list[ExchangeEvent]:
        """Take an order list: `ListRejected`, or `ListChanged` and an `Accepted` for each of its orders."""
        raise NotImplementedError

    def amend(self, request: NewAmend, now_ns: int) -> list[ExchangeEvent]:
        """Make an order smaller; it keeps its place. The first event is `Amended` or `ChangeRefused`."""
        raise NotImplementedError

    def cancel(
        self,
        account: str,
        symbol: str,
        now_ns: int,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> list[ExchangeEvent]:
        """Cancel an open order by either id, and with it the list it belongs to: `Canceled` or `CancelRefused` first,
        of the order that was named."""
        raise NotImplementedError

    def cancel_all(self, account: str, symbol: str, now_ns: int) -> list[ExchangeEvent]:
        """Cancel all open orders and lists of an account on a symbol."""
        raise NotImplementedError

    def cancel_list(
        self,
        account: str,
        symbol: str,
        now_ns: int,
        *,
        list_id: int | None = None,
        client_list_id: str | None = None,
    ) -> list[ExchangeEvent]:
        """Cancel an order list by either id: `Canceled` for each open order, then `ListChanged`; or `CancelRefused`."""
        raise NotImplementedError

    # --- money: the first event is `ChangeRefused` when nothing was done

    def transfer(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Deposit, or (negative) withdraw: `BalanceMoved`, `BalancesChanged`."""
        raise NotImplementedError

    def borrow(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Borrow: `LiabilityChanged`, `BalancesChanged`; the transaction is the newest of ``ledger.loans``."""
        raise NotImplementedError

    def repay(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Pay back, interest first and no more than is owed: `LiabilityChanged`, `BalancesChanged`."""
        raise NotImplementedError

    def borrowable(self, account: str, asset: str) -> tuple[Decimal, Decimal]:
        """How much more of an asset can be borrowed by the collateral, and by the exchange's limit."""
        raise NotImplementedError

    def transferable(self, account: str, asset: str) -> Decimal:
        """How much of an asset can be taken out."""
        raise NotImplementedError

    def margin_level(self, account: str) -> Decimal:
        """Assets / debts; 999 without debts."""
        raise NotImplementedError

    def burn_bnb(self, account: str, *, on: bool) -> None:
        """Whether the account pays its fees in BNB."""
        raise NotImplementedError

    # --- prices and time

    def prices(self, unit: str = "USDT") -> dict[str, Decimal]:
        """What one of each asset is worth in another, by the last prices; assets that nothing leads to are missing."""
        raise NotImplementedError

    def average_px(self, symbol: str, now_ns: int, minutes: int = 5) -> Decimal:
        """The average price of what was traded in the last minutes, else the last price: what filters refer to."""
        raise NotImplementedError

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do at the latest."""
        raise NotImplementedError

    def tick(self, now_ns: int) -> list[ExchangeEvent]:
        """Let time pass: interest is owed, margin is watched, orders with an end expire."""
        raise NotImplementedError

    def hear(self, symbol: str, px: Decimal, now_ns: int, qty: Decimal = Decimal(0)) -> list[ExchangeEvent]:
        """A trade that nobody here had a part in."""
        raise NotImplementedError

    def set_status(self, symbol: str, status: str, now_ns: int) -> list[ExchangeEvent]:
        """TRADING, HALT, BREAK, END_OF_DAY, or CANCEL_ONLY; open orders stay."""
        raise NotImplementedError
