"""The new requests all the way to the simulator's exchange and back."""

from __future__ import annotations

from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.core.instrument import plain


def test_an_amended_order_rests_with_its_new_terms(rig: Rig) -> None:
    client = rig.client()
    coid = client.ask("order", client.order_params())["result"]["client_order_id"]
    assert "error" not in client.ask("amend", {"client_order_id": coid, "price": "0.59", "quantity": "20"})
    order = client.last_order()
    assert (order["price"], order["quantity"], order["status"]) == ("0.59", "20", "NEW")
    [resting] = rig.simulator.exchange.open_orders("account")
    assert (plain(resting.px or resting.qty), plain(resting.qty)) == ("0.59", "20")
    rig.house(Side.SELL, 5, "0.59")
    assert client.last_order()["cum_qty"] == "5"
    assert "error" not in client.ask("amend", {"client_order_id": coid, "quantity": "9"})
    rig.house(Side.SELL, 4, "0.59")
    assert client.last_order()["status"] == "FILLED" and rig.net(1) == 9
    rig.restart()
    assert rig.net(1) == 9 and not rig.gateway.gateway.recovery.differences


def test_a_stop_waits_and_its_executions_are_the_sessions(rig: Rig) -> None:
    client = rig.client()
    rig.house(Side.SELL, 30, "0.6")
    client.ask("order", client.order_params(quantity="30"))
    rig.run(1)
    assert rig.net(1) == 30
    stop = {"side": "SELL", "order_type": "STOP_MARKET", "price": None, "time_in_force": None, "reduce_only": True}
    reply = client.ask("order", client.order_params(**stop, quantity="30", stop_price="0.55"))
    coid = reply["result"]["client_order_id"]
    waiting = client.last_order()
    assert waiting["is_waiting"] and waiting["status"] == "NEW" and waiting["stop_price"] == "0.55"
    rig.house(Side.BUY, 100, "0.54")
    rig.house(Side.SELL, 5, "0.54")
    rig.run(2)
    done = [push["order"] for push in client.pushes("order") if push["order"]["client_order_id"] == coid][-1]
    assert (done["status"], done["order_type"]) == ("FILLED", "STOP_MARKET")
    assert rig.net(1) == 0 and not rig.gateway.gateway.book.unattributed


def test_a_waiting_order_is_canceled(rig: Rig) -> None:
    client = rig.client()
    stop = {"order_type": "STOP_LIMIT", "price": "0.71", "stop_price": "0.7"}
    coid = client.ask("order", client.order_params(**stop))["result"]["client_order_id"]
    assert client.last_order()["is_waiting"]
    rig.restart()
    client = rig.client()
    assert "error" not in client.ask("cancel", {"client_order_id": coid})
    rig.run(2)
    assert client.last_order()["status"] == "CANCELED" and not rig.gateway.gateway.book.open_orders()


def test_the_account_is_asked_and_set(rig: Rig) -> None:
    client = rig.client()
    rig.house(Side.SELL, 30, "0.6")
    client.ask("order", client.order_params())
    [usdt] = [row for row in client.ask("get_balances")["result"] if row["asset"] == "USDT"]
    assert usdt["wallet"] == client.pushes("balance")[-1]["balances"][0]["wallet"] and "available" in usdt
    assert client.ask("set_leverage", {"symbol": "dogeusdt", "leverage": 7})["result"]["leverage"] == 7
    assert client.ask("get_settings", {"symbol": "dogeusdt"})["result"] == {
        "symbol": "dogeusdt",
        "leverage": 7,
        "margin_type": "CROSSED",
    }
    refused = client.ask("set_margin_type", {"symbol": "dogeusdt", "margin_type": "ISOLATED"})
    assert refused["error"]["code"] == -4048, "there is a position"
    assert client.ask("set_leverage", {"symbol": "dogeusdt", "leverage": 5_000})["error"]["code"] == -4028
    bars = client.ask("get_klines", {"symbol": "dogeusdt", "interval": "1m", "limit": 5})["result"]
    assert bars and bars[-1]["close"].startswith("0.6")


def test_trades_and_mark_prices_flow(rig: Rig) -> None:
    client = rig.client()
    assert "error" not in client.ask("subscribe", ["dogeusdt@trade", "dogeusdt@mark"], 1.5)
    rig.house(Side.SELL, 30, "0.6")
    client.ask("order", client.order_params())
    rig.run(4)
    [trade] = client.pushes("trade")
    assert (trade["qty"], trade["buyer_is_maker"]) == ("10", False)
    assert client.pushes("mark")[-1]["mark_px"]
