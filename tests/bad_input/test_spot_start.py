"""Configurations and books that a spot or margin account cannot be run with: cause, fix, exit code; nothing is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec import Struct

from tests.bad_input.case import Case
from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import Exchange, Loop
from tests.bad_input.launcher import Launched, Launcher
from tests.bad_input.line import Line
from tests.bad_input.test_start import content
from tradingsys.cli.exits import USAGE
from tradingsys.core.enums import Side
from tradingsys.sim.simulator import Product


class SpotPlace:
    """A folder with the good configurations of all accounts; ``book`` is a folder with a spot account's book."""

    def __init__(self, folder: Path, exchange: Exchange, book: Path, futures_book: Path) -> None:
        self.folder, self.db = folder, folder / "pos.db"
        self._exchange, self._book, self._futures_book = exchange, book, futures_book
        self.arguments = ("spot", "-c=spot.json", "-l=info")
        for account in ("usdt", "spot", "margin"):
            exchange.config(folder, account, symbols=["dogeusdt"])

    def config(self, account: str, **changes: Any) -> None:
        """Start this account, with other values in its configuration."""
        self._exchange.config(self.folder, account, **changes)
        self.run(account)

    def run(self, account: str) -> None:
        self.arguments = ("usdt" if account == "usdt" else "spot", f"-c={account}.json", "-l=info")

    def with_book(self, of: str, account: str) -> None:
        """Start an account on somebody's book."""
        for path in (self._futures_book if of == "usdt" else self._book).glob("pos.db*"):
            shutil.copy(path, self.folder)
        self.run(account)

    def sql(self, statement: str) -> None:
        """Write to the spot account's book, as a user would with any SQL program."""
        self.with_book("spot", "spot")
        conn = apsw.Connection(str(self.db))
        try:
            conn.execute(statement).fetchall()
        finally:
            conn.close()


def _config(account: str, changes: dict[str, Any], *says: str) -> Case[SpotPlace]:
    name = f"{account}.json: {json.dumps(changes)}"
    return Case(name, lambda place: place.config(account, **changes), USAGE, (f"{account}.json", *says))


def _refused(account: str, changes: dict[str, Any], *says: str) -> Case[SpotPlace]:
    """What only the exchange can tell."""
    return Case(f"{account}: {json.dumps(changes)}", lambda place: place.config(account, **changes), USAGE, says)


def _book(of: str, account: str, *says: str) -> Case[SpotPlace]:
    return Case(f"{account} on the book of {of}", lambda place: place.with_book(of, account), USAGE, ("pos.db", *says))


def _edit(statement: str, *says: str) -> Case[SpotPlace]:
    return Case(f"pos.db: {statement}", lambda place: place.sql(statement), USAGE, ("pos.db", *says))


def _net(value: str, *says: str) -> Case[SpotPlace]:
    return _edit(f"UPDATE positions SET net = {value} WHERE session_id = 1", "positions: session_id 1", *says)


_ITS_OWN = "a file of its own"
_TRUE_OR_FALSE = "true for the cross margin account, false or left out for spot"

