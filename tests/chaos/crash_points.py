"""Where a gateway can be killed: named functions of the product, and the instant before or after each.

The product knows nothing of this: a trap is put around the function from outside, in the gateway's own process, and
sends that process SIGKILL when it gets there for the so-many-th time.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import apsw
from msgspec import Struct

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder

__all__ = ["BOOT_POINTS", "POINTS", "RARE_POINTS", "SIDES", "Crash", "last_words", "set_trap"]

SIDES = ("before", "after")
_ORDERS = (PlaceOrder, PlaceOrderList, ReplaceOrder, CancelOrder)
_NEW_ORDERS = (PlaceOrder, PlaceOrderList)
_WORDS = "killed "


class Crash(Struct, frozen=True):
    """Which instant: the ``number``-th time that a point is reached."""

    point: str
    side: str
    number: int

    def __str__(self) -> str:
        return f"{self.side} {self.point}"


def _is_order(_link: object, command: object) -> bool:
    return isinstance(command, _ORDERS)


def _is_new_order(_link: object, command: object) -> bool:
    return isinstance(command, _NEW_ORDERS)


def _starts_with(prefix: bytes) -> Callable[..., bool]:
    return lambda _peer, data: data.startswith(prefix)


class _Point(NamedTuple):
    module: str
    function: str
    counts: Callable[..., bool] | None = None
    """Of its arguments: whether this call is one that is meant."""


BOOT_POINTS = {
    "journal absorbed": _Point("tradingsys.store.store", "absorb_journal"),
    "journal restart": _Point("tradingsys.store.store", "restart"),
    "venue time": _Point("tradingsys.oms.recovery", "Recovery.learn_time"),
    "begin_epoch": _Point("tradingsys.store.store", "Store.begin_epoch"),
    "reconcile": _Point("tradingsys.oms.recovery", "Recovery.reconcile"),
    "history": _Point("tradingsys.oms.recovery", "Recovery.pull_trades"),
    "account check": _Point("tradingsys.oms.recovery", "Recovery.check_account"),
    "mark_ready": _Point("tradingsys.store.store", "Store.mark_ready"),
    "ticket issue": _Point("tradingsys.store.ticket", "TicketFile.issue"),
}
"""Steps of a start, in their order."""

_WRITE = "tradingsys.gateway.clients.local_port", "WsPeer.write"

POINTS = BOOT_POINTS | {
    "login": _Point("tradingsys.gateway.clients.sessions", "SessionDesk.login"),
    "order taken": _Point("tradingsys.gateway.ordering.orders", "OrderDesk.commit"),
    "journal write": _Point("tradingsys.store.journal", "Journal.append"),
    "journal rotation": _Point("tradingsys.store.journal", "Journal._rotate"),
    "journal segment unlink": _Point("tradingsys.store.book", "Book.note_journaled"),
    "ticket count": _Point("tradingsys.store.ticket", "TicketFile.count"),
    "send": _Point("tradingsys.gateway.venue_link", "VenueLink.send", _is_order),
    "send of a new order": _Point("tradingsys.gateway.venue_link", "VenueLink.send", _is_new_order),
    "bytes": _Point("tradingsys.gateway.transport", "NetTransport.perform"),
    "reply": _Point(*_WRITE, _starts_with(b'{"id"')),
    "push of an order": _Point(
        "tradingsys.gateway.clients.local_port", "WsPeer.write", _starts_with(b'{"type":"order"')
    ),
    "push of a position": _Point(
        "tradingsys.gateway.clients.local_port", "WsPeer.write", _starts_with(b'{"type":"position"')
    ),
    "answer": _Point("tradingsys.gateway.ordering.orders", "OrderDesk.done"),
    "event": _Point("tradingsys.oms.session_book", "SessionBook.learn"),
    "fill": _Point("tradingsys.oms.fill_book", "FillBook.book"),
    "watermark": _Point("tradingsys.oms.fill_book", "FillBook.advance"),
    "resolve": _Point("tradingsys.gateway.ordering.orders", "OrderDesk.resolve"),
    "rows handed over": _Point("tradingsys.store.store", "Store.commit"),
    "database begin": _Point("tradingsys.store.book", "transaction"),
    "database commit": _Point("tradingsys.store.book", "transaction"),
    "checkpoint": _Point("apsw", "VFSFile.xWrite"),
}
"""All of them by name."""

RARE_POINTS = {"login", "journal rotation", "journal segment unlink", "watermark", "resolve"}
"""Those that a life of seconds reaches once or twice."""


def set_trap(crash: Crash) -> None:
    """From now on this process dies there."""
    point, trap = POINTS[crash.point], _Trap(crash)
    if crash.point == "checkpoint":
        _DyingDisk(trap)
        return
    *classes, name = point.function.split(".")
    owner: Any = functools.reduce(getattr, classes, importlib.import_module(point.module))
    original = getattr(owner, name)
    if crash.point.startswith("database"):
        wrapped = _around_transaction(original, trap, crash.point)
    elif inspect.iscoroutinefunction(original):
        wrapped = _around_procedure(original, trap)
    else:
        wrapped = _around_call(original, trap, point.counts)
    setattr(owner, name, wrapped)


def last_words(err: str) -> str:
    """Which instant a process was killed at, from what it left on standard error; empty when it said nothing."""
    lines = err.splitlines()
    return lines[-1].removeprefix(_WORDS) if lines and lines[-1].startswith(_WORDS) else ""


class _Trap:
    def __init__(self, crash: Crash) -> None:
        self._crash, self._left = crash, crash.number

    def reached(self, side: str) -> None:
        if side != self._crash.side:
            return
        self._left -= 1
        if self._left == 0:
            os.write(2, f"{_WORDS}{self._crash}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)


def _around_call(original: Callable[..., Any], trap: _Trap, counts: Callable[..., bool] | None) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **options: Any) -> Any:
        is_meant = counts is None or counts(*args, **options)
        if is_meant:
            trap.reached("before")
        result = original(*args, **options)
        if is_meant:
            trap.reached("after")
        return result

    return call


def _around_procedure(original: Callable[..., Any], trap: _Trap) -> Callable[..., Any]:
    @functools.wraps(original)
    async def procedure(*args: Any, **options: Any) -> Any:
        trap.reached("before")
        result = await original(*args, **options)
        trap.reached("after")
        return result

    return procedure


def _around_transaction(original: Callable[..., Any], trap: _Trap, point: str) -> Callable[..., Any]:
    begins = point == "database begin"

    @contextlib.contextmanager
    def transaction(conn: apsw.Connection) -> Iterator[None]:
        if begins:
            trap.reached("before")
        with original(conn):
            if begins:
                trap.reached("after")
            yield
            if not begins:
                trap.reached("before")
        if not begins:
            trap.reached("after")

    return transaction


class _DyingDisk(apsw.VFS):
    """The machine's, but the process dies at a page that a checkpoint moves from the log to the database itself."""

    def __init__(self, trap: _Trap) -> None:
        self._trap, self._base = trap, apsw.vfs_names()[0]
        super().__init__("chaos", self._base, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            return _DyingFile(self._base, name, flags, self._trap)
        return apsw.VFSFile(self._base, name, flags)


class _DyingFile(apsw.VFSFile):
    def __init__(self, base: str, name: Any, flags: list[int], trap: _Trap) -> None:
        super().__init__(base, name, flags)
        self._trap = trap

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._trap.reached("before")
        super().xWrite(data, offset)
        self._trap.reached("after")
