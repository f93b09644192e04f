"""Requests about the account that all sessions share: its money, and what is set for a symbol."""

from __future__ import annotations

from tradingsys.core.commands import (
    BalancesQuery,
    Borrow,
    Repay,
    SetLeverage,
    SetMarginType,
    SymbolSettings,
    SymbolSettingsQuery,
)
from tradingsys.core.errors import LocalProtocolError
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, known_instrument, require_login, require_trading
from tradingsys.gateway.requests.loans import Loans
from tradingsys.gateway.requests.questions import ask_for
from tradingsys.gateway.views.views import balance_views
from tradingsys.wire.codec import decode_params
from tradingsys.wire.messages import (
    ErrorCode,
    LeverageParams,
    MarginTypeParams,
    Request,
    SettingsView,
    SymbolParams,
)

__all__ = ["AccountRequests"]

_DOUBT = "it may or may not have been changed: ask what is set"


class AccountRequests:
    """``get_balances``, ``get_settings``, ``set_leverage``, ``set_margin_type``; ``borrow``, ``repay`` and the like."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway
        self._loans = Loans(gateway)
        self.methods: dict[str, Method] = {
            "get_balances": self._get_balances,
            "get_settings": self._get_settings,
            "set_leverage": self._set_leverage,
            "set_margin_type": self._set_margin_type,
            "borrow": self._borrow,
            "repay": self._repay,
            "get_borrowable": self._get_borrowable,
            "get_margin": self._get_margin,
        }

    def _get_balances(self, client: Client, request: Request) -> None:
        require_login(client)
        ask_for(self._gateway, client, request.id, BalancesQuery(), balance_views)

    def _borrow(self, client: Client, request: Request) -> None:
        session = require_trading(client, "borrow for the account")
        self._gateway.limiting.account_change(session.id)
        limiting = self._gateway.limiting
        check = lambda loan: limiting.borrow(session.id, loan.asset, loan.amount)  # noqa: E731
        self._loans.change(client, request, Borrow, f"session {session.id}", check)

    def _repay(self, client: Client, request: Request) -> None:
        session = require_trading(client, "repay the account's debts")
        self._loans.change(client, request, Repay, f"session {session.id}")

    def _get_borrowable(self, client: Client, request: Request) -> None:
        require_login(client)
        self._loans.borrowable(client, request)

    def _get_margin(self, client: Client, request: Request) -> None:
        require_login(client)
        self._loans.margin(client, request)

    def _get_settings(self, client: Client, request: Request) -> None:
        require_login(client)
        self._require_contracts("leverage")
        instrument = known_instrument(self._gateway, decode_params(request, SymbolParams).symbol)
        ask_for(self._gateway, client, request.id, SymbolSettingsQuery(instrument.symbol), _settings_view)

    def _set_leverage(self, client: Client, request: Request) -> None:
        session = require_trading(client, "change the account's leverage")
        self._require_contracts("leverage")
        params = decode_params(request, LeverageParams)
        instrument = known_instrument(self._gateway, params.symbol)
        self._gateway.limiting.account_change(session.id, instrument.symbol)
        self._gateway.limiting.leverage(params.leverage)
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
        self._require_contracts("margin type")
        params = decode_params(request, MarginTypeParams)
        instrument = known_instrument(self._gateway, params.symbol)
        self._gateway.limiting.account_change(session.id, instrument.symbol)
        query = SetMarginType(instrument.symbol, params.margin_type)
        ask_for(self._gateway, client, request.id, query, _settings_view, doubt=_DOUBT)
        self._gateway.log.info(
            "margin type of the whole account asked for",
            session=session.id,
            symbol=instrument.symbol,
            margin_type=params.margin_type,
        )

    def _require_contracts(self, what: str) -> None:
        """Raises LocalProtocolError (-10009) where there are assets, which have neither leverage nor margin type."""
        product = self._gateway.product
        if product is not ProductName.USDM:
            why = "what is borrowed is the leverage" if product is ProductName.MARGIN else "it has what it holds"
            raise LocalProtocolError(
                f"a {product.trade} account has no {what} to set: {why}", code=ErrorCode.BAD_REQUEST
            )


def _settings_view(settings: SymbolSettings) -> SettingsView:
    return SettingsView(settings.symbol.lower(), settings.leverage, settings.margin_type)
