"""The break-even price of positions."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest

from tradingsys.core.enums import Side
from tradingsys.sim.break_even import BreakEven
from tradingsys.sim.events import Execution

from .face_rig import Client

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def after(*executions: tuple[Side, str, str, str]) -> BreakEven:
    """A position of executions of (side, quantity, price, fee rate)."""
    held, ids = BreakEven(), count(1)
    for side, qty, px, rate in executions:
        fee = D(qty) * D(px) * D(rate)
        held.add(Execution("a", "X", next(ids), 1, "c", side, D(px), D(qty), fee, "USDT", False, D(0), 0))
    return held


@pytest.mark.parametrize(
    ("executions", "px"),
    [
        ([(BUY, "30", "0.385", "0.0002")], "0.385077"),
        ([(SELL, "1", "70.92841", "0.0004")], "70.900038636"),
    ],
)
def test_the_exchange_examples(executions: list[tuple[Side, str, str, str]], px: str) -> None:
    assert after(*executions).px == D(px)


def test_what_was_gained_lowers_it() -> None:
    assert after((BUY, "2", "100", "0"), (SELL, "1", "110", "0")).px == D(90)
    assert after((BUY, "2", "100", "0"), (SELL, "1", "300", "0")).px == 0


def test_a_position_that_turns_begins_anew() -> None:
    turned = after((BUY, "1", "100", "0.001"), (SELL, "3", "110", "0.001"))
    assert (turned.net, turned.px) == (D(-2), D("109.89"))
    flat = after((BUY, "1", "100", "0.001"), (SELL, "1", "110", "0.001"))
    assert flat.net == 0 and flat.px == 0


def test_it_is_told_wherever_positions_are() -> None:
    client = Client()
    client.quote()
    stream = client.listen()
    client.call("POST", "/fapi/v1/order", symbol="DOGEUSDT", side="BUY", type="MARKET", quantity="100")
    (row,) = client.call("GET", "/fapi/v3/positionRisk")
    (update,) = [frame for frame in client.take(stream) if frame["e"] == "ACCOUNT_UPDATE"]
    # Bought at 0.601 with the taker's fee of 0.05%.
    assert row["breakEvenPrice"] == update["a"]["P"][0]["bep"] == "0.6013005"
    assert row["entryPrice"] == update["a"]["P"][0]["ep"] == "0.601"
