"""What each session did where assets are traded, from the exchange's records alone, by other arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from msgspec import Struct

from tests.campaign.tally import Average, Owner
from tradingsys.core.ids import EXTERNAL, decode_client_order_id

__all__ = ["MARKETS", "AssetTally", "Change", "changes", "holdings", "owner", "tally_assets"]

MARKETS = {
    "BTCUSDT": ("BTC", "USDT"),
    "ETHUSDT": ("ETH", "USDT"),
    "DOGEUSDT": ("DOGE", "USDT"),
    "BNBUSDT": ("BNB", "USDT"),
    "ETHBTC": ("ETH", "BTC"),
}
"""Base and quote asset of what the box trades."""
_Row = Mapping[str, Any]
_DIGITS = 8
_LATE = 1 << 62
"""After all that is told of the same instant."""


class AssetTally(Average):
    """Where fees in the coin take some of it, and leave its average cost as it is. ``net`` is what can be sold."""

    executed: Fraction = Fraction(0)
    """Bought less sold."""
    quote_flow: Fraction = Fraction(0)
    """Received of the quote asset less paid, before fees."""

    def add(self, row: _Row) -> None:
        """One execution."""
        super().add(row)
        sign = 1 if row["side"] == "BUY" else -1
        qty, px = Fraction(row["qty"]), Fraction(row["px"])
        self.executed += sign * qty
        self.quote_flow -= sign * _cut(qty * px)
        if row["fee_asset"] == MARKETS[row["symbol"]][0]:
            self._lose(Fraction(row["fee"]), px)

    def _lose(self, qty: Fraction, px: Fraction) -> None:
        left = self.net - qty
        self.cost = self.cost * left / self.net if left * self.net > 0 and qty * self.net > 0 else (
            self.cost - qty * px if left * self.net > 0 else left * px
        )  # fmt: skip
        self.net = left


class Change(Struct, frozen=True):
    """An asset of a session became more or less. Interest has no owner yet: it goes to those who are short."""

    ts_ms: int
    number: int
    """Of changes of one instant interest comes last, in the order of its ids."""
    asset: str
    amount: Fraction
    session: int | None


def tally_assets(executions: Iterable[_Row]) -> dict[Owner, AssetTally]:
    """What each session came to on each symbol, in the order of the trades."""
    lines: dict[Owner, AssetTally] = {}
    for row in sorted(executions, key=lambda row: (row["exec_id"], row["order_id"])):
        lines.setdefault((owner(row), row["symbol"]), AssetTally()).add(row)
    return lines


def owner(row: _Row) -> int:
    """The session that the client id of an execution's order names."""
    key = decode_client_order_id(str(row["client_order_id"]))
    return EXTERNAL if key is None else key.session


def changes(executions: Iterable[_Row], income: Iterable[_Row], interest: Iterable[_Row]) -> Iterator[Change]:
    """All that an account's own assets went through, in no order."""
    for row in executions:
        base, quote = MARKETS[row["symbol"]]
        sign, session, at_ms = (1 if row["side"] == "BUY" else -1), owner(row), int(row["ts_ms"])
        qty = Fraction(row["qty"])
        yield Change(at_ms, 0, base, sign * qty, session)
        yield Change(at_ms, 0, quote, -sign * _cut(qty * Fraction(row["px"])), session)
        yield Change(at_ms, 0, row["fee_asset"], -Fraction(row["fee"]), session)
    for row in income:
        if row["kind"] == "TRANSFER":
            yield Change(int(row["ts_ms"]), 0, row["asset"], Fraction(row["amount"]), EXTERNAL)
    for row in interest:
        yield Change(int(row["ts_ms"]), _LATE + int(row["id"]), row["asset"], -Fraction(row["interest"]), None)


def holdings(all_changes: Iterable[Change]) -> dict[tuple[int, str], Fraction]:
    """What each session has of each asset in the end."""
    held: dict[tuple[int, str], Fraction] = {}
    for change in sorted(all_changes, key=lambda change: (change.ts_ms, change.number)):
        parts = {change.session: change.amount} if change.session is not None else _shared(change, held)
        for session, amount in parts.items():
            held[session, change.asset] = held.get((session, change.asset), Fraction(0)) + amount
    return held


def _shared(charge: Change, held: Mapping[tuple[int, str], Fraction]) -> dict[int, Fraction]:
    """Interest is borne by who was short of its asset right after its instant."""
    short = {session: amount for (session, asset), amount in held.items() if asset == charge.asset and amount < 0}
    if not short:
        return {EXTERNAL: charge.amount}
    total = sum(short.values())
    parts = {session: _cut(charge.amount * amount / total) for session, amount in short.items()}
    most = max(short, key=lambda session: (abs(short[session]), -session))
    parts[most] += charge.amount - sum(parts.values())
    return parts


def _cut(amount: Fraction) -> Fraction:
    """Without what is beyond the last digit of money."""
    return Fraction(math.trunc(amount * 10**_DIGITS), 10**_DIGITS)
