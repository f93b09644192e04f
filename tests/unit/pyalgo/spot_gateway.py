"""The scripted gateway of a spot account, and of a margin account."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import structs

from tests.unit.pyalgo.pushes import margin_product, spot_product
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tradingsys.core.enums import Contingency, OrderStatus
from tradingsys.wire.codec import decode_params, encode_error, encode_reply
from tradingsys.wire.messages import (
    AssetParams,
    BalanceView,
    BorrowableView,
    LoanParams,
    LoanResult,
    MarginView,
    OrderListParams,
    OrderListResult,
    ProductView,
    Request,
)


class SpotGateway(ScriptedGateway):
    product: Callable[[str], ProductView] = staticmethod(spot_product)

    def __init__(self, send: Callable[[bytes], None], session_id: int = 1) -> None:
        super().__init__(send, session_id)
        self.lists: list[tuple[Contingency, list[str]]] = []
        self.balances = [BalanceView("USDT", "1000.5", "900.25"), BalanceView("DOGE", "50", "50")]

    def _on_order_list(self, request: Request) -> None:
        params = decode_params(request, OrderListParams)
        if not self._takes(request, params.orders):
            return
        placed = self._place(params.orders, list_id=str(len(self.lists) + 1))
        self.lists.append((params.contingency, placed))
        self.send(encode_reply(request.id, OrderListResult(placed)))
        for client_order_id in placed:
            self._order_event(client_order_id, [])

    def set_status(self, client_order_id: str, status: OrderStatus, reason: str = "") -> None:
        """All orders of a list are cancelled with one of them."""
        super().set_status(client_order_id, status, reason)
        if status is not OrderStatus.CANCELED:
            return
        for _, members in self.lists:
            for other in members if client_order_id in members else ():
                if self.orders[other].status.is_open:
                    super().set_status(other, status, reason)


class MarginGateway(SpotGateway):
    product: Callable[[str], ProductView] = staticmethod(margin_product)

    def __init__(self, send: Callable[[bytes], None], session_id: int = 1) -> None:
        super().__init__(send, session_id)
        self.loans = 0

    def _on_borrow(self, request: Request) -> None:
        self._lend(request, 1)

    def _on_repay(self, request: Request) -> None:
        self._lend(request, -1)

    def _lend(self, request: Request, sign: int) -> None:
        params = decode_params(request, LoanParams)
        if Decimal(params.amount) > 1000:
            self.send(encode_error(request.id, -3006, "Your borrow amount has exceed maximum borrow amount."))
            return
        self.loans += 1
        known = {balance.asset: balance for balance in self.balances}
        was = known.get(params.asset, BalanceView(params.asset, "0"))
        change = sign * Decimal(params.amount)
        wallet, borrowed = str(Decimal(was.wallet) + change), str(Decimal(was.borrowed) + change)
        known[params.asset] = structs.replace(was, wallet=wallet, borrowed=borrowed)
        self.balances = list(known.values())
        self.send(encode_reply(request.id, LoanResult(str(self.loans))))

    def _on_get_borrowable(self, request: Request) -> None:
        decode_params(request, AssetParams)
        self.send(encode_reply(request.id, BorrowableView("1.5", "60")))

    def _on_get_margin(self, request: Request) -> None:
        self.send(encode_reply(request.id, MarginView("2.31", "1.5", "1.3", "1.1", "0.482", "0.2086")))
