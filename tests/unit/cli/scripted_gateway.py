"""A gateway that answers operators from a script, on a real websocket in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from tradingsys.net import ws
from tradingsys.net.loop import new_event_loop
from tradingsys.wire.codec import decode_request, encode_error, encode_reply
from tradingsys.wire.messages import Request

__all__ = ["HANG_UP", "SILENCE", "Answer", "Refusal", "scripted_gateway"]


class Refusal(Exception):
    """Answer with an error."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text


Answer = object | Refusal | Callable[[Any], object]

HANG_UP, SILENCE = object(), object()


class _Peer:
    def __init__(self, answers: Mapping[str, Answer], heard: list[Request]) -> None:
        self._answers, self._heard = answers, heard
        self._conn: ws.Connection | None = None

    def opened(self, conn: ws.Connection) -> None:
        self._conn = conn

    def frame(self, data: bytes, is_text: bool) -> None:
        assert is_text and self._conn is not None
        request = decode_request(data)
        self._heard.append(request)
        answer = self._answers.get(request.method, Refusal(-10009, f"unknown method {request.method!r}"))
        if callable(answer):
            answer = answer(msgspec.json.decode(request.params))
        if answer is HANG_UP:
            self._conn.close(1000, "going")
        elif isinstance(answer, bytes):
            self._conn.send(answer)
        elif isinstance(answer, Refusal):
            self._conn.send(encode_error(request.id, answer.code, answer.text))
        elif answer is not SILENCE:
            self._conn.send(encode_reply(request.id, answer))

    def closed(self, reason: str) -> None:
        """Nothing to do."""


@contextlib.contextmanager
def scripted_gateway(
    answers: Mapping[str, Answer], refusal: ws.Refuse | None = None
) -> Iterator[tuple[str, list[Request]]]:
    """Its address, and what it was asked; with ``refusal`` it lets nobody in."""
    heard: list[Request] = []
    loop = new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        serving = ws.serve("localhost", 0, lambda _: refusal or _Peer(answers, heard))
        server = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
        try:
            yield f"ws://localhost:{server.port}", heard
        finally:
            asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
