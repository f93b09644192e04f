"""Assets of one account: what is free, and what open orders lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal

__all__ = ["SpotWallet", "floor8"]

_ZERO = Decimal(0)
_DIGITS = Decimal("0.00000001")


def floor8(amount: Decimal) -> Decimal:
    """An amount in eight decimals, as balances are counted: the rest is lost."""
    return amount.quantize(_DIGITS, ROUND_DOWN)


class SpotWallet:
    """Free and locked amounts by asset. A *house* wallet makes the market: it has whatever it needs."""

    __slots__ = ("_changed", "burns_bnb", "free", "is_house", "locked", "name")

    def __init__(self, name: str, deposits: Mapping[str, Decimal] | None = None, *, is_house: bool = False) -> None:
        self.name = name
        self.is_house = is_house
        self.free: dict[str, Decimal] = dict(deposits or {})
        self.locked: dict[str, Decimal] = {}
        self.burns_bnb = False
        """Whether it pays fees in BNB as long as it has some."""
        self._changed: dict[str, None] = {}

    def free_of(self, asset: str) -> Decimal:
        """What orders may use."""
        return self.free.get(asset, _ZERO)

    def locked_of(self, asset: str) -> Decimal:
        """What open orders may need."""
        return self.locked.get(asset, _ZERO)

    def total(self, asset: str) -> Decimal:
        """All there is of an asset, what was borrowed included."""
        return self.free_of(asset) + self.locked_of(asset)

    @property
    def assets(self) -> Iterable[str]:
        """Every asset there ever was, in the order they came."""
        return dict.fromkeys((*self.free, *self.locked))

    def earn(self, asset: str, amount: Decimal) -> None:
        """Add to what is free; negative is paid."""
        self.free[asset] = self.free_of(asset) + amount
        self._changed[asset] = None

    def lock(self, asset: str, amount: Decimal) -> None:
        """Set aside for an order; negative gives back."""
        self.free[asset] = self.free_of(asset) - amount
        self.locked[asset] = self.locked_of(asset) + amount
        self._changed[asset] = None

    def take_changed(self) -> list[str]:
        """Assets whose balances changed since the last call."""
        changed = list(self._changed)
        self._changed.clear()
        return changed
