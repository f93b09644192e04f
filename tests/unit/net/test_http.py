from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest

from tradingsys.core.io import HttpFailed, HttpReply, HttpRequest
from tradingsys.net import http, http_server
from tradingsys.net.loop import run

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Answers the first request of each connection, then closes after reading any further one."""

    def __init__(self, answer: bytes = OK, answers_per_connection: int = 1) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self._answer, self._per_connection = answer, answers_per_connection
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered = 0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                self.bodies.append(await reader.readexactly(int(sizes[0].split(b":")[1]) if sizes else 0))
                if answered == self._per_connection:
                    break
                answered += 1
                writer.write(self._answer)
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[RawServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextlib.asynccontextmanager
async def client(**options: Any) -> AsyncIterator[http.HttpClient]:
    made = http.HttpClient(**options)
    try:
        yield made
    finally:
        await made.close()
        await asyncio.sleep(0)


def request(
    method: str, url: str, *, body: bytes = b"", timeout_s: float = 5.0, headers: dict[str, str] | None = None
) -> HttpRequest:
    return HttpRequest(7, method, url, headers or {}, body, int(timeout_s * 1e9))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_a_request_is_sent_once_even_when_a_reused_connection_breaks(method: str) -> None:
    async def main() -> None:
        async with RawServer().running() as server, client() as sender:
            first = await sender.send(request("GET", server.url("/first")))
            assert isinstance(first, HttpReply) and first.body == b"ok"
            second = await sender.send(request(method, server.url("/second")))
            assert second == HttpFailed(7, True, second.reason if isinstance(second, HttpFailed) else "")
            await asyncio.sleep(0.05)
            assert [head.split(b" ")[1] for head in server.heads] == [b"/first", b"/second"]

    run(main())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_request_is_sent_once_on_a_new_connection_that_breaks(method: str) -> None:
    async def main() -> None:
        async with RawServer(answers_per_connection=0).running() as server, client() as sender:
            failed = await sender.send(request(method, server.url(), body=b"x" if method == "POST" else b""))
            assert isinstance(failed, HttpFailed) and failed.sent
            await asyncio.sleep(0.05)
            assert len(server.heads) == 1

    run(main())


@pytest.mark.parametrize(
    "path",
    ["/api/v3/order?a=%2f%2F+b&y=~|'&symbol=BTCUSDT&signature=AbC%3D", "/a%2Fb/../c?q=%7e&&=", "/?x=1&x=2;3"],
)
def test_the_url_and_the_body_arrive_byte_for_byte(path: str) -> None:
    async def main() -> None:
        async with RawServer().running() as server, client() as sender:
            reply = await sender.send(
                request("POST", server.url(path), body=b"a=%2f&b=+", headers={"X-MBX-APIKEY": "k"})
            )
            assert isinstance(reply, HttpReply) and reply.status == 200
            assert server.heads[0].split(b"\r\n")[0] == f"POST {path} HTTP/1.1".encode()
            assert server.bodies == [b"a=%2f&b=+"]
            names = {line.split(b":")[0].lower() for line in server.heads[0].split(b"\r\n")[1:] if line}
            assert names == {b"host", b"x-mbx-apikey", b"accept-encoding", b"content-length"}

    run(main())


def test_no_redirect_is_followed_and_header_names_are_lower_case() -> None:
    async def main() -> None:
        answer = b"HTTP/1.1 307 Go\r\nLocation: /other\r\nX-Mbx-Used-Weight-1M: 5\r\nContent-Length: 0\r\n\r\n"
        async with RawServer(answer).running() as server, client() as sender:
            reply = await sender.send(request("GET", server.url("/one")))
            assert isinstance(reply, HttpReply)
            assert reply.status == 307 and reply.headers["x-mbx-used-weight-1m"] == "5"
            assert len(server.heads) == 1

    run(main())


def test_the_environment_sets_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    async def main() -> None:
        async with RawServer().running() as server, client() as sender:
            assert isinstance(await sender.send(request("GET", server.url())), HttpReply)

    run(main())


def test_refused_connections_and_unknown_hosts_were_never_sent() -> None:
    async def main() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            async with client() as sender:
                for url in (f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/"):
                    failed = await sender.send(request("POST", url, body=b"order"))
                    assert isinstance(failed, HttpFailed) and not failed.sent and failed.reason

    run(main())


def test_a_failed_tls_handshake_was_never_sent() -> None:
    async def main() -> None:
        async with RawServer().running() as server, client() as sender:
            failed = await sender.send(request("POST", f"https://127.0.0.1:{server.port}/", timeout_s=0.3))
            assert isinstance(failed, HttpFailed) and not failed.sent
            assert server.heads == []

    run(main())


def test_a_timeout_after_sending_is_in_doubt() -> None:
    async def main() -> None:
        async with RawServer(answer=b"HTTP/1.1 200 OK\r\n").running() as server, client() as sender:
            failed = await sender.send(request("POST", server.url(), timeout_s=0.1))
            assert isinstance(failed, HttpFailed) and failed.sent
            assert len(server.heads) == 1

    run(main())


def test_a_reply_cut_short_is_in_doubt() -> None:
    async def main() -> None:
        async with (
            RawServer(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok").running() as server,
            client() as sender,
        ):
            failed = await sender.send(request("GET", server.url(), timeout_s=0.2))
            assert isinstance(failed, HttpFailed) and failed.sent

    run(main())


def with_server(
    handle: Callable[[http_server.HttpIn], http_server.HttpOut],
    act: Callable[[http_server.HttpServer, http.HttpClient], Any],
    **options: Any,
) -> None:
    async def main() -> None:
        server = await http_server.serve("localhost", 0, handle, **options)
        try:
            async with client() as sender:
                await act(server, sender)
        finally:
            await server.close()

    run(main())


def test_a_failure_does_not_show_what_was_signed() -> None:
    async def main() -> None:
        server = RawServer(b"nonsense\r\n\r\n")
        async with server.running(), client() as made:
            failed = await made.send(request("GET", server.url("/private?signature=s3cret")))
            assert isinstance(failed, HttpFailed) and failed.sent
            assert "s3cret" not in failed.reason and "no HTTP" in failed.reason

    run(main())


@pytest.mark.parametrize("broken", [aiohttp.ClientConnectionError, OSError, TimeoutError, aiohttp.InvalidURL])
def test_whatever_a_library_quotes_of_the_address_is_not_told(broken: type[Exception]) -> None:
    url = "https://fapi.example:443/fapi/v1/order?symbol=BTCUSDT&signature=AbC%2FsEcReT%3D&listenKey=pqia91ma19a5s61cv"
    told = http._describe(broken(f"cannot send {url}, that is {unquote(url)}"), url)
    for secret in ("AbC", "sEcReT", "pqia91ma19a5s61cv"):
        assert secret not in told
    assert "fapi.example:443" in told and "cannot send" in told


def test_the_server_hands_over_the_request_undecoded() -> None:
    seen: list[http_server.HttpIn] = []

    def handle(request: http_server.HttpIn) -> http_server.HttpOut:
        seen.append(request)
        return http_server.HttpOut(418, {"X-Weight": "3", "content-type": "application/json"}, b"{}")

    async def act(server: http_server.HttpServer, sender: http.HttpClient) -> None:
        url = f"http://127.0.0.1:{server.port}/a%2Fb?x=%20+&y="
        reply = await sender.send(request("DELETE", url, body=b"raw", headers={"X-Key": "v"}))
        assert isinstance(reply, HttpReply)
        assert (reply.status, reply.body, reply.headers["x-weight"]) == (418, b"{}", "3")
        assert reply.headers["content-type"] == "application/json"
        assert (seen[0].method, seen[0].path, seen[0].query) == ("DELETE", "/a%2Fb", b"x=%20+&y=")
        assert (seen[0].body, seen[0].headers["x-key"], seen[0].peer) == (b"raw", "v", "127.0.0.1")

    with_server(handle, act)


def test_an_answer_may_be_late_and_overtaken() -> None:
    answered: list[str] = []

    def handle(request: http_server.HttpIn) -> http_server.HttpOut:
        return http_server.HttpOut(
            0 if request.path == "/never" else 200, after_s=0.0 if request.path == "/now" else 0.2
        )

    async def act(server: http_server.HttpServer, sender: http.HttpClient) -> None:
        async def ask(path: str) -> HttpReply | HttpFailed:
            reply = await sender.send(request("GET", f"http://127.0.0.1:{server.port}{path}"))
            answered.append(path)
            return reply

        late, now, never = await asyncio.gather(ask("/late"), ask("/now"), ask("/never"))
        assert isinstance(late, HttpReply) and isinstance(now, HttpReply)
        assert isinstance(never, HttpFailed) and never.sent
        assert answered[0] == "/now"

    with_server(handle, act)


def test_the_server_refuses_bodies_above_its_limit() -> None:
    def handle(request: http_server.HttpIn) -> http_server.HttpOut:
        return http_server.HttpOut(200, body=str(len(request.body)).encode())

    async def act(server: http_server.HttpServer, sender: http.HttpClient) -> None:
        url = f"http://127.0.0.1:{server.port}/"
        fits = await sender.send(request("POST", url, body=b"x" * 1000))
        assert isinstance(fits, HttpReply) and fits.body == b"1000"
        large = await sender.send(request("POST", url, body=b"x" * 1001))
        assert isinstance(large, HttpReply) and large.status == 413

    with_server(handle, act, max_body_bytes=1000)


def test_an_exception_in_the_handler_is_a_500_and_reported() -> None:
    errors: list[Exception] = []

    def handle(request: http_server.HttpIn) -> http_server.HttpOut:
        raise RuntimeError("secret")

    async def act(server: http_server.HttpServer, sender: http.HttpClient) -> None:
        reply = await sender.send(request("GET", f"http://127.0.0.1:{server.port}/"))
        assert isinstance(reply, HttpReply) and reply.status == 500 and b"secret" not in reply.body
        assert [str(error) for error in errors] == ["secret"]

    with_server(handle, act, on_error=errors.append)
