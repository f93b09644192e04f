"""The exchange's own interface, against a small HTTP server that checks signatures."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pyalgo import Rest
from tradingsys.core.errors import ConfigError, TransportError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

PREMIUM = (
    b'[{"symbol":"BTCUSDT","markPrice":"97001.53000000","indexPrice":"97010.22","estimatedSettlePrice":"97005.1",'
    b'"lastFundingRate":"0.00010000","interestRate":"0.00010000","nextFundingTime":1767254400000,"time":1767225600000},'
    b'{"symbol":"BTCUSDT_260327","markPrice":"98000","indexPrice":"97010","estimatedSettlePrice":"97005",'
    b'"lastFundingRate":"","interestRate":"","nextFundingTime":0,"time":1767225600000}]'
)


class Exchange(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, str | None]] = []
        self.answers: dict[str, tuple[int, bytes]] = {"/fapi/v1/premiumIndex": (200, PREMIUM)}

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Exchange

    def answer(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers.get("X-MBX-APIKEY")))
        status, body = self.server.answers.get(self.path.partition("?")[0], (200, b'{"ok":true}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    server = Exchange()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_method_sends_what_it_says(exchange: Exchange) -> None:
    rest = Rest(exchange.uri, "mykey", PEM, 5000)
    for method in ("get", "post", "put", "delete", "patch"):
        assert getattr(rest, method)("/x", {"symbol": "BTCUSDT"}, False) == '{"ok":true}'
    assert exchange.seen == [
        (method, "/x?symbol=BTCUSDT", "mykey") for method in ("GET", "POST", "PUT", "DELETE", "PATCH")
    ]


def test_what_is_signed_is_what_is_sent_percent_encoded(exchange: Exchange, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    rest = Rest(exchange.uri, "mykey", str(tmp_path / "key.pem"), 5000)
    rest.post("/fapi/v1/order", {"symbol": "BTCUSDT", "newClientOrderId": "a b/ü&c"}, True)
    ((_, target, _),) = exchange.seen
    signed, _, signature = target.partition("?")[2].partition("&signature=")
    assert "newClientOrderId=a%20b%2F%C3%BC%26c&timestamp=" in signed
    assert signed.endswith("&recvWindow=5000")
    (text,) = parse_qs(f"s={signature}")["s"]
    KEY.public_key().verify(base64.b64decode(text), signed.encode())
    assert rest.sign("abc") == base64.b64encode(KEY.sign(b"abc")).decode()


def test_the_premium_index(exchange: Exchange) -> None:
    first, second = Rest(exchange.uri, "", "").get_premium_index()
    assert exchange.seen == [("GET", "/fapi/v1/premiumIndex", None)]
    assert (first.symbol, first.mark_price, first.index_price) == ("BTCUSDT", 97001.53, 97010.22)
    assert (first.estimated_settle_price, first.last_funding_rate, first.interest_rate) == (97005.1, 0.0001, 0.0001)
    assert first.datetime.isoformat() == "2026-01-01T08:00:00+08:00"
    assert first.next_funding_dt - first.datetime == timedelta(hours=8)
    assert (second.last_funding_rate, second.interest_rate) == (0.0, 0.0)


def test_a_refusal_is_text(exchange: Exchange) -> None:
    body = b'{"code":-1121,"msg":"Invalid symbol."}'
    exchange.answers = {"/x": (400, body), "/fapi/v1/premiumIndex": (403, b"<html>forbidden</html>")}
    rest = Rest(exchange.uri, "", "")
    assert rest.get("/x", {}, False) == body.decode()
    with pytest.raises(ValueError, match="no premium index: <html>forbidden"):
        rest.get_premium_index()


def test_no_answer_is_an_error_that_says_whether_it_may_have_been_executed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rest = Rest(f"http://127.0.0.1:{silent.getsockname()[1]}", "k", PEM, timeout_s=0.1)
        with pytest.raises(TransportError, match="POST /x: no answer: timed out") as asked:
            rest.post("/x", {"a": "b"}, True)
    assert asked.value.in_doubt
    assert "signature" not in str(asked.value)
    with pytest.raises(TransportError, match="GET /x: no answer") as refused:
        rest.get("/x", {}, False)
    assert not refused.value.in_doubt


@pytest.mark.parametrize("address", ["", "fapi.binance.com", "ftp://x", "https://"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="it looks like https://"):
        Rest(address, "", "")


def test_keys_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Rest("https://x", "", str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match="no private key that can be read"):
        Rest("https://x", "", "-----BEGIN PRIVATE KEY-----\nx\n")
    rest = Rest("https://x", "", "")
    with pytest.raises(ValueError, match="no key to sign with"):
        rest.get("/x", {}, True)
    assert "secret" not in repr(Rest("https://x", "secret", PEM))


def test_importing_pyalgo_loads_no_keys_code() -> None:
    import subprocess
    import sys

    code = "import sys, pyalgo; assert not [m for m in sys.modules if m.startswith('tradingsys.venues')], sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
