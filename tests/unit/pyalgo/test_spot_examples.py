"""The examples that need a spot or margin gateway, before scripted ones: what each sends, and when."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyalgo import log
from tests.unit.pyalgo.pushes import depth
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.spot_gateway import MarginGateway, SpotGateway
from tests.unit.pyalgo.ws_gateway import WsGateway
from tradingsys.core.enums import OrderType
from tradingsys.wire.codec import decode_params, encode
from tradingsys.wire.messages import OrderListParams, OrderParams

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield
    log.close()


def market(bid: str, ask: str) -> Callable[[ScriptedGateway], None]:
    """Fills what takes, 0.1 percent of a purchase short of what was asked for; a book follows each request."""

    def on_request(gateway: ScriptedGateway) -> None:
        if gateway.received[-1].method == "order":
            view = gateway.orders[gateway.sent_to_venue[-1]]
            if view.quote_quantity is not None:
                quantity = str(int(float(view.quote_quantity) / float(ask)))
                gateway._set(view, quantity=quantity)
            if view.order_type is OrderType.MARKET or view.time_in_force == "IOC":
                quantity = gateway.orders[view.client_order_id].quantity
                gateway.fill(view.client_order_id, quantity, ask if view.side == "BUY" else bid)
        for name in gateway.subscribed:
            gateway.send(encode(depth("dogeusdt", bid, ask, name.partition("@")[2])))

    return on_request


def run(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    # What the end of the process does otherwise.
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")["eng"].close()


def orders(gateway: WsGateway) -> list[OrderParams]:
    return [decode_params(r, OrderParams) for r in gateway.gateway.received if r.method == "order"]


def test_oco_buys_for_an_amount_and_guards_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with WsGateway(on_request=market("0.5", "0.50001"), kind=SpotGateway) as gateway:
        run(monkeypatch, "oco", f"--addr={gateway.addr}", "--seconds=1.0")
        (entry,) = orders(gateway)
        (pair,) = [decode_params(r, OrderListParams) for r in gateway.gateway.received if r.method == "order_list"]
    assert (entry.order_type, entry.quote_quantity, entry.quantity) == ("MARKET", "20", "0")
    target, stop = pair.orders
    assert (target.post_only, target.price, target.quantity) == (True, "0.50501", "39")
    assert (stop.order_type, stop.stop_price, stop.quantity) == ("STOP_MARKET", "0.495", "39")


def test_basis_buys_on_spot_and_covers_on_the_perpetual_and_gives_both_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        WsGateway(on_request=market("0.5", "0.50001"), kind=SpotGateway) as spot,
        WsGateway(on_request=market("0.51", "0.51001")) as futures,
    ):
        addresses = (f"--addr={futures.addr}", f"--spot={spot.addr}", "--seconds=1.0")
        run(monkeypatch, "basis", *addresses)
        assert [(o.side, o.quantity, o.time_in_force) for o in orders(spot)] == [("BUY", "39", "IOC")]
        assert [(o.side, o.quantity, o.order_type) for o in orders(futures)] == [("SELL", "39", "MARKET")]
        run(monkeypatch, "basis", *addresses, "--leave=10", "--enter=20")
        assert [(o.side, o.quantity) for o in orders(spot)[1:]] == [("SELL", "39")]
        assert [(o.side, o.quantity, o.reduce_only) for o in orders(futures)[1:]] == [("BUY", "39", True)]
        assert spot.gateway.positions["dogeusdt"] == futures.gateway.positions["dogeusdt"] == 0


def test_margin_short_borrows_sells_buys_back_and_repays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with WsGateway(on_request=market("0.5", "0.50001"), kind=MarginGateway) as gateway:
        run(monkeypatch, "margin_short", f"--addr={gateway.addr}", "--hold=0.8")
        sell, buy = orders(gateway)
    assert (sell.side, sell.quantity, sell.side_effect) == ("SELL", "40", "MARGIN_BUY")
    assert (buy.side, buy.quantity, buy.side_effect) == ("BUY", "41", "AUTO_REPAY")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1.5 DOGE may be borrowed, liquidation at 1.1"
    assert [line.partition(":")[0] for line in said[1:]] == ["before", "short", "after"]
    assert "holding -40.0" in said[2] and "holding 1.0" in said[3]
