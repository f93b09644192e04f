"""Operating a running gateway: what is asked, how the answers are shown, and gateways that answer wrongly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.cli.box import running_box
from tests.unit.cli.scripted_gateway import HANG_UP, SILENCE, Answer, Refusal, scripted_gateway
from tradingsys.cli.app import FAILURE, NOTHING, OK, USAGE, execute
from tradingsys.cli.exits import UNCONFIRMED
from tradingsys.cli.operate.tables import time_text
from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.net.token import create_token, token_path
from tradingsys.net.upgrade import Refuse
from tradingsys.wire.messages import OrderView, PositionView
from tradingsys.wire.operator import (
    Explanation,
    GatewayView,
    HaltView,
    OperateParams,
    SessionOrder,
    SessionPositionView,
    SetPositionResult,
    StoppingView,
    TradedAway,
)

Captured = pytest.CaptureFixture[str]

HALT = HaltView("", "two gateways", 1_800_000_000_000)
VIEW = GatewayView(
    version="0.1.0",
    environment="sim",
    account="main-1",
    lineage="abcde",
    epoch=1_800_000_000_000,
    db="pos.db",
    ready=True,
    trading=True,
    market=False,
    text="",
    uptime_s=90_061,
    sessions=2,
    open_orders=3,
    in_doubt=1,
    halts=[HALT],
    differences={"btcusdt": "0.5"},
)
ORDER = OrderView(
    "T-1", "btcusdt", Side.BUY, OrderType.LIMIT, "2", OrderStatus.UNKNOWN, 0, in_doubt=True, cum_qty="0.5"
)
POSITION = PositionView("btcusdt", "1.5", unbooked_buy="0.25", entry_px="60000", fees={"USDT": "0.1", "BNB": "0.02"})
EXPLANATION = Explanation(
    symbol="btcusdt",
    positions=[SessionPositionView(-1, PositionView("btcusdt", "-1")), SessionPositionView(3, POSITION)],
    total="0.5",
    account="0",
    difference="0.5",
    open_orders=[SessionOrder(3, ORDER)],
    first_trade_id=10,
    watermark=20,
    adjustments=["2026-11-21 12:00:00 UTC: EXTERNAL -1 (baseline)"],
    halt="liquidation",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("PYALGO_TOKEN", raising=False)
    return tmp_path


def ask(capsys: Captured, answers: dict[str, Answer], *words: str) -> tuple[int, str, str, list[tuple[str, Any]]]:
    """Exit code, output, complaints, and the requests after the first."""
    with scripted_gateway({"operate": VIEW, **answers}) as (addr, heard):
        code = execute([*words, "--addr", addr])
    captured = capsys.readouterr()
    requests = [(request.method, msgspec.json.decode(request.params)) for request in heard]
    assert all(method == "operate" for method, _ in requests[:1])
    return code, captured.out, " ".join(captured.err.split()), requests[1:]


def test_a_gateway_without_room_is_no_book_at_rest(capsys: Captured) -> None:
    full = Refuse(503, "72 connections are open already: close one that is not needed")
    with scripted_gateway({}, full) as (addr, _):
        assert execute(["halt", "--session", "1", "--addr", addr]) == FAILURE
        assert full.text in capsys.readouterr().err
    with scripted_gateway({}, Refuse(404, "here is nothing")) as (addr, _):
        assert execute(["status", "--addr", addr]) == NOTHING


def test_status_of_a_running_gateway(capsys: Captured) -> None:
    code, out, _, requests = ask(capsys, {"op.status": VIEW}, "status")
    assert code == OK and [method for method, _ in requests] == ["op.status"]
    for told in ("ready", "1 d 1 h", "3, 1 of them in doubt", "the whole account, since", "resume --account"):
        assert told in out
    assert "btcusdt: 0.5 (see: tradingsys explain btcusdt --addr ws://localhost:" in out
    assert "from the running gateway at ws://localhost:" in out


def test_status_tells_that_the_exchange_wants_to_be_left_alone(capsys: Captured) -> None:
    view = msgspec.structs.replace(VIEW, left_alone_until_ms=1_800_000_000_000)
    _, out, _, _ = ask(capsys, {"op.status": view}, "status")
    assert f"the exchange is asked nothing until {time_text(1_800_000_000_000)}" in " ".join(out.split())
    _, out, _, _ = ask(capsys, {"op.status": VIEW}, "status")
    assert "LEFT ALONE" not in out


def test_filters_travel(capsys: Captured) -> None:
    words = ["orders", "--session=3", "--symbol=BTCUSDT", "--all", "--limit=7", "--json"]
    code, out, _, requests = ask(capsys, {"op.orders": [SessionOrder(3, ORDER)]}, *words)
    assert code == OK
    assert requests == [
        ("op.orders", {"session_id": 3, "symbol": "btcusdt", "open_only": False, "limit": 7}),
    ]
    answer = json.loads(out)
    assert answer["source"]["kind"] == "gateway" and answer["orders"][0]["order"]["client_order_id"] == "T-1"


def test_a_position_is_set_by_the_gateway_itself(capsys: Captured) -> None:
    done = SetPositionResult(3, "btcusdt", "1", "-0.5", "1.5")
    code, out, _, requests = ask(capsys, {"op.set_position": done}, "pos", "set", "3", "BTCUSDT", "-0.5")
    assert code == OK and "session 3, btcusdt: 1 → -0.5, EXTERNAL is 1.5" in out
    assert requests == [("op.set_position", {"session_id": 3, "symbol": "btcusdt", "net": "-0.5"})]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["btcusdt"], {"symbol": "btcusdt"}),
        (["--account"], {}),
        (["--session=3", "--reason=mended"], {"session_id": 3, "reason": "mended"}),
        (["--session=3", "--symbol=BTCUSDT"], {"session_id": 3, "symbol": "btcusdt"}),
    ],
)
def test_resume(capsys: Captured, words: list[str], meant: dict[str, object]) -> None:
    code, out, _, requests = ask(capsys, {"op.resume": None, "op.status": VIEW}, "resume", *words)
    assert code == OK and "orders are allowed again" in out
    assert requests[0] == ("op.resume", meant)


def test_halt_waits_for_the_confirmation(capsys: Captured) -> None:
    begun = StoppingView(7, "session 3", False, left=[SessionOrder(3, ORDER)])
    done = StoppingView(7, "session 3", True, 1)
    code, out, err, requests = ask(capsys, {"op.halt": begun, "op.stopping": done}, "halt", "--session=3")
    assert requests == [("op.halt", {"session_id": 3}), ("op.stopping", {"number": 7})]
    assert code == OK and "session 3: 1 order to cancel" in err
    for told in ("session 3: no new orders are taken", "confirmed by the exchange: 1 order gone", "resume --session 3"):
        assert told in out


def test_what_is_not_confirmed_in_time_is_told(capsys: Captured) -> None:
    dust = "session 3 holds 0.1 btcusdt: less than the lot, 1"
    begun = StoppingView(7, "btcusdt", False, left=[SessionOrder(3, ORDER)], held=[dust])
    code, out, _, _ = ask(capsys, {"op.flatten": begun}, "flatten", "--symbol=btcusdt", "--wait=0")
    shown = " ".join(out.split())
    assert code == UNCONFIRMED
    for told in ("still there: session 3 T-1", f"left: {dust}", "NOT confirmed yet: the gateway goes on with it"):
        assert told in shown


def test_what_has_not_even_begun_is_not_confirmed(capsys: Captured) -> None:
    at_rest = StoppingView(
        0, "the account", False, problem="what is open is canceled as soon as the gateway has started"
    )
    code, out, _, _ = ask(capsys, {"op.halt": at_rest}, "halt")
    shown = " ".join(out.split())
    assert code == UNCONFIRMED
    assert at_rest.problem in shown and "NOT confirmed yet: nothing was canceled" in shown


def test_what_stands_from_before_is_told(capsys: Captured) -> None:
    stays = "session 3 stays HALTED, as was asked for before"
    begun, done = StoppingView(7, "session 3", False, stands=stays), StoppingView(7, "session 3", True)
    code, out, _, _ = ask(capsys, {"op.halt": begun, "op.stopping": done}, "halt", "--session=3", "--reducing")
    shown = " ".join(out.split())
    assert code == OK and stays in shown and "only orders that reduce" not in shown, "which is not so"


def test_what_was_traded_away_is_told(capsys: Captured) -> None:
    traded = [TradedAway(3, "btcusdt", Side.SELL, "50"), TradedAway(4, "btcusdt", Side.BUY, "2")]
    done = StoppingView(7, "btcusdt", True, traded=traded)
    code, out, _, _ = ask(capsys, {"op.flatten": done}, "flatten", "--symbol=btcusdt")
    assert code == OK and "no order was open" in out
    for told in ("session 3 sold 50 btcusdt", "session 4 bought 2 btcusdt"):
        assert f"traded away: {told}" in out


def test_where_nothing_has_to_be_gone_nothing_is_confirmed_and_all_is_well(capsys: Captured) -> None:
    view = StoppingView(0, "session 3", None)
    words = ["halt", "--session=3", "--keep-orders", "--reducing"]
    code, out, _, _ = ask(capsys, {"op.halt": view}, *words)
    assert code == OK and "onfirmed" not in out
    code, out, _, _ = ask(capsys, {"op.halt": view}, *words, "--json")
    assert code == OK and json.loads(out)["stopping"]["confirmed"] is None


def test_explain_says_what_is_wrong_and_what_to_do(capsys: Captured) -> None:
    code, out, _, _ = ask(capsys, {"op.explain": EXPLANATION}, "explain", "btcusdt")
    shown = " ".join(out.split())
    assert code == OK
    for told in (
        "session 3 holds 1.5, and EXTERNAL -1: 0.5 in all.",
        "The account holds 0 at the exchange: the books are off by 0.5.",
        "restart the gateway with --scan btcusdt",
        "from number 10 on is accounted for",
        "Session 3 has bought 0.25 more than is booked",
        "1 order is in doubt",
        "up to 1.5 may be bought and 0 sold",
        "No other open orders.",
        "EXTERNAL -1 (baseline)",
        "HALTED, no new orders: liquidation.",
        "1.5 (+0.25 coming)",
        "0.1 USDT, 0.02 BNB",
    ):
        assert told in shown


def test_an_account_that_agrees(capsys: Captured) -> None:
    agreed = msgspec.structs.replace(EXPLANATION, account="0.5", difference="0.0", open_orders=[], halt="")
    code, out, _, _ = ask(capsys, {"op.explain": agreed}, "explain", "btcusdt")
    assert code == OK and "the books agree with it" in out and "HALTED" not in out and "No open orders." in out


@pytest.mark.parametrize(
    ("average", "shown"),
    [("0.5993040909090909090909090909", "0.59930409"), ("60000", "60000"), ("0.599999999999", "0.6")],
)
def test_an_average_is_legible_in_tables_and_exact_in_json(capsys: Captured, average: str, shown: str) -> None:
    row = SessionPositionView(3, PositionView("btcusdt", "1.5", entry_px=average, realized_pnl=f"-{average}"))
    _, out, _, _ = ask(capsys, {"op.positions": [row]}, "pos", "show")
    assert out.split().count(shown) == out.split().count(f"-{shown}") == 1
    _, out, _, _ = ask(capsys, {"op.positions": [row]}, "pos", "show", "--json")
    assert f'"entry_px": "{average}"' in out


def test_the_token_of_the_port_is_shown(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str | None] = []

    def operate(params: Any) -> object:
        shown.append(msgspec.convert(params, OperateParams).token)
        return VIEW

    with scripted_gateway({"operate": operate, "op.status": VIEW}) as (addr, _):
        assert execute(["status", "--addr", addr]) == OK
        token = create_token(int(addr.rpartition(":")[2]))
        assert execute(["status", "--addr", addr]) == OK
        monkeypatch.setenv("PYALGO_TOKEN", "from elsewhere")
        assert execute(["status", "--addr", addr]) == OK
    assert shown == [None, token, "from elsewhere"]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"operate": Refusal(-10010, "token missing or wrong")}, "does not take our token"),
        ({"operate": Refusal(-10009, "unknown method 'operate'")}, "restart it with this version"),
        ({"operate": Refusal(-10001, "login first")}, "restart it with this version"),
        ({"operate": Refusal(-10008, "the gateway is starting")}, "the gateway is starting"),
        ({"operate": HANG_UP}, "hung up: closed by peer: 1000 going"),
        ({"op.status": HANG_UP}, "hung up"),
        ({"op.status": Refusal(-10009, "too soon")}, "too soon"),
        ({"op.status": {"version": 5}}, "unexpected result"),
    ],
)
def test_a_gateway_that_does_not_answer_as_it_should(capsys: Captured, answers: dict[str, Answer], told: str) -> None:
    code, out, err, _ = ask(capsys, answers, "status")
    assert code == FAILURE and told in err and out == "" and "Traceback" not in err


def test_garbage_and_silence_are_waited_for_and_told(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradingsys.cli.operate.client._ANSWER_S", 0.3)
    for answer in (SILENCE, b"\xff garbage"):
        code, _, err, _ = ask(capsys, {"op.status": answer}, "status")
        assert code == FAILURE and "did not answer op.status in time" in err


def test_a_token_that_cannot_be_read(capsys: Captured) -> None:
    with scripted_gateway({"operate": VIEW}) as (addr, heard):
        path = token_path(int(addr.rpartition(":")[2]))
        path.mkdir(parents=True)
        assert execute(["status", "--addr", addr]) == USAGE
    assert "set PYALGO_TOKEN" in capsys.readouterr().err and not heard


@pytest.mark.parametrize(
    ("view", "verdict", "told"),
    [
        (VIEW, "ok", "our gateway runs there"),
        (msgspec.structs.replace(VIEW, environment="live"), "problem", "a gateway of another account"),
        (msgspec.structs.replace(VIEW, db="other.db"), "problem", "a gateway of another account"),
        (Refusal(-10010, "no"), "problem", "does not take our token"),
    ],
)
def test_doctor_tells_our_gateway_from_others(
    folder: Path, capsys: Captured, view: Answer, verdict: str, told: str
) -> None:
    with running_box() as box, scripted_gateway({"operate": view}) as (addr, _):
        execute(["doctor", f"-c={box.config(folder, local=addr)}", "--json"])
    checks = {check["check"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["local-port"]["verdict"] == verdict and told in checks["local-port"]["text"]
