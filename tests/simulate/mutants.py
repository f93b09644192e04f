"""``python -m tests.simulate.mutants``: make each known mistake in the product, and see how soon a life notices.

A mistake that no life notices is a hole in the simulation, or it is hidden by another rule of the product. With
``--keep FILE`` a run that was broken off goes on where it was; ``--table`` prints what docs/reliability.md shows. A
change of the product shifts what happens in lives: ``--note`` notes which of them noticed, for the test suite, which
begins with that one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from tests.simulate.faults import Profile
from tests.simulate.layers import Layer, LayerLife
from tests.simulate.life import Life
from tests.simulate.mistakes import LineIsGone, Lives, Mistake, OnSpot, make
from tests.simulate.mistakes_asked import ASKED_MISTAKES
from tests.simulate.mistakes_audit import AUDIT_MISTAKES
from tests.simulate.mistakes_books import BOOK_MISTAKES
from tests.simulate.mistakes_disk import DISK_MISTAKES
from tests.simulate.mistakes_fills import FILL_MISTAKES
from tests.simulate.mistakes_futures import FUTURES_MISTAKES
from tests.simulate.mistakes_limits import LIMIT_MISTAKES
from tests.simulate.mistakes_orders import ORDER_MISTAKES
from tests.simulate.mistakes_questions import QUESTION_MISTAKES
from tests.simulate.mistakes_restart import RESTART_MISTAKES
from tests.simulate.mistakes_sessions import SESSION_MISTAKES
from tests.simulate.mistakes_spot import SPOT_MISTAKES
from tests.simulate.mistakes_stopped import STOPPED_MISTAKES
from tests.simulate.quiet import quiet
from tests.simulate.scenes import Scene
from tests.simulate.spot_life import SpotLife
from tradingsys.core.errors import TradingError
from tradingsys.oms.fill_book import FillBook

__all__ = ["CANARY", "MISTAKES", "Fate", "noticed_by", "tried", "violation_without"]

MISTAKES = (
    *FILL_MISTAKES,
    *ORDER_MISTAKES,
    *SESSION_MISTAKES,
    *LIMIT_MISTAKES,
    *STOPPED_MISTAKES,
    *RESTART_MISTAKES,
    *DISK_MISTAKES,
    *AUDIT_MISTAKES,
    *BOOK_MISTAKES,
    *QUESTION_MISTAKES,
    *ASKED_MISTAKES,
    *FUTURES_MISTAKES,
    *SPOT_MISTAKES,
)
CANARY = Mistake(
    "nothing_is_booked",
    Profile.NORMAL,
    FillBook.book,
    "first = self.symbols.get(fill.symbol)",
    "return",
)
"""What must be noticed at once, or noticing proves nothing."""
_NOTES = Path(__file__).with_name("noticed.json")
"""For mistakes that not every life notices the seed of one that did, lately."""
_BROKEN = 2


class Fate(Struct, frozen=True):
    """What became of one mistake."""

    name: str
    lives: str
    caught_by: int | None
    """Which life noticed, from 1 on; None: none of so many."""
    seconds: float
    violation: str
    """The first of that life; or why the mistake could not be made."""


def main() -> int:
    """0 when every mistake was caught; 1 when one survived, or could not be made; 2 when the lives see nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulate.mutants", description=__doc__)
    parser.add_argument("--lives", type=int, default=300, help="give a mistake up after so many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("-k", dest="wanted", default="", help="only mistakes with this in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many mistakes at the same time")
    parser.add_argument("--keep", type=Path, help="a file of what was found out: what stands there is not tried again")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each")
    parser.add_argument("--table", action="store_true", help="a table in Markdown")
    parser.add_argument("--note", action="store_true", help=f"note the lives that noticed in {_NOTES.name}")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.lives)
    canary = tried(CANARY, seeds[:1])
    if canary.caught_by is None:
        print(f"a gateway that books nothing at all was not noticed: the lives see nothing. {canary.violation}")
        return _BROKEN
    chosen = [mistake for mistake in MISTAKES if options.wanted in mistake.name]
    known = _kept(options.keep)
    fates = (known[mistake.name] for mistake in chosen if mistake.name in known)
    new = _all([mistake for mistake in chosen if mistake.name not in known], seeds, options.jobs)
    say = _row if options.table else _json if options.json else _line
    caught = 0
    for fate in chain([canary] if options.json else (), fates, _keeping(new, options.keep)):
        caught += fate.caught_by is not None and fate is not canary
        print(say(fate), flush=True)
        if options.note and fate.caught_by is not None:
            _note(fate.name, seeds[fate.caught_by - 1])
    if say is _line:
        print(f"the canary was caught at once; {caught} of {len(chosen)} mistakes caught")
    return int(caught < len(chosen))


