"""Where the port may be: this machine only, or by TLS on an address that was named."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.unit.gateway.certificates import Authority
from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.port_config import TlsConfig, port_address, remote_door

TLS = TlsConfig("gateway.pem", "gateway.key")
PATH = Path("usdt.json")

_REFUSED = [
    ("ws://0.0.0.0:8111", "every address"),
    ("ws://[::]:8111", "every address"),
    ("ws://[::ffff:0.0.0.0]:8111", "0.0.0.0 in another form"),
    ("ws://[::ffff:127.0.0.1]:8111", "write 127.0.0.1"),
    ("ws://[::ffff:192.0.2.7]:8111", "192.0.2.7 in another form"),
    ("ws://127.0.0.2:8111", "this machine only"),
    ("ws://127.1:8111", "unusual form"),
    ("ws://0:8111", "unusual form"),
    ("ws://2130706433:8111", "unusual form"),
    ("ws://0x7f000001:8111", "unusual form"),
    ("ws://224.0.0.1:8111", "no machine's address"),
    ("ws://192.0.2.7:8111", "can be reached from other machines"),
    ("ws://[2001:db8::1]:8111", "can be reached from other machines"),
    ("ws://gateway.example:8111", "can be reached from other machines"),
    ("ws://localhost.example:8111", "can be reached from other machines"),
    ("wss://gateway.example:8111", "can be reached from other machines"),
    ("wss://localhost:8111", "needs no TLS"),
    ("ws://localhost", "not an address with a port"),
    ("ws://localhost:0", "not an address with a port"),
    ("ws://localhost:65536", "not an address with a port"),
    ("ws://localhost:x", "not an address with a port"),
    ("ws://:8111", "not an address with a port"),
    ("ws://[::1:8111", "not an address with a port"),
    ("ws://localhost:8111/x", "not an address with a port"),
    ("ws://localhost:8111?x", "not an address with a port"),
    ("ws://localhost:8111#x", "not an address with a port"),
    ("ws://me@localhost:8111", "not an address with a port"),
    ("ws://loc\u0430lhost:8111", "not an address with a port"),
    ("http://localhost:8111", "not an address with a port"),
    ("localhost:8111", "not an address with a port"),
    ("", "not an address with a port"),
]


@pytest.mark.parametrize(("local", "says"), _REFUSED)
def test_what_is_refused_says_what_to_write(local: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        port_address(local, None, PATH)
    text = str(caught.value)
    assert says in text and text.startswith("usdt.json: local: ") and "write" in text


@pytest.mark.parametrize("local", ["wss://0.0.0.0:8111", "wss://[::]:8111", "ws://192.0.2.7:8111", "ws://localhost:1"])
def test_tls_does_not_make_these_right(local: str) -> None:
    with pytest.raises(ConfigError, match="local"):
        port_address(local, TLS, PATH)


def test_what_is_taken() -> None:
    assert port_address("ws://localhost:8111", None, PATH) == ("localhost", 8111)
    assert port_address("ws://127.0.0.1:1", None, PATH) == ("127.0.0.1", 1)
    assert port_address("ws://[::1]:65535/", None, PATH) == ("::1", 65535)
    assert port_address("wss://192.0.2.7:8111", TLS, PATH) == ("192.0.2.7", 8111)
    assert port_address("wss://gateway.example:8111", TLS, PATH) == ("gateway.example", 8111)


def test_the_door_knows_the_names_in_its_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue("gateway", "Gateway.example", "192.0.2.7", "2001:db8::1")
    tls = TlsConfig("gateway.pem", "gateway.key", "ca.pem")
    door = remote_door("192.0.2.9", tls, tmp_path / "usdt.json")
    assert door is not None
    assert door.names == {"gateway.example", "192.0.2.7", "2001:db8::1", "192.0.2.9"}
    assert door.context.minimum_version >= ssl.TLSVersion.TLSv1_3
    assert door.context.verify_mode is ssl.CERT_REQUIRED
    assert remote_door("localhost", None, tmp_path) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"certificate": "missing.pem"}, "missing.pem"),
        ({"key": "missing.key"}, "missing.key"),
        ({"key": "other.key"}, "gateway.pem"),
        ({"certificate": "gateway.key"}, "gateway.key"),
        ({"clients": "missing.pem"}, "missing.pem"),
        ({"clients": "gateway.key"}, "gateway.key"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    authority = Authority(tmp_path)
    authority.issue("gateway", "192.0.2.9")
    authority.issue("other", "192.0.2.9")
    tls = TlsConfig(**{"certificate": "gateway.pem", "key": "gateway.key", "clients": "ca.pem"} | changes)
    with pytest.raises(ConfigError) as caught:
        remote_door("192.0.2.9", tls, tmp_path / "usdt.json")
    assert says in str(caught.value) and "tls" in str(caught.value)


def test_a_name_that_leads_to_this_machine_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this machine only"):
        remote_door("localhost", TLS, tmp_path)
