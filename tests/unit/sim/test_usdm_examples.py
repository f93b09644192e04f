"""Answers about accounts and markets have the fields of the venue's own examples."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shared_data import requires_shared

from .face_rig import Client
from .official import first, official_examples, shape
from .test_usdm_rest import ORDER, place

_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("account_trade_list_success", "GET", {"symbol": "DOGEUSDT"}),
    ("all_orders_success", "GET", {}),
    ("position_information_v3_success", "GET", {}),
    ("futures_account_balance_v3_success", "GET", {}),
    ("account_information_v3_success", "GET", {}),
    ("futures_account_configuration_success", "GET", {}),
    ("symbol_configuration_success", "GET", {}),
    ("get_current_position_mode_success", "GET", {}),
    ("get_current_multi_assets_mode_success", "GET", {}),
    ("user_commission_rate_success", "GET", {"symbol": "DOGEUSDT"}),
    ("query_user_rate_limit_success", "GET", {}),
    ("current_all_open_orders_success", "GET", {}),
    ("change_initial_leverage_success", "POST", {"symbol": "DOGEUSDT", "leverage": 10}),
    ("mark_price_success", "GET", {"symbol": "DOGEUSDT"}),
    ("order_book_success", "GET", {"symbol": "DOGEUSDT"}),
    ("recent_trades_list_success", "GET", {"symbol": "DOGEUSDT"}),
    ("compressed_aggregate_trades_list_success", "GET", {"symbol": "DOGEUSDT"}),
    ("symbol_price_ticker_success", "GET", {"symbol": "DOGEUSDT"}),
    ("symbol_order_book_ticker_success", "GET", {"symbol": "DOGEUSDT"}),
    ("check_server_time_success", "GET", {}),
    ("cancel_all_open_orders_success", "DELETE", {"symbol": "DOGEUSDT"}),
    ("futures_account_balance_v2_success", "GET", {}),
    ("account_information_v2_success", "GET", {}),
    ("position_information_v2_success", "GET", {}),
    ("get_income_history_success", "GET", {}),
    ("get_bnb_burn_status_success", "GET", {}),
    ("toggle_bnb_burn_on_futures_trade_success", "POST", {"feeBurn": "true"}),
    ("change_multi_assets_mode_success", "POST", {"multiAssetsMargin": "true"}),
    ("change_position_mode_success", "POST", {"dualSidePosition": "true"}),
    ("change_margin_type_success", "POST", {"symbol": "BTCUSDT", "marginType": "ISOLATED"}),
    ("auto_cancel_all_open_orders_success", "POST", {"symbol": "DOGEUSDT", "countdownTime": 1000}),
    ("cancel_all_algo_open_orders_success", "DELETE", {"symbol": "DOGEUSDT"}),
    ("get_order_modify_history_success", "GET", {"symbol": "DOGEUSDT"}),
    ("query_current_open_order_success", "GET", {"symbol": "DOGEUSDT", "origClientOrderId": "resting"}),
    ("query_order_success", "GET", {"symbol": "DOGEUSDT", "origClientOrderId": "resting"}),
    ("start_user_data_stream_success", "POST", {}),
]
# Of conditional orders, which live elsewhere; and fields that only some answers have.
_CONDITIONAL = {"activatePrice", "priceRate"}
_EXTRA = {"symbol_order_book_ticker_success": {"lastUpdateId"}}
_FLAT = {"change_multi_assets_mode_success", "change_position_mode_success"}
"""They need an account without orders and positions."""


@requires_shared
@pytest.mark.parametrize(("name", "method", "params"), _CALLS, ids=[name for name, _, _ in _CALLS])
def test_answers_have_the_official_fields(client: Client, name: str, method: str, params: dict[str, Any]) -> None:
    order = place(client, px="0.601", newClientOrderId="filled")
    if name in _FLAT:
        client.call("POST", ORDER, symbol="DOGEUSDT", side="SELL", type="MARKET", quantity=order["origQty"])
    else:
        place(client, newClientOrderId="resting")
        client.call("PUT", ORDER, **client.limit(px="0.592", origClientOrderId="resting", type="", timeInForce=""))
    client.run(150)
    example = official_examples()[name]
    expected, got = (
        shape(first(example["expected_response"])),
        shape(first(client.call(method, example["path"], **params))),
    )
    for key in _CONDITIONAL:
        expected.pop(key, None)
    for key in _EXTRA.get(name, set()):
        got.pop(key)
    assert got == expected


@requires_shared
@pytest.mark.parametrize(("name", "method"), [("new_order_success", "POST"), ("cancel_order_success", "DELETE")])
def test_replies_to_orders_have_the_official_fields(client: Client, name: str, method: str) -> None:
    order = place(client)
    if method == "DELETE":
        order = client.call("DELETE", ORDER, symbol="DOGEUSDT", orderId=order["orderId"])
    expected = shape(official_examples()[name]["expected_response"])
    assert shape(order) == {key: kind for key, kind in expected.items() if key not in _CONDITIONAL}
