"""A strategy's connection as the gateway sees it, recorded."""

from __future__ import annotations


class RecordedPeer:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = ""
        self.pings = 0
        self.pending_bytes = 0

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def ping(self) -> None:
        self.pings += 1

    def close(self, reason: str) -> None:
        self.closed = reason
