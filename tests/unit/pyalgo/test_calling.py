"""Timers, and what becomes of callbacks that are slow or wrong."""

from __future__ import annotations

import logging

import pytest

from pyalgo.calling import Caller
from pyalgo.timers import Timer, Timers


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_a_slow_callback_is_named_once_in_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    caller = Caller(50, clock)
    caller.call("session 1", clock.sleep, 0.050)
    assert not caplog.records
    for seconds in (0.051, 0.2, 0.1):
        caller.call("session 1", clock.sleep, seconds)
    clock.sleep(10)
    caller.call("session 1", clock.sleep, 0.06)
    caller.call("session 2", clock.sleep, 0.07)
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "session 1: Clock.sleep took 51 ms",
        "session 1: Clock.sleep took 200 ms (3 times since it was last told, at worst)",
        "session 2: Clock.sleep took 70 ms",
    ]
    assert "the budget is 50 ms" in caplog.text
    assert "callback_budget_ms" in caplog.text


def test_a_wrong_callback_is_logged_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()

    def wrong(number: int) -> None:
        clock.sleep(1)
        raise ValueError(f"mine {number}")

    Caller(50, clock).call("session 1", wrong, 7)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "ValueError: mine 7" in caplog.text
    with pytest.raises(SystemExit):
        Caller().call("session 1", exit_)


def test_what_is_wrong_at_every_tick_does_not_fill_the_disk(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    caller = Caller(50, clock)

    def wrong(kind: type[Exception]) -> None:
        raise kind("mine")

    for kind in (ValueError, ValueError, KeyError, ValueError):
        caller.call("session 1", wrong, kind)
        clock.sleep(1)
    clock.sleep(7)
    caller.call("session 1", wrong, ValueError)
    clock.sleep(10)
    caller.call("session 1", wrong, ValueError)
    name = "session 1: an exception in test_what_is_wrong_at_every_tick_does_not_fill_the_disk.<locals>.wrong"
    often = " (3 times since it was last told)"
    assert [record.getMessage() for record in caplog.records] == [name, name, name + often, name]
    assert caplog.text.count("Traceback") == 4


def test_only_what_is_the_callbacks_own_is_in_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def wrong() -> None:
        try:
            raise KeyError("mine")
        except KeyError:
            raise ValueError("mine too") from None

    def chained() -> None:
        try:
            raise KeyError("my first")
        except KeyError:
            int("my second")

    try:
        raise OSError("of the machinery")
    except OSError:
        Caller().call("session 1", wrong)
        Caller().call("session 1", chained)
    assert "mine too" in caplog.text and "my first" in caplog.text and "my second" in caplog.text
    assert "of the machinery" not in caplog.text


def exit_() -> None:
    raise SystemExit(3)


class Told:
    def __init__(self) -> None:
        self.at: list[float] = []
        self.now_s = 0.0

    def __call__(self) -> None:
        self.at.append(self.now_s)


def run(timers: Timers, told: Told, *times_s: float) -> None:
    for now_s in times_s:
        told.now_s = now_s
        timers.run_due(now_s)


def test_timers_do_not_drift_and_skip_what_was_missed() -> None:
    timers, told = Timers(), Told()
    timers.add(Timer(1.0, told))
    run(timers, told, 10.0, 10.9, 11.03, 11.9, 12.001, 15.5, 15.6, 16.0)
    assert told.at == [11.03, 12.001, 15.5, 16.0]
    assert timers.next_s(16.0) == 17.0


def test_a_cancelled_timer_is_called_no_more_even_when_due_at_once() -> None:
    timers, told = Timers(), Told()
    second = Timer(1.0, told)
    first = Timer(0.9, second.cancel)
    timers.add(first)
    timers.add(second)
    run(timers, told, 0.0, 1.0)
    assert (told.at, second.is_active) == ([], False)
    first.cancel()
    run(timers, told, 5.0)
    assert timers.next_s(5.0) is None


def test_a_timer_may_add_another() -> None:
    timers, told = Timers(), Told()

    def then() -> None:
        once.cancel()
        timers.add(Timer(1.0, told))

    once = Timer(1.0, then)
    timers.add(once)
    run(timers, told, 0.0, 1.0, 1.5, 2.5)
    assert told.at == [2.5]


def test_time_does_not_count_while_paused() -> None:
    timers, told = Timers(), Told()
    timers.add(Timer(1.0, told))
    run(timers, told, 0.0)
    timers.pause()
    run(timers, told, 100.0, 100.9, 101.0)
    assert told.at == [101.0]
