from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.store.books import NOW_MS, Machine, commit, intent, known_ids, order
from tradingsys.core.errors import StoreError
from tradingsys.core.records import OrderRecord
from tradingsys.store import journal


def ids(*numbers: int) -> list[str]:
    return [intent(number).client_order_id for number in numbers]


def test_an_intent_survives_the_process_and_counts_as_in_doubt(machine: Machine) -> None:
    store = machine.ready()
    store.append(intent(1))
    store.append(intent(2))
    commit(store, order(1, accepted=True, venue_order_id="7"))
    machine.kill()
    saved = machine.open().saved
    assert saved.orders == (order(1, accepted=True, venue_order_id="7"), order(2))
    assert saved.journal_proven
    assert saved.max_recv_window_ms == 5000


def test_a_replayed_journal_starts_empty(machine: Machine) -> None:
    store = machine.ready()
    for number in range(10):
        store.append(intent(number))
    machine.kill()
    machine.open()
    assert machine.journal.read_bytes() == b"TSJ1003D7\n"


@pytest.mark.parametrize("damage", ["cut", "flipped", "huge length", "no message"])
def test_a_bad_record_ends_the_replay_and_is_never_appended_to(machine: Machine, damage: str) -> None:
    store = machine.ready()
    for number in (1, 2, 3):
        store.append(intent(number))
    machine.kill()
    content = bytearray(machine.journal.read_bytes())
    size = (len(content) - 10) // 3
    third = 10 + 2 * size
    if damage == "cut":
        del content[-1]
    elif damage == "flipped":
        content[-1] ^= 1
    elif damage == "huge length":
        content[third : third + 4] = b"\xff\xff\xff\xff"
    else:
        content[third:] = journal._HEAD.pack(1, 2768625435) + b"\x01"
    machine.journal.write_bytes(content)
    store = machine.open()
    assert known_ids(store) == ids(1, 2)
    assert not store.saved.journal_proven
    store.begin_epoch(2, 5000)
    store.mark_ready(2)
    store.append(intent(4, epoch=2))
    machine.kill()
    store = machine.open()
    assert known_ids(store) == [*ids(1, 2), intent(4, epoch=2).client_order_id]
    assert store.saved.journal_proven


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_replay_is_exactly_the_whole_records_before_any_cut(data: st.DataObject) -> None:
    """Random appends, commits, kills and torn tails against a plain list of what must be known."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        store = machine.ready(1, segment_bytes=600)
        known: set[str] = set()
        proven_until_now = True
        tail: list[tuple[str, int]] = []  # ids that only the current segment has, with the offset at which each ends
        epoch = number = 1
        for action in data.draw(st.lists(st.sampled_from("aaaaacckt"), max_size=25)):
            if action == "a":
                number += 1
                written = intent(number, epoch=epoch)
                assert store._journal is not None
                rotations = len(store._journal.full)
                store.append(written)
                if len(store._journal.full) != rotations:
                    known.update(name for name, _ in tail)
                    known.add(written.client_order_id)
                    tail = []
                else:
                    tail.append((written.client_order_id, machine.journal.stat().st_size))
            elif action == "c" and tail:
                kept = data.draw(st.sampled_from(tail))[0]
                record = next(
                    order
                    for order in (intent(n, epoch=epoch) for n in range(number + 1))
                    if order.client_order_id == kept
                )
                commit(store, OrderRecord(record))
                known.add(kept)
            elif action in "kt":
                size = machine.journal.stat().st_size
                machine.kill()
                cut = data.draw(st.integers(0, size)) if action == "t" else size
                with machine.journal.open("r+b") as file:
                    file.truncate(cut)
                known.update(name for name, end in tail if end <= cut)
                # A torn tail goes unnoticed when pos.db has all that was torn off up to the last count.
                complete = all(end <= cut for _, end in tail) and proven_until_now
                store = machine.open(segment_bytes=600)
                assert set(known_ids(store)) == known
                assert not store.saved.journal_proven or complete
                assert store.saved.journal_proven or action == "t"
                tail, epoch, proven_until_now = [], epoch + 1, True
                store.begin_epoch(epoch, 5000)
                store.mark_ready(epoch)
        machine.kill()


def test_a_full_segment_leaves_only_after_all_its_orders_are_kept(machine: Machine) -> None:
    store = machine.ready(segment_bytes=500)
    for number in range(1, 8):
        store.append(intent(number))
    segments = sorted(machine.path.parent.glob("pos.db.journal.*"))
    assert len(segments) >= 2
    for number in range(7, 1, -1):
        commit(store, order(number))
    assert sorted(machine.path.parent.glob("pos.db.journal.*")) == segments
    commit(store, order(1))
    assert not list(machine.path.parent.glob("pos.db.journal.*"))
    store.append(intent(8))
    store.sync_journal()
    machine.kill()
    store = machine.open()
    assert known_ids(store) == ids(7, 6, 5, 4, 3, 2, 1, 8)
    assert store.saved.journal_proven


def test_a_lost_segment_is_noticed(machine: Machine) -> None:
    store = machine.ready(segment_bytes=500)
    for number in range(1, 8):
        store.append(intent(number))
    machine.kill()
    Path(f"{machine.journal}.1").unlink()
    store = machine.open()
    assert not store.saved.journal_proven
    assert known_ids(store)[-1:] == ids(7)
    machine.kill()
    assert not machine.open().saved.journal_proven


@pytest.mark.parametrize("step", ["absorb_journal", "restart", "load", "Book"])
@pytest.mark.parametrize("complete", [True, False])
def test_a_death_anywhere_in_the_opening_loses_nothing_and_proves_nothing_new(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: str, complete: bool
) -> None:
    store = machine.ready(segment_bytes=500)
    for number in range(1, 8):
        store.append(intent(number))
    machine.kill()
    if not complete:
        Path(f"{machine.journal}.2").unlink()

    def die(*args: object, **options: object) -> None:
        raise OSError("dead")

    for _ in range(2):
        monkeypatch.setattr(f"tradingsys.store.store.{step}", die)
        with pytest.raises(StoreError, match="dead"):
            machine.open()
        monkeypatch.undo()
    store = machine.open()
    assert set(known_ids(store)) >= set(ids(1, 7))
    assert (len(store.saved.orders) == 7) is complete
    assert store.saved.journal_proven is complete


def test_a_journal_of_another_book_is_moved_out_of_the_way(machine: Machine) -> None:
    store = machine.ready()
    store.append(intent(1))
    machine.kill()
    machine.path.unlink()
    store = machine.open(random_lineage=999)
    assert known_ids(store) == []
    assert [path.name for path in machine.path.parent.glob("*foreign*")] == ["pos.db.journal.foreign-1"]
    store.close()
    assert known_ids(machine.open()) == []


class TestProof:
    def test_a_new_book_proves_nothing(self, machine: Machine) -> None:
        assert not machine.open().saved.journal_proven

    def test_a_killed_process_is_proven_and_its_first_epoch_stays(self, machine: Machine) -> None:
        machine.ready(10).append(intent(1))
        machine.kill()
        store = machine.open()
        assert (store.saved.journal_proven, store.saved.first_epoch_after_cut) == (True, 10)
        store.begin_epoch(20, 5000)
        store.mark_ready(20)
        machine.kill()
        saved = machine.open().saved
        assert (saved.journal_proven, saved.first_epoch_after_cut, saved.last_epoch) == (True, 10, 20)

    def test_a_clean_stop_is_proven(self, machine: Machine) -> None:
        store = machine.ready()
        store.append(intent(1))
        commit(store, order(1))
        store.close()
        assert machine.open().saved.journal_proven

    def test_a_death_between_writing_and_counting_is_proven(self, machine: Machine) -> None:
        store = machine.ready()
        store.append(intent(1))
        store._ticket.count(0)
        machine.kill()
        store = machine.open()
        assert store.saved.journal_proven
        assert known_ids(store) == ids(1)

    def test_a_killed_boot_before_ready_changes_nothing(self, machine: Machine) -> None:
        machine.ready(1).append(intent(1))
        machine.kill()
        for epoch in (2, 3):
            machine.open().begin_epoch(epoch, 5000)
            machine.kill()
        assert machine.open().saved.journal_proven

    def test_no_ticket_is_a_cut_and_the_cut_is_sticky_until_ready(self, machine: Machine) -> None:
        machine.ready(1)
        machine.cut_power()
        for epoch in (2, 3, 4):
            store = machine.open()
            assert not store.saved.journal_proven
            assert store.saved.first_epoch_after_cut == 1
            store.begin_epoch(epoch, 5000)
            machine.kill()
        store = machine.ready(5)
        assert not store.saved.journal_proven
        machine.kill()
        saved = machine.open().saved
        assert (saved.journal_proven, saved.first_epoch_after_cut) == (True, 5)

    def test_a_count_that_is_short_is_a_cut(self, machine: Machine) -> None:
        store = machine.ready()
        store.append(intent(1))
        store.append(intent(2))
        machine.kill()
        content = machine.journal.read_bytes()
        machine.journal.write_bytes(content[: 10 + (len(content) - 10) // 2])
        assert not machine.open().saved.journal_proven

    def test_a_ticket_of_another_epoch_lineage_boot_or_size_is_a_cut(self, machine: Machine) -> None:
        machine.ready(7)
        machine.kill()
        (ticket,) = machine.tmpfs.iterdir()
        good = ticket.read_bytes()
        for offset in (0, 4, 40, len(good) - 16):
            bad = bytearray(good)
            bad[offset] ^= 1
            ticket.write_bytes(bad)
            backup = machine.path.with_name("copy.db")
            shutil.copy(machine.path, backup)
            assert not machine.open().saved.journal_proven
            machine.kill()
            ticket.write_bytes(good)
        ticket.write_bytes(good + b"\0")
        assert not machine.open().saved.journal_proven
        machine.kill()
        ticket.write_bytes(good)
        assert machine.open().saved.journal_proven

    def test_a_restored_older_copy_is_a_cut_even_within_one_boot_of_the_kernel(self, machine: Machine) -> None:
        machine.ready(1).append(intent(1))
        machine.kill()
        store = machine.ready(2)
        commit(store, order(1))
        copy = store.backup("copy")
        for number in (2, 3):
            store.append(intent(number, epoch=2))
            commit(store, OrderRecord(intent(number, epoch=2)))
        store.close()
        # Same epoch, but the intents went through pos.db and out of the journal.
        machine.ready(3)
        machine.kill()
        for leftover in machine.path.parent.glob("pos.db-*"):
            leftover.unlink()
        shutil.copy(copy, machine.path)
        store = machine.open()
        assert not store.saved.journal_proven
        assert store.saved.last_epoch == 2
        machine.kill()
        assert not machine.open().saved.journal_proven

    def test_without_a_tmpfs_nothing_is_proven(self, machine: Machine) -> None:
        machine.ready(ticket_dir=None).append(intent(1))
        machine.kill()
        store = machine.open(ticket_dir=None)
        assert not store.saved.journal_proven
        assert known_ids(store) == ids(1)

    def test_after_a_failed_write_nothing_is_appended_and_the_next_start_is_a_cut(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = machine.ready()
        store.append(intent(1))
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, content: write(fd, content[:20]))
        with pytest.raises(StoreError, match="only 20 of"):
            store.append(intent(2))
        monkeypatch.undo()
        with pytest.raises(StoreError):
            store.append(intent(3))
        machine.kill()
        store = machine.open()
        assert known_ids(store) == ids(1)
        assert not store.saved.journal_proven

    def test_a_failed_fsync_is_final_and_a_cut(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        store = machine.ready()
        store.append(intent(1))

        def fail(fd: int) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match="Input/output error"):
            store.sync_journal()
        monkeypatch.undo()
        with pytest.raises(StoreError, match="Input/output error"):
            store.sync_journal()
        machine.kill()
        assert not machine.open().saved.journal_proven

    def test_a_segment_that_cannot_be_begun_keeps_no_descriptor(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        machine.ready()

        def fail(fd: int, content: bytes) -> int:
            failed.append(fd)
            raise OSError(5, "Input/output error")

        failed: list[int] = []
        monkeypatch.setattr(os, "write", fail)
        with pytest.raises(OSError, match="Input/output"):
            journal.restart(machine.path, "H31")
        monkeypatch.undo()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(failed[0])


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs RLIMIT_FSIZE")
def test_a_full_disk_means_not_sent(machine: Machine) -> None:
    """A real process whose files may not grow past a limit."""
    program = f"""
        import resource
        from pathlib import Path
        from tests.unit.store.books import Machine, intent
        from tradingsys.core.errors import StoreError
        store = Machine(Path({str(machine.path.parent)!r})).ready()
        limit = Machine(Path({str(machine.path.parent)!r})).journal.stat().st_size + 1000
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        number = 0
        try:
            while True:
                store.append(intent(number + 1))
                number += 1
        except StoreError as error:
            print(number, "bytes could be written" in str(error) or "too large" in str(error))
    """
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    written, said_so = done.stdout.split()
    assert int(written) >= 2 and said_so == "True", done.stderr
    store = machine.open()
    assert known_ids(store) == ids(*range(1, int(written) + 1))
    assert not store.saved.journal_proven
    assert store.saved.created_ms == NOW_MS
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
