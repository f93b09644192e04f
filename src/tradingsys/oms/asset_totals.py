"""What an execution does to the assets of an account, and what all of it comes to: pure arithmetic, exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.contract import quote_amount
from tradingsys.core.order import Fill
from tradingsys.core.position import Pair

__all__ = ["Flow", "add", "asset_totals", "base_fee", "movements", "quote_flow"]

_ZERO = Decimal(0)


class Flow(Struct, frozen=True):
    """What one session's executions and edits on one symbol moved."""

    session: int
    pair: Pair
    net: Decimal
    """Of the base asset, less the fees taken in it."""
    quote_flow: Decimal
    """Of the quote asset, before fees."""
    fees: Mapping[str, Decimal]
    """Paid, by asset: those in the base asset too."""


def add(sums: dict[str, Decimal], asset: str, amount: Decimal) -> None:
    """Add to one of the sums, which may not be there yet."""
    sums[asset] = sums.get(asset, _ZERO) + amount


def base_fee(fill: Fill, pair: Pair | None) -> Decimal:
    """What the execution's fee takes of what can be sold; nothing on symbols that trade contracts."""
    asset, fee = fill.charge or ("", _ZERO)
    return fee if pair is not None and asset == pair.base else _ZERO


def quote_flow(fill: Fill) -> Decimal:
    """What the execution brings of the quote asset, before its fee: negative for a buy."""
    return -fill.side.sign * quote_amount(fill.last_qty, fill.last_px)


def movements(fill: Fill, pair: Pair) -> dict[str, Decimal]:
    """What an execution, with its fee as far as that is known, brings of each asset."""
    moved = {pair.base: fill.signed_qty}
    add(moved, pair.quote, quote_flow(fill))
    asset, fee = fill.charge or ("", _ZERO)
    if fee:
        add(moved, asset, -fee)
    return moved


def asset_totals(flows: Iterable[Flow], ledger: Mapping[tuple[int, str], Decimal]) -> dict[int, dict[str, Decimal]]:
    """By session and asset: what its executions moved, and its rows of the ledger."""
    totals: dict[int, dict[str, Decimal]] = {}
    for flow in flows:
        held = totals.setdefault(flow.session, {})
        add(held, flow.pair.base, flow.net)
        add(held, flow.pair.quote, flow.quote_flow)
        for asset, fee in flow.fees.items():
            if asset != flow.pair.base:
                add(held, asset, -fee)
    for (session, asset), amount in ledger.items():
        add(totals.setdefault(session, {}), asset, amount)
    return totals
