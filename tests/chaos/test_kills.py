"""Gateways die under load, and every book is right; one that is broken is found out."""

from __future__ import annotations

import functools
import importlib
import json
import shlex
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import stretch
from tests.chaos.__main__ import _options
from tests.chaos.arrivals import arrived_twice
from tests.chaos.crash_points import POINTS, SIDES, Crash, last_words
from tests.chaos.judge import left_in_logs
from tests.chaos.mistakes import MISTAKES
from tests.chaos.records import Life, judge_lives
from tests.chaos.stage import Cast, Stage
from tests.chaos.stretch import Outcome, Plan, play
from tests.chaos.sums import Sums, Violation
from tests.process.world import PATIENCE_S

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")

_FEW = Cast(processes=2, sessions_each=3)


def test_ten_deaths_leave_every_book_right(tmp_path: Path) -> None:
    outcome = play(tmp_path, Plan(7, "usdm", 10, _FEW, "storm"))
    assert outcome.violations == []
    assert outcome.kills.total() == 10
    assert outcome.executions > 30


def test_a_broken_gateway_is_found_out(tmp_path: Path) -> None:
    """Whether an order that was not written down reaches the exchange is chance: hardly ever does none of many."""
    found = ""
    for seed in range(3, 7):
        plan = Plan(seed, "usdm", 3, _FEW, "calm", tuple(MISTAKES), "send of a new order", troubles=0.0, patience_s=3.0)
        found += "\n".join(play(tmp_path / str(seed), plan).violations)
        is_unwritten = "whose journal is complete, and is not in it" in found or "is unknown to the book" in found
        if is_unwritten and "sent 2 times: order T" in found:
            break
    assert "is not in the books" in found
    assert " in the books, (" in found
    assert is_unwritten
    assert "sent 2 times: order T" in found


@pytest.mark.parametrize("point", sorted(POINTS))
def test_every_instant_is_one_of_the_product(point: str) -> None:
    names = POINTS[point]
    functools.reduce(getattr, names.function.split("."), importlib.import_module(names.module))


def _row(number: int, side: str = "BUY", qty: str = "5") -> dict[str, object]:
    name = "T003D7-1-1-1-1"
    return {"symbol": "X", "exec_id": number, "client_order_id": name, "side": side, "qty": qty, "px": "1"}


def _life(begin: int, *numbers: int, qty: int = 5) -> Life:
    told = [(("X", str(number), "T003D7-1-1-1-1"), "BUY", Decimal(qty), Decimal(1)) for number in numbers]
    return Life({"x": Decimal(begin)}, told)


def test_records_of_strategies_are_judged_by_life() -> None:
    rows = [_row(1), _row(2)]
    assert not list(judge_lives([_life(0, 1, 2)], rows))
    assert not list(judge_lives([_life(0, 1), _life(10)], rows))  # the second happened while nobody was there
    assert not list(judge_lives([_life(0, 1), _life(0, 1, 2)], rows))  # not saved when all died: told anew
    for lives, words in (
        ([_life(0, 1)], "are not 10"),
        ([_life(0, 1), _life(5)], "are not 10"),
        ([_life(0, 1, 2, 2)], "told 2 times"),
        ([_life(0, 1, 2, 3)], "not in the ledger"),
        ([_life(0, 1, 2, qty=4)], "it is"),
    ):
        assert any(words in problem for problem in judge_lives(lives, rows)), words


@pytest.mark.parametrize(
    ("line", "faults", "is_told"),
    [
        ("HALTED: no new orders scope=the account cause=difference", {}, True),
        ("REDUCING: no orders that add to a position scope=dogeusdt cause=difference", {}, True),
        ("REDUCING: no orders that add to a position reason=min_free_mib: 3 MiB are free on the disk", {}, True),
        ("HALTED: no new orders reason=pos.db: disk I/O error", {"disk full": 1}, False),
        ("orders are allowed again scope=dogeusdt cause=difference", {}, False),
    ],
)
def test_a_log_that_tells_of_a_restriction_for_no_reason_is_seen(
    line: str, faults: dict[str, int], is_told: bool
) -> None:
    world = SimpleNamespace(said=lambda: {"gateway-1.err": ["ready", line]})
    stage: Any = SimpleNamespace(world=world, faults=Counter(faults))
    assert left_in_logs(stage) == [f"gateway-1.err: {line}"] * is_told


