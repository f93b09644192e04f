"""Sharing what the account paid or received for its positions among those who held them."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from tradingsys.core.ids import EXTERNAL

__all__ = ["FUNDING", "Movements", "shares"]

FUNDING = "FUNDING_FEE"
"""The venue's word for it, and the kind of its rows in the ledger."""

_ZERO = Decimal(0)
_STEP = Decimal("0.00000001")


def shares(amount: Decimal, nets: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Who bears how much of ``amount``, by session; they sum to it exactly.

    Each holder gets its part of the account's net, cut to 8 decimals, and the largest gets what that leaves over. When
    the nets sum to nothing, nobody can be told to have caused it: it is EXTERNAL's.
    """
    holders = {session: net for session, net in nets.items() if net}
    total = sum(holders.values(), _ZERO)
    if not total:
        return {EXTERNAL: amount}
    parts = {session: (amount * net / total).quantize(_STEP, rounding=ROUND_DOWN) for session, net in holders.items()}
    largest = max(holders, key=lambda session: (abs(holders[session]), -session))
    parts[largest] += amount - sum(parts.values(), _ZERO)
    return {session: part for session, part in sorted(parts.items()) if part or session == largest}


class Movements:
    """Changes of nets, for as long as somebody may ask what was held before them."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, list[tuple[int, int, Decimal]]] = {}
        """By time."""

    def add(self, symbol: str, ts_ms: int, session: int, delta: Decimal) -> None:
        """A session's net changed."""
        insort(self._by_symbol.setdefault(symbol, []), (ts_ms, session, delta), key=_moved_ms)

    def nets_at(self, symbol: str, ts_ms: int, now: Mapping[int, Decimal]) -> dict[int, Decimal]:
        """What each session held right after ``ts_ms``, from what each holds now."""
        nets = dict(now)
        for _, session, delta in self._after(symbol, ts_ms):
            nets[session] = nets.get(session, _ZERO) - delta
        return nets

    def sums_between(self, symbol: str, since_ms: int, until_ms: int, now: Decimal) -> list[Decimal]:
        """What all held together at each moment of that span, the latest last, from what they hold now."""
        sums = [now]
        for moved_ms, _, delta in reversed(self._after(symbol, since_ms)):
            before = sums[0] - delta
            if moved_ms > until_ms:
                sums = [before]
            else:
                sums.insert(0, before)
        return sums

    def forget_until(self, ts_ms: int) -> None:
        """Nobody will ask about an earlier instant any more."""
        for rows in self._by_symbol.values():
            del rows[: bisect_right(rows, ts_ms, key=_moved_ms)]

    def _after(self, symbol: str, ts_ms: int) -> list[tuple[int, int, Decimal]]:
        rows = self._by_symbol.get(symbol, [])
        return rows[bisect_right(rows, ts_ms, key=_moved_ms) :]


def _moved_ms(row: tuple[int, int, Decimal]) -> int:
    return row[0]
