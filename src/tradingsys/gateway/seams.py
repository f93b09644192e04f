"""What the gateway needs of the world. Real sockets, disk and time are behind these, and so is a simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

import apsw

from tradingsys.core.errors import StoreError
from tradingsys.core.io import Transmission
from tradingsys.core.order import Fill
from tradingsys.core.records import Edit, FillRecord, Intent, OrderRecord, Record, Saved

__all__ = ["Log", "Peer", "StoreSeam", "Transport"]

T = TypeVar("T")


class Peer(Protocol):
    """A connected strategy: write bytes, close. How the bytes travel is not the gateway's business."""

    @property
    def pending_bytes(self) -> int:
        """What was written and has not left yet."""

    @property
    def is_late(self) -> bool:
        """Whether what it says now was said seconds ago, as what it said before took so much time."""

    def forgive(self) -> None:
        """What it says now costs it nothing of its share of the processor's time."""

    def charged(self) -> AbstractContextManager[None]:
        """What is done within costs it of its share, as an answer does that is given in its request's own turn."""

    def write(self, data: bytes) -> None:
        """Send one message; never blocks."""

    def ping(self) -> None:
        """Ask for a sign of life, which arrives as `Gateway.peer_heard`."""

    def close(self, reason: str, after_s: float = 0.0) -> None:
        """Drop the connection; `Gateway.peer_closed` follows.

        With ``after_s`` it is dropped so much later and not listened to until then: whoever floods has to wait.
        """


class Transport(Protocol):
    """Performs what the venue's protocol wants transmitted; what happens arrives as `Gateway.venue_event`."""

    def perform(self, transmission: Transmission) -> None:
        """Start this; never blocks."""


class StoreSeam(Protocol):
    """Journal and pos.db, as `tradingsys.store` has them."""

    saved: Saved

    def begin_epoch(self, epoch: int, recv_window_ms: int) -> None:
        """Durable on return."""

    def mark_ready(self, epoch: int) -> None:
        """Durable on return: ends a power cut."""

    def append(self, intent: Intent, *others: Intent) -> None:
        """Written on return, all of them or none. Raises StoreError."""

    def sync_journal(self) -> None:
        """Durable on return. Raises StoreError."""

    def commit(self, records: Sequence[Record], done: Callable[[StoreError | None], None]) -> None:
        """Keep rows, in order of calls, one transaction each."""

    def save_now(self, records: Sequence[Record]) -> None:
        """Durable on return. Raises StoreError."""

    def postpone(self, edits: Iterable[Edit]) -> None:
        """Rows of ``positions`` stay as they were edited until the next start; durable on return. Raises StoreError."""

    def find_order(self, client_order_id: str) -> tuple[OrderRecord | None, Sequence[FillRecord]] | None:
        """An order of any age, with its fills, which may be all that is known of it. Raises StoreError."""

    def has_fill(self, fill: Fill) -> bool:
        """Whether an execution of any age is booked."""

    def look(self, question: Callable[[apsw.Connection], T], done: Callable[[T | StoreError], None]) -> None:
        """Ask pos.db as it is written; ``done`` is told later, and nothing waits."""

    def backup(self, why: str) -> object:
        """A verified copy beside pos.db. Raises StoreError."""

    def free_bytes(self) -> int | None:
        """What is free on the disk of pos.db; None where nobody can tell."""

    def kill_file(self) -> str | None:
        """What the file ``<pos.db>.kill`` says; None as long as there is none."""

    @property
    def has_changed(self) -> bool:
        """Whether anything was written since the last copy."""

    def back_up_later(
        self, why: str, done: Callable[[Path | StoreError], None], directory: Path | None = None, keep: int = 0
    ) -> None:
        """A verified copy; ``done`` is told later, and nothing waits."""

    def close(self) -> None:
        """Write what is left and let go of the file."""


class Log(Protocol):
    """Where a person reads what happened."""

    def debug(self, event: str, /, **fields: object) -> object:
        """For developers."""

    def info(self, event: str, /, **fields: object) -> object:
        """Normal events."""

    def warning(self, event: str, /, **fields: object) -> object:
        """Something to look at."""

    def error(self, event: str, /, **fields: object) -> object:
        """Something to mend."""
