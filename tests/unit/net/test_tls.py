from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.net.test_http import client, request
from tests.unit.net.ws_rig import Peers, Recorder, echo, serving
from tradingsys.core.errors import TransportError
from tradingsys.core.io import HttpFailed, HttpReply
from tradingsys.net import http_server, ws
from tradingsys.net.loop import run
from tradingsys.net.tls import is_made_out_to


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for 127.0.0.1, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("tls")
    private = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


def test_websockets_over_tls(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def main() -> None:
        async with serving(Peers(echo), ssl=contexts[0]) as server:
            url = f"wss://127.0.0.1:{server.port}/"
            recorder = Recorder()
            conn = await ws.connect(url, recorder, ssl=contexts[1])
            conn.send(b"x" * 200_000)
            await recorder.until("frame")
            assert recorder.frames == [(b"x" * 200_000, True)]
            conn.close()
            await recorder.until("closed")
            with pytest.raises(TransportError, match=r"(?i)certificate"):
                await ws.connect(url, Recorder())

    run(main())


def test_http_over_tls_and_a_stranger_gets_no_byte(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    arrived: list[http_server.HttpIn] = []

    def handle(request: http_server.HttpIn) -> http_server.HttpOut:
        arrived.append(request)
        return http_server.HttpOut(200, body=b"ok")

    async def main() -> None:
        server = await http_server.serve("127.0.0.1", 0, handle, ssl=contexts[0])
        url = f"https://127.0.0.1:{server.port}/"
        async with client(ssl=contexts[1]) as friend, client() as stranger:
            reply = await friend.send(request("POST", url, body=b"order"))
            assert isinstance(reply, HttpReply) and reply.body == b"ok"
            failed = await stranger.send(request("POST", url, body=b"order"))
            assert isinstance(failed, HttpFailed) and not failed.sent
            assert "certificate" in failed.reason.lower()
        await server.close()
        assert len(arrived) == 1

    run(main())


@pytest.mark.parametrize(
    ("host", "name", "is_theirs"),
    [
        ("gw.example.com", "*.example.com", True),
        ("gw.team.example.com", "*.example.com", False),
        ("example.com", "*.example.com", False),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1", True),
        ("192.0.2.7", "*.0.2.7", False),
        ("gw.example.com", "gw.example.com", True),
    ],
)
def test_whom_a_certificate_is_made_out_to_as_clients_see_it(host: str, name: str, is_theirs: bool) -> None:
    assert is_made_out_to(frozenset({name}), host) is is_theirs
