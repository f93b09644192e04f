"""What is asked about an account: its mode, positions, money, settings and key."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    Balance,
    BalancesQuery,
    Income,
    IncomeQuery,
    Permissions,
    PermissionsQuery,
    PositionsQuery,
    SetCountdown,
    SetLeverage,
    SetMarginType,
    SymbolSettings,
    SymbolSettingsQuery,
)
from tradingsys.core.errors import VenueError
from tradingsys.venues.binance import decode, decode_account, messages
from tradingsys.venues.binance.product import Asking, Product
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.steps import Steps, venue_ms

__all__ = [
    "ReadPermissions",
    "account_mode",
    "balances",
    "income",
    "key_permissions",
    "permissions",
    "positions",
    "set_countdown",
    "set_leverage",
    "set_margin_type",
    "symbol_settings",
]


class ReadPermissions(Protocol):
    """Reads what the exchange says of a key that belongs to an account which may trade, or may not."""

    def __call__(self, message: messages.ApiRestrictions, *, can_trade: bool) -> Permissions:
        """The key's permissions."""


_NO_NEED_TO_CHANGE = -4046
_NOT_FOUND = 404

_read_positions = msgspec.json.Decoder(list[messages.PositionRisk]).decode
_read_balances = msgspec.json.Decoder(list[messages.Balance]).decode
_read_position_mode = msgspec.json.Decoder(messages.PositionMode).decode
_read_asset_mode = msgspec.json.Decoder(messages.MultiAssetsMode).decode
_read_config = msgspec.json.Decoder(messages.AccountConfig).decode
_read_countdown = msgspec.json.Decoder(messages.CountdownCancelAll).decode
_read_income = msgspec.json.Decoder(list[messages.IncomeRow]).decode
_read_settings = msgspec.json.Decoder(list[messages.SymbolConfig]).decode
_read_restrictions = msgspec.json.Decoder(messages.ApiRestrictions).decode


def positions(asking: Asking, _query: PositionsQuery) -> Steps[dict[str, Decimal]]:
    """Net positions."""
    return decode.positions(_read_positions((yield Call("GET", asking.product.paths.positions)).body))


def account_mode(asking: Asking, _query: AccountModeQuery) -> Steps[AccountMode]:
    """The settings that decide whether we can trade the account."""
    paths = asking.product.paths
    position_mode = _read_position_mode((yield Call("GET", paths.position_mode)).body)
    asset_mode = _read_asset_mode((yield Call("GET", paths.multi_assets_mode)).body)
    config = _read_config((yield Call("GET", paths.account_config)).body)
    wallet = _read_balances((yield Call("GET", paths.balance)).body)
    aliases = (row.account_alias for row in wallet)
    return AccountMode(
        position_mode.dual_side_position,
        asset_mode.multi_assets_margin,
        config.can_trade,
        next((alias for alias in aliases if isinstance(alias, str)), ""),
    )


def balances(asking: Asking, _query: BalancesQuery) -> Steps[tuple[Balance, ...]]:
    """All assets."""
    return decode_account.balances(_read_balances((yield Call("GET", asking.product.paths.balance)).body))


def income(asking: Asking, query: IncomeQuery) -> Steps[tuple[Income, ...]]:
    """Cash history, oldest first. Whoever goes on from the last row's time must get further than that time.

    So a page whose rows are all of one millisecond is followed by the next page of the same question.
    """
    rows: list[messages.IncomeRow] = []
    page, start_ms = 1, query.start_ms
    kept_ms = asking.product.cash_kept_ms
    if kept_ms is not None:
        start_ms = max(start_ms, venue_ms(asking.clock, asking.now_ns) - kept_ms)
    while True:
        params: dict[str, str | int | bool] = {
            "incomeType": query.kind,
            "startTime": start_ms,
            "page": page,
            "limit": query.limit,
        }
        found = _read_income((yield Call("GET", asking.product.paths.income, params)).body)
        rows += found
        if len(found) < query.limit or any(row.time != start_ms for row in rows):
            return decode_account.income(rows)
        page += 1


def symbol_settings(asking: Asking, query: SymbolSettingsQuery) -> Steps[SymbolSettings]:
    """Leverage and margin type of a symbol."""
    return (yield from _settings_of(asking.product, query.symbol))


def set_leverage(asking: Asking, change: SetLeverage) -> Steps[SymbolSettings]:
    """Change the leverage, and read what is set."""
    yield Call("POST", asking.product.paths.leverage, {"symbol": change.symbol, "leverage": change.leverage})
    return (yield from _settings_of(asking.product, change.symbol))


def set_countdown(asking: Asking, change: SetCountdown) -> Steps[int]:
    """Arm, renew or stop the countdown of a symbol."""
    params: dict[str, str | int | bool] = {"symbol": change.symbol, "countdownTime": change.countdown_ms}
    told = _read_countdown((yield Call("POST", asking.product.paths.countdown, params)).body)
    return int(told.countdown_time)


def set_margin_type(asking: Asking, change: SetMarginType) -> Steps[SymbolSettings]:
    """Change the margin type unless it is that already, and read what is set."""
    params = {"symbol": change.symbol, "marginType": change.margin_type.value}
    try:
        yield Call("POST", asking.product.paths.margin_type, params)
    except VenueError as error:
        if error.code != _NO_NEED_TO_CHANGE:
            raise
    return (yield from _settings_of(asking.product, change.symbol))


def permissions(asking: Asking, _query: PermissionsQuery) -> Steps[Permissions]:
    """What the key may do; the account's own ``canWithdraw`` is about the account."""
    config = _read_config((yield Call("GET", asking.product.paths.account_config)).body)
    return (yield from key_permissions(asking, config.can_trade, decode_account.permissions))


def key_permissions(asking: Asking, can_trade: bool, read: ReadPermissions) -> Steps[Permissions]:
    """What the key may do of what the account may. Only the host that `Asking.sapi` names tells of the key.

    Where there is none, or it has no such call, withdrawals and transfers stay unknown.
    """
    if asking.sapi is None:
        return Permissions(can_trade)
    try:
        answer = yield Call("GET", asking.product.paths.api_restrictions, base_url=asking.sapi)
    except VenueError as error:
        if error.code != _NOT_FOUND:
            raise
        return Permissions(can_trade)
    return read(_read_restrictions(answer.body), can_trade=can_trade)


def _settings_of(product: Product, symbol: str) -> Steps[SymbolSettings]:
    rows = _read_settings((yield Call("GET", product.paths.symbol_config, {"symbol": symbol})).body)
    for row in rows:
        if row.symbol == symbol:
            return decode_account.symbol_settings(row)
    raise VenueError(0, f"the exchange tells no settings of {symbol}: is it a symbol that the account may trade?")
