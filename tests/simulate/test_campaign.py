"""Lives that once found something, that a seed is one life for ever, and what a campaign is added up to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from tests.simulate import __main__ as program
from tests.simulate import layers
from tests.simulate.campaign import Counted, Failure, Group, Tally, command, run
from tests.simulate.faults import Profile
from tests.simulate.kinds import Kind, live
from tests.simulate.sometimes import DEMANDED, mostly_idle, never_met, too_rare
from tests.simulate.verdict import Verdict

_ROOT = Path(__file__).parents[2]


class Found(Struct):
    """A life that once found something."""

    seed: int
    kind: Kind
    profile: Profile
    found: str


CORPUS = msgspec.json.decode((Path(__file__).parent / "corpus.json").read_bytes(), type=list[Found])


@pytest.mark.parametrize("found", CORPUS, ids=lambda found: f"{found.kind}-{found.profile}-{found.seed}")
def test_what_was_found_once_stays_mended(found: Found, tmp_path: Path) -> None:
    violations = live(found.seed, tmp_path, found.kind, found.profile).violations
    assert not violations, "\n".join([found.found, *violations])


def _digests(hash_seed: str) -> list[str]:
    """Of two lives in a process of their own, one on futures and one on spot."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulate", "--seeds", "2", "--digest", "--jobs", "1"],
        cwd=_ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [line for line in told.splitlines() if line.startswith(("0 ", "1 ")) and len(line) == 18]


def test_a_seed_is_one_life_in_every_process_whatever_the_order_of_its_sets() -> None:
    first = _digests("1")
    assert len(set(first)) == 2 and first == _digests("4711")
    assert first == [f"{verdict.seed} {verdict.digest}" for verdict, _ in run(range(2), None, None, jobs=1)]


def test_runs_add_up_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    once = Tally(2, 10, 3.5, 1.0, {"wire, normal": Group(2, 1, 7, 5)}, [(0, 1)], {"kills": 3}, {"kills": Counted(2, 3)})
    once.failures.append(Failure(1, "replay", ["wrong"]))
    once.write(path, append=True)
    assert once.write(path, append=True).demanded == {"kills": Counted(4, 6)}
    told = json.loads(path.read_text())
    assert (told["lives"], told["steps"], told["met"], len(told["failures"])) == (4, 20, {"kills": 6}, 2)
    assert told["groups"] == {"wire, normal": {"lives": 4, "idle": 2, "orders": 14, "executions": 10}}
    once.write(path)
    assert json.loads(path.read_text())["lives"] == 2


def test_the_seeds_that_were_lived_are_kept_however_they_come_back() -> None:
    lived = Tally()
    for seed in (4, 5, 9, 0, 8, 1, 4):
        lived.add(Tally.of(Verdict(seed, [], Counter(), []), None, None, 0.0))
    assert lived.seeds == [(0, 1), (4, 5), (8, 9)]


def test_lives_without_orders_prove_nothing() -> None:
    groups = {"wire, venue": Group(40, 9), "wire, normal": Group(40, 8), "plain, disk": Group(1, 1)}
    assert list(mostly_idle(groups)) == ["orders in wire, venue: none in 9 of 40 lives"]


def _lived(lives: int, times: int = 0) -> dict[str, Counted]:
    return {what: Counted(lives, times) for what in DEMANDED}


def test_what_may_be_chance_is_not_demanded_and_all_is_of_many_lives() -> None:
    rare = set(too_rare(_lived(100)))
    assert {"bans", "copies of the book noticed"} < rare
    assert not rare & {"kills", "orders adopted", "orders of an older run asked for", "edits taken", "order lists"}
    assert len(list(never_met(_lived(100)))) + len(rare) == len(list(never_met(_lived(5_000))))
    assert too_rare(_lived(5_000)) == []
    often = _lived(100) | {"kills": Counted(100, 10**6)}
    assert next(never_met(often)).startswith("power cuts: 0 in 100 lives, expected ")


def test_what_was_not_counted_in_a_life_is_not_held_against_it() -> None:
    counted = _lived(5_000, 10**6) | {"bans": Counted(100, 0)}
    assert not list(never_met(counted)) and too_rare(counted) == ["bans"]
    del counted["bans"]
    assert not list(never_met(counted)) and too_rare(counted) == ["bans"]


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """So many lives in each of which nothing happened but that orders were taken."""
    met = Counter({"orders accepted": 7})
    monkeypatch.setattr(program, "run", lambda seeds, *_, **__: ((Verdict(seed, [], met, []), 0.0) for seed in seeds))
    monkeypatch.setattr(sys, "argv", ["simulate", *arguments])
    return program.main()


def test_what_a_run_need_not_meet_is_demanded_of_all_that_were_added_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    append = ("--append", str(tmp_path / "all.json"))
    assert _run(monkeypatch, "--seeds", "60", *append) == 0
    assert _run(monkeypatch, "--seeds", "60", *append) == 3
    assert "too seldom in all 120 lives to prove anything: kills: 0 in 120 lives, expected " in capsys.readouterr().out


def test_lives_of_a_chosen_kind_and_of_an_older_file_are_held_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"lives": 9_000, "met": {"executions": 4}}))
    for chosen in ("--kind wire", "--profile venue"):
        assert _run(monkeypatch, "--seeds", "200", *chosen.split(), "--append", str(path)) == 0
    assert _run(monkeypatch, "--seeds", "60", "--append", str(path)) == 0
    assert _run(monkeypatch, "--seeds", "60", "--append", str(path)) == 3
    assert "9400 of all 9520 lives are of a chosen kind, or of before this was kept" in capsys.readouterr().out


def test_a_command_that_replays_a_life_names_what_was_chosen() -> None:
    chosen = command(7, Kind.WIRE, Profile.VENUE)
    assert chosen == 'make simulate SEEDS=1 ARGS="--first 7 --trace --kind wire --profile venue"'
    assert command(7, None, None) == 'make simulate SEEDS=1 ARGS="--first 7 --trace"'
    assert layers.command(layers.Layer.QUERIES, 7) == 'make layers SEEDS=1 ARGS="--layer queries --first 7"'


def test_every_kind_meets_every_profile() -> None:
    pairs = {(Kind.of(seed), Profile.of(seed)) for seed in range(264)}
    assert pairs == {(kind, profile) for kind in Kind for profile in Profile}
