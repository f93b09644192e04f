"""Whatever holds a secret shows it to nobody: in a repr, in a traceback, in what a crash leaves, in a complaint."""

from __future__ import annotations

import json
import re
import signal
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.bad_input.exchange import API_KEY, Loop, error
from tests.bad_input.launcher import Launcher
from tests.process.world import Process, eventually
from tradingsys.core import io
from tradingsys.core.errors import ConfigError
from tradingsys.gateway.clients.tokens import Tokens, WrongToken
from tradingsys.gateway.configuration.config import Config, load, signer
from tradingsys.gateway.ordering.orders import OrderSettings
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.net.token import session_token
from tradingsys.venues.auth import load_signer
from tradingsys.venues.binance.messages import ListenKey
from tradingsys.wire.codec import decode_request
from tradingsys.wire.messages import LoginParams
from tradingsys.wire.operator import OperateParams

SECRET = "canaryCanary5cret"

_HOLDERS: tuple[object, ...] = (
    Config(SECRET, "ws://localhost:1", secret=SECRET),
    GatewaySettings(OrderSettings(2_000), token=SECRET),
    LoginParams(1, token=SECRET),
    OperateParams(SECRET),
    decode_request(b'{"id":1,"method":"login","params":{"token":"%s"}}' % SECRET.encode()),
    io.OpenWs("user", f"wss://x/ws/{SECRET}"),
    io.WsFrame("orders", b'{"params":{"apiKey":"%s"}}' % SECRET.encode()),
    io.HttpRequest(1, "GET", f"https://x/?signature={SECRET}", {"X-MBX-APIKEY": SECRET}, SECRET.encode()),
    io.HttpReply(1, 200, {}, b'{"listenKey":"%s"}' % SECRET.encode()),
    ListenKey(listen_key=SECRET),
    Tokens(SECRET),
)


@cache
def _pem(kind: str) -> str:
    key = Ed25519PrivateKey.generate() if kind == "Ed25519" else generate_private_key(65_537, 2_048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _told(pem: str, text: str) -> list[str]:
    """The lines of the key, and pieces of them, that are found in a text."""
    lines = [line for line in pem.splitlines() if "-----" not in line]
    return [piece for line in lines for piece in (line, line[4:28], line[-16:]) if piece in text]


@pytest.mark.parametrize("holder", _HOLDERS, ids=lambda holder: type(holder).__name__)
def test_no_repr_shows_a_secret(holder: object) -> None:
    for shown in (repr(holder), str(holder), f"{holder}", repr([holder]), repr({"key": holder})):
        assert SECRET not in shown
    assert type(holder).__name__ in repr(holder)


def test_what_is_no_secret_is_shown() -> None:
    assert "'orders'" in repr(io.WsFrame("orders", b"x")) and "200" in repr(io.HttpReply(1, 200, {}, b"[]"))
    assert "b'[]'" in repr(io.HttpReply(1, 200, {}, b"[]"))
    assert "token=None" in repr(LoginParams(1)) and "session_id=1" in repr(LoginParams(1, token=SECRET))


@pytest.mark.parametrize("kind", ["Ed25519", "RSA"])
def test_a_signer_shows_no_key(kind: str, tmp_path: Path) -> None:
    pem = _pem(kind)
    (tmp_path / "key.pem").write_text(pem)
    path = tmp_path / "usdt.json"
    path.write_text(json.dumps({"apikey": "k", "pem": "key.pem", "local": "ws://localhost:1"}))
    made = signer(load(path), path)
    assert not _told(pem, f"{made!r} {made} {made.verifier()!r} {load(path)!r}")


def _broken(change: Callable[[str], str], folder: Path, pem: str) -> str:
    """The whole traceback of a start with a key file that is wrong."""
    (folder / "key.pem").write_text(change(pem))
    path = folder / "usdt.json"
    path.write_text(json.dumps({"apikey": "k", "pem": "key.pem", "local": "ws://localhost:1"}))
    with pytest.raises(ConfigError) as raised:
        signer(load(path), path)
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("kind", ["Ed25519", "RSA"])
@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem[:-40],
        lambda pem: pem.replace("BEGIN", "BEGINN"),
        lambda pem: "".join(line for line in pem.splitlines(keepends=True) if "-----" not in line),
        lambda pem: pem.replace("-----BEGIN PRIVATE KEY", "-----BEGIN ENCRYPTED PRIVATE KEY"),
        lambda pem: pem[:60] + "é\x00" + pem[60:],
    ],
    ids=["cut", "misspelled", "bare", "encrypted", "no text"],
)
def test_a_key_that_cannot_be_read_is_not_quoted(kind: str, change: Callable[[str], str], tmp_path: Path) -> None:
    pem = _pem(kind)
    assert not _told(pem, _broken(change, tmp_path, pem))


