"""Answers about spot and margin have the fields of the venue's own examples."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared

from .official import first, shape
from .spot_face_rig import ORDER, SpotClient

_DOGE: dict[str, Any] = {"symbol": "DOGEUSDT"}
_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/v3/account", {}),
    ("GET", "/api/v3/account/commission", _DOGE),
    ("GET", "/api/v3/allOrderList", {}),
    ("GET", "/api/v3/allOrders", _DOGE),
    ("GET", "/api/v3/openOrders", {}),
    ("GET", "/api/v3/myTrades", _DOGE),
    ("GET", "/api/v3/openOrderList", {}),
    ("GET", "/api/v3/order/amendments", {"orderId": 0, **_DOGE}),
    ("GET", "/api/v3/rateLimit/order", {}),
    ("GET", "/api/v3/time", {}),
    ("GET", "/api/v3/aggTrades", _DOGE),
    ("GET", "/api/v3/avgPrice", _DOGE),
    ("GET", "/api/v3/depth", _DOGE),
    ("GET", "/api/v3/trades", _DOGE),
    ("GET", "/api/v3/historicalTrades", _DOGE),
    ("GET", "/api/v3/klines", {"interval": "1m", **_DOGE}),
    ("DELETE", "/api/v3/openOrders", _DOGE),
    ("GET", "/sapi/v1/margin/tradeCoeff", {}),
    ("GET", "/sapi/v1/margin/account", {}),
    ("GET", "/sapi/v1/margin/crossMarginData", {}),
    ("GET", "/sapi/v1/margin/interestHistory", {}),
    ("GET", "/sapi/v1/margin/borrow-repay", {"type": "BORROW"}),
    ("POST", "/sapi/v1/margin/borrow-repay", {"asset": "DOGE", "amount": "1", "type": "BORROW"}),
    ("GET", "/sapi/v1/margin/maxBorrowable", {"asset": "DOGE"}),
    ("GET", "/sapi/v1/margin/maxTransferable", {"asset": "DOGE"}),
    ("GET", "/sapi/v1/margin/allPairs", {}),
    ("GET", "/sapi/v1/margin/allAssets", {}),
    ("GET", "/sapi/v1/margin/priceIndex", _DOGE),
    ("GET", "/sapi/v1/margin/myTrades", _DOGE),
    ("GET", "/sapi/v1/margin/openOrders", {}),
    ("GET", "/sapi/v1/margin/allOrders", _DOGE),
    ("GET", "/sapi/v1/margin/rateLimit/order", {}),
    ("POST", "/sapi/v1/margin/listen-key", {}),
    ("GET", "/sapi/v1/bnbBurn", {}),
    ("GET", "/sapi/v1/margin/liquidation-loan", {}),
    ("GET", "/sapi/v1/margin/interestRateHistory", {"asset": "DOGE"}),
    ("GET", "/sapi/v1/margin/next-hourly-interest-rate", {"assets": "DOGE", "isIsolated": "FALSE"}),
    ("POST", "/sapi/v1/margin/max-leverage", {"maxLeverage": 3}),
]
_WORKING: dict[str, Any] = {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingTimeInForce": "GTC",
    "workingPrice": "0.59",
    "workingQuantity": "100",
}
_PENDING: dict[str, Any] = {"pendingType": "MARKET", "pendingSide": "SELL"}
_PAIR: dict[str, Any] = {"AboveType": "LIMIT_MAKER", "AbovePrice": "0.7", "BelowType": "STOP_LOSS"}
_ABOVE_AND_BELOW = {
    "pendingSide": "SELL", **{f"pending{name}": value for name, value in _PAIR.items()}, "pendingBelowStopPrice": "0.5",
}  # fmt: skip
_LISTS: dict[str, dict[str, Any]] = {
    "oto": {**_WORKING, **_PENDING, "pendingQuantity": "99"},
    "otoco": {**_WORKING, **_ABOVE_AND_BELOW, "pendingQuantity": "99"},
    "opo": {**_WORKING, **_PENDING},
    "opoco": {**_WORKING, **_ABOVE_AND_BELOW},
}
_OF_SOME = frozenset(
    {
        "preventedMatchId", "preventedQuantity", "strategyId", "strategyType", "trailingDelta", "trailingTime",
        "usedSor", "workingFloor", "pegPriceType", "pegOffsetType", "pegOffsetValue", "peggedPrice", "expiryReason",
        "isolatedSymbol", "delistTime", "orderReports", "contingencyType", "listStatusType", "listOrderStatus",
        "listClientOrderId", "transactionTime", "orders",
    }
)  # fmt: skip
"""Fields that only some orders have."""


def _examples() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for name in ("spot.rest_api", "margin_trading.rest_api"):
        for line in (SHARED / f"data/binance/docs_examples/{name}.jsonl").read_bytes().splitlines():
            row = msgspec.json.decode(line)
            found.setdefault((row["http"], row["path"]), row["expected_response"])
    return found


def _plain(value: Any, path: str) -> Any:
    return _without(shape(first(value)), frozenset() if "OrderList" in path else _OF_SOME)


def _without(told: Any, names: frozenset[str]) -> Any:
    if isinstance(told, dict):
        return {key: _without(kind, names) for key, kind in told.items() if key not in names}
    return [_without(each, names) for each in told] if isinstance(told, list) else told


@requires_shared
@pytest.mark.parametrize(("method", "path", "params"), _CALLS, ids=[f"{method} {path}" for method, path, _ in _CALLS])
def test_answers_have_the_official_fields(
    spot_client: SpotClient, method: str, path: str, params: dict[str, Any]
) -> None:
    client = spot_client
    client.call("POST", ORDER, **client.limit(px="0.601"))
    resting = client.call("POST", ORDER, **client.limit())
    client.call("PUT", f"{ORDER}/amend/keepPriority", **_DOGE, orderId=resting["orderId"], newQty="90")
    pair: dict[str, Any] = {"side": "SELL", "quantity": "100", "price": "0.62", "stopPrice": "0.58"}
    margin = path.startswith("/sapi")
    client.call("POST", "/sapi/v1/margin/order" if margin else ORDER, **client.limit(px="0.601"))
    if margin:
        client.call("POST", "/sapi/v1/margin/borrow-repay", asset="DOGE", amount="50", type="BORROW")
        client.call("POST", "/sapi/v1/margin/order", **client.limit())
    if "OrderList" in path:
        client.call("POST", "/api/v3/order/oco", **_DOGE, **pair)
    client.run(150)
    given = {**params, "orderId": resting["orderId"]} if "orderId" in params else params
    got = client.call(method, path, sign=not _is_open(path), **given)
    assert _plain(got, path) == _plain(_examples()[method, path], path)


def _is_open(path: str) -> bool:
    of_account = ("account", "order", "Order", "myTrades", "rateLimit")
    return path.startswith("/api/") and not any(word in path for word in of_account)


@requires_shared
@pytest.mark.parametrize("kind", _LISTS)
def test_every_order_of_a_list_has_the_official_fields(spot_client: SpotClient, kind: str) -> None:
    """Those of its orders together: the example shows all in one."""
    path = f"/api/v3/orderList/{kind}"
    told = spot_client.call("POST", path, **_DOGE, **_LISTS[kind], newOrderRespType="RESULT")
    example, some = _examples()["POST", path], _OF_SOME | {"stopPrice", "icebergQty"}
    (shown,) = example["orderReports"]
    assert told.keys() == example.keys()
    assert {name for report in told["orderReports"] for name in report} - some == shown.keys() - some
    assert ["origQty" in report for report in told["orderReports"][1:]] == [kind.startswith("oto")] * (
        len(told["orderReports"]) - 1
    )