def noticed_by() -> dict[str, int]:
    """For mistakes by name, the seed of a life that noticed."""
    return msgspec.json.decode(_NOTES.read_bytes(), type=dict[str, int])


def _note(name: str, seed: int) -> None:
    """Of one that the first life notices there is nothing to note."""
    noted = noticed_by() | {name: seed}
    if not seed:
        del noted[name]
    _NOTES.write_bytes(msgspec.json.format(msgspec.json.encode(noted, order="sorted")) + b"\n")


def _kept(path: Path | None) -> dict[str, Fate]:
    """What an earlier run found out; of those that survived more lives may tell."""
    lines = path.read_text().splitlines() if path is not None and path.exists() else []
    fates = [msgspec.json.decode(line, type=Fate) for line in lines]
    return {fate.name: fate for fate in fates if fate.caught_by is not None}


def _keeping(fates: Iterable[Fate], path: Path | None) -> Iterator[Fate]:
    for fate in fates:
        if path is not None:
            with path.open("a") as file:
                file.write(_json(fate) + "\n")
        yield fate


@quiet()
def tried(mistake: Mistake, seeds: Iterable[int]) -> Fate:
    """Live with the mistake until a life notices that ends well without it."""
    began, lives, broken = time.monotonic(), 0, ""

    def fate(caught_by: int | None, violation: str) -> Fate:
        return Fate(mistake.name, _where(mistake.lives), caught_by, time.monotonic() - began, violation)

    for lives, seed in enumerate(islice(seeds, 1) if isinstance(mistake.lives, Scene) else seeds, 1):
        try:
            with pytest.MonkeyPatch.context() as patch:
                make(mistake, patch)
                violation = _first_violation(seed, mistake.lives)
            if violation and not violation_without(seed, mistake.lives):
                return fate(lives, violation)
        except LineIsGone as error:
            return fate(None, str(error))
        except _Broke as error:
            broken = broken or f", and the life of seed {seed} broke: {error}"
    return fate(None, f"survived {lives} lives{broken}")


class _Broke(Exception):
    """A life came to no judgement: the line that is a mistake is badly written, or nobody judges what it breaks."""


def _first_violation(seed: int, lives: Lives) -> str:
    """What a judge says first. Raises _Broke where something else ended the life."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        try:
            return next(iter(_violations(seed, Path(folder) / "life", lives)), "")
        except (AssertionError, TradingError) as error:  # the product itself says what is wrong, and does not start
            return f"{type(error).__name__}: {error}"
        except Exception as error:
            raise _Broke(f"{type(error).__name__}: {error}") from error


violation_without = cache(_first_violation)
"""Of the product as it is: what happens there as well is not the mistake's."""


def _violations(seed: int, folder: Path, lives: Lives) -> list[str]:
    match lives:
        case Scene():
            return lives.told(folder)
        case OnSpot(profile, is_wire):
            return SpotLife(seed, folder, profile, wire=is_wire).live().violations
        case Profile():
            life = Life(seed, folder, lives)
        case Layer():
            life = LayerLife(seed, folder, lives)
    life.is_impatient = True
    return life.live().violations


def _all(mistakes: list[Mistake], seeds: range, jobs: int) -> Iterator[Fate]:
    if jobs == 1:
        yield from (tried(mistake, seeds) for mistake in mistakes)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(_tried_by_name, seeds=seeds), [mistake.name for mistake in mistakes])


def _tried_by_name(name: str, seeds: range) -> Fate:
    return tried(next(mistake for mistake in MISTAKES if mistake.name == name), seeds)


def _where(lives: Lives) -> str:
    return f"layer {lives}" if isinstance(lives, Layer) else str(lives)


def _json(fate: Fate) -> str:
    return msgspec.json.encode(fate).decode()


def _line(fate: Fate) -> str:
    told = f"caught by life {fate.caught_by:4}" if fate.caught_by is not None else "SURVIVED           "
    return f"{told}  {fate.lives:22} {fate.seconds:6.1f} s  {fate.name}: {fate.violation[:110]}"


def _row(fate: Fate) -> str:
    mistake = next(mistake for mistake in MISTAKES if mistake.name == fate.name)
    beside = f"(at once: {mistake.scene})" if mistake.scene is not None else mistake.hidden_by
    return f"| {fate.name.replace('_', ' ')} | {fate.lives} | {fate.caught_by or fate.violation} | {beside} |"


if __name__ == "__main__":
    sys.exit(main())
