"""What the exchange's facts are called in ccxt, and a comparison of everything that it tells of an order or a trade."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.judges.box import Row, exactly
from tests.judges.ccxt_client import symbol_of

__all__ = ["STATUS", "assert_same_order", "assert_same_trade", "assert_same_trades"]

STATUS = {
    "NEW": "open",
    "PARTIALLY_FILLED": "open",
    "FILLED": "closed",
    "CANCELED": "canceled",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
}


def assert_same_order(told: Any, truth: Row, executions: list[Row] | None = None, **more: object) -> None:
    """Every word that ccxt has for an order; ``executions`` where the exchange tells what they cost."""
    filled, qty = Decimal(truth["cum_qty"]), Decimal(truth["qty"])
    expected = {
        "id": str(truth["order_id"]),
        "clientOrderId": truth["client_order_id"],
        "symbol": symbol_of(truth["symbol"]),
        "side": truth["side"].lower(),
        "type": truth["type"].lower(),
        "status": STATUS[truth["status"]],
        "amount": exactly(qty),
        "filled": exactly(filled),
        "remaining": exactly(qty - filled),
        "lastUpdateTimestamp": truth["updated_ms"],
    }
    if truth["price"] is not None:
        expected["price"] = exactly(truth["price"])
    if executions is not None:
        cost = sum((Decimal(row["px"]) * Decimal(row["qty"]) for row in executions), Decimal(0))
        expected["cost"] = exactly(cost)
        expected["timestamp"] = truth["created_ms"]
        if filled:
            assert told["average"] == exactly(told["info"]["avgPrice"])
            # The exchange prints an average with as many digits as it likes.
            assert abs(Decimal(told["info"]["avgPrice"]) * filled - cost) <= Decimal("0.00001") * filled
    expected |= more
    assert {name: told[name] for name in expected} == expected


def assert_same_trade(told: Any, truth: Row, symbol: str = "") -> None:
    """Every word that ccxt has for an execution of ours; ``symbol`` unless it is a perpetual's."""
    px, qty = Decimal(truth["px"]), Decimal(truth["qty"])
    expected = {
        "id": str(truth["exec_id"]),
        "order": str(truth["order_id"]),
        "symbol": symbol or symbol_of(truth["symbol"]),
        "side": truth["side"].lower(),
        "price": exactly(px),
        "amount": exactly(qty),
        "cost": exactly(px * qty),
        "takerOrMaker": "maker" if truth["is_maker"] else "taker",
        "timestamp": truth["ts_ms"],
    }
    assert {name: told[name] for name in expected} == expected
    assert told["fee"] == {"cost": exactly(truth["fee"]), "currency": truth["fee_asset"]}


def assert_same_trades(told: list[Any], truth: list[Row]) -> None:
    """The same executions in the same order."""
    assert [row["id"] for row in told] == [str(row["exec_id"]) for row in truth]
    for row, fact in zip(told, truth, strict=True):
        assert_same_trade(row, fact)