CASES: tuple[Case[SpotPlace], ...] = (
    _config("margin", {"margin": "isolated"}, "margin", "isolated margin is not offered", _TRUE_OR_FALSE),
    _config("margin", {"margin": "true"}, "margin", "must be true or false", _TRUE_OR_FALSE),
    _config("margin", {"margin": 1}, "margin", "must be true or false, not 1", _TRUE_OR_FALSE),
    _config("spot", {"isolated": True}, "isolated", "isolated margin is not offered", _TRUE_OR_FALSE),
    _config("spot", {"marign": True}, "marign", "did you mean margin?"),
    _config("usdt", {"margin": True}, "futures have no margin account", "tradingsys spot -c=usdt.json"),
    _config("margin", {"environment": "testnet"}, "no testnet for margin accounts", "tradingsys sim --write-config"),
    _config("margin", {"environment": "demo"}, "no demo for margin accounts", "tradingsys sim --write-config"),
    _config("spot", {"environment": "paper"}, "environment", "live, testnet, demo, sim"),
    _refused("spot", {"symbols": ["nosuchusdt"]}, "symbols", "nosuchusdt", "spelled"),
    _refused("margin", {"symbols": ["nosuchusdt"]}, "symbols", "nosuchusdt", "spelled"),
    _refused("spot", {"apikey": "another"}, "-2015", "apikey and pem"),
    _refused("margin", {"secret": "wrong"}, "-1022", "apikey and pem (or secret)"),
    _book("usdt", "spot", "binance-usdm-sim", _ITS_OWN),
    _book("spot", "usdt", "binance-spot-sim", _ITS_OWN),
    _book("spot", "margin", "binance-spot-sim", _ITS_OWN),
    _net("'NaN'", "'NaN'", "no quantity", "the gateway last wrote 199.8"),
    _net("'all of it'", "'all of it'", "no quantity"),
    _net("'1,5'", "'1,5'", "no quantity"),
    _net("9e999", "'Inf'", "no quantity"),
    _net("''", "''", "no quantity"),
    _edit("INSERT INTO positions VALUES (1, 'nosuchusdt', 5)", "session 1", "5 nosuchusdt", "delete the row"),
    _edit("INSERT INTO positions VALUES (65536, 'dogeusdt', 1)", "positions: session_id 65536", "undo the edit"),
    _edit("UPDATE symbols SET base_asset = ''", "symbols: symbol 'DOGEUSDT'", "base_asset", "go back to a copy"),
    _edit("UPDATE fills SET fee = 'x'", "fills: symbol 'DOGEUSDT'", "fee is 'x'", "go back to a copy"),
)


class Outcome(Struct):
    place: SpotPlace
    process: Launched
    before: object


@pytest.fixture(scope="module")
def bought(loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> tuple[Exchange, Path]:
    """An exchange, and the folder of a spot gateway that bought there and paid its fee in what it bought."""
    folder = tmp_path_factory.mktemp("bought") / "gateway"
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, "spot", symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder, "spot")
    exchange.house(Side.SELL, 100_000, "0.6", Product.SPOT)
    line = Line(loop, config).login(1)
    filled = line.order()
    line.order_that("is filled", filled, lambda order: order["status"] == "FILLED")
    held = [position for position in line.result("get_positions") if position["net"] == "199.8"]
    assert held, "bought 200, less a fee of 0.1 %"
    line.close()
    assert gateway.stop() == 0
    return exchange, folder


@pytest.fixture(scope="module")
def outcomes(
    launcher: Launcher,
    bought: tuple[Exchange, Path],
    traded: tuple[Exchange, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Outcome]]:
    found = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp("start") / "here"
        folder.mkdir()
        place = SpotPlace(folder, *bought, traded[1])
        case.provoke(place)
        found[case.name] = Outcome(place, launcher.start(folder, *place.arguments), content(place.db))
    for outcome in found.values():
        outcome.process.wait_or_kill(30)
    yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_cannot_be_used(case: Case[SpotPlace], outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[case.name]
    told = outcome.process.err
    assert [word for word in case.says if word not in told] == [], told
    assert outcome.process.code == case.code, told
    assert "Traceback" not in told
    if outcome.before:
        assert content(outcome.place.db) == outcome.before, "the book was changed"


def test_an_edit_that_can_be_used_still_is(
    launcher: Launcher, loop: Loop, bought: tuple[Exchange, Path], traded: tuple[Exchange, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    place = SpotPlace(folder, *bought, traded[1])
    place.sql("UPDATE positions SET net = 150.25 WHERE session_id = 1")
    gateway = start_gateway(launcher, folder, "spot")
    line = Line(loop, folder / "spot.json").login(1)
    assert [position["net"] for position in line.result("get_positions")] == ["150.25"]
    assert gateway.stop() == 0
    assert "difference" not in gateway.err
