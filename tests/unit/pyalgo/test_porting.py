"""The page for those who come from the original tells of every name, and of every fault that is known of it."""

from __future__ import annotations

import re

import pytest

import pyalgo
from tests.documents.blocks import ROOT
from tests.shared_data import SHARED, requires_shared
from tests.unit.pyalgo.test_original_api import ATTRIBUTES, MEMBERS, SIGNATURES

PAGE = (ROOT / "docs" / "porting.md").read_text("utf-8")

FAULTS = {
    1: "the first fill of a symbol without a row",
    2: "an order that got no answer was REJECTED",
    3: "fills while the account's stream was down",
    4: "fills of a session that had not logged in",
    5: "a strategy that reconnected got the positions of the gateway's start",
    6: "an order's id restarted at 0",
    7: "the commission was taken off the quantity whatever its asset",
    8: "the client did not log in nor subscribe again",
    9: "a reconnect replaced the subscriptions",
    10: "a strategy's error answers ended its process",
    11: "nor subscribe again, or crashed",
    12: "a connection that was reset was not noticed",
    13: "one strange symbol kept everybody from logging in",
    14: "any program could trade in any session",
    15: "orders of a session that may not trade got no answer",
    16: "a refused cancel was only logged",
    17: "an answer that was no JSON counted as accepted",
    18: "shared `pos.db` in one directory",
    19: "writes to the book were neither ordered nor whole",
    20: "executions were not told apart",
    21: "`depth` handed out changes as if they were a book",
    22: "bars: every change was delivered",
    23: "`1M` bars came as `1m`",
    24: "symbols had to be in small letters",
    25: "phases did not wrap",
    26: "The same time again replaces",
    27: "`.order_type` failed before the first order",
    28: "`SmartOrder.side`",
    29: "`kill()` sent a cancel at every call",
    30: "one message per turn",
    31: "the gateway used a whole processor",
    32: "queues without end",
    33: "a new connection for each request",
    34: "needed `Tif.UNDEF`",
    35: "one order type was taken for another",
    36: "`Tif.GTD` were listed and did not work",
    37: "no check before sending",
    38: "used a broken address",
    39: "an expired key was not noticed",
    40: "a refused subscription looked like a success",
    41: "streams were never given up at the exchange",
    42: "stayed counted and was sent again for ever",
    43: "requests of data-only sessions hung",
    44: "`get_products` ignored its symbols",
    45: "numeric client ids of other tools",
    46: "which orders were open after a restart",
    47: "an extra table or a row of 0",
    48: "a new filter or status of the exchange",
    49: None,  # one commit's build on one system
    50: "a commission that was missing broke the message",
    51: "a rejection had no reason",
    52: "`Position` and `Login` events reached nobody",
    53: "`Engine()` and `start()`, which the original's page showed",
    54: "it refuses hedge mode",
    55: "books had no age",
    56: "nothing tested trading",
}


SAME_THROUGHOUT = {
    "DepthSubscription",
    "BarSubscription",
    "Subscription",
    "Depth",
    "TradingPhase",
    "SmartOrder",
    "Rest",
}
"""Told of as a whole."""


@pytest.mark.parametrize("row", FAULTS)
def test_a_fault_of_the_original_is_told_of(row: int) -> None:
    told = FAULTS[row]
    assert told is None or told in PAGE


@requires_shared
def test_every_known_fault_is_in_the_table() -> None:
    text = (SHARED / "seeds" / "behaviour.md").read_text("utf-8")
    assert {int(row) for row in re.findall(r"^- T(\d+) ", text, re.MULTILINE)} == set(FAULTS)


@pytest.mark.parametrize("name", sorted({*SIGNATURES, *MEMBERS, *ATTRIBUTES}))
def test_a_name_of_the_original_is_on_the_page(name: str) -> None:
    owner, _, attribute = name.partition(".")
    of_all = owner in (
        "DepthSubscription",
        "BarSubscription",
        "Depth",
        "Subscription",
        "TradingPhase",
        "SmartOrder",
        "Rest",
    )
    for word in (owner, *([attribute] if attribute and not of_all else [])):
        assert re.search(rf"\b{word}\b", PAGE), word


def test_what_the_page_calls_a_name_is_one() -> None:
    rows = PAGE.partition("## Names")[2].partition("## Behaviour")[0].splitlines()
    originals = {
        word for row in rows[4:] for word in re.findall(r"`([A-Z]\w+)`", row.split("|")[1] if "|" in row else "")
    }
    missing = {name for name in originals - {"APPNAME"} if not hasattr(pyalgo, name)}
    assert not missing
