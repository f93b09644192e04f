"""A key that may do more than trade: its gateway says so, and trades all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.exchange import Exchange, Loop, error
from tests.bad_input.launcher import Launched, Launcher
from tests.bad_input.line import Line

_RESTRICTIONS = "/sapi/v1/account/apiRestrictions"


def _start(launcher: Launcher, exchange: Exchange, folder: Path, account: str) -> tuple[Launched, Path]:
    folder.mkdir()
    config = exchange.config(folder, account, symbols=["dogeusdt"])
    gateway = launcher.start(folder, "usdt" if account == "usdt" else "spot", f"-c={config.name}", "-l=debug")
    gateway.says(" ready")
    return gateway, config


@pytest.mark.parametrize("account", ["usdt", "spot", "margin"])
def test_a_gateway_whose_key_may_withdraw_says_so_and_trades(
    loop: Loop, launcher: Launcher, tmp_path: Path, account: str
) -> None:
    exchange = loop.exchange(can_withdraw=True, can_transfer=True)
    gateway, config = _start(launcher, exchange, tmp_path / "gateway", account)
    gateway.says("the API key may withdraw and transfer: whoever steals it can take the money")
    line = Line(loop, config).login(1)
    line.order_that("rests", line.order(), lambda order: order["status"] == "NEW")
    line.close()
    assert "from any address" not in gateway.err, "of a simulator nobody steals anything"
    gateway.stop()


def test_a_key_that_may_only_trade_is_no_news_nor_is_one_of_which_nobody_tells(
    loop: Loop, launcher: Launcher, tmp_path: Path
) -> None:
    exchange = loop.exchange(can_withdraw=True)
    asked: list[str] = []

    def refuse(request: object) -> object:
        path = getattr(request, "path", "")
        asked.extend([path] if path == _RESTRICTIONS else [])
        return error(403, 0, "not for you") if path == _RESTRICTIONS else None

    exchange.box.on_request = refuse  # type: ignore[assignment]
    silent, _ = _start(launcher, exchange, tmp_path / "silent", "spot")
    silent.until("the question", lambda: bool(asked))
    silent.says("what the API key may do is not known")
    fine, _ = _start(launcher, loop.exchange(), tmp_path / "fine", "spot")
    for gateway in (silent, fine):
        assert gateway.code is None and "the API key may" not in gateway.err.replace("what the API key may do", "")
        gateway.stop()
