"""What liquidated accounts owe for what the insurance fund paid in their stead."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

__all__ = ["Deficit", "DeficitPayment", "Deficits"]

_ZERO = Decimal(0)


class Deficit(Struct):
    """Of one account, in the unit that margin is valued in."""

    amount: Decimal = _ZERO
    """All that ever was owed."""
    repaid: Decimal = _ZERO

    @property
    def remaining(self) -> Decimal:
        """What is still owed."""
        return self.amount - self.repaid


class DeficitPayment(Struct, frozen=True):
    """A part that was paid back."""

    number: int
    account: str
    asset: str
    amount: Decimal
    ts_ns: int


class Deficits:
    """Of all accounts."""

    def __init__(self) -> None:
        self.payments: list[DeficitPayment] = []
        self._by_account: dict[str, Deficit] = {}

    def of(self, account: str) -> Deficit:
        """What a margin account owes."""
        return self._by_account.setdefault(account, Deficit())

    def owe(self, account: str, amount: Decimal) -> None:
        """The insurance fund paid so much."""
        self.of(account).amount += amount

    def pay(self, payment: DeficitPayment) -> None:
        """A part is paid back."""
        self.of(payment.account).repaid += payment.amount
        self.payments.append(payment)
