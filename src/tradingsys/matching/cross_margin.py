"""A wallet that owes: what was borrowed, the interest on it, and how far the account is from losing everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import TypeAlias

from tradingsys.matching.wallet import SpotWallet

__all__ = ["NO_DEBT_LEVEL", "CrossMarginWallet", "Repayment"]

NO_DEBT_LEVEL = Decimal(999)
"""The level of an account that owes nothing, and the highest there is."""

Repayment: TypeAlias = tuple[Decimal, Decimal]
"""Principal and interest that were paid back."""

_ZERO = Decimal(0)
_LEVEL_DIGITS = Decimal("0.00000001")


class CrossMarginWallet(SpotWallet):
    """Assets and debts of one account. Interest is owed beside the principal, and paid back first."""

    __slots__ = ("borrowed", "interest", "is_liquidating")

    def __init__(self, name: str, deposits: Mapping[str, Decimal] | None = None) -> None:
        super().__init__(name, deposits)
        self.borrowed: dict[str, Decimal] = {}
        self.interest: dict[str, Decimal] = {}
        self.is_liquidating = False

    def borrowed_of(self, asset: str) -> Decimal:
        """The principal that is owed."""
        return self.borrowed.get(asset, _ZERO)

    def interest_of(self, asset: str) -> Decimal:
        """The interest that is owed."""
        return self.interest.get(asset, _ZERO)

    def debt(self, asset: str) -> Decimal:
        """Principal and interest."""
        return self.borrowed_of(asset) + self.interest_of(asset)

    def net(self, asset: str) -> Decimal:
        """What is the account's own."""
        return self.total(asset) - self.debt(asset)

    @property
    def debtors(self) -> Iterable[str]:
        """Assets that are owed."""
        return [asset for asset in dict.fromkeys((*self.borrowed, *self.interest)) if self.debt(asset)]

    @property
    def owes(self) -> bool:
        """Whether anything is owed."""
        return next(iter(self.debtors), None) is not None

    def borrow(self, asset: str, amount: Decimal) -> None:
        """Owe more, and have it."""
        self.borrowed[asset] = self.borrowed_of(asset) + amount
        self.earn(asset, amount)

    def charge(self, asset: str, amount: Decimal) -> None:
        """Owe interest."""
        self.interest[asset] = self.interest_of(asset) + amount

    def repay(self, asset: str, amount: Decimal) -> Repayment:
        """Pay back of what is free: interest first, no more than is owed."""
        amount = min(amount, self.debt(asset))
        interest = min(amount, self.interest_of(asset))
        principal = amount - interest
        self.interest[asset] = self.interest_of(asset) - interest
        self.borrowed[asset] = self.borrowed_of(asset) - principal
        self.earn(asset, -amount)
        return principal, interest

    def worth(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Everything there is, in the unit of ``prices``; assets without a price are worth nothing."""
        return sum((self.total(asset) * prices.get(asset, _ZERO) for asset in self.assets), _ZERO)

    def owed(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Everything that is owed, in the unit of ``prices``."""
        return sum((self.debt(asset) * prices.get(asset, _ZERO) for asset in self.debtors), _ZERO)

    def level(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Assets / debts, to eight decimals."""
        owed = self.owed(prices)
        if not owed:
            return NO_DEBT_LEVEL
        return min(NO_DEBT_LEVEL, (self.worth(prices) / owed).quantize(_LEVEL_DIGITS, ROUND_DOWN))
