"""``python -m tests.simulate.mutants``: make each known mistake in the product, and see how soon a life notices.

A mistake that no life notices is a hole in the simulation, or it is hidden by another rule of the product.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulate.faults import Profile
from tests.simulate.life import Life
from tests.simulate.mistakes import MISTAKES, Mistake
from tests.simulate.mistakes_futures import FUTURES_MISTAKES
from tests.simulate.mistakes_spot import SPOT_MISTAKES
from tests.simulate.spot_life import SpotLife
from tests.simulate.verdict import Verdict
from tradingsys.oms.fill_book import FillBook

Live = Callable[[int, Path, Profile], Verdict]


def main() -> int:
    """0 when every mistake was caught, 1 when one survived, 2 when the lives see nothing at all."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulate.mutants", description=__doc__)
    parser.add_argument("--lives", type=int, default=300, help="give a mistake up after so many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("-k", dest="wanted", default="", help="only mistakes with this in their name")
    options = parser.parse_args()
    logging.getLogger("pyalgo").setLevel(logging.CRITICAL)  # thousands of broken connections are the point here
    if _lives_until_caught(_nothing_is_booked, Profile.NORMAL, _on_futures, range(1)) is None:
        print("a gateway that books nothing at all was not noticed: the lives see nothing")
        return 2
    survivors = 0
    made = [(mistake, profile, _on_futures) for mistake, profile in {**MISTAKES, **FUTURES_MISTAKES}.items()]
    made += [(mistake, profile, _on_spot) for mistake, profile in SPOT_MISTAKES.items()]
    chosen = [each for each in made if options.wanted in each[0].__name__]
    for mistake, profile, live in chosen:
        began = time.monotonic()
        seeds = range(options.first, options.first + options.lives)
        lives = _lives_until_caught(mistake, profile, live, seeds)
        survivors += lives is None
        told = f"caught by life {lives:4}" if lives is not None else "SURVIVED          "
        print(f"{told}  {profile:8} {time.monotonic() - began:6.1f} s  {mistake.__name__}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mistakes caught")
    return 1 if survivors else 0


def _lives_until_caught(mistake: Mistake, profile: Profile, live: Live, seeds: range) -> int | None:
    """How many lives it took; None when all of them ended well."""
    with pytest.MonkeyPatch.context() as patch:
        mistake(patch)
        for lives, seed in enumerate(seeds, 1):
            with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
                if live(seed, Path(folder), profile).violations:
                    return lives
    return None


def _on_futures(seed: int, folder: Path, profile: Profile) -> Verdict:
    return Life(seed, folder, profile).live()


def _on_spot(seed: int, folder: Path, profile: Profile) -> Verdict:
    return SpotLife(seed, folder, profile, wire=False).live()


def _nothing_is_booked(patch: pytest.MonkeyPatch) -> None:
    """What must be noticed at once, or noticing proves nothing."""
    patch.setattr(FillBook, "book", lambda *args: None)


if __name__ == "__main__":
    sys.exit(main())
