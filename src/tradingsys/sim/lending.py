"""Cross-margin accounts borrow, owe interest, and pay back."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.wallet import floor8
from tradingsys.sim.asset_events import LiabilityChanged, LiabilityKind
from tradingsys.sim.asset_state import AssetState
from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.money import CashKind, InterestRecord, LoanKind, LoanRecord
from tradingsys.sim.refusals import Refusal

__all__ = ["Lending"]

_ZERO = Decimal(0)
_DIGITS = Decimal("0.00000001")
_HOURS = 24
_HOUR_NS = 3_600_000_000_000
_KEY = ("interest", "", "")


class Lending:
    """What is lent to margin accounts. Money that moves is in the ledger, and what is owed in its loans."""

    def __init__(self, state: AssetState) -> None:
        self._state = state

    # --- how far it goes

    def hourly_rate(self, asset: str) -> Decimal:
        """Interest of the principal for an hour, not rounded."""
        terms = self._state.terms
        return terms.daily_rates.get(asset, terms.daily_rate) / _HOURS

    def lends(self, asset: str) -> bool:
        """Whether an asset can be borrowed: what is traded with borrowed assets can."""
        return any(
            asset in (venue.instrument.base_asset, venue.instrument.quote_asset)
            for venue in self._state.venues.values()
            if venue.instrument.spot is not None and venue.instrument.spot.margin
        )

    def borrowable(self, wallet: CrossMarginWallet, asset: str) -> tuple[Decimal, Decimal]:
        """How much more of an asset can be borrowed by the collateral, and by the exchange's limit."""
        prices, terms = self._state.prices(), self._state.terms
        price = prices.get(asset)
        if price is None or not self.lends(asset):
            return _ZERO, _ZERO
        bar = terms.bars.normal
        room = max(_ZERO, (wallet.worth(prices) - wallet.owed(prices) * bar) / (bar - 1))
        limit = terms.limits.get(asset, floor8(terms.limit_value / price))
        return floor8(room / price), max(_ZERO, limit - wallet.borrowed_of(asset))

    def transferable(self, wallet: CrossMarginWallet, asset: str) -> Decimal:
        """How much of an asset can be taken out."""
        prices = self._state.prices()
        owed, price = wallet.owed(prices), prices.get(asset)
        if not owed or price is None:
            return wallet.free_of(asset)
        spare = max(_ZERO, wallet.worth(prices) - owed * self._state.terms.bars.transfer)
        return min(wallet.free_of(asset), floor8(spare / price))

    def refusal(self, wallet: CrossMarginWallet, asset: str, amount: Decimal) -> Refusal | None:
        """Why so much cannot be borrowed; None when it can."""
        if wallet.is_liquidating:
            return Refusal.IN_LIQUIDATION
        if not self.lends(asset):
            return Refusal.NOT_BORROWABLE
        by_collateral, by_limit = self.borrowable(wallet, asset)
        return Refusal.BORROW_LIMIT if amount > min(by_collateral, by_limit) else None

    # --- what is done

    def lend(
        self,
        wallet: CrossMarginWallet,
        asset: str,
        amount: Decimal,
        now_ns: int,
        events: list[ExchangeEvent],
        order_id: int = 0,
    ) -> None:
        """Lend; the first hour's interest is owed at once."""
        wallet.borrow(asset, amount)
        self._note(wallet, asset, LoanKind.BORROW, (amount, _ZERO), now_ns, order_id)
        self._charge(wallet, asset, amount, now_ns, is_first=True)
        events.append(self._liability(wallet, asset, LiabilityKind.BORROW, now_ns))
        if _KEY not in self._state.schedule:
            self._watch_clock(now_ns)

    def pay_back(
        self,
        wallet: CrossMarginWallet,
        asset: str,
        amount: Decimal,
        now_ns: int,
        events: list[ExchangeEvent],
        order_id: int = 0,
        *,
        forced: bool = False,
    ) -> Decimal:
        """Take back so much at the most, as far as it is owed and free; returns what was paid.

        ``forced``: by a liquidation.
        """
        amount = min(amount, wallet.free_of(asset), wallet.debt(asset))
        if amount <= 0:
            return _ZERO
        paid = wallet.repay(asset, amount)
        self._note(wallet, asset, LoanKind.REPAY, paid, now_ns, order_id, forced=forced)
        events.append(self._liability(wallet, asset, LiabilityKind.REPAY, now_ns))
        return amount

    def accrue(self, due_ns: int, events: list[ExchangeEvent]) -> None:
        """An hour is full: everybody owes interest."""
        for wallet in self._state.margins():
            for asset in list(wallet.debtors):
                if wallet.borrowed_of(asset):
                    self._charge(wallet, asset, wallet.borrowed_of(asset), due_ns)
                    events.append(self._liability(wallet, asset, LiabilityKind.INTEREST, due_ns))
        if any(wallet.owes for wallet in self._state.margins()):
            self._watch_clock(due_ns)

    def _watch_clock(self, now_ns: int) -> None:
        """Interest is due at the next full hour."""
        self._state.schedule.put(_KEY, (now_ns // _HOUR_NS + 1) * _HOUR_NS)

    def _charge(
        self, wallet: CrossMarginWallet, asset: str, principal: Decimal, now_ns: int, *, is_first: bool = False
    ) -> None:
        rate = self.hourly_rate(asset)
        interest = (principal * rate).quantize(_DIGITS, ROUND_HALF_EVEN)
        if not interest:
            return
        wallet.charge(asset, interest)
        number = self._state.number("interest")
        self._state.ledger.interest.append(
            InterestRecord(number, wallet.name, asset, principal, interest, rate, now_ns, is_first)
        )

    def _note(
        self,
        wallet: CrossMarginWallet,
        asset: str,
        kind: LoanKind,
        parts: tuple[Decimal, Decimal],
        now_ns: int,
        order_id: int,
        *,
        forced: bool = False,
    ) -> None:
        record = LoanRecord(self._state.number("loan"), wallet.name, asset, kind, *parts, now_ns, order_id)
        self._state.ledger.loans.append(record)
        if kind is LoanKind.BORROW:
            self._state.ledger.put_money(wallet.name, CashKind.BORROW, asset, record.amount, now_ns)
        else:
            cash = CashKind.FORCED_REPAY if forced else CashKind.REPAY
            self._state.ledger.put_money(wallet.name, cash, asset, -record.amount, now_ns)

    def _liability(self, wallet: CrossMarginWallet, asset: str, kind: LiabilityKind, now_ns: int) -> LiabilityChanged:
        return LiabilityChanged(
            wallet.name, asset, kind, wallet.borrowed_of(asset), wallet.interest_of(asset), now_ns
        )  # fmt: skip
