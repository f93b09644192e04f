"""The account behind a session: its money, its debts, its settings. All sessions of a gateway share it."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from math import inf

from pyalgo.arguments import count, number
from pyalgo.asking import Asking
from pyalgo.loop_runner import InsideCallback
from pyalgo.money import Balance, Borrowable, MarginState
from pyalgo.words import MarginType
from tradingsys.core.instrument import plain, snap
from tradingsys.wire.messages import (
    AssetParams,
    BorrowableView,
    LeverageParams,
    LoanParams,
    LoanResult,
    MarginTypeParams,
    MarginView,
    SettingsView,
    SymbolParams,
    SymbolsParams,
)

__all__ = ["Account"]

_STEP = Decimal("1e-8")
"""Nothing is borrowed in finer ones."""


class Account(Asking):
    """Whatever waits raises ValueError when it is refused, and RuntimeError when called from a callback."""

    @property
    def balance(self) -> dict[str, Balance]:
        """The account's balances by asset, as far as told; all sessions of a gateway share them."""
        return {asset: Balance.of(view) for asset, view in self.client.balances.by_asset.items()}

    def refresh_balance(self) -> None:
        """Ask for the account's balances anew, without waiting: `balance` has them soon."""
        self._up_to_date()
        self.client.balances.ask()

    # Margin accounts --------------------------------------------------------------------------------------------------

    def borrow(self, asset: str, amount: float) -> str:
        """Borrow an asset for the margin account; waits and returns the exchange's id of the transaction.

        Asking again borrows again: when no answer came, look at `balance` before.
        """
        return self._loan("borrow", asset, amount)

    def repay(self, asset: str, amount: float) -> str:
        """Pay back what was borrowed of an asset, interest first; otherwise as `borrow`."""
        return self._loan("repay", asset, amount)

    def borrowable(self, asset: str) -> Borrowable:
        """How much more of an asset can be borrowed; waits for the answer."""
        name = self._asset("borrowable", asset)
        return Borrowable.of(self._ask("get_borrowable", AssetParams(name), BorrowableView, f"borrowable {name}"))

    def margin(self) -> MarginState:
        """How far the margin account is from liquidation; waits for the answer."""
        self._check_may_borrow("margin")
        return MarginState.of(self._ask("get_margin", SymbolsParams(), MarginView, "margin"))

    # Futures ----------------------------------------------------------------------------------------------------------

    def leverage(self, symbol: str) -> int:
        """What the account has set for a symbol; waits for the answer. Raises as `set_leverage`."""
        return self._settings("get_settings", SymbolParams(symbol.lower())).leverage

    def margin_type(self, symbol: str) -> MarginType:
        """What the account has set for a symbol; waits for the answer. Raises as `set_leverage`."""
        return self._settings("get_settings", SymbolParams(symbol.lower())).margin_type

    def set_leverage(self, symbol: str, leverage: int) -> int:
        """Set the leverage of a symbol, for the whole account; waits for the answer and returns what is set.

        Raises ValueError when it is refused, and RuntimeError when called from a callback.
        """
        leverage = count("leverage", leverage, "it is a whole number from 1 on, such as 5")
        return self._settings("set_leverage", LeverageParams(symbol.lower(), leverage)).leverage

    def set_margin_type(self, symbol: str, margin_type: MarginType | str) -> MarginType:
        """Set CROSSED or ISOLATED for a symbol, for the whole account; waits and returns what is set.

        Raises as above.
        """
        if margin_type not in tuple(MarginType):
            raise ValueError(f"margin_type is {margin_type!r}, not one of {', '.join(MarginType)}")
        return self._settings("set_margin_type", MarginTypeParams(symbol.lower(), MarginType(margin_type))).margin_type

    # ------------------------------------------------------------------------------------------------------------------

    def _loan(self, method: str, asset: str, amount: float) -> str:
        name = self._asset(method, asset)
        wanted = number("amount", amount, lambda value: 0 < value < inf, "it must be above 0")
        text = plain(snap(wanted, _STEP).quantize(_STEP, ROUND_FLOOR))
        try:
            result = self._ask(method, LoanParams(name, text), LoanResult, f"{method} {text} {name}")
        except InsideCallback as error:
            instead = "side_effect=SideEffect.MARGIN_BUY" if method == "borrow" else "side_effect=SideEffect.AUTO_REPAY"
            raise InsideCallback(f"{error}; in a callback let an order do it, with {instead}") from None
        self.client.balances.ask()
        return result.transaction_id

    def _asset(self, doing: str, asset: object) -> str:
        if not isinstance(asset, str) or not asset:
            raise ValueError(f"asset is {asset!r}: it is a text such as 'USDT'")
        self._check_may_borrow(doing)
        return asset.upper()

    def _check_may_borrow(self, doing: str) -> None:
        products = self.client.streams.products.values()
        if products and not any(product.is_spot for product in products):
            raise ValueError(f"{doing}: a futures account borrows nothing: that is for margin accounts")

    def _settings(self, method: str, params: SymbolParams | LeverageParams | MarginTypeParams) -> SettingsView:
        product = self.client.product(params.symbol)
        if product is not None and product.is_spot:
            raise ValueError(f"{method} {params.symbol}: leverage and margin type are of futures: spot has neither")
        return self._ask(method, params, SettingsView, f"{method} {params.symbol}")
