"""What a margin account owes, and whether a strategy may borrow more.

The exchange is asked for the debts twice a minute; what sessions asked to borrow since counts beside that, whatever
became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.commands import MarginState
from tradingsys.core.enums import Side
from tradingsys.core.instrument import plain
from tradingsys.oms.limit_checks import ACCOUNT, Denial, Proposed, Reference

__all__ = ["DEBTS_IN", "Borrowing", "most_borrowed"]

DEBTS_IN = "BTC"
"""The asset that the exchange values all debts in."""
_NS_PER_S = 1_000_000_000
_SETTLED_NS = 10 * _NS_PER_S
"""So long after a loan was asked for a reading of the debts surely has it in it, if it was granted."""
_FRESH_NS = 120 * _NS_PER_S
"""Older debts are none that anything could be added to."""
_ZERO = Decimal(0)


class _Read(Struct, frozen=True):
    debt_btc: Decimal
    asked_ns: int


class Borrowing:
    """Of the whole account, valued in USDT."""

    def __init__(self, most: Decimal | None, rate_of: Callable[[str], Decimal | None]) -> None:
        """``rate_of`` an asset is what it is worth, as it was last known."""
        self._most, self._rate_of = most, rate_of
        self._read: _Read | None = None
        self._asked: list[tuple[int, Decimal]] = []
        """When a loan was asked for, and what it is worth."""

    def read(self, state: MarginState, asked_ns: int) -> None:
        """The exchange was asked at this instant, and told the debts."""
        self._read = _Read(state.total_liability_btc, asked_ns)
        self._asked = [(at_ns, worth) for at_ns, worth in self._asked if at_ns + _SETTLED_NS > asked_ns]

    def owed(self, now_ns: int) -> Decimal | None:
        """With what may have come on top since; None while that is not known."""
        rate = self._rate_of(DEBTS_IN)
        if rate is None or self._read is None or now_ns - self._read.asked_ns > _FRESH_NS:
            return None
        return self._read.debt_btc * rate + sum((worth for _, worth in self._asked), _ZERO)

    def denial(self, asset: str, amount: Decimal | None, now_ns: int) -> Denial | None:
        """Why so much of an asset may not be borrowed, or None; an amount of None is not known."""
        if self._most is None:
            return None
        owed, rate = self.owed(now_ns), self._rate_of(asset)
        if owed is None or rate is None:
            observed, reason = "unknown", f"what is owed, or what {asset} is worth, is not known now"
        elif amount is None:
            observed, reason = "unknown", "without a price nobody knows how much it would borrow"
        elif owed + amount * rate <= self._most:
            return None
        else:
            observed = f"{plain(round(owed + amount * rate, 2))} USDT"
            reason = f"the account would owe {observed}"
        return Denial(f"{ACCOUNT}max_borrowed", f"{plain(self._most)} USDT", observed, reason)

    def asked(self, asset: str, amount: Decimal, now_ns: int) -> None:
        """So much is being asked for."""
        if self._most is not None:
            self._asked.append((now_ns, amount * (self._rate_of(asset) or _ZERO)))


def most_borrowed(orders: Iterable[Proposed], reference: Reference) -> Decimal | None:
    """What orders borrow at most, in USDT, where each may borrow all that it takes to place it; None without the price
    that tells it.
    """
    amounts = [_borrowed_at_most(order, reference) for order in orders]
    return sum(amounts, _ZERO) if all(amounts) else None


def _borrowed_at_most(order: Proposed, reference: Reference) -> Decimal:
    """In USDT: what is sold, or what a buy pays, at its own price and at the market's. 0 where that has no price."""
    terms, rate = order.terms, reference.rate
    if terms.side is not Side.BUY:
        return order.qty * reference.worth
    if terms.quote_order_qty is not None:
        return terms.quote_order_qty * rate
    own_px = terms.price or terms.stop_px or _ZERO
    return order.qty * max(own_px * rate, reference.worth) if rate else _ZERO
