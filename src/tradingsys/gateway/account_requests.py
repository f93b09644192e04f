"""Requests about the account that all sessions share: its money, and what is set for a symbol."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.commands import (
    Balance,
    BalancesQuery,
    SetLeverage,
    SetMarginType,
    SymbolSettings,
    SymbolSettingsQuery,
)
from tradingsys.gateway.host import Host, Method, known_instrument, require_login, require_trading
from tradingsys.gateway.questions import ask_for
from tradingsys.gateway.sessions import Client
from tradingsys.gateway.views import balance_view
from tradingsys.wire.codec import decode_params
from tradingsys.wire.messages import (
    BalanceView,
    LeverageParams,
    MarginTypeParams,
    Request,
    SettingsView,
    SymbolParams,
)

__all__ = ["AccountRequests"]

_DOUBT = "it may or may not have been changed: ask get_settings"


class AccountRequests:
    """``get_balances``, ``get_settings``, ``set_leverage``, ``set_margin_type``."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self.methods: dict[str, Method] = {
            "get_balances": self._get_balances,
            "get_settings": self._get_settings,
            "set_leverage": self._set_leverage,
            "set_margin_type": self._set_margin_type,
        }

    def _get_balances(self, client: Client, request: Request) -> None:
        require_login(client)
        ask_for(self._gateway, client, request.id, BalancesQuery(), _balance_views)

    def _get_settings(self, client: Client, request: Request) -> None:
        require_login(client)
        instrument = known_instrument(self._gateway, decode_params(request, SymbolParams).symbol)
        ask_for(self._gateway, client, request.id, SymbolSettingsQuery(instrument.symbol), _settings_view)

    def _set_leverage(self, client: Client, request: Request) -> None:
        session = require_trading(client, "change the account's leverage")
        params = decode_params(request, LeverageParams)
        instrument = known_instrument(self._gateway, params.symbol)
        query = SetLeverage(instrument.symbol, params.leverage)
        ask_for(self._gateway, client, request.id, query, _settings_view, doubt=_DOUBT)
        self._gateway.log.info(
            "leverage of the whole account asked for",
            session=session.id,
            symbol=instrument.symbol,
            leverage=params.leverage,
        )

    def _set_margin_type(self, client: Client, request: Request) -> None:
        session = require_trading(client, "change the account's margin type")
        params = decode_params(request, MarginTypeParams)
        instrument = known_instrument(self._gateway, params.symbol)
        query = SetMarginType(instrument.symbol, params.margin_type)
        ask_for(self._gateway, client, request.id, query, _settings_view, doubt=_DOUBT)
        self._gateway.log.info(
            "margin type of the whole account asked for",
            session=session.id,
            symbol=instrument.symbol,
            margin_type=params.margin_type,
        )


def _balance_views(balances: Iterable[Balance]) -> list[BalanceView]:
    return [balance_view(balance) for balance in balances]


def _settings_view(settings: SymbolSettings) -> SettingsView:
    return SettingsView(settings.symbol.lower(), settings.leverage, settings.margin_type)
