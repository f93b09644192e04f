"""Connections that never become websockets: bounded in number, the first to come the first to go."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import sys
from pathlib import Path

import pytest

from tradingsys.net.doorway import Callers, Doorway

HERE = "127.0.0.1"


@pytest.fixture
def pairs() -> list[tuple[socket.socket, socket.socket]]:
    return [socket.socketpair() for _ in range(5)]


def is_over(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False


def close(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    for pair in pairs:
        for sock in pair:
            sock.close()


def test_of_too_many_the_oldest_that_has_not_come_in_leaves(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    callers = Callers(2)
    (first, its_end), (second, second_end), (third, third_end), (fourth, fourth_end), _ = pairs
    for sock in (first, second):
        callers.came(sock, HERE)
    callers.entered(first.fileno())
    callers.came(third, HERE)
    assert not any(map(is_over, (its_end, second_end, third_end)))
    callers.came(fourth, HERE)
    assert [is_over(end) for end in (its_end, second_end, third_end, fourth_end)] == [False, True, False, False]
    close(pairs)


def test_who_comes_from_where_many_come_from_keeps_nobody_else_out(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    callers = Callers(3)
    for (sock, _), source in zip(pairs, (HERE, "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.8"), strict=True):
        callers.came(sock, source)
    assert [is_over(end) for _, end in pairs] == [False, True, True, False, False]
    close(pairs)


def test_who_has_left_counts_no_more(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    callers = Callers(2)
    (first, _), (second, second_end), (third, _), *_ = pairs
    callers.came(first, HERE)
    callers.came(second, HERE)
    first.close()
    callers.came(third, HERE)
    assert not is_over(second_end) and len(callers) == 2
    close(pairs)


def test_without_a_descriptor_left_somebody_who_waits_gives_his_up(monkeypatch: pytest.MonkeyPatch) -> None:
    callers = Callers(10)
    door = Doorway(socket.create_server(("127.0.0.1", 0)), callers)
    with door, socket.create_connection(door.getsockname()) as silent:
        accepted, _ = door.accept()

        def fails(_: socket.socket) -> tuple[int, object]:
            raise OSError(errno.EMFILE, "too many open files")

        monkeypatch.setattr(socket.socket, "_accept", fails, raising=False)
        with pytest.raises(BlockingIOError):
            door.accept()
        silent.settimeout(10)
        assert silent.recv(1) == b"" and not len(callers)
        with pytest.raises(BlockingIOError):
            door.accept()
        accepted.close()


@pytest.mark.skipif(sys.platform != "linux", reason="its descriptors are counted")
def test_with_nobody_to_give_one_up_who_knocks_is_turned_away() -> None:
    """Else the loop would hear of him in every turn."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Doorway(socket.create_server(("127.0.0.1", 0)), Callers(10)) as door, contextlib.ExitStack() as taken:
        door.setblocking(False)
        knocking = [taken.enter_context(socket.create_connection(door.getsockname())) for _ in range(2)]
        taken.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, limits[1]))
        with contextlib.suppress(OSError):
            while True:
                taken.callback(os.close, os.dup(door.fileno()))
        for each in knocking:
            with pytest.raises(BlockingIOError):
                door.accept()
            assert is_over(each)


def test_those_who_were_accepted_have_their_turn_before_all_others_are() -> None:
    with Doorway(socket.create_server(("127.0.0.1", 0)), Callers(99)) as door, contextlib.ExitStack() as leaving:
        door.setblocking(False)
        for _ in range(36):
            leaving.enter_context(socket.create_connection(door.getsockname()))
        for most in (16, 16, 4):
            for _ in range(most):
                leaving.enter_context(door.accept()[0])
            with pytest.raises(BlockingIOError):
                door.accept()


def test_other_failures_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: socket.socket) -> tuple[int, object]:
        raise OSError(errno.EPERM, "no")

    with Doorway(socket.create_server(("127.0.0.1", 0)), Callers(1)) as door:
        monkeypatch.setattr(socket.socket, "_accept", fails, raising=False)
        with pytest.raises(PermissionError):
            door.accept()
