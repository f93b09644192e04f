"""Messages about an account's money, settings and key as core values."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import ValidationError

from tradingsys.core.commands import Balance, Income, Permissions, SymbolSettings
from tradingsys.core.reports import MarginCall, SettingsChanged
from tradingsys.venues.binance import messages, words
from tradingsys.venues.binance.decode import decimal

__all__ = [
    "balances",
    "income",
    "margin_call",
    "margin_permissions",
    "permissions",
    "settings_changed",
    "spot_permissions",
    "symbol_settings",
]


def balances(rows: Iterable[messages.Balance]) -> tuple[Balance, ...]:
    """All assets of the account."""
    return tuple(
        Balance(row.asset, decimal(row.balance), decimal(row.available_balance) if row.available_balance else None)
        for row in rows
    )


def income(rows: Iterable[messages.IncomeRow]) -> tuple[Income, ...]:
    """Cash history, oldest first, each row once."""
    told = {
        (row.income_type, str(row.tran_id), row.asset, row.symbol or ""): Income(
            row.income_type, row.symbol or "", row.asset, decimal(row.income), str(row.tran_id), row.time
        )
        for row in rows
    }
    return tuple(sorted(told.values(), key=lambda one: (one.ts_ms, one.ext_id)))


def symbol_settings(row: messages.SymbolConfig) -> SymbolSettings:
    """What is set for a symbol."""
    margin_type = words.MARGIN_TYPES.get(row.margin_type.upper())
    if margin_type is None:
        raise ValidationError(f"neither crossed nor isolated: {row.margin_type!r}")
    return SymbolSettings(row.symbol, row.leverage, margin_type)


def permissions(message: messages.ApiRestrictions, *, can_trade: bool) -> Permissions:
    """What a key may do on a futures account that may trade, or not."""
    return _permissions(message, can_trade and message.enable_futures is not False)


def spot_permissions(message: messages.ApiRestrictions, *, can_trade: bool) -> Permissions:
    """What a key may do on a spot account that may trade, or not."""
    return _permissions(message, can_trade and message.enable_spot_and_margin_trading is not False)


def margin_permissions(message: messages.ApiRestrictions, *, can_trade: bool) -> Permissions:
    """What a key may do on a margin account that may trade, or not; borrowing is a permission of its own."""
    may_trade = message.enable_spot_and_margin_trading is not False and message.enable_margin is not False
    return _permissions(message, can_trade and may_trade)


def _permissions(message: messages.ApiRestrictions, can_trade: bool) -> Permissions:
    transfers = (message.permits_universal_transfer, message.enable_internal_transfer)
    return Permissions(
        can_trade,
        message.enable_withdrawals,
        any(transfer is True for transfer in transfers),
        message.ip_restrict,
    )


def settings_changed(message: messages.LeverageChange) -> SettingsChanged:
    """A symbol's new leverage."""
    return SettingsChanged(message.symbol, message.leverage)


def margin_call(message: messages.MarginCall) -> MarginCall:
    """Positions close to liquidation."""
    return MarginCall(tuple(position.symbol for position in message.positions), message.ts_sent_ms)
