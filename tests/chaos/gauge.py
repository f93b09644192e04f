"""Counts of what only a gateway's own process can count, written to a file every few seconds, from its event loop."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import msgspec
from msgspec import Struct

from tradingsys.gateway.shell import Shell

__all__ = ["EVERY_S", "Gauge", "install_gauge", "read_gauge"]

EVERY_S = 5.0
"""Of the event loop's time."""


class Gauge(Struct, frozen=True):
    """How much there is of what should not become more."""

    tasks: int
    """Of asyncio."""
    procedures: int
    """Decisions under way, which have no task."""
    orders: int
    """In memory, those that are over included."""
    objects: int
    """That Python's collector looks after."""
    replay: float
    """MiB of events that are kept for strategies that come back."""
    left_alone_s: float
    """How long the exchange wants to be left alone yet, by its own clock."""


def read_gauge(path: Path) -> Gauge:
    """The latest."""
    return msgspec.json.decode(path.read_bytes(), type=Gauge)


def install_gauge(path: Path) -> None:
    """From when the gateway listens on, the file has its `Gauge`."""
    listen = Shell._listen

    def listen_and_count(self: Shell) -> None:
        listen(self)
        _count(self, path)

    Shell._listen = listen_and_count  # type: ignore[method-assign]


def _count(shell: Shell, path: Path) -> None:
    gateway, loop = shell._gateway, asyncio.get_running_loop()
    procedures = gateway.procedures
    gauge = Gauge(
        len(asyncio.all_tasks(loop)),
        len(procedures._asking) + len(procedures._sleeping),
        len(gateway.book.orders),
        len(gc.get_objects()),
        sum(each._events_bytes for each in gateway.sessions.sessions.values()) / 2**20 if gateway.sessions else 0.0,
        gateway.venue.ban_left_ms / 1_000,
    )
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(gauge))
    draft.replace(path)
    loop.call_later(EVERY_S, _count, shell, path)