@pytest.mark.parametrize("kind", ["Ed25519", "RSA", "HMAC", "one line", "indented", "with slashes"])
def test_a_key_in_the_place_of_its_file_is_not_quoted(kind: str, tmp_path: Path) -> None:
    made: dict[str, Callable[[], str]] = {
        "Ed25519": lambda: _pem("Ed25519"),
        "RSA": lambda: _pem("RSA"),
        "HMAC": lambda: SECRET * 4,
        "one line": lambda: "".join(line for line in _pem("RSA").splitlines() if "-----" not in line),
        "indented": lambda: " " + _pem("Ed25519"),
        "with slashes": lambda: "MC4CAQAwBQYDK2VwBCIEIPkm/9gV2oY4y0cRk0m3b1q5m8J1d9mJ0pXkq2c7aQ1Z",
    }
    key = made[kind]()
    path = tmp_path / "usdt.json"
    path.write_text(json.dumps({"apikey": "k", "pem": key, "local": "ws://localhost:1"}))
    with pytest.raises(ConfigError, match="the key itself") as raised:
        signer(load(path), path)
    text = "".join(traceback.format_exception(raised.value))
    assert SECRET not in text and not _told(key, text)


@pytest.mark.parametrize(
    "change",
    [
        {"secret": [SECRET]},
        {"apikey": {SECRET: 1}},
        {"secret": SECRET, "apikey": 5},
        {"local": SECRET},
        {"secert": SECRET},
    ],
    ids=["a list", "an object", "another is wrong", "in a wrong place", "misspelled"],
)
def test_a_configuration_that_is_wrong_quotes_no_value_of_a_secret(change: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    path.write_text(json.dumps({"apikey": SECRET, "secret": SECRET, "local": "ws://localhost:1"} | change))
    try:
        load(path)
    except ConfigError as error:
        assert SECRET not in "".join(traceback.format_exception(error))


def test_a_wrong_token_is_not_quoted() -> None:
    tokens = Tokens("master")
    for wrong in (SECRET, f"s1.{SECRET}", session_token(SECRET, 1)):
        for session in (None, 1):
            with pytest.raises(WrongToken) as raised:
                tokens.admit(wrong, "10.0.0.1", 0, session)
            text = "".join(traceback.format_exception(raised.value))
            assert wrong not in text and SECRET not in text and "master" not in text
            tokens = Tokens("master")


@pytest.mark.parametrize("account", ["usdt", "spot", "margin"])
def test_a_gateway_with_a_private_key_tells_it_nowhere(
    account: str, loop: Loop, launcher: Launcher, tmp_path: Path
) -> None:
    """While it runs, when the exchange refuses a signature, and when it is made to crash and to print its threads."""
    pem = _pem("Ed25519")
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "key.pem").write_text(pem)
    (folder / "key.pem").chmod(0o600)
    exchange = loop.exchange(verifier=load_signer(pem_text=pem).verifier())
    config = exchange.config(folder, account, secret=None, pem="key.pem", symbols=["dogeusdt"])
    name = "usdt" if account == "usdt" else "spot"
    command = ["-X", "faulthandler", "-m", "tradingsys", name, f"-c={config.name}", "-l=trace"]
    gateway = Process("gateway", folder, command)
    eventually("a start", lambda: " ready" in gateway.err)
    limits = Path(f"/proc/{gateway.popen.pid}/limits")
    if limits.exists():
        assert re.search(r"Max core file size +0 +0 ", limits.read_text("ascii"))
    gateway.popen.send_signal(signal.SIGABRT)
    gateway.popen.wait(60)
    assert "Current thread" in gateway.err and "main.py" in gateway.err
    exchange.box.on_request = lambda _: error(400, -1022, "Signature for this request is not valid.")
    for asked in (("doctor", "-c", config.name), ("doctor", "-c", config.name, "--json")):
        process = launcher.start(folder, *asked)
        process.wait()
        assert "-1022" in process.out
        assert not _told(pem, process.out + process.err) and API_KEY not in process.out + process.err
    token = next(folder.glob("tradingsys/token-*")).read_text("ascii").strip()
    for path in (each for each in folder.rglob("*") if each.is_file()):
        if path.name not in ("key.pem", config.name) and not path.name.startswith("token-"):
            text = path.read_bytes().decode("latin-1")
            assert not _told(pem, text) and API_KEY not in text and token not in text, path


def test_a_key_that_is_left_out_would_be_found() -> None:
    pem = _pem("Ed25519")
    assert _told(pem, f"Config(pem={pem!r})") and _told(pem, pem.splitlines()[1][10:] + "x") == [
        pem.splitlines()[1][-16:]
    ]
    assert SECRET in msgspec.json.encode(_HOLDERS[2]).decode()
