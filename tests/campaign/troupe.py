"""Many sessions in one process, each trading at random.

``python -m tests.campaign.troupe ADDRESS PRODUCT FIRST_SESSION SESSIONS REQUESTS PER_SECOND SEED [SYMBOL …]``
prints, when nothing of it is open any more, one line of JSON: what each session believes to hold, and how many orders
ended how.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from random import Random

from pyalgo import Engine
from tests.campaign.asset_strategy import AssetMonkey, MarginMonkey
from tests.campaign.strategy import Monkey

_KINDS: dict[str, type[Monkey]] = {"usdm": Monkey, "spot": AssetMonkey, "margin": MarginMonkey}
_CLEAN_UP_S = 0.2
_PATIENCE = 0.95
"""How often a request that no gateway would take is kept for later."""


def main(
    address: str,
    product: str,
    first: int,
    sessions: int,
    requests: int,
    per_second: float,
    seed: int,
    symbols: Sequence[str],
) -> None:
    random = Random(seed)
    engine = Engine(0.001, "warn")
    monkeys = [
        _KINDS[product](engine.make_session(address, number, f"monkey-{number}", trading=True), random, symbols)
        for number in range(first, first + sessions)
    ]
    left = requests

    def act() -> None:
        nonlocal left
        monkey = random.choice(monkeys)
        if not monkey.session.is_ready and random.random() < _PATIENCE:
            return
        left -= 1
        if left >= 0:
            monkey.act()

    def finish() -> None:
        if left < 0 and sum(monkey.clean_up() for monkey in monkeys) == sessions:
            engine.stop()

    engine.every(1 / per_second, act)
    engine.every(_CLEAN_UP_S, finish)
    engine.run()
    print(json.dumps([monkey.report() for monkey in monkeys]))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0], given[1], int(given[2]), int(given[3]), int(given[4]), float(given[5]), int(given[6]), given[7:])
