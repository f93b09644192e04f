"""What open orders set aside of wallets: of orders of which only one can trade, as much as the largest needs."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal

from tradingsys.matching.wallet import SpotWallet

__all__ = ["Locks"]

_ZERO = Decimal(0)


class _Group:
    """Orders of one wallet that set aside the same amount of one asset."""

    __slots__ = ("asset", "locked", "name", "needs", "wallet")

    def __init__(self, wallet: SpotWallet, asset: str, name: Hashable | None) -> None:
        self.name = name
        self.wallet = wallet
        self.asset = asset
        self.needs: dict[Hashable, Decimal] = {}
        self.locked = _ZERO

    def settle(self) -> None:
        wanted = max(self.needs.values(), default=_ZERO)
        if wanted != self.locked:
            self.wallet.lock(self.asset, wanted - self.locked)
            self.locked = wanted


class Locks:
    """By order. Every change moves amounts between free and locked at once."""

    def __init__(self) -> None:
        self._group_of: dict[Hashable, _Group] = {}
        self._groups: dict[Hashable, _Group] = {}

    def of(self, order: Hashable) -> Decimal:
        """What an order needs; 0 for one that set nothing aside."""
        group = self._group_of.get(order)
        return _ZERO if group is None else group.needs[order]

    def held(self, group: Hashable) -> Decimal:
        """What a group has set aside."""
        found = self._groups.get(group)
        return _ZERO if found is None else found.locked

    def open(
        self, wallet: SpotWallet, order: Hashable, asset: str, amount: Decimal, group: Hashable | None = None
    ) -> None:
        """Set aside for an order, together with the others of its ``group``."""
        mine = self._groups.get(group) or _Group(wallet, asset, group)
        if group is not None:
            self._groups[group] = mine
        mine.needs[order] = amount
        self._group_of[order] = mine
        mine.settle()

    def change(self, order: Hashable, amount: Decimal) -> None:
        """An order needs this from now on."""
        group = self._group_of[order]
        group.needs[order] = amount
        group.settle()

    def drop(self, order: Hashable) -> None:
        """An order needs nothing any more; nothing happens when it did not."""
        group = self._group_of.pop(order, None)
        if group is None:
            return
        del group.needs[order]
        group.settle()
        if not group.needs:
            self._groups.pop(group.name, None)

    def only(self, order: Hashable) -> None:
        """The others of an order's group need nothing any more."""
        group = self._group_of.get(order)
        if group is None or len(group.needs) == 1:
            return
        for other in [key for key in group.needs if key != order]:
            del group.needs[other]
            del self._group_of[other]
        group.settle()
