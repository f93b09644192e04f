"""What is asked about an account: its mode, positions, money, settings and key."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradingsys.core.commands import (
    AccountMode,
    Balance,
    Income,
    IncomeQuery,
    Permissions,
    SetLeverage,
    SetMarginType,
    SymbolSettings,
)
from tradingsys.core.errors import VenueError
from tradingsys.venues.binance import decode, decode_account, messages
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.steps import Steps

__all__ = [
    "account_mode",
    "balances",
    "income",
    "permissions",
    "positions",
    "set_leverage",
    "set_margin_type",
    "symbol_settings",
]

_NO_NEED_TO_CHANGE = -4046
_NOT_FOUND = 404

_read_positions = msgspec.json.Decoder(list[messages.PositionRisk]).decode
_read_balances = msgspec.json.Decoder(list[messages.Balance]).decode
_read_position_mode = msgspec.json.Decoder(messages.PositionMode).decode
_read_asset_mode = msgspec.json.Decoder(messages.MultiAssetsMode).decode
_read_config = msgspec.json.Decoder(messages.AccountConfig).decode
_read_income = msgspec.json.Decoder(list[messages.IncomeRow]).decode
_read_settings = msgspec.json.Decoder(list[messages.SymbolConfig]).decode
_read_restrictions = msgspec.json.Decoder(messages.ApiRestrictions).decode


def positions(product: Product) -> Steps[dict[str, Decimal]]:
    """Net positions."""
    return decode.positions(_read_positions((yield Call("GET", product.paths.positions)).body))


def account_mode(product: Product) -> Steps[AccountMode]:
    """The settings that decide whether we can trade the account."""
    paths = product.paths
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


def balances(product: Product) -> Steps[tuple[Balance, ...]]:
    """All assets."""
    return decode_account.balances(_read_balances((yield Call("GET", product.paths.balance)).body))


def income(product: Product, query: IncomeQuery) -> Steps[tuple[Income, ...]]:
    """Cash history, oldest first. Whoever goes on from the last row's time must get further than that time.

    So a page whose rows are all of one millisecond is followed by the next page of the same question.
    """
    rows: list[messages.IncomeRow] = []
    page = 1
    while True:
        params: dict[str, str | int | bool] = {
            "incomeType": query.kind,
            "startTime": query.start_ms,
            "page": page,
            "limit": query.limit,
        }
        found = _read_income((yield Call("GET", product.paths.income, params)).body)
        rows += found
        if len(found) < query.limit or any(row.time != query.start_ms for row in rows):
            return decode_account.income(rows)
        page += 1


def symbol_settings(product: Product, symbol: str) -> Steps[SymbolSettings]:
    """Leverage and margin type of a symbol."""
    rows = _read_settings((yield Call("GET", product.paths.symbol_config, {"symbol": symbol})).body)
    for row in rows:
        if row.symbol == symbol:
            return decode_account.symbol_settings(row)
    raise VenueError(0, f"the exchange tells no settings of {symbol}: is it a symbol that the account may trade?")


def set_leverage(product: Product, change: SetLeverage) -> Steps[SymbolSettings]:
    """Change the leverage, and read what is set."""
    yield Call("POST", product.paths.leverage, {"symbol": change.symbol, "leverage": change.leverage})
    return (yield from symbol_settings(product, change.symbol))


def set_margin_type(product: Product, change: SetMarginType) -> Steps[SymbolSettings]:
    """Change the margin type unless it is that already, and read what is set."""
    params = {"symbol": change.symbol, "marginType": change.margin_type.value}
    try:
        yield Call("POST", product.paths.margin_type, params)
    except VenueError as error:
        if error.code != _NO_NEED_TO_CHANGE:
            raise
    return (yield from symbol_settings(product, change.symbol))


def permissions(product: Product, sapi: str | None) -> Steps[Permissions]:
    """What the key may do. Only ``sapi`` tells of the key; the account's own ``canWithdraw`` is about the account.

    Where there is none, or it has no such call, withdrawals and transfers stay unknown.
    """
    config = _read_config((yield Call("GET", product.paths.account_config)).body)
    if sapi is None:
        return Permissions(config.can_trade)
    try:
        answer = yield Call("GET", product.paths.api_restrictions, base_url=sapi)
    except VenueError as error:
        if error.code != _NOT_FOUND:
            raise
        return Permissions(config.can_trade)
    return decode_account.permissions(_read_restrictions(answer.body), can_trade=config.can_trade)
