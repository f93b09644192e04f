"""A strategy's connection as the gateway sees it, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class RecordedPeer:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = ""
        self.pings = 0
        self.pending_bytes = 0
        self.is_late = False
        self.forgiven = 0
        self.charged_for: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def forgive(self) -> None:
        self.forgiven += 1

    @contextmanager
    def charged(self) -> Iterator[None]:
        before = len(self.sent)
        yield
        self.charged_for += self.sent[before:]

    def ping(self) -> None:
        self.pings += 1

    def close(self, reason: str, after_s: float = 0.0) -> None:
        self.closed = reason
