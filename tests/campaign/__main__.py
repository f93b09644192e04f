"""``python -m tests.campaign --orders 5000``: many sessions at random on one account, and every book judged."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.campaign.campaign import Plan, run


def main() -> int:
    """1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--orders", type=int, default=5_000, help="orders, amends and cancels in all")
    parser.add_argument("--per-second", type=float, default=40.0, help="how fast, all sessions together")
    parser.add_argument("--seed", type=int, default=1, help="of the market and of what the sessions do")
    parser.add_argument("--foreign-child-ids", action="store_true", help="triggered orders get ids of the exchange")
    parser.add_argument("--stops", type=int, default=1, help="how often the gateway is stopped and started meanwhile")
    chosen = parser.parse_args()
    plan = Plan(
        chosen.orders,
        chosen.per_second,
        seed=chosen.seed,
        foreign_child_ids=chosen.foreign_child_ids,
        stops=chosen.stops,
    )
    print(f"{plan.requests} requests of {plan.sessions} sessions, {plan.per_second:g} a second ...", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        result = run(Path(directory), plan)
    for title, counts in (("orders", result.orders), ("conditional orders", result.conditions)):
        print(f"\n{title}: {counts.total()}")
        _print(counts)
    print(f"\nas strategies saw them end: {result.ended.total()}")
    _print(result.ended)
    print(f"\namended: {result.amendments}\n\nrequests refused: {result.refused.total()}")
    _print(result.refused)
    print(f"\n{result.executions} executions in {len(result.lines)} books, differences: {len(result.differences)}")
    for difference in result.differences:
        print(f"  {difference}")
    return 1 if result.differences else 0


def _print(counts: Counter[str]) -> None:
    for name, count in counts.most_common():
        print(f"  {count:6}  {name}")


if __name__ == "__main__":
    raise SystemExit(main())
