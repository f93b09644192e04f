"""Clients that nobody here wrote, each against a simulator of its module's own."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.judges import sdk_client
from tests.judges.box import FUTURES, MARGIN, PATIENCE_S, SPOT, Box
from tests.judges.ccxt_client import by_ed25519
from tests.judges.guard import Guard

_OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
_ENOUGH = {"USDT": Decimal(50_000), "DOGE": Decimal(20_000), "BTC": Decimal(1)}

WARNINGS_OF_THE_CLIENTS = (
    # ccxt passes it to aiohttp, which needs it no longer on newer Pythons.
    "ignore:enable_cleanup_closed ignored:DeprecationWarning:ccxt",
    # Binance's SDK gives aiohttp a number of seconds where it wants a structure of them.
    "ignore:parameter 'timeout' of type 'float' is deprecated:DeprecationWarning:binance_common",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "judges":
            for line in WARNINGS_OF_THE_CLIENTS:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that is a coroutine runs in the event loop of its module, where the clients live."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    runner = pyfuncitem.funcargs["runner"]
    assert isinstance(runner, asyncio.Runner)
    runner.run(asyncio.wait_for(pyfuncitem.obj(**given), 2 * PATIENCE_S))
    return True


@pytest.fixture(scope="module")
def _module_guard() -> Iterator[Guard]:
    with pytest.MonkeyPatch.context() as patch:
        yield Guard(patch)


@pytest.fixture(autouse=True)
def guard(_module_guard: Guard) -> Iterator[Guard]:
    """Whoever tries to leave this machine fails its test, even if the client hides it."""
    yield _module_guard
    attempts, _module_guard.attempts = _module_guard.attempts, []
    assert not attempts, f"tried to reach {attempts}"


@pytest.fixture(scope="module")
def box(_module_guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The exchange."""
    with Box.running(tmp_path_factory.mktemp("box")) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def runner(_module_guard: Guard) -> Iterator[asyncio.Runner]:
    """The event loop of the module's tests."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def trader(box: Box, runner: asyncio.Runner) -> Iterator[Any]:
    """ccxt, with its markets loaded."""
    client = by_ed25519(box)
    yield runner.run(client.__aenter__())
    runner.run(client.__aexit__(None, None, None))


@pytest.fixture
def flat(box: Box) -> None:
    """Nothing is open, nothing waits and nothing is held when the test begins."""
    for symbol in {row["symbol"] for row in box.admin("algos") if row["status"] == "NEW"}:
        sdk_client.by_hmac(box).rest_api.cancel_all_algo_open_orders(symbol=symbol)
    for order in box.orders():
        if order["status"] in _OPEN:
            try:
                box.admin("cancel", {"symbol": order["symbol"], "order_id": order["order_id"]})
            except HTTPError:
                # The market may have been faster.
                assert box.order(order["symbol"], order["order_id"])["status"] not in _OPEN
    for position in box.admin("positions"):
        net = Decimal(position["net"])
        if net:
            side = "SELL" if net > 0 else "BUY"
            trade = {"symbol": position["symbol"], "side": side, "qty": str(abs(net)), "reduce_only": True}
            box.admin("trade", trade)


@pytest.fixture(scope="module")
def spot(box: Box) -> Box:
    """The exchange of assets."""
    return box.spot


@pytest.fixture(scope="module")
def spot_trader(spot: Box, runner: asyncio.Runner) -> Iterator[Any]:
    """ccxt, with its spot markets loaded."""
    client = by_ed25519(spot)
    yield runner.run(client.__aenter__())
    runner.run(client.__aexit__(None, None, None))


@pytest.fixture
def none_open(spot: Box) -> None:
    """No order of the spot wallet is open when the test begins, and it has something of everything."""
    _cancel_all(spot)
    for asset, enough in _ENOUGH.items():
        _deposit(spot, asset, enough)


@pytest.fixture(scope="module", params=[FUTURES, SPOT])
def exchange(box: Box, request: pytest.FixtureRequest) -> Box:
    """Each of the box's exchanges in turn."""
    return box if request.param == FUTURES else box.spot


@pytest.fixture(scope="module")
def client(exchange: Box, request: pytest.FixtureRequest) -> Any:
    """ccxt, with the markets of that exchange loaded."""
    return request.getfixturevalue("trader" if exchange.product == FUTURES else "spot_trader")


@pytest.fixture
def provided(exchange: Box, request: pytest.FixtureRequest) -> None:
    """Where assets are needed, there are some."""
    if exchange.product == SPOT:
        request.getfixturevalue("none_open")


@pytest.fixture(scope="module")
def margin(box: Box) -> Box:
    """The exchange of assets, for those who borrow."""
    return box.margin


@pytest.fixture(scope="module")
def margin_trader(margin: Box, runner: asyncio.Runner) -> Iterator[Any]:
    """ccxt, on margin."""
    client = by_ed25519(margin)
    yield runner.run(client.__aenter__())
    runner.run(client.__aexit__(None, None, None))


@pytest.fixture
def no_debts(margin: Box) -> None:
    """No order of the margin account is open when the test begins, it owes nothing, and has something of everything."""
    _cancel_all(margin)
    for asset, row in margin.wallet().items():
        debt = Decimal(row["borrowed"]) + Decimal(row["interest"])
        if debt:
            _deposit(margin, asset, debt)
            repay = sdk_client.by_hmac(margin).rest_api.margin_account_borrow_repay
            repay(asset=asset, amount=str(debt), type="REPAY", is_isolated="FALSE")
    for asset, enough in _ENOUGH.items():
        _deposit(margin, asset, enough)


def _cancel_all(box: Box) -> None:
    for order in box.orders():
        if order["status"] in _OPEN and box.order(order["symbol"], order["order_id"])["status"] in _OPEN:
            wanted = {"account": box.account, "symbol": order["symbol"], "order_id": order["order_id"]}
            try:
                box.admin("cancel", wanted)
            except HTTPError:
                assert box.order(order["symbol"], order["order_id"])["status"] not in _OPEN


def _deposit(box: Box, asset: str, enough: Decimal) -> None:
    """As much as it takes to have enough."""
    wallet = box.wallet()
    free = Decimal(wallet[asset]["free"]) if asset in wallet else Decimal(0)
    if free < enough:
        box.admin("deposit", {"asset": asset, "amount": str(enough - free), "margin": box.product == MARGIN})


@pytest.fixture
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Binance's SDK says in the log that an answer does not fit its models, and goes on: here that is a failure."""
    yield
    complaints = [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.WARNING]
    assert not complaints
