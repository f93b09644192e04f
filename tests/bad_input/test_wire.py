"""Everything wrong that can reach the port of a running gateway: each is answered, and costs nobody else anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bad_input.case import Case
from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import Loop
from tests.bad_input.launcher import Launcher
from tests.bad_input.table_wire import CASES
from tests.bad_input.wire_place import WirePlace


@pytest.fixture(scope="module")
def place(loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WirePlace]:
    folder = tmp_path_factory.mktemp("wire") / "gateway"
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, symbols=["dogeusdt"])
    place = WirePlace(loop, exchange, start_gateway(launcher, folder), config)
    yield place
    assert place.gateway.stop() == 0
    assert "Traceback" not in place.gateway.err and "HALT" not in place.gateway.err


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_nobody_should_say(case: Case[WirePlace], place: WirePlace) -> None:
    ledger, orders = place.admin("ledger"), len(place.admin("orders"))
    reply: Any = case.provoke(place)
    assert "error" in reply, reply
    told = reply["error"]
    assert (told["code"], [word for word in case.says if word not in told["msg"]]) == (case.code, []), told
    sent = len(place.admin("orders")) - orders
    assert sent <= case.name.startswith("amend"), "it reached the exchange"
    place.assert_everybody_trades()
    assert place.admin("ledger") == ledger


def test_the_names_are_different() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
