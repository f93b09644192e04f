"""One account: balances per asset, one-way positions per instrument, crossed or isolated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from tradingsys.core.contract import notional, pnl
from tradingsys.core.enums import ContractKind, Side
from tradingsys.core.position import FLAT, Position

__all__ = ["DEFAULT_LEVERAGE", "Account"]

DEFAULT_LEVERAGE = 20

_ZERO = Decimal(0)
_CENT = Decimal("0.00000001")


class Account:
    """Balances, positions and what open orders lock.

    A *house* account makes the market: it is never refused for lack of margin.
    """

    __slots__ = ("_leverage", "_open", "_symbols", "fees_paid", "is_house", "isolated", "name", "positions", "wallet")

    def __init__(self, name: str, deposits: Mapping[str, Decimal] | None = None, *, is_house: bool = False) -> None:
        self.name = name
        self.is_house = is_house
        self.wallet: dict[str, Decimal] = dict(deposits or {})
        """Deposits, realised profit and fees, with what is set aside for isolated positions; what open positions are
        worth is not in here."""
        self.positions: dict[str, Position] = {}
        self.fees_paid: dict[str, Decimal] = {}
        self.isolated: dict[str, Decimal] = {}
        """Symbols with isolated margin, and what their position has of the wallet for itself."""
        self._leverage: dict[str, int] = {}
        self._open: dict[tuple[str, Side], Decimal] = {}
        self._symbols: dict[str, None] = {}
        """Everything that may need margin, in the order of its first order or trade."""

    # --- positions and settings

    def position(self, symbol: str) -> Position:
        """The position in a symbol, flat when there never was one."""
        return self.positions.get(symbol, FLAT)

    def held(self) -> Iterable[str]:
        """Symbols with a position, in the order of their first trade."""
        return [symbol for symbol, position in self.positions.items() if position.net]

    def leverage(self, symbol: str) -> int:
        """Initial margin is notional divided by this."""
        return self._leverage.get(symbol, DEFAULT_LEVERAGE)

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Margin for this symbol from now on; an isolated position keeps what it has."""
        self._leverage[symbol] = leverage

    def isolate(self, symbol: str, *, isolated: bool) -> None:
        """Give a symbol without a position margin of its own, or take it away."""
        if isolated:
            self.isolated.setdefault(symbol, _ZERO)
        else:
            self.isolated.pop(symbol, None)

    def cross_wallet(self, asset: str) -> Decimal:
        """The wallet without what belongs to isolated positions."""
        wallet = self.wallet.get(asset, _ZERO)
        return wallet - sum(self.isolated.values(), _ZERO) if self.isolated else wallet

    # --- open orders and executions

    def open_notional(self, symbol: str, side: Side) -> Decimal:
        """The value of open orders of one side."""
        return self._open.get((symbol, side), _ZERO)

    def lock(self, symbol: str, side: Side, value: Decimal) -> None:
        """Add to the value of open orders; a negative ``value`` frees it."""
        self._symbols[symbol] = None
        self._open[symbol, side] = self.open_notional(symbol, side) + value

    def fill(self, symbol: str, side: Side, qty: Decimal, px: Decimal, fee: Decimal, asset: str) -> Decimal:
        """Book an execution and its fee, both settled in ``asset``.

        Returns the profit it realised, before the fee: to eight decimals, as money is counted.
        """
        self._symbols[symbol] = None
        before = self.position(symbol)
        after = self.positions[symbol] = before.after(side, qty, px)
        realized = (after.realized_pnl - before.realized_pnl).quantize(_CENT, ROUND_HALF_EVEN)
        self.wallet[asset] = self.wallet.get(asset, _ZERO) + realized - fee
        self.fees_paid[asset] = self.fees_paid.get(asset, _ZERO) + fee
        if symbol in self.isolated:
            self._move_isolated(symbol, before, after, px)
        return realized

    def _move_isolated(self, symbol: str, before: Position, after: Position, px: Decimal) -> None:
        """What is opened brings its margin, what is closed gives back its share."""
        kept = abs(after.net) if before.net * after.net > 0 else _ZERO
        closed_to = min(kept, abs(before.net))
        mine = self.isolated[symbol] * closed_to / abs(before.net) if before.net else _ZERO
        mine += (abs(after.net) - closed_to) * px / self.leverage(symbol)
        self.isolated[symbol] = mine.quantize(_CENT, ROUND_HALF_EVEN)

    def earn(self, asset: str, amount: Decimal, symbol: str = "") -> None:
        """Money from outside of trading; on an isolated position's symbol it is that position's. Negative is paid."""
        self.wallet[asset] = self.wallet.get(asset, _ZERO) + amount
        if symbol in self.isolated and self.position(symbol).net:
            self.isolated[symbol] += amount

    # --- margin

    def profit(self, symbol: str, mark: Decimal) -> Decimal:
        """What a position would earn at this price."""
        held = self.position(symbol)
        return pnl(ContractKind.LINEAR, held.net, held.entry_px, mark)

    def unrealized(self, marks: Mapping[str, Decimal]) -> Decimal:
        """What all open positions would earn at these prices."""
        return sum((self.profit(symbol, marks[symbol]) for symbol in self.held()), _ZERO)

    def cross_unrealized(self, marks: Mapping[str, Decimal]) -> Decimal:
        """The same of crossed positions only."""
        return sum((self.profit(symbol, marks[symbol]) for symbol in self.held() if symbol not in self.isolated), _ZERO)

    def position_margin(self, symbol: str, mark: Decimal) -> Decimal:
        """Initial margin of the position alone."""
        return abs(notional(ContractKind.LINEAR, self.position(symbol).net, mark)) / self.leverage(symbol)

    def exposure(self, symbol: str, mark: Decimal, side: Side | None = None, more: Decimal = _ZERO) -> Decimal:
        """The value of position and open orders, as if orders of ``side`` were worth ``more`` than they are.

        Only the worse direction counts: buys and sells cannot both make the position larger.
        """
        held = notional(ContractKind.LINEAR, self.position(symbol).net, mark)
        buys, sells = self._open.get((symbol, Side.BUY), _ZERO), self._open.get((symbol, Side.SELL), _ZERO)
        if side is Side.BUY:
            buys += more
        elif side is Side.SELL:
            sells += more
        return max(abs(held), abs(held + buys), abs(held - sells))

    def initial_margin(self, symbol: str, mark: Decimal) -> Decimal:
        """Initial margin of the `exposure`."""
        return self.exposure(symbol, mark) / self.leverage(symbol)

    def total_margin(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Initial margin over all symbols."""
        return sum((self.initial_margin(symbol, marks[symbol]) for symbol in self._symbols), _ZERO)

    def available(self, asset: str, marks: Mapping[str, Decimal]) -> Decimal:
        """What new orders may use: crossed balance and open profit less margin, never below zero."""
        used = self.total_margin(marks)
        for symbol in self.isolated:
            used -= self.position_margin(symbol, marks[symbol])  # it is in the isolated wallet
        return max(_ZERO, self.cross_wallet(asset) + self.cross_unrealized(marks) - used)

    def can_afford(self, symbol: str, growth: Decimal, asset: str, marks: Mapping[str, Decimal]) -> bool:
        """Whether there is margin for so much more `exposure`; who needs none more always has it."""
        return self.is_house or growth <= 0 or growth / self.leverage(symbol) <= self.available(asset, marks)
