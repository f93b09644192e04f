"""What the books of an account are proven with, whatever it is that the account holds."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from tradingsys.core.commands import Income

__all__ = ["AccountBooks", "Comparison"]

Comparison = dict[str, tuple[Decimal, Decimal]]
"""By symbol or asset: Σ sessions + EXTERNAL, and what the account says."""


class AccountBooks(Protocol):
    """The steps of recovery that depend on what an account holds: positions in contracts, or assets."""

    cash_kind: str | None
    """The kind of the account's cash history that is booked; None when there is none to read."""

    async def symbols_held(self) -> set[str]:
        """Symbols that must be accounted for because of what the account holds, or traded."""

    async def enter_symbols(self, symbols: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for symbols; without ``tries`` however long it takes until that can be exact.

        One reading at a time serves all who ask; see `Entering`.
        """

    async def enter_assets(self, assets: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for assets that moved, where assets are held."""

    def total(self, name: str) -> Decimal:
        """Σ sessions + EXTERNAL of a symbol or asset."""

    async def compare(self) -> Comparison:
        """The books beside the account."""

    def symbols_behind(self, names: Iterable[str]) -> set[str]:
        """Whose executions may explain that the books differ in these symbols or assets."""

    def symbols_trading(self, name: str) -> set[str]:
        """Whose orders would act on books that differ in this symbol or asset."""

    def symbols_in_use(self) -> set[str]:
        """Whose executions must be asked for even when nothing differs."""

    def symbols_of(self, income: Income) -> set[str]:
        """Whose executions decide who bears a row of the cash history."""
