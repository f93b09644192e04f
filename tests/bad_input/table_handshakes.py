"""What knocks at the local port and is no strategy: raw requests, and the status that each gets."""

from __future__ import annotations

from itertools import product

from msgspec import Struct

__all__ = ["HANDSHAKES", "Handshake"]

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_USUAL = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": _KEY,
}


class Handshake(Struct, frozen=True):
    """One request and what it gets."""

    name: str
    sent: bytes
    status: str
    """101 where a strategy may come in, empty where the connection is closed without a word."""


def _request(
    line: str = "GET / HTTP/1.1", more: tuple[str, ...] = (), changes: dict[str, str | None] | None = None
) -> bytes:
    lines = [f"{name}: {value}" for name, value in (_USUAL | (changes or {})).items() if value is not None]
    return "\r\n".join([line, *lines, *more, "", ""]).encode("latin-1")


def _matrix() -> list[Handshake]:
    """Origin × Host × path: all three must be right."""
    origins = (None, "null", "http://localhost:8111", "https://somewhere.example")
    hosts = ("127.0.0.1:8111", "somewhere.example", "localhost.somewhere.example", "")
    paths = ("/", "/ws", "/?token=x")
    found = []
    for origin, host, path in product(origins, hosts, paths):
        status = "403" if origin is not None or host != hosts[0] else "404" if path != "/" else "101"
        name = f"Origin {origin}, Host {host!r}, path {path}"
        found.append(
            Handshake(name, _request(f"GET {path} HTTP/1.1", changes={"Host": host, "Origin": origin}), status)
        )
    return found


def _lines() -> list[Handshake]:
    lines = {
        "POST / HTTP/1.1": "400",
        "HEAD / HTTP/1.1": "400",
        "OPTIONS / HTTP/1.1": "400",
        "PUT / HTTP/1.1": "400",
        "CONNECT localhost:8111 HTTP/1.1": "400",
        "get / HTTP/1.1": "400",
        "GET / HTTP/1.0": "400",
        "GET / HTTP/2.0": "400",
        "GET / HTTP/3": "400",
        "GET / SIP/2.0": "400",
        "GET /": "400",
        "GET  / HTTP/1.1": "400",
        "GET / / HTTP/1.1": "400",
        "": "400",
        " ": "400",
        "\x00\x01\x02": "400",
        "PRI * HTTP/2.0": "400",
        "GET http://localhost:8111/ HTTP/1.1": "404",
        "GET //localhost/ HTTP/1.1": "404",
        "GET /%2e HTTP/1.1": "404",
        "GET /\xff HTTP/1.1": "404",
        f"GET /{'x' * 8_000} HTTP/1.1": "404",
    }
    return [Handshake(f"first line {line[:40]!r}", _request(line), status) for line, status in lines.items()]


def _headers() -> list[Handshake]:
    wrong: dict[str, tuple[tuple[str | None, str], ...]] = {
        "Sec-WebSocket-Version": ((None, "426"), ("8", "426"), ("7", "426"), ("0", "426"), ("14", "426"), ("x", "426")),
        "Sec-WebSocket-Key": (
            (None, "400"),
            ("", "400"),
            ("short", "400"),
            ("A" * 22, "400"),
            (_KEY + "=", "400"),
            (_KEY * 2, "400"),
            ("dGhlIHNhbXBsZSBub25jZQ", "400"),
            ("é" * 24, "400"),
        ),
        "Upgrade": ((None, "400"), ("h2c", "400"), ("websocket, h2c", "400"), ("WebSocket", "101")),
        "Connection": ((None, "400"), ("close", "400"), ("keep-alive", "400"), ("upgrade", "101")),
        "Host": (
            (None, "403"),
            ("LOCALHOST:1", "101"),
            ("[::1]", "101"),
            ("[::1]:8111", "101"),
            ("::1", "403"),
            ("[", "403"),
            ("localhost:", "403"),
            ("localhost:0x50", "403"),
            ("localhost:99999", "403"),
            ("localhost:-1", "403"),
            ("me@localhost", "403"),
            ("localhost/", "403"),
            ("localhost#", "403"),
            ("localhost?", "403"),
            ("localhost.", "403"),
            ("localhost ,localhost", "403"),
            ("127.0.0.1.somewhere.example", "403"),
            ("127.1", "403"),
            ("0.0.0.0", "403"),
            ("2130706433", "403"),
            ("[::ffff:127.0.0.1]", "403"),
            ("l\xf3calhost", "403"),
        ),
        "Origin": (("", "403"), ("file://", "403"), ("http://localhost", "403"), ("moz-extension://x", "403")),
        "Content-Length": (("0", "101"), ("5", "400"), ("-1", "400"), ("x", "400"), ("1e9", "400")),
        "Transfer-Encoding": (("chunked", "400"), ("identity", "400")),
        "Sec-WebSocket-Protocol": (("anything", "101"), ("x" * 4_000, "101")),
        "Sec-WebSocket-Extensions": (("permessage-deflate", "101"), ("permessage-deflate; x" * 100, "101")),
        "Cookie": (("session=1", "101"),),
        "Authorization": (("Bearer wrong", "101"),),
    }
    return [
        Handshake(
            f"{name} {value if value is None else repr(value[:40])}",
            _request(changes={name: value}),
            status,
        )
        for name, values in wrong.items()
        for value, status in values
    ]


def _broken() -> list[Handshake]:
    good = _request()
    return [
        Handshake("two Hosts", _request(more=("Host: somewhere.example",)), "403"),
        Handshake("two right Hosts", _request(more=("Host: localhost",)), "403"),
        Handshake("two Origins", _request(more=("Origin: a", "Origin: b")), "403"),
        Handshake("two versions", _request(more=("Sec-WebSocket-Version: 13",)), "426"),
        Handshake("two lengths", _request(more=("Content-Length: 0", "Content-Length: 0")), "400"),
        Handshake("a header without a colon", _request(more=("no colon",)), "400"),
        Handshake("a header without a name", _request(more=(": x",)), "400"),
        Handshake("a space before the colon", _request(more=("X : y",)), "400"),
        Handshake("a folded header", _request(more=("X: y", " z")), "400"),
        Handshake("a NUL in a header", _request(more=("X: \x00",)), "400"),
        Handshake("200 headers", _request(more=tuple(f"X-{number}: y" for number in range(200))), "400"),
        Handshake("lines without CR", good.replace(b"\r\n", b"\n"), ""),
        Handshake("16 KiB without an end", b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, ""),
        Handshake("half of one", good[: len(good) // 2], ""),
        Handshake("TLS", bytes.fromhex("16030100c8010000c4030300") + b"\x00" * 300, ""),
        Handshake("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", ""),
        Handshake("a websocket frame", b"\x81\x85abcdhello", ""),
        Handshake("nothing", b"", ""),
    ]


HANDSHAKES: tuple[Handshake, ...] = (*_matrix(), *_lines(), *_headers(), *_broken())
