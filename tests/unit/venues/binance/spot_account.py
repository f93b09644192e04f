"""What tests of spot and margin accounts share: answers of the exchange, and worlds to ask in."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.venues.binance.exchange_double import (
    SERVER_MS,
    World,
    limit_order,
    path_and_params,
)
from tradingsys.core.commands import (
    PlaceOrderList,
)
from tradingsys.core.enums import Contingency, OrderType, Side
from tradingsys.core.io import HttpRequest
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, SPOT

D = Decimal
BOTH = pytest.mark.parametrize("product", [SPOT, MARGIN], ids=lambda product: product.name)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def reply(client_order_id: str = "c-1", order_id: int = 42, **changes: Any) -> dict[str, Any]:
    return {
        "symbol": "ETHUSDT", "orderId": order_id, "orderListId": -1, "clientOrderId": client_order_id,
        "transactTime": SERVER_MS + 99, "price": "3000.10", "origQty": "0.5", "executedQty": "0",
        "origQuoteOrderQty": "0", "cummulativeQuoteQty": "0", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT",
        "side": "BUY", "selfTradePreventionMode": "EXPIRE_TAKER", "fills": [], **changes,
    }  # fmt: skip


def list_reply(*reports: dict[str, Any]) -> dict[str, Any]:
    return {
        "orderListId": 4, "contingencyType": "OCO", "listStatusType": "EXEC_STARTED", "listOrderStatus": "EXECUTING",
        "listClientOrderId": "x", "transactionTime": SERVER_MS, "symbol": "ETHUSDT",
        "orders": [
            {"symbol": "ETHUSDT", "orderId": each["orderId"], "clientOrderId": each["clientOrderId"]}
            for each in reports
        ],
        "orderReports": list(reports),
    }  # fmt: skip


PAIR = PlaceOrderList(
    Contingency.OCO,
    (
        limit_order("c-take", side=Side.SELL),
        limit_order(
            "c-stop", side=Side.SELL, order_type=OrderType.STOP_MARKET, price=None, stop_px=D(9), time_in_force=None
        ),
    ),
)


def asked(request: HttpRequest) -> tuple[str, str, dict[str, str]]:
    method, path, params = path_and_params(request)
    return method, path, {name: value for name, value in params.items() if name not in ("timestamp", "recvWindow")}


def world_of(product: Product) -> World:
    world = World(product=product)
    world.tell_time()
    world.reports.clear()
    return world
