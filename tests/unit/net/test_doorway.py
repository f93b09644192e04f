"""Connections that never become websockets: bounded in number, the first to come the first to go."""

from __future__ import annotations

import errno
import socket

import pytest

from tradingsys.net.doorway import Callers, Doorway


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
        callers.came(sock)
    callers.entered(first.fileno())
    callers.came(third)
    assert not any(map(is_over, (its_end, second_end, third_end)))
    callers.came(fourth)
    assert [is_over(end) for end in (its_end, second_end, third_end, fourth_end)] == [False, True, False, False]
    close(pairs)


def test_who_has_left_counts_no_more(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    callers = Callers(2)
    (first, _), (second, second_end), (third, _), *_ = pairs
    callers.came(first)
    callers.came(second)
    first.close()
    callers.came(third)
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


def test_other_failures_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: socket.socket) -> tuple[int, object]:
        raise OSError(errno.EPERM, "no")

    with Doorway(socket.create_server(("127.0.0.1", 0)), Callers(1)) as door:
        monkeypatch.setattr(socket.socket, "_accept", fails, raising=False)
        with pytest.raises(PermissionError):
            door.accept()
