"""Position maths: net quantity, average entry and realised profit of a sequence of fills."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.contract import pnl
from tradingsys.core.enums import ContractKind, Side

__all__ = ["FLAT", "Pair", "Position", "SessionPosition"]

_ZERO = Decimal(0)


class Position(Struct, frozen=True):
    """A signed quantity with its average-cost entry.

    ``net`` is exact. ``entry_px`` is the average price of what is still open (0 when flat) and ``realized_pnl`` sums
    what closing fills earned, before fees, in the settlement asset; both follow the average-cost method that Binance
    uses for its own positions, so an indivisible average carries Decimal's 28 digits.
    """

    net: Decimal = _ZERO
    entry_px: Decimal = _ZERO
    realized_pnl: Decimal = _ZERO

    def after(self, side: Side, qty: Decimal, px: Decimal, kind: ContractKind = ContractKind.LINEAR) -> Position:
        """This position after a fill of unsigned ``qty`` at ``px``."""
        signed = qty * side.sign
        net = self.net + signed
        if self.net * signed >= 0:  # opens or adds
            cost = abs(self.net) * self.entry_px + qty * px
            return structs.replace(self, net=net, entry_px=cost / abs(net) if net else _ZERO)
        closed = min(qty, abs(self.net)) * (1 if self.net > 0 else -1)
        earned = self.realized_pnl + pnl(kind, closed, self.entry_px, px)
        entry = _ZERO if net == 0 else self.entry_px if net * self.net > 0 else px
        return Position(net, entry, earned)


FLAT = Position()


class Pair(Struct, frozen=True):
    """The two assets that change hands on a symbol that trades assets."""

    base: str
    quote: str


class SessionPosition(Struct, frozen=True):
    """What a session holds of a symbol and what it earned there; money by asset."""

    net: Decimal = _ZERO
    entry_px: Decimal | None = None
    """Average cost of what is held; None when flat, or when part of it was not bought but set by an edit."""
    realized_pnl: Decimal = _ZERO
    """Before fees and funding, in the settlement asset."""
    fees: Mapping[str, Decimal] = {}
    """Paid, by asset: negative is a rebate."""
    funding: Mapping[str, Decimal] = {}
    """Received, by asset: negative was paid."""
    net_executed: Decimal | None = None
    """Of a symbol that trades assets: what was bought less what was sold. ``net`` is that less the fees that these
    executions took in the base asset: what can be sold. None for contracts."""
    uncosted: Decimal = _ZERO
    """What is not in ``realized_pnl`` because some of what was held had no known cost: what came of it as if that had
    been had for nothing, less what it was worth when it came, as far as that was told.

    Together with ``realized_pnl`` and what is held, valued at the market less its cost where that is known, it is what
    was earned, before fees and funding.
    """
    unvalued: Decimal = _ZERO
    """So much was set by edits, and nobody told yet what it was worth then."""
