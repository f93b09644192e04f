"""Valuing a quantity at a price, by contract kind."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from tradingsys.core.enums import ContractKind

__all__ = ["notional", "pnl", "quote_amount"]

_QUOTE_STEP = Decimal("0.00000001")


def notional(kind: ContractKind, qty: Decimal, price: Decimal) -> Decimal:
    """The value of ``qty`` at ``price`` in the settlement asset (quote for spot and linear contracts)."""
    match kind:
        case ContractKind.SPOT | ContractKind.LINEAR:
            return qty * price


def quote_amount(qty: Decimal, price: Decimal) -> Decimal:
    """What of the quote asset changes hands when ``qty`` is executed at ``price``.

    Balances have 8 decimals: where tick and lot make more, the rest is cut off.
    """
    value = qty * price
    cut = value.quantize(_QUOTE_STEP, rounding=ROUND_DOWN)
    return value if cut == value else cut


def pnl(kind: ContractKind, qty: Decimal, entry: Decimal, exit_: Decimal) -> Decimal:
    """What a signed ``qty`` entered at ``entry`` earns when valued at ``exit_``, before fees."""
    return notional(kind, qty, exit_) - notional(kind, qty, entry)
