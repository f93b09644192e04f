"""Commands of accounts that hold assets: of a running gateway, of a book at rest, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.unit.cli.scripted_gateway import SILENCE, Answer, Refusal, scripted_gateway
from tests.unit.cli.test_operator import VIEW
from tests.unit.gateway.spot_venue import spot_scene
from tradingsys.cli.app import FAILURE, OK, USAGE, execute
from tradingsys.cli.operate import client
from tradingsys.cli.product import meant_product
from tradingsys.gateway.configuration.config import load
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.wire.messages import BalanceView, BorrowableView, LoanResult, MarginView
from tradingsys.wire.operator import AcceptResult, AssetView, SessionAsset

Captured = pytest.CaptureFixture[str]

ASSETS = [
    AssetView("BTC", [SessionAsset(1, "0.5"), SessionAsset(2, "-0.2"), SessionAsset(-1, "1")], "1.3", "1.3", "0"),
    AssetView("BNB", [SessionAsset(-1, "2")], "2", "1.9", "0.1", "0.5", "0.01"),
]
MARGIN = MarginView("2.31", "1.5", "1.3", "1.1", "0.482", "0.2086")
BALANCES = [BalanceView("USDT", "100", "90", "500", "0.25"), BalanceView("BTC", "1")]
ANSWERS: dict[str, Answer] = {
    "operate": structs.replace(VIEW, product="margin", differences={"BNB": "0.1"}),
    "op.status": structs.replace(
        VIEW, product="margin", differences={"BNB": "0.1"}, margin="margin level 1.4 (BELOW_NORMAL): repay debts"
    ),
    "op.assets": ASSETS,
    "op.accept": AcceptResult("BNB", "-0.1", "1.9"),
    "op.margin": MARGIN,
    "op.balances": BALANCES,
    "op.borrowable": lambda params: BorrowableView("1.5" if params["asset"] == "BTC" else "700", "60"),
    "op.borrow": LoanResult("4711"),
    "op.repay": LoanResult("4712"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


def run(capsys: Captured, *words: str, answers: dict[str, Answer] = ANSWERS) -> tuple[str, list[tuple[str, Any]]]:
    """What is printed, and what the gateway was asked."""
    with scripted_gateway(answers) as (addr, heard):
        assert execute([*words, "--addr", addr]) == OK, capsys.readouterr().err
    return capsys.readouterr().out, [(each.method, json.loads(bytes(each.params))) for each in heard[1:]]


def test_assets_are_shown_with_their_differences_and_debts(capsys: Captured) -> None:
    out, _ = run(capsys, "assets")
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.strip().startswith("B")}
    assert rows["BTC"] == ["BTC", "0.3", "1", "1.3", "1.3", "0", "0", "0"]
    assert "BNB: the books are off by 0.1" in out and "tradingsys pos accept BNB --addr ws://" in out
    told = json.loads(run(capsys, "assets", "--json")[0])["assets"]
    assert told[0] == {
        "asset": "BTC",
        "sessions": [
            {"session_id": 1, "amount": "0.5"},
            {"session_id": 2, "amount": "-0.2"},
            {"session_id": -1, "amount": "1"},
        ],
        "total": "1.3",
        "account": "1.3",
        "difference": "0",
    }


def test_status_names_assets_that_differ_and_a_low_margin_level(capsys: Captured) -> None:
    out, _ = run(capsys, "status")
    assert "BNB: 0.1 (see: tradingsys assets --addr ws://" in out
    assert "margin level 1.4" in out and "see: tradingsys margin --addr ws://" in out


def test_a_difference_is_accepted_by_name(capsys: Captured) -> None:
    out, heard = run(capsys, "pos", "accept", "bnb")
    assert heard == [("op.accept", {"asset": "BNB"})]
    assert "BNB: -0.1 booked to EXTERNAL, which has 1.9 of it now" in out


def test_margin_tells_level_bars_debts_and_room(capsys: Captured) -> None:
    out, heard = run(capsys, "margin")
    assert [method for method, _ in heard] == ["op.margin", "op.balances", "op.borrowable"]
    assert all(each in out for each in ("2.31", "at 1.3", "at 1.1", "at 1.5"))
    (line,) = (line for line in out.splitlines() if line.strip().startswith("USDT"))
    assert line.split() == ["USDT", "500", "0.25", "60"]
    out, heard = run(capsys, "margin", "btc", "--json")
    assert ("op.borrowable", {"asset": "BTC"}) in heard
    report = json.loads(out)["margin"]
    assert set(report["borrowable"]) == {"BTC"} and [row["asset"] for row in report["debts"]] == ["USDT"]


def test_a_loan_is_asked_for_once_and_told(capsys: Captured) -> None:
    out, heard = run(capsys, "borrow", "usdt", "500")
    assert heard[0] == ("op.borrow", {"asset": "USDT", "amount": "500"})
    assert "borrowed 500 USDT (transaction 4711); the account owes 500 USDT now, and 0.25 interest" in out
    out, heard = run(capsys, "repay", "BTC", "0.10", "--json")
    assert heard[0] == ("op.repay", {"asset": "BTC", "amount": "0.1"})
    assert json.loads(out)["loan"] == {
        "asset": "BTC",
        "amount": "0.1",
        "transaction_id": "4712",
        "borrowed": "0",
        "interest": "0",
    }


def test_a_loan_without_an_answer_says_where_to_look(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ANSWER_S", 0.2)
    with scripted_gateway(ANSWERS | {"op.borrow": SILENCE}) as (addr, heard):
        assert execute(["borrow", "USDT", "500", "--addr", addr]) == FAILURE
    assert "may or may not have been done; look: tradingsys margin USDT --addr ws://" in capsys.readouterr().err
    assert [each.method for each in heard] == ["operate", "op.borrow"]


def test_a_loan_is_told_though_nobody_knows_what_is_owed_then(capsys: Captured) -> None:
    answers = ANSWERS | {"op.balances": Refusal(-10007, "over the exchange's rate limit")}
    out, _ = run(capsys, "borrow", "USDT", "500", answers=answers)
    assert "borrowed 500 USDT (transaction 4711); what the account owes now could not be read" in out
    told = json.loads(run(capsys, "repay", "USDT", "500", "--json", answers=answers)[0])["loan"]
    assert (told["transaction_id"], told["borrowed"], told["interest"]) == ("4712", None, None)


def test_a_refusal_is_passed_on(capsys: Captured) -> None:
    refused = ANSWERS | {"op.borrow": Refusal(-3045, "The system does not have enough asset now.")}
    with scripted_gateway(refused) as (addr, _):
        assert execute(["borrow", "USDT", "500", "--addr", addr]) == FAILURE
    assert "does not have enough asset" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("borrow", "USDT", "0"), ("borrow", "USDT", "-1"), ("repay", "U/S", "1"), ("pos", "accept", "a b")]
)
def test_what_is_no_asset_or_amount(words: tuple[str, ...], capsys: Captured) -> None:
    assert execute([*words, "--addr", "ws://localhost:1"]) == USAGE
    assert capsys.readouterr().err


# ---- at rest


@pytest.fixture
def book(folder: Path) -> None:
    scene, _ = spot_scene(folder)
    trader = scene.client()
    client_order_id = trader.order(quantity="100")
    scene.accepts(client_order_id)
    scene.fills_order(client_order_id, "100", fee="0.1", fee_asset="DOGE")
    scene.run(1)
    scene.gateway.stop()


def test_a_book_at_rest_tells_what_it_has_of_each_asset(book: None, capsys: Captured) -> None:
    assert execute(["assets", "--json"]) == OK
    rows = {row["asset"]: row for row in json.loads(capsys.readouterr().out)["assets"]}
    assert rows["DOGE"]["sessions"] == [{"session_id": 1, "amount": "99.9"}, {"session_id": -1, "amount": "500"}]
    assert rows["USDT"]["total"] == "940" and "account" not in rows["USDT"]
    assert execute(["assets"]) == OK
    assert "from pos.db at rest" in capsys.readouterr().out
    assert execute(["pos", "show", "--session", "1"]) == OK
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "dogeusdt" in line)
    assert line.split()[2:4] == ["99.9", "100"]
    assert execute(["explain", "dogeusdt"]) == OK
    assert "whether the books agree with it is told by asset" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "words", [("margin",), ("borrow", "USDT", "1"), ("repay", "USDT", "1"), ("pos", "accept", "BTC")]
)
def test_what_needs_the_exchange_needs_a_gateway(book: None, words: tuple[str, ...], capsys: Captured) -> None:
    assert execute(list(words)) == FAILURE
    assert "the exchange must be asked, and the gateway is not running" in capsys.readouterr().err


# ---- which product a file is for

KEYS = {"apikey": "k", "secret": "s", "local": "ws://localhost:1"}
SIM = {"rest": "http://localhost:1", "streams": "ws://localhost:1"}


@pytest.mark.parametrize(
    ("name", "more", "product"),
    [
        ("usdt.json", {}, ProductName.USDM),
        ("main.json", {}, ProductName.USDM),
        ("spot.json", {}, ProductName.SPOT),
        ("my-spot.json", {}, ProductName.SPOT),
        ("main.json", {"margin": True}, ProductName.MARGIN),
        ("main.json", {"environment": "sim", "urls": SIM | {"ws_api": "ws://localhost:1/ws-api/v3"}}, ProductName.SPOT),
        ("main.json", {"product": "spot"}, ProductName.SPOT),
        ("spot.json", {"product": "usdt"}, ProductName.USDM),
        (
            "spot.json",
            {"environment": "sim", "urls": SIM | {"ws_api": "ws://localhost:1/ws-fapi/v1"}},
            ProductName.USDM,
        ),
    ],
)
def test_a_file_tells_what_it_is_for(folder: Path, name: str, more: dict[str, object], product: ProductName) -> None:
    path = folder / name
    path.write_text(json.dumps(KEYS | more))
    assert meant_product(load(path), path, None) is product


def test_the_command_says_it_for_certain(folder: Path) -> None:
    path = folder / "usdt.json"
    path.write_text(json.dumps(KEYS))
    assert meant_product(load(path), path, "spot") is ProductName.SPOT


def test_a_book_tells_what_its_file_is_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.gateway.scene.ACCOUNT", "binance-spot-live")
    scene, _ = spot_scene(folder)
    scene.gateway.stop()
    path = folder / "main.json"
    path.write_text(json.dumps(KEYS))
    assert meant_product(load(path), path, None) is ProductName.SPOT
