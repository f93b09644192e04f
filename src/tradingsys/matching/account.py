"""One account: balances per asset, one-way cross-margin positions per instrument."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tradingsys.core.contract import notional, pnl
from tradingsys.core.enums import ContractKind, Side
from tradingsys.core.position import FLAT, Position

__all__ = ["DEFAULT_LEVERAGE", "Account"]

DEFAULT_LEVERAGE = 20

_ZERO = Decimal(0)


class Account:
    """Balances, positions and what open orders lock.

    A *house* account makes the market: it is never refused for lack of margin.
    """

    __slots__ = ("_leverage", "_open", "fees_paid", "is_house", "name", "positions", "wallet")

    def __init__(self, name: str, deposits: Mapping[str, Decimal] | None = None, *, is_house: bool = False) -> None:
        self.name = name
        self.is_house = is_house
        self.wallet: dict[str, Decimal] = dict(deposits or {})
        """Deposits, realised profit and fees; what open positions are worth is not in here."""
        self.positions: dict[str, Position] = {}
        self.fees_paid: dict[str, Decimal] = {}
        self._leverage: dict[str, int] = {}
        self._open: dict[tuple[str, Side], Decimal] = {}

    def position(self, symbol: str) -> Position:
        """The position in a symbol, flat when there never was one."""
        return self.positions.get(symbol, FLAT)

    def leverage(self, symbol: str) -> int:
        """Initial margin is notional divided by this."""
        return self._leverage.get(symbol, DEFAULT_LEVERAGE)

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Margin for this symbol from now on."""
        self._leverage[symbol] = leverage

    def open_notional(self, symbol: str, side: Side) -> Decimal:
        """The value of open orders of one side."""
        return self._open.get((symbol, side), _ZERO)

    def lock(self, symbol: str, side: Side, value: Decimal) -> None:
        """Add to the value of open orders; a negative ``value`` frees it."""
        self._open[symbol, side] = self.open_notional(symbol, side) + value

    def fill(self, symbol: str, side: Side, qty: Decimal, px: Decimal, fee: Decimal, asset: str) -> Decimal:
        """Book an execution and its fee, both settled in ``asset``; returns the profit it realised, before the fee."""
        before = self.position(symbol)
        after = self.positions[symbol] = before.after(side, qty, px)
        realized = after.realized_pnl - before.realized_pnl
        self.wallet[asset] = self.wallet.get(asset, _ZERO) + realized - fee
        self.fees_paid[asset] = self.fees_paid.get(asset, _ZERO) + fee
        return realized

    def unrealized(self, marks: Mapping[str, Decimal]) -> Decimal:
        """What all open positions would earn at these prices."""
        return sum(
            (
                pnl(ContractKind.LINEAR, held.net, held.entry_px, marks[symbol])
                for symbol, held in self.positions.items()
                if held.net
            ),
            _ZERO,
        )

    def position_margin(self, symbol: str, mark: Decimal) -> Decimal:
        """Initial margin of the position alone."""
        return abs(notional(ContractKind.LINEAR, self.position(symbol).net, mark)) / self.leverage(symbol)

    def initial_margin(self, symbol: str, mark: Decimal, side: Side | None = None, more: Decimal = _ZERO) -> Decimal:
        """Initial margin of position and open orders, as if orders of ``side`` were worth ``more`` than they are.

        Only the worse direction counts: buys and sells cannot both make the position larger.
        """
        held = notional(ContractKind.LINEAR, self.position(symbol).net, mark)
        buys = self.open_notional(symbol, Side.BUY) + (more if side is Side.BUY else _ZERO)
        sells = self.open_notional(symbol, Side.SELL) + (more if side is Side.SELL else _ZERO)
        return max(abs(held), abs(held + buys), abs(held - sells)) / self.leverage(symbol)

    def total_margin(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Initial margin over all symbols."""
        symbols = {symbol for symbol, _ in self._open} | self.positions.keys()
        return sum((self.initial_margin(symbol, marks[symbol]) for symbol in sorted(symbols)), _ZERO)

    def available(self, asset: str, marks: Mapping[str, Decimal]) -> Decimal:
        """What new orders may use: balance and open profit less margin, never below zero."""
        free = self.wallet.get(asset, _ZERO) + self.unrealized(marks) - self.total_margin(marks)
        return max(_ZERO, free)

    def can_afford(self, symbol: str, side: Side, value: Decimal, asset: str, marks: Mapping[str, Decimal]) -> bool:
        """Whether a new order worth ``value`` has its margin; one that needs none more always has."""
        if self.is_house:
            return True
        mark = marks[symbol]
        extra = self.initial_margin(symbol, mark, side, value) - self.initial_margin(symbol, mark)
        return extra <= 0 or extra <= self.available(asset, marks)
