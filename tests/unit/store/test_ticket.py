"""The ticket lies where every user of the machine may make files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tradingsys.store.ticket import Ticket, TicketFile

NAME = "tradingsys-FuHiJ"


def test_names_that_others_took_keep_nobody_from_starting(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.tmp").mkdir()
    ticket = TicketFile(tmp_path, "FuHiJ")
    ticket.issue(5)
    ticket.count(3)
    assert TicketFile(tmp_path, "FuHiJ").read() == Ticket(5, 3)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_where_others_hold_the_name_itself_nothing_is_proven_and_all_goes_on(tmp_path: Path, kind: str) -> None:
    place = tmp_path / f"{NAME}.ticket"
    if kind == "folder":
        (place / "full").mkdir(parents=True)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        TicketFile(tmp_path, "Other").issue(4)
        place.symlink_to(tmp_path / "tradingsys-Other.ticket")
    ticket = TicketFile(tmp_path, "FuHiJ")
    assert ticket.read() is None
    if kind == "folder":  # as one that is not ours to remove
        ticket.revoke()
    ticket.issue(5)
    ticket.count(3)
    assert ticket.read() == (None if kind == "folder" else Ticket(5, 3))
    ticket.close()
    assert not list(tmp_path.glob("*.tmp"))


def test_what_deaths_amid_an_issue_left_is_removed(tmp_path: Path) -> None:
    for left in (f"{NAME}.tmp", f"{NAME}.0123456789abcdef.tmp"):
        (tmp_path / left).write_bytes(b"")
    (tmp_path / "tradingsys-Other.0123456789abcdef.tmp").write_bytes(b"")
    TicketFile(tmp_path, "FuHiJ").issue(5)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{NAME}.ticket",
        "tradingsys-Other.0123456789abcdef.tmp",
    ]


def test_a_ticket_of_ours_that_cannot_be_removed_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = TicketFile(tmp_path, "FuHiJ")
    ticket.issue(5)

    def fails(*_: object, **__: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr(Path, "unlink", fails)
    with pytest.raises(OSError, match="read-only"):
        ticket.revoke()