def test_a_long_ban_explains_one_restriction_for_want_of_proof() -> None:
    ban = "WARN  the exchange wants to be left alone: nothing is sent until then seconds={}"
    unproven = "ERROR REDUCING: no orders that add to a position scope=the account cause=UNPROVEN"
    for lines, told in (
        ([ban.format(956), unproven], 0),
        ([ban.format(956), unproven, unproven], 1),
        ([ban.format(4), unproven], 1),
        ([unproven, ban.format(956)], 1),
        ([ban.format(956), unproven.replace("UNPROVEN", "DIFFERENCE")], 1),
    ):
        stage: Any = SimpleNamespace(world=SimpleNamespace(said=lambda lines=lines: {"err": lines}), faults=Counter())
        assert len(left_in_logs(stage)) == told, lines


def test_the_command_that_plays_a_stretch_again_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    mistake = "a fill is someone else's"
    plan = Plan(5_000_022, "spot", 9, profile="storm", mistakes=(mistake, "no journal"), at="send of a new order")
    make, target, *given = shlex.split(plan.again(5, 7))
    told = dict(word.split("=", 1) for word in given)
    assert (make, target, told["CHAOS"]) == ("make", "chaos", "again")
    monkeypatch.setattr("sys.argv", ["", "again", "--product", told["PRODUCT"], *shlex.split(told["ARGS"])])
    again = _options()
    assert (again.seed, again.stretch, again.product, again.per_stretch) == (5, 7, "spot", 9)
    assert (again.profile, again.at, again.mistake) == ("storm", "send of a new order", [mistake, "no journal"])
    assert "--profile" not in Plan(1, "usdm", 3).again(1, 0)


def test_a_stretch_of_a_chosen_profile_draws_what_it_drew_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    states: list[object] = []

    @contextmanager
    def unbuilt(*args: object) -> Iterator[None]:
        yield None

    def play_none(stage: object, plan: Plan, random: Random, *others: object) -> None:
        states.append(random.getstate())
        raise KeyboardInterrupt

    monkeypatch.setattr(Stage, "built", unbuilt)
    monkeypatch.setattr(stretch, "_Play", play_none)
    for profile in ("", "calm"):
        with pytest.raises(KeyboardInterrupt):
            play(tmp_path, Plan(7, "usdm", 1, profile=profile))
    assert states[0] == states[1]


def test_what_arrived_twice_is_seen_whether_it_was_taken_or_not(tmp_path: Path) -> None:
    order = '{"method": "order.place", "params": {"newClientOrderId": "T1", "timestamp": 1}}'
    stop = ("POST", "/fapi/v1/algoOrder?clientAlgoId=T2&timestamp=1")
    cancel = ("DELETE", "/fapi/v1/order?origClientOrderId=T1&timestamp=2")
    path = tmp_path / "arrivals.jsonl"
    for arrived, told in (
        ([("", order), stop, cancel, cancel], []),
        ([("", order), ("", order)], ["sent 2 times: order T1"]),
        ([stop, stop], ["sent 2 times: order T2"]),
    ):
        path.write_text("".join(json.dumps({"method": method, "said": said}) + "\n" for method, said in arrived))
        assert list(arrived_twice(path)) == told


def test_sums_go_on_where_they_were(tmp_path: Path) -> None:
    path = tmp_path / "sums.json"
    for number in range(1, 4):
        sums = Sums.of(path)
        sums.add(Outcome("usdm", "calm", kills=Counter({"before send": 2}), executions=5, ready_ms=[number]))
        sums.keep(path)
    sums.violations.append(Violation(["lost"], "there", "so"))
    assert (sums.total, sums.executions, sums.stretches, sums.ready_ms) == (6, 15, 3, [1, 2, 3])
    assert "6 kills" in sums.line and "VIOLATION, kept in there; again: so" in sums.report()


def test_a_process_dies_at_the_instant_and_says_so(tmp_path: Path) -> None:
    for side in SIDES:
        with Stage.built(tmp_path / side, "usdm", _FEW, 1, "calm") as stage:
            gateway = stage.start_gateway(Crash("mark_ready", side, 1))
            assert gateway.popen.wait(PATIENCE_S) == -signal.SIGKILL
            assert last_words(gateway.err) == f"{side} mark_ready"
