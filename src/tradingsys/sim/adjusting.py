"""What an account sets beside its orders: leverage, margin type, margin of a position, money in and out."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import MarginType
from tradingsys.matching.account import Account
from tradingsys.sim.events import ChangeRefused, ExchangeEvent, LeverageChanged, Refusal
from tradingsys.sim.money import CashKind, MarginMove
from tradingsys.sim.state import State

__all__ = ["Adjusting"]

_ZERO = Decimal(0)


class Adjusting:
    """Changes settings and balances: the first event says what was done, or is `ChangeRefused`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def leverage(self, account: str, symbol: str, leverage: int, now_ns: int) -> list[ExchangeEvent]:
        """Trade a symbol with another leverage."""
        mine, venue = self._state.accounts[account], self._state.venues[symbol]
        before = mine.leverage(symbol)
        if not 1 <= leverage <= venue.tiers.highest_leverage:
            return [ChangeRefused(account, symbol, Refusal.INVALID_LEVERAGE)]
        if leverage < before and symbol in mine.isolated and mine.position(symbol).net:
            return [ChangeRefused(account, symbol, Refusal.LEVERAGE_LOWERED)]
        if mine.exposure(symbol, venue.mark.px) > venue.tiers.cap(leverage):
            return [ChangeRefused(account, symbol, Refusal.MAX_POSITION)]
        mine.set_leverage(symbol, leverage)
        if leverage < before and self._is_short_of_margin(mine, venue.instrument.margin_asset):
            mine.set_leverage(symbol, before)
            return [ChangeRefused(account, symbol, Refusal.LEVERAGE_NEEDS_MARGIN)]
        return [LeverageChanged(account, symbol, leverage, now_ns)]

    def _is_short_of_margin(self, account: Account, asset: str) -> bool:
        marks = self._state.marks()
        worth = account.wallet.get(asset, _ZERO) + account.unrealized(marks)
        return not account.is_house and account.total_margin(marks) > worth

    def margin_type(self, account: str, symbol: str, kind: MarginType, now_ns: int) -> list[ExchangeEvent]:
        """Give a symbol margin of its own, or let it share the account's; the caller knows that it is a change."""
        mine, venue = self._state.accounts[account], self._state.venues[symbol]
        if venue.open_ids.get(account):
            return [ChangeRefused(account, symbol, Refusal.OPEN_ORDERS)]
        if mine.position(symbol).net:
            return [ChangeRefused(account, symbol, Refusal.OPEN_POSITION)]
        mine.isolate(symbol, isolated=kind is MarginType.ISOLATED)
        asset = venue.instrument.margin_asset
        return [self._state.account_changed(mine, asset, now_ns, "MARGIN_TYPE_CHANGE", symbol=symbol)]

    def position_margin(self, account: str, symbol: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Move money between the account and an isolated position; a negative ``amount`` comes back."""
        mine, venue = self._state.accounts[account], self._state.venues[symbol]
        asset, marks = venue.instrument.margin_asset, self._state.marks()
        if symbol not in mine.isolated:
            return [ChangeRefused(account, symbol, Refusal.NOT_ISOLATED)]
        if not mine.position(symbol).net:
            return [ChangeRefused(account, symbol, Refusal.NO_POSITION)]
        if amount > mine.available(asset, marks):
            return [ChangeRefused(account, symbol, Refusal.CROSS_BALANCE)]
        spare = mine.isolated[symbol] + min(_ZERO, mine.profit(symbol, venue.mark.px))
        if amount < 0 and spare + amount < mine.position_margin(symbol, venue.mark.px):
            return [ChangeRefused(account, symbol, Refusal.ISOLATED_BALANCE)]
        mine.isolated[symbol] += amount
        if not mine.is_house:
            self._state.ledger.margin_moves.append(MarginMove(account, symbol, asset, amount, now_ns))
        return [self._state.account_changed(mine, asset, now_ns, "MARGIN_TRANSFER", symbol=symbol, change=-amount)]

    def transfer(self, account: str, asset: str, amount: Decimal, now_ns: int) -> list[ExchangeEvent]:
        """Money from outside, or (negative) to there."""
        mine = self._state.accounts[account]
        if amount < 0 and -amount > mine.available(asset, self._state.marks()):
            return [ChangeRefused(account, "", Refusal.CROSS_BALANCE)]
        mine.earn(asset, amount)
        if not mine.is_house:
            self._state.ledger.put_money(account, CashKind.TRANSFER, asset, amount, now_ns)
        reason = "DEPOSIT" if amount > 0 else "WITHDRAW"
        return [self._state.account_changed(mine, asset, now_ns, reason, change=amount)]
