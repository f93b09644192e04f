"""Secrets that were planted are nowhere to be read, whatever happened: logs, answers, complaints, files."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.bad_input.exchange import API_KEY, SECRET, SEGMENTS, Exchange, Loop, error
from tests.bad_input.launcher import Launcher
from tests.bad_input.line import Line
from tradingsys.core.enums import Side
from tradingsys.net.token import session_token
from tradingsys.sim.faces.transport import Reply, Request

_SHAPES = (
    re.compile(rb"signature[\"']?[=:] ?[\"']?[0-9a-zA-Z%/+]{16}"),
    re.compile(rb"listenKey[\"']?[=:] ?[\"']?[0-9a-zA-Z]{8}"),
    re.compile(rb"listenToken[\"']?[=:] ?[\"']?[0-9a-zA-Z]{8}"),
    re.compile(rb"PRIVATE KEY-----"),
)
_KEPT_FOR_IT = re.compile(r"token-\d+|(usdt|spot|margin)\.json|\.pem")
"""The files that a person or the gateway keeps secrets in, readable by their owner only."""


@pytest.fixture(scope="module", params=["usdt", "spot", "margin"])
def written(
    loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, bytes]]:
    """Everything that an account's gateway, its strategies and its operators wrote, and the secrets."""
    account: str = request.param
    folder = tmp_path_factory.mktemp("secrets") / "gateway"
    folder.mkdir()
    told = _Told()
    logging.getLogger().addHandler(told)
    try:
        exchange = loop.exchange()
        config = exchange.config(folder, account, symbols=["dogeusdt"])
        gateway = launcher.start(folder, "usdt" if account == "usdt" else "spot", f"-c={config.name}", "-l=debug")
        gateway.says(" ready")
        line = Line(loop, config).login(1)
        token = line.token
        outputs = _provoke(loop, launcher, exchange, config, line)
        gateway.stop()
    finally:
        logging.getLogger().removeHandler(told)
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in files.items() if not _KEPT_FOR_IT.search(name)}
    found |= {"gateway's stdout": gateway.out.encode(), "gateway's stderr": gateway.err.encode()}
    found |= outputs | {"the simulator's log": "\n".join(told.lines).encode()}
    assert [name for name, path in files.items() if path.stat().st_mode & 0o077] == []
    assert any(name.startswith("log/") for name in found) and "pos.db" in found, list(found)
    found["token"], found["session's token"] = token.encode(), session_token(token, 2).encode()
    yield found


class _Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _provoke(loop: Loop, launcher: Launcher, exchange: Exchange, config: Path, line: Line) -> dict[str, bytes]:
    """What goes well and what goes wrong, with the secrets in places where a careless program would repeat them."""
    folder, segment = config.parent, SEGMENTS[config.stem]
    other = Line(loop, config)
    params = {"session_id": 2, "name": "x", "trading": True, "instance": "i", "token": session_token(line.token, 2)}
    other.ask("login", params)
    for token in (line.token[:-1], line.token + "x", "s3." + line.token):
        Line(loop, config).ask("login", params | {"token": token})
    for method, wrong in (
        ("login", params | {"token": [line.token]}),
        ("login", params | {"token": line.token, "session_id": "2"}),
        ("operate", {"token": {line.token: 1}}),
        ("operate", {"token": line.token, "protocol": 9}),
        ("order", other.order_params(symbol="nosuchusdt")),
    ):
        other.ask(method, wrong)
    above, below = ("0.07", "0.05") if config.stem == "usdt" else ("0.7", "0.5")
    exchange.house(Side.SELL, 10_000, above, segment)
    exchange.house(Side.BUY, 10_000, below, segment)
    line.result("subscribe", ["dogeusdt@depth"])
    line.wait_for("a book", lambda: line.pushes("depth"))
    line.order_that("rests", line.order(), lambda order: order["status"] == "NEW")
    refusals = (error(401, -2015, "Invalid API-key"), error(400, -1022, "Signature for this request is not valid."))
    for refusal in refusals:
        exchange.box.on_request = partial(_instead, refusal)
        assert "error" in line.ask("get_balances", [])
    exchange.box.on_request = partial(_instead, None)
    exchange.drop_everybody()
    answers = {"strategies": "\n".join(map(str, [*line.messages, *other.messages])).encode()}
    for command in (
        ("status", "-c", config.name, "--json"),
        ("orders", "-c", config.name, "--json"),
        ("fills", "-c", config.name),
        ("explain", "dogeusdt", "-c", config.name),
        ("pos", "show", "-c", config.name),
        ("doctor", "-c", config.name, "--json"),
        ("doctor", "-c", config.name),
        ("status", "--addr", "ws://localhost:1"),
        ("status", "-c", "nosuch.json"),
    ):
        process = launcher.start(folder, *command)
        process.wait()
        answers[" ".join(command)] = (process.out + process.err).encode()
    line.close()
    other.close()
    return answers


def _instead(reply: Reply | None, _request: Request) -> Reply | None:
    return reply


@pytest.mark.parametrize("secret", ["token", "session's token", "API key", "HMAC secret"])
def test_a_secret_is_nowhere(secret: str, written: dict[str, bytes]) -> None:
    planted = {"API key": API_KEY.encode(), "HMAC secret": SECRET.encode()}.get(secret) or written[secret]
    looked_at = {name: data for name, data in written.items() if name not in ("token", "session's token")}
    assert [name for name, data in looked_at.items() if planted in data] == []


@pytest.mark.parametrize("shape", _SHAPES, ids=lambda shape: shape.pattern[:12].decode())
def test_nothing_that_looks_like_a_key_is_anywhere(shape: re.Pattern[bytes], written: dict[str, bytes]) -> None:
    assert [(name, found[0]) for name, data in written.items() if (found := shape.search(data))] == []


def test_there_was_something_to_look_at(written: dict[str, bytes]) -> None:
    assert sum(map(len, written.values())) > 50_000
    log = next(data for name, data in written.items() if name.startswith("log/"))
    assert b"status=NEW" in log
    assert b"disconnected" in log
