"""doctor: everything fine, and each thing that may be wrong, with its fix."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from tests.unit.cli.box import Box, running_box
from tests.unit.cli.doctored import Captured, bad, doctor
from tests.unit.cli.keys import write_key
from tests.unit.gateway.certificates import Authority
from tradingsys.cli.app import FAILURE, OK, execute
from tradingsys.cli.doctor import files
from tradingsys.gateway.configuration.config import load
from tradingsys.net.token import create_token, token_path
from tradingsys.sim.faces.transport import Reply
from tradingsys.venues.auth import load_signer

PORT = 18217
EXPECTED = {
    *("config", "key-kind", "sessions", "sqlite", "disk", "local-port", "token", "book", "rest", "clock"),
    *("api-key", "can-trade"),
    *("no-withdraw", "no-transfer", "position-mode", "asset-mode", "ws-api", "user-stream", "public-stream"),
    "market-stream",
}


def test_a_sound_configuration_has_no_problem(box: Box, folder: Path, capsys: Captured) -> None:
    code, checks = doctor(box.config(folder, symbols=["btcusdt"]), capsys)
    assert code == OK and set(bad(checks)) <= {"filesystem"}
    assert set(checks) >= {*EXPECTED, "symbols"}
    assert execute(["doctor"]) == OK
    shown = capsys.readouterr().out
    assert shown.count("ok ") >= len(EXPECTED) and "Start the gateway: tradingsys usdt -c=usdt.json" in shown


def test_an_ed25519_key_logs_in(folder: Path, capsys: Captured) -> None:
    pem = write_key(folder / "private_key.pem", "ed25519")
    with running_box(verifier=load_signer(pem_text=pem.read_text()).verifier()) as box:
        code, checks = doctor(box.config(folder, secret=None, pem="private_key.pem"), capsys)
    assert code == OK
    assert checks["key-file"]["text"] == "private_key.pem: readable, by its owner only"
    assert checks["key-kind"]["text"].startswith("Ed25519") and "orders can be sent" in checks["ws-api"]["text"]


class Wrong(Struct, frozen=True):
    """Something about the account or its key."""

    check: str
    told: str
    answers: dict[str, object] = {}
    rights: dict[str, bool] = {}


_MODE = {"feeTier": 0, "canTrade": False, "canDeposit": True, "canWithdraw": False, "dualSidePosition": False}
_MODE |= {"updateTime": 0, "multiAssetsMargin": False, "tradeGroupId": -1}


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong("no-withdraw", "the key may withdraw", rights={"can_withdraw": True}),
        Wrong("no-transfer", "the key may transfer", rights={"can_transfer": True}),
        Wrong("position-mode", "hedge mode", {"/fapi/v1/positionSide/dual": {"dualSidePosition": True}}),
        Wrong("asset-mode", "multi-assets", {"/fapi/v1/multiAssetsMargin": {"multiAssetsMargin": True}}),
        Wrong("can-trade", "may not trade futures", {"/fapi/v1/accountConfig": _MODE}),
    ],
    ids=lambda wrong: wrong.check,
)
def test_what_a_key_or_account_must_not_be(folder: Path, capsys: Captured, wrong: Wrong) -> None:
    with running_box(answers=wrong.answers, rights=wrong.rights) as box:
        _, checks = doctor(box.config(folder), capsys)
    assert checks[wrong.check]["verdict"] == "problem" and wrong.told in checks[wrong.check]["text"]
    assert set(bad(checks)) - {wrong.check} <= {"filesystem"}


def test_a_live_key_is_better_bound_to_an_address(box: Box, folder: Path, capsys: Captured) -> None:
    _, checks = doctor(box.config(folder, environment="live"), capsys)
    assert checks["ip-restriction"]["verdict"] == "warning"
    with running_box(rights={"is_ip_restricted": True}) as bound:
        _, checks = doctor(bound.config(folder, environment="live"), capsys)
    assert checks["ip-restriction"]["verdict"] == "ok"


def test_an_exchange_that_does_not_tell_what_a_key_may_do(folder: Path, capsys: Captured) -> None:
    with running_box(answers={"/sapi/v1/account/apiRestrictions": []}) as box:
        _, checks = doctor(box.config(folder, environment="live"), capsys)
        assert checks["no-withdraw"]["verdict"] == checks["no-transfer"]["verdict"] == "warning"
        _, checks = doctor(box.config(folder, environment="testnet"), capsys)
        assert checks["no-withdraw"]["verdict"] == checks["no-transfer"]["verdict"] == "ok"


@pytest.mark.parametrize(("ahead_s", "verdict"), [(-0.2, "ok"), (5, "warning"), (-5, "warning"), (600, "problem")])
def test_a_clock_that_is_off(folder: Path, capsys: Captured, ahead_s: float, verdict: str) -> None:
    with running_box(ahead_s=ahead_s) as box:
        _, checks = doctor(box.config(folder), capsys)
    assert checks["clock"]["verdict"] == verdict
    assert checks["api-key"]["verdict"] == "ok"  # requests are stamped with the exchange's own time
    if ahead_s == 600:
        assert "s behind the exchange" in checks["clock"]["text"] and "synchronise it" in checks["clock"]["fix"]


@pytest.mark.parametrize(
    ("changes", "check", "told"),
    [
        ({"apikey": "unknown"}, "api-key", "refused: -201"),
        ({"secret": "wrong"}, "api-key", "refused: -1022"),
        ({"urls": {"rest": "http://localhost:1"}}, "rest", "http://localhost:1 cannot be reached"),
        ({"urls": {"streams": "ws://localhost:1"}}, "user-stream", "ws://localhost:1/private"),
        ({"urls": {"streams": "ws://localhost:1"}}, "public-stream", "ws://localhost:1/public"),
        ({"symbols": ["btcusdt", "nosuchusdt"]}, "symbols", "the exchange does not have nosuchusdt"),
        ({"local": "ws://0.0.0.0:8111"}, "local-port", "can be reached from other machines"),
    ],
)
def test_what_does_not_answer_or_does_not_exist(
    box: Box, folder: Path, capsys: Captured, changes: dict[str, Any], check: str, told: str
) -> None:
    code, checks = doctor(box.config(folder, **changes), capsys)
    assert code == FAILURE and checks[check]["verdict"] == "problem" and told in checks[check]["text"]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (502, b"<html><head><title>502 Bad Gateway</title></head></html>", "502: Bad Gateway (a web page"),
        (503, b'{"msg": "Service Unavailable."}', "503: Service Unavailable."),
        (200, b"<html>Please log in to this network</html>", "unreadable answer"),
    ],
)
def test_what_answers_and_does_not_serve(folder: Path, capsys: Captured, status: int, body: bytes, told: str) -> None:
    reply = Reply(status, body, {"Content-Type": "text/html"})
    with running_box(answers={"/fapi/v1/time": reply}) as box:
        code, checks = doctor(box.config(folder), capsys)
    text, fix = checks["rest"]["text"], checks["rest"]["fix"]
    assert code == FAILURE and "was reached, but does not serve" in text and told in text
    assert "<" not in text and "wait and try again" in fix and "start it" not in fix


def test_orders_may_go_by_rest(box: Box, folder: Path, capsys: Captured) -> None:
    _, checks = doctor(box.config(folder, urls={"ws_api": "ws://localhost:1"}), capsys)
    assert checks["ws-api"]["verdict"] == "warning" and "orders would go by REST" in checks["ws-api"]["text"]


def test_symbols_that_do_not_trade_now(folder: Path, box: Box, capsys: Captured) -> None:
    from urllib.request import urlopen

    with urlopen(f"{box.urls.rest}/fapi/v1/exchangeInfo") as reply:
        rules = json.loads(reply.read())
    for symbol in rules["symbols"]:
        symbol["status"] = "SETTLING"
    with running_box(answers={"/fapi/v1/exchangeInfo": rules}) as other:
        _, checks = doctor(other.config(folder, symbols=["btcusdt"]), capsys)
    assert checks["symbols"]["verdict"] == "warning" and "btcusdt (SETTLING)" in checks["symbols"]["text"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ec", "cannot sign here"),
        ("encrypted", "openssl pkey"),
        ("public", "the public key"),
        ("empty", "no private key that can be read"),
        ("garbage", "no private key that can be read"),
        ("missing", "no such file"),
    ],
)
def test_a_key_file_that_is_none(box: Box, folder: Path, capsys: Captured, kind: str, told: str) -> None:
    if kind != "missing":
        write_key(folder / "key.pem", kind)
    code, checks = doctor(box.config(folder, secret=None, pem="key.pem"), capsys)
    assert code == FAILURE and told in checks["key-file"]["text"] and "rest" not in checks


def test_kinds_of_key_that_work_and_are_not_the_best(box: Box, folder: Path, capsys: Captured) -> None:
    write_key(folder / "key.pem", "rsa")
    _, checks = doctor(box.config(folder, secret=None, pem="key.pem"), capsys)
    assert checks["key-kind"]["verdict"] == "warning" and "--new-key" in checks["key-kind"]["fix"]
    _, checks = doctor(box.config(folder, environment="testnet"), capsys)
    assert checks["key-kind"]["verdict"] == "warning" and "deprecated" in checks["key-kind"]["text"]


@pytest.mark.parametrize("which", ["config", "key-file", "token"])
def test_what_others_may_read(box: Box, folder: Path, capsys: Captured, which: str) -> None:
    key = write_key(folder / "key.pem", "ed25519")
    create_token(PORT)
    path = box.config(folder) if which == "config" else box.config(folder, secret=None, pem="key.pem")
    spoiled = {"config": path, "key-file": key, "token": token_path(PORT)}[which]
    spoiled.chmod(0o640)
    _, checks = doctor(path, capsys)
    assert checks[which]["verdict"] == "problem" and "others on this machine may read" in checks[which]["text"]
    assert str(spoiled.name) in checks[which]["fix"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", "certificate valid for"),
        ("nothing", "certificate"),
        ("readable", "others on this machine may read it"),
        ("name", "is made out to elsewhere.example, not to 192.0.2.7"),
        ("old", "is no longer valid"),
        ("new", "is not valid yet"),
        ("soon", "is valid for 3 more days"),
    ],
)
def test_what_other_machines_are_shown(box: Box, folder: Path, capsys: Captured, wrong: str, told: str) -> None:
    host = "elsewhere.example" if wrong == "name" else "192.0.2.7"
    first, last = {"old": (-9, -1), "soon": (-9, 4), "new": (1, 300)}.get(wrong, (-9, 300))
    now = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    valid = now + dt.timedelta(days=first), now + dt.timedelta(days=last)
    certificate, key = Authority(folder, valid=valid).issue("port", host)
    key.chmod(0o640 if wrong == "readable" else 0o600)
    if wrong == "nothing":
        certificate.unlink()
    tls = {"certificate": "port.pem", "key": "port.key"}
    _, checks = doctor(box.config(folder, local=f"wss://192.0.2.7:{PORT}", tls=tls), capsys)
    assert told in checks["tls"]["text"]
    assert checks["tls"]["verdict"] == {"": "ok", "soon": "warning"}.get(wrong, "problem")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ('{"apikye": "k", "secret": "s", "local": "ws://localhost:1"}', "did you mean apikey?"),
        ('{"apikey": "k", "local": "ws://localhost:1"}', "exactly one of them is needed"),
    ],
)
def test_a_configuration_that_cannot_be_used(folder: Path, capsys: Captured, content: str | None, told: str) -> None:
    if content is not None:
        (folder / "usdt.json").write_text(content)
    code, checks = doctor(folder / "usdt.json", capsys)
    assert code == FAILURE and list(checks) == ["config"] and told in checks["config"]["text"]
    assert execute(["doctor"]) == FAILURE
    assert "PROBLEM  config" in capsys.readouterr().out


def test_which_sessions_may_be_logged_in_to_is_told(tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    content: dict[str, Any] = {"apikey": "k", "secret": "s", "local": "ws://localhost:8111"}
    path.write_text(json.dumps(content))
    assert "any may be logged in to" in files.admission(load(path)).text
    path.write_text(json.dumps(content | {"admit": "configured", "sessions": {"12": {}, "3": {}}}))
    assert files.admission(load(path)).text == "configured ones may be logged in to, and no others: 3, 12"
