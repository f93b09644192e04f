"""Valuing a quantity at a price, by contract kind."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import ContractKind

__all__ = ["notional", "pnl"]


def notional(kind: ContractKind, qty: Decimal, price: Decimal) -> Decimal:
    """The value of ``qty`` at ``price`` in the settlement asset (quote for spot and linear contracts)."""
    match kind:
        case ContractKind.SPOT | ContractKind.LINEAR:
            return qty * price


def pnl(kind: ContractKind, qty: Decimal, entry: Decimal, exit_: Decimal) -> Decimal:
    """What a signed ``qty`` entered at ``entry`` earns when valued at ``exit_``, before fees."""
    return notional(kind, qty, exit_) - notional(kind, qty, entry)
