"""Everything wrong that strategies can ask of spot and margin accounts: answered, and it costs nobody anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bad_input.case import Case
from tests.bad_input.exchange import Exchange, Loop
from tests.bad_input.launcher import Launcher
from tests.bad_input.table_spot_wire import CASES, MARGIN_CASES, SPOT_CASES, reaches_the_exchange
from tests.bad_input.wire_place import WirePlace
from tradingsys.core.enums import Side
from tradingsys.sim.simulator import Product

ALL = {"spot": (*CASES, *SPOT_CASES), "margin": (*CASES, *MARGIN_CASES)}


@pytest.fixture(scope="module")
def exchange(loop: Loop) -> Exchange:
    exchange = loop.exchange()
    # What was traded last is what prices are measured with.
    exchange.house(Side.SELL, 1_000, "0.6", Product.SPOT)
    exchange.house(Side.BUY, 1_000, "0.6", Product.SPOT)
    exchange.house(Side.SELL, 1_000, "0.62", Product.SPOT)
    exchange.house(Side.BUY, 1_000, "0.58", Product.SPOT)
    return exchange


@pytest.fixture(scope="module")
def places(
    loop: Loop, exchange: Exchange, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, WirePlace]]:
    started = []
    for account in ALL:
        folder = tmp_path_factory.mktemp("wire") / "gateway"
        folder.mkdir()
        config = exchange.config(folder, account, symbols=["dogeusdt"])
        started.append((config, launcher.start(folder, "spot", f"-c={account}.json", "-l=info")))
    for _, gateway in started:
        gateway.says(" ready")
    places = {config.stem: WirePlace(loop, exchange, gateway, config) for config, gateway in started}
    yield places
    for place in places.values():
        assert place.gateway.stop() == 0
        assert not [word for word in ("Traceback", "HALT", "difference") if word in place.gateway.err]


ROWS = [(account, case) for account, cases in ALL.items() for case in cases]


@pytest.mark.parametrize(("account", "case"), ROWS, ids=[f"{account}: {case.name}" for account, case in ROWS])
def test_what_nobody_should_ask(account: str, case: Case[WirePlace], places: dict[str, WirePlace]) -> None:
    place = places[account]
    ledger, orders = place.admin("ledger"), len(place.admin("orders"))
    reply: Any = case.provoke(place)
    assert "error" in reply, reply
    told = reply["error"]
    assert (told["code"], [word for word in case.says if word not in told["msg"]]) == (case.code, []), told
    sent = len(place.admin("orders")) - orders
    assert sent <= case.name.startswith("amend") or reaches_the_exchange(case), "it reached the exchange"
    place.assert_everybody_trades()
    assert place.admin("ledger") == ledger


def test_the_names_are_different() -> None:
    assert len({(account, case.name) for account, case in ROWS}) == len(ROWS)
