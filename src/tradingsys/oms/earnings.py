"""What a session has earned since ever, what it holds valued at the market."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.position import SessionPosition
from tradingsys.oms.asset_totals import add

__all__ = ["Earned", "Earnings", "Holding"]

_ZERO = Decimal(0)


class Holding(Struct, frozen=True):
    """What a session holds of one symbol."""

    position: SessionPosition
    quote_asset: str
    px: Decimal | None
    """What it trades at, if that is known."""
    symbol: str = ""


class Earned(Struct, frozen=True):
    """In USDT."""

    amount: Decimal
    """As far as it is known."""
    lacks: tuple[str, ...] = ()
    """Symbols of which something is missing in it, as a price is not known."""


class Earnings:
    """One session's. What it pays in other assets than it trades for is valued when it is first seen, but for what had
    been paid when it was looked at first.
    """

    def __init__(self, cost: Decimal = _ZERO) -> None:
        """``cost`` is what that came to until now."""
        self.cost = cost
        self.assets: set[str] = set()
        """Whose worth tells what was earned: it earned in them, or paid in them since that was asked last."""
        self._paid: dict[str, Decimal] | None = None

    def total(self, holdings: Iterable[Holding], rate_of: Callable[[str], Decimal | None]) -> Earned:
        """Since ever; ``rate_of`` an asset is what it is worth in USDT."""
        earned = _ZERO
        paid: dict[str, Decimal] = {}
        lacks: list[str] = []
        self.assets.clear()
        for holding in holdings:
            held = _held(holding)
            amount = _realized(holding, paid) + (held or _ZERO)
            if amount:
                self.assets.add(holding.quote_asset)
            rate = rate_of(holding.quote_asset) if amount else _ZERO
            if held is None or rate is None:
                lacks.append(holding.symbol)
            earned += amount * (rate or _ZERO)
        self._value(paid, rate_of)
        return Earned(earned - self.cost, tuple(lacks))

    def _value(self, paid: dict[str, Decimal], rate_of: Callable[[str], Decimal | None]) -> None:
        if self._paid is None:
            self._paid = paid  # before this process: what of it is not in the cost was worth nobody knows what
            return
        for asset, amount in paid.items():
            more = amount - self._paid.get(asset, _ZERO)
            if not more:
                continue
            self.assets.add(asset)
            rate = rate_of(asset)
            if rate is not None:
                self.cost += more * rate
                self._paid[asset] = amount


def _realized(holding: Holding, paid: dict[str, Decimal]) -> Decimal:
    """What can be told without a price, in the quote asset; what was paid in others goes to ``paid``."""
    held = holding.position
    amount = held.realized_pnl
    for money, sign in ((held.fees, -1), (held.funding, 1)):
        for asset, each in money.items():
            if asset == holding.quote_asset:
                amount += sign * each
            else:
                add(paid, asset, -sign * each)
    return amount


def _held(holding: Holding) -> Decimal | None:
    """What else was earned, in the quote asset: with what is held, and with what had no known cost. What nobody told
    the worth of when it came counts as if it came now: so it brings nothing.
    """
    held = holding.position
    if not held.net and not held.unvalued:
        return held.uncosted
    if holding.px is None:
        return None
    return held.uncosted + (holding.px - (held.entry_px or _ZERO)) * held.net - holding.px * held.unvalued
