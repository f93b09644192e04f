"""What each session did, from the exchange's records alone: computed here once more, by other arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from tradingsys.core.ids import EXTERNAL, decode_client_order_id

__all__ = ["Average", "Owner", "Tally", "owners", "share_funding", "shown", "tally"]

Owner = tuple[int, str]
"""Session and symbol."""
_COST_DIGITS = 15
"""An average cost that never ends is kept to 28 significant digits."""
_Row = Mapping[str, Any]
_MONEY_DIGITS = 8


class Average(Struct):
    """What one session came to on one symbol, at average cost."""

    fills: int = 0
    net: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    """What the net was bought for, at average cost; negative when sold."""
    realized_pnl: Fraction = Fraction(0)
    fees: dict[str, Decimal] = field(default_factory=dict)

    def add(self, row: _Row) -> None:
        """One execution."""
        qty, px = Fraction(row["qty"]) * (1 if row["side"] == "BUY" else -1), Fraction(row["px"])
        closed = Fraction(0)
        if self.net * qty < 0:
            closed = max(-self.net, qty) if qty < 0 else min(-self.net, qty)
            released = self.cost * closed / self.net
            self.realized_pnl -= closed * px - released
            self.cost += released
        self.cost += (qty - closed) * px
        self.net += qty
        self.fills += 1
        asset = row["fee_asset"]
        self.fees[asset] = self.fees.get(asset, Decimal(0)) + Decimal(row["fee"])

    @property
    def entry_px(self) -> Fraction | None:
        """Average cost of what is held."""
        return self.cost / self.net if self.net else None


class Tally(Average):
    """In contracts, for which funding is paid."""

    funding: dict[str, Decimal] = field(default_factory=dict)


def shown(value: object) -> object:
    """Numbers that are equal when they agree to the last digit that can be kept; money without zeros."""
    match value:
        case Fraction():
            return round(value, _COST_DIGITS)
        case dict():
            return {asset: amount for asset, amount in value.items() if amount}
    return value


def owners(executions: Iterable[_Row], conditions: Iterable[_Row]) -> list[int]:
    """Whose each execution is: the session that its order's client id names, or that of what the order once was."""
    parents = {(row["symbol"], row["order_id"]): row["client_algo_id"] for row in conditions if row["order_id"]}
    found = []
    for row in executions:
        name = parents.get((row["symbol"], row["order_id"]), row["client_order_id"])
        key = decode_client_order_id(str(name))
        found.append(EXTERNAL if key is None else key.session)
    return found


def tally(executions: Iterable[_Row], conditions: Iterable[_Row]) -> dict[Owner, Tally]:
    """Everything but funding."""
    rows = list(executions)
    lines: dict[Owner, Tally] = {}
    for row, session in zip(rows, owners(rows, conditions), strict=True):
        lines.setdefault((session, row["symbol"]), Tally()).add(row)
    return lines


def share_funding(lines: Mapping[Owner, Tally], payments: Iterable[_Row]) -> None:
    """Add what each session's part of payments was that came when it held what it holds now."""
    for payment in payments:
        held = {owner: line for owner, line in lines.items() if owner[1] == payment["symbol"] and line.net}
        account, amount, asset = sum(line.net for line in held.values()), Fraction(payment["amount"]), payment["asset"]
        parts = {owner: _cut(amount * line.net / account) for owner, line in held.items()}
        most = max(held, key=lambda owner: (abs(held[owner].net), -owner[0]))
        parts[most] += Decimal(payment["amount"]) - sum(parts.values())
        for owner, part in parts.items():
            funding = held[owner].funding
            funding[asset] = funding.get(asset, Decimal(0)) + part


def _cut(amount: Fraction) -> Decimal:
    """Without what is beyond the last digit of money."""
    return Decimal(math.trunc(amount * 10**_MONEY_DIGITS)).scaleb(-_MONEY_DIGITS)
