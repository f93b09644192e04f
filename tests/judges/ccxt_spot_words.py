"""What the facts of an exchange of assets are called in ccxt."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.judges.box import Box, Row, exactly
from tests.judges.ccxt_client import spot_symbol_of
from tests.judges.ccxt_words import STATUS, assert_same_trade

__all__ = ["assert_same_balance", "assert_same_list", "assert_same_spot_order", "assert_same_spot_trades", "word_of"]

_WORDS = {
    ("LIMIT", False): "LIMIT",
    ("LIMIT", True): "LIMIT_MAKER",
    ("MARKET", False): "MARKET",
    ("STOP_MARKET", False): "STOP_LOSS",
    ("STOP_LIMIT", False): "STOP_LOSS_LIMIT",
    ("TAKE_PROFIT_MARKET", False): "TAKE_PROFIT",
    ("TAKE_PROFIT_LIMIT", False): "TAKE_PROFIT_LIMIT",
}
"""The exchange's word for a type of order of the ledger, by that and by whether it must not take."""


def word_of(truth: Row) -> str:
    """What the exchange calls the type of an order."""
    return _WORDS[truth["type"], truth["post_only"]]


def assert_same_spot_order(
    told: Any, truth: Row, executions: Iterable[Row] | None = None, *, is_cancel: bool = False, **more: object
) -> None:
    """Every word that ccxt has for an order; with ``executions`` also what they make of it.

    ccxt takes the id of a cancellation for the order's own.
    """
    filled, qty, cost = Decimal(truth["cum_qty"]), Decimal(truth["qty"]), Decimal(truth["cum_quote"])
    assert told["info"].get("type", told["info"].get("o")) == word_of(truth)
    expected = {
        "id": str(truth["order_id"]),
        "clientOrderId": truth["client_order_id"],
        "symbol": spot_symbol_of(truth["symbol"]),
        "side": truth["side"].lower(),
        "type": "limit" if "LIMIT" in word_of(truth) else "market",
        "postOnly": truth["post_only"],
        "status": STATUS[truth["status"]],
        "amount": exactly(qty),
        "filled": exactly(filled),
        "remaining": exactly(qty - filled),
        "cost": exactly(cost),
        "triggerPrice": exactly(truth["trigger_px"]),
        "lastUpdateTimestamp": truth["updated_ms"],
    }
    if is_cancel:
        expected["clientOrderId"] = told["info"]["clientOrderId"]
        assert told["info"]["origClientOrderId"] == truth["client_order_id"]
        assert told["info"]["clientOrderId"] != truth["client_order_id"]
    if truth["price"] is not None:
        expected["price"] = exactly(truth["price"])
    expected |= more
    assert {name: told[name] for name in expected} == expected
    if filled:
        assert told["average"] == exactly(truth["avg_px"]) or abs(told["average"] * float(filled) - float(cost)) < 1e-6
    if executions is not None:
        rows = list(executions)
        assert sum((Decimal(row["qty"]) for row in rows), Decimal(0)) == filled
        assert sum((Decimal(row["px"]) * Decimal(row["qty"]) for row in rows), Decimal(0)) == cost
        assert [fill["tradeId"] for fill in told["info"].get("fills", ())] in ([], [row["exec_id"] for row in rows])


def assert_same_spot_trades(told: list[Any], truth: list[Row]) -> None:
    """The same executions in the same order, with what each of them cost in the asset that it cost."""
    assert [row["id"] for row in told] == [str(row["exec_id"]) for row in truth]
    for row, fact in zip(told, truth, strict=True):
        assert_same_trade(row, fact, spot_symbol_of(fact["symbol"]))


def assert_same_balance(told: Any, truth: dict[str, Row], assets: Iterable[str] | None = None) -> None:
    """What is free and what is locked, of all assets that there are unless ``assets`` are named."""
    for asset in assets or truth:
        row = truth[asset]
        assert told[asset] == {
            "free": exactly(row["free"]),
            "used": exactly(row["locked"]),
            "total": exactly(row["total"]),
        }, asset


def assert_same_list(told: Row, spot: Box, contingency: str) -> Row:
    """A list and each of its orders as the exchange has them."""
    (truth,) = (row for row in spot.admin("lists") if row["list_id"] == int(told["orderListId"]))
    assert (told["contingencyType"], told["listClientOrderId"], told["symbol"]) == (
        contingency, truth["client_list_id"], truth["symbol"],
    )  # fmt: skip
    assert (told["listOrderStatus"], told["listStatusType"]) == (truth["status"], truth["step"])
    assert told["transactionTime"] == truth["created_ms" if truth["status"] == "EXECUTING" else "updated_ms"]
    assert [(row["orderId"], row["clientOrderId"]) for row in told["orders"]] == list(
        zip(truth["order_ids"], truth["client_order_ids"], strict=True)
    )
    for report in told.get("orderReports", ()):
        order = spot.order(truth["symbol"], report["orderId"])
        assert report["orderListId"] == truth["list_id"] == order["list_id"]
        assert (report["side"], report["type"], report["status"]) == (order["side"], word_of(order), order["status"])
        assert Decimal(report["origQty"]) == Decimal(order["qty"])
        assert Decimal(report["price"]) == Decimal(order["price"] or 0)
        assert Decimal(report.get("stopPrice", 0)) == Decimal(order["trigger_px"] or 0)
    assert isinstance(truth, dict)
    return truth
