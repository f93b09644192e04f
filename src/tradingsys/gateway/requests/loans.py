"""What only margin accounts have: borrowing, paying back, and how far they are from liquidation."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.commands import (
    Borrow,
    Borrowable,
    BorrowableQuery,
    Loan,
    MarginState,
    MarginStateQuery,
)
from tradingsys.core.errors import LocalProtocolError, TradingError
from tradingsys.core.instrument import plain
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.host import Host, require_ready
from tradingsys.gateway.requests.questions import ask_for
from tradingsys.gateway.views.views import number
from tradingsys.wire.codec import decode_params
from tradingsys.wire.messages import AssetParams, BorrowableView, ErrorCode, LoanParams, LoanResult, MarginView, Request

__all__ = ["Loans"]

_DOUBT = "it may or may not have been done, and is not repeated: look at the balances before you ask again"


class Loans:
    """Answers sessions and operators alike, once they may ask."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway

    def change(
        self,
        client: Client,
        request: Request,
        kind: type[Loan],
        who: str,
        check: Callable[[Loan], None] = lambda _: None,
    ) -> None:
        """``borrow`` or ``repay``: asked once, whatever becomes of the answer. ``check`` raises LocalProtocolError for
        what may not be asked.
        """
        self._require_margin()
        require_ready(self._gateway)
        params = decode_params(request, LoanParams)
        try:
            amount = number("amount", params.amount)
        except ValueError as error:
            raise LocalProtocolError(str(error), code=ErrorCode.BAD_REQUEST) from None
        query = kind(_asset(params.asset), amount)
        check(query)
        log, word = self._gateway.log, "borrowed" if kind is Borrow else "paid back"
        told = {"asset": query.asset, "amount": plain(amount), "by": who}

        def heard(outcome: str | TradingError | None) -> None:
            if isinstance(outcome, str):
                log.warning(word, **told, transaction=outcome)
            elif outcome is None or outcome.in_doubt:
                log.warning(
                    f"may or may not be {word}: look at the balances", **told, error=str(outcome or "no answer")
                )
            else:
                log.warning(f"not {word}", **told, error=str(outcome))

        ask_for(self._gateway, client, request.id, query, LoanResult, doubt=_DOUBT, heard=heard)
        log.warning(f"asked to be {word}", **told)

    def borrowable(self, client: Client, request: Request) -> None:
        """How much more of an asset."""
        self._require_margin()
        asset = _asset(decode_params(request, AssetParams).asset)
        ask_for(self._gateway, client, request.id, BorrowableQuery(asset), _borrowable_view)

    def margin(self, client: Client, request: Request) -> None:
        """How far from liquidation."""
        self._require_margin()
        ask_for(self._gateway, client, request.id, MarginStateQuery(), _margin_view)

    def _require_margin(self) -> None:
        product = self._gateway.product
        if product is ProductName.MARGIN:
            return
        todo = 'run its cross margin account: "margin": true' if product is ProductName.SPOT else "margin is for spot"
        raise LocalProtocolError(
            f"this is a {product.trade} account, which has no loans and no margin level: {todo}",
            code=ErrorCode.BAD_REQUEST,
        )


def _asset(text: str) -> str:
    """Raises LocalProtocolError for what is no name of an asset."""
    asset = text.strip().upper()
    if not asset or not asset.isalnum() or len(asset) > 20:
        raise LocalProtocolError(f"{text[:40]!r} is no asset such as BTC", code=ErrorCode.BAD_REQUEST)
    return asset


def _borrowable_view(told: Borrowable) -> BorrowableView:
    return BorrowableView(plain(told.amount), plain(told.limit))


def _margin_view(state: MarginState) -> MarginView:
    return MarginView(
        plain(state.level),
        plain(state.normal_bar),
        plain(state.margin_call_bar),
        plain(state.liquidation_bar),
        plain(state.total_asset_btc),
        plain(state.total_liability_btc),
    )
