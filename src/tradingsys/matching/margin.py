"""How far an account is from losing its positions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.matching.account import Account
from tradingsys.matching.tiers import Tiers

__all__ = ["Health", "bankruptcy_px", "cross_health", "isolated_health", "liquidation_px", "maintenance"]

_ZERO = Decimal(0)


class Health(Struct, frozen=True):
    """What stands behind positions, and what must."""

    balance: Decimal
    """Wallet and open profit."""
    required: Decimal
    """Maintenance margin."""

    @property
    def is_lost(self) -> bool:
        """Whether the positions are to be liquidated."""
        return self.required > 0 and self.balance <= self.required


def maintenance(account: Account, symbol: str, mark: Decimal, tiers: Tiers) -> Decimal:
    """Maintenance margin of a position; 0 when flat."""
    net = account.position(symbol).net
    return tiers.maintenance(abs(net * mark)) if net else _ZERO


def cross_health(account: Account, asset: str, marks: Mapping[str, Decimal], tiers: Mapping[str, Tiers]) -> Health:
    """All crossed positions together."""
    required = sum(
        (
            maintenance(account, symbol, marks[symbol], tiers[symbol])
            for symbol in account.held()
            if symbol not in account.isolated
        ),
        _ZERO,
    )
    return Health(account.cross_wallet(asset) + account.cross_unrealized(marks), required)


def isolated_health(account: Account, symbol: str, mark: Decimal, tiers: Tiers) -> Health:
    """One isolated position."""
    return Health(account.isolated[symbol] + account.profit(symbol, mark), maintenance(account, symbol, mark, tiers))


def liquidation_px(
    account: Account, symbol: str, asset: str, marks: Mapping[str, Decimal], tiers: Mapping[str, Tiers]
) -> Decimal:
    """The mark price at which the position would be lost, other prices staying; 0 when there is none."""
    held = account.position(symbol)
    if not held.net:
        return _ZERO
    mark = marks[symbol]
    health = (
        isolated_health(account, symbol, mark, tiers[symbol])
        if symbol in account.isolated
        else cross_health(account, asset, marks, tiers)
    )
    # Everything that does not move with this price.
    elsewhere = health.required - maintenance(account, symbol, mark, tiers[symbol])
    fixed = health.balance - held.net * mark - elsewhere
    px, size = mark, abs(held.net)
    for _ in range(len(tiers[symbol].rows)):
        tier = tiers[symbol].tier(size * px)
        # fixed + net * px = size * px * ratio - deduction
        px = (fixed + tier.deduction) / (size * tier.ratio - held.net)
        if px <= 0:
            return _ZERO
        if tiers[symbol].tier(size * px) is tier:
            break
    return px


def bankruptcy_px(net: Decimal, mark: Decimal, balance: Decimal) -> Decimal:
    """The price at which ``balance`` (at ``mark``) is used up by closing a position."""
    return mark - balance / net
