"""Nothing is asked of the exchange with a parameter that its documents do not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance.exchange_double import CHANGE, World, path_and_params
from tests.unit.venues.binance.test_requests import places
from tradingsys.core.commands import (
    AccountModeQuery,
    BalancesQuery,
    CancelOrder,
    IncomeQuery,
    InstrumentsQuery,
    KlinesQuery,
    OpenOrdersQuery,
    OrderQuery,
    PlaceOrder,
    PositionsQuery,
    PriceQuery,
    Query,
    SetLeverage,
    SetMarginType,
    SymbolSettingsQuery,
    TimeQuery,
    TradesQuery,
)
from tradingsys.core.enums import MarginType
from tradingsys.venues.binance.algo_requests import algo_cancel_params, algo_place_params
from tradingsys.venues.binance.requests import cancel_params, place_params, replace_params

DOCUMENTS = SHARED / "data" / "binance" / "docs_examples"
_ALWAYS = {"timestamp", "recvWindow", "signature", "apiKey"}


def documented(api: str) -> dict[str, set[str]]:
    """Parameters of each call, as the exchange's library names them."""
    found: dict[str, set[str]] = {}
    path = Path(DOCUMENTS, f"derivatives_trading_usds_futures.{api}.jsonl")
    for row in map(json.loads, path.read_text("utf-8").splitlines() if path.exists() else ()):
        name = f"{row['http']} {row['path']}" if api == "rest_api" else row["test"].split("_success")[0]
        found.setdefault(name, set(_ALWAYS)).update(camel(param) for param in row.get("params", {}))
    return found


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


REST = documented("rest_api")
WS_API = documented("websocket_api")


@requires_shared
@given(places(conditional=False), places(conditional=True))
def test_orders_are_sent_with_documented_parameters(plain: PlaceOrder, conditional: PlaceOrder) -> None:
    cancel = CancelOrder(plain.client_order_id, "ETHUSDT", "42")
    unknown = CancelOrder(plain.client_order_id, "ETHUSDT")
    for params, path, method in (
        (place_params(plain), "POST /fapi/v1/order", "test_new_order"),
        (algo_place_params(conditional), "POST /fapi/v1/algoOrder", "test_new_algo_order"),
        (replace_params(CHANGE), "PUT /fapi/v1/order", "test_modify_order"),
        (cancel_params(cancel), "DELETE /fapi/v1/order", "test_cancel_order"),
        (cancel_params(unknown), "DELETE /fapi/v1/order", "test_cancel_order"),
        (algo_cancel_params(unknown), "DELETE /fapi/v1/algoOrder", "test_cancel_algo_order"),
    ):
        assert not params.keys() - REST[path]
        assert not params.keys() - WS_API[method]


QUERIES: list[Query[Any]] = [
    AccountModeQuery(),
    BalancesQuery(),
    IncomeQuery("FUNDING_FEE", 100, 3),
    InstrumentsQuery(),
    KlinesQuery("ETHUSDT", "1m", 2, 90_000),
    OpenOrdersQuery(),
    OpenOrdersQuery("ETHUSDT"),
    OrderQuery("ETHUSDT", "c"),
    OrderQuery("ETHUSDT", venue_order_id="42"),
    PositionsQuery(),
    PriceQuery("ETHUSDT"),
    SetLeverage("ETHUSDT", 7),
    SetMarginType("ETHUSDT", MarginType.ISOLATED),
    SymbolSettingsQuery("ETHUSDT"),
    TimeQuery(),
    TradesQuery("ETHUSDT", from_id=5),
    TradesQuery("ETHUSDT", start_ms=1),
]


@requires_shared
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: type(query).__name__)
def test_questions_are_asked_with_documented_parameters(query: Query[Any]) -> None:
    world = World().up()
    world.ask(query)
    method, path, params = path_and_params(world.requests[0])
    assert not params.keys() - REST[f"{method} {path}"]
