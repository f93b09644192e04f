"""``python -m tests.campaign --orders 5000``: many sessions at random on one account, and every book judged."""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from math import ceil
from pathlib import Path
from threading import Event, Thread

from msgspec import structs

from tests.campaign.asset_campaign import run_assets
from tests.campaign.campaign import Plan, run
from tests.campaign.pair import run_pair

_PRODUCTS = ("usdm", "spot", "margin")
_MARGIN_PER_SECOND = 12.0
"""Much more than that the exchange does not take."""
_A_WHILE_S = 15.0


def main() -> int:
    """1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--orders", type=int, default=5_000, help="orders, amends and cancels in all")
    parser.add_argument(
        "--product",
        choices=(*_PRODUCTS, "pair", "all"),
        default="all",
        help="of all each gets its part; pair is spot against the perpetual",
    )
    parser.add_argument("--per-second", type=float, default=40.0, help="how fast, all sessions together")
    parser.add_argument("--seed", type=int, default=1, help="of the market and of what the sessions do")
    parser.add_argument("--foreign-child-ids", action="store_true", help="triggered orders get ids of the exchange")
    parser.add_argument("--stops", type=int, default=1, help="how often the gateway is stopped and started meanwhile")
    parser.add_argument("--kills", type=int, default=1, help="how often it is killed, on spot and on margin")
    parser.add_argument("--drops", type=int, default=1, help="how often it loses its connections, there too")
    parser.add_argument(
        "--symbol", action="append", default=[], help="trade this one alone; may be given several times"
    )
    parser.add_argument("--empty", action="store_true", help="there the account has no coins at first")
    chosen = parser.parse_args()
    if chosen.product == "pair":
        return _run_pair(chosen.orders, chosen.seed)
    products = _PRODUCTS if chosen.product == "all" else (chosen.product,)
    limits = {"margin": _MARGIN_PER_SECOND}
    plan = Plan(
        chosen.orders // len(products),
        chosen.per_second,
        seed=chosen.seed,
        foreign_child_ids=chosen.foreign_child_ids,
        stops=chosen.stops,
        kills=chosen.kills,
        drops=chosen.drops,
        symbols=tuple(chosen.symbol),
        begins_empty=chosen.empty,
        hours=1,
    )
    return max(
        _run(product, structs.replace(plan, per_second=min(plan.per_second, limits.get(product, plan.per_second))))
        for product in products
    )


def _run(product: str, plan: Plan) -> int:
    about = f"{plan.requests} requests of {plan.sessions} sessions, {plan.per_second:g} a second"
    minutes = ceil(plan.requests / plan.per_second / 60 + 0.5)
    print(f"{product}: {about}: {minutes} minute{'s' * (minutes > 1)} or so", flush=True)
    with _watched() as directory:
        if product == "usdm":
            result = run(directory, plan)
            tables = {
                "orders": result.orders,
                "conditional orders": result.conditions,
                "as strategies saw them end": result.ended,
                "changed": Counter(amended=result.amendments),
                "requests refused": result.refused,
            }
            ways = ("long" if line.net > 0 else "short" if line.net else "flat" for line in result.lines.values())
            tables["books at the end"] = Counter(ways)
            executions, books, differences = result.executions, len(result.lines), result.differences
        else:
            spot = run_assets(directory, product, plan)
            tables = {
                "orders": spot.orders,
                "of those": spot.special,
                "order lists": spot.lists,
                "as strategies saw them end": spot.ended,
                "requests refused": spot.refused,
                "by hand": spot.by_hand,
                "refused by hand": spot.hand_refused,
                "fees": spot.fee_assets,
                "loans": spot.loans,
                "charged": Counter(interest=spot.interest),
            }
            executions, books, differences = spot.executions, len(spot.lines), spot.differences
    for title, counts in tables.items():
        print(f"\n{title}: {counts.total()}")
        _print(counts)
    print(f"\n{product}: {executions} executions in {books} books, differences: {len(differences)}", flush=True)
    for difference in differences:
        print(f"  {difference}")
    return 1 if differences else 0


def _run_pair(executions: int, seed: int) -> int:
    print(f"pair: {executions} executions of one engine on spot and futures", flush=True)
    with _watched() as directory:
        result = run_pair(directory, executions, seed)
    print(f"\nexecutions, those on spot by the asset of the fee: {result.executions.total()}")
    _print(result.executions)
    print(f"\npair: {result.executions.total()} executions, differences: {len(result.differences)}")
    for difference in result.differences:
        print(f"  {difference}")
    return 1 if result.differences else 0


@contextmanager
def _watched() -> Iterator[Path]:
    """A folder for everything; now and then a line says how much is in its books."""
    over, begin = Event(), time.monotonic()

    def watch(directory: Path) -> None:
        while not over.wait(_A_WHILE_S):
            print(f"  {time.monotonic() - begin:4.0f} s: {_booked(directory)} executions", flush=True)

    with tempfile.TemporaryDirectory() as name:
        watching = Thread(target=watch, args=(Path(name),), daemon=True)
        watching.start()
        try:
            yield Path(name)
        finally:
            over.set()
            watching.join()


def _booked(directory: Path) -> int:
    """In all books that are there."""
    found = 0
    for path in directory.glob("*.db"):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
            found += conn.execute("SELECT count(*) FROM fills").fetchone()[0]
    return found


def _print(counts: Counter[str]) -> None:
    for name, count in counts.most_common():
        print(f"  {count:6}  {name}")


if __name__ == "__main__":
    raise SystemExit(main())
