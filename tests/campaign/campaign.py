"""Many sessions at random on one account, as real processes; then every book against the exchange's ledger."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.campaign.tally import Owner, Tally, share_funding, shown, tally
from tests.process.desk import Desk
from tests.process.world import Process, World, eventually
from tradingsys.core.ids import EXTERNAL

__all__ = ["Plan", "Result", "differences_at_end", "run", "start_monkeys", "wait"]

_FUNDING_EVERY_S = 8 * 3_600
_BETWEEN_STOPS = 60


class Plan(Struct, frozen=True):
    """How much of what."""

    requests: int
    per_second: float = 80.0
    processes: int = 4
    sessions_each: int = 5
    seed: int = 1
    foreign_child_ids: bool = False
    stops: int = 0
    """How often the gateway is stopped and started while everybody trades."""
    kills: int = 0
    """How often it is killed, where assets are traded."""
    drops: int = 0
    """How often it loses its connections there."""
    hours: int = 0
    """How far the exchange's clock jumps at the end, so that interest is due."""
    symbols: tuple[str, ...] = ()
    """Which are traded; without any, those that each product's strategies know."""
    begins_empty: bool = False
    """There the account has no coins at first: assets and symbols come into the books while everybody trades."""

    @property
    def sessions(self) -> int:
        """Of all processes."""
        return self.processes * self.sessions_each


class Result(Struct):
    """What happened, and where two records differ; nothing differs when all is well."""

    differences: list[str]
    executions: int
    orders: Counter[str]
    """By type, time in force and status at the exchange."""
    conditions: Counter[str]
    ended: Counter[str]
    """By type, time in force and state as strategies see them."""
    amendments: int
    refused: Counter[str]
    """By code, of requests that were refused."""
    lines: dict[Owner, Tally]


def run(directory: Path, plan: Plan) -> Result:
    """Raises AssertionError when a process fails, or never ends."""
    options = ["--orders-per-minute=1000000", "--deposit=100000000", f"--seed={plan.seed}"]
    if plan.foreign_child_ids:
        options.append("--foreign-child-ids")
    with World.running(directory, sim_options=options) as world:
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        monkeys = [start_monkeys(world, world.port, "usdm", plan, number) for number in range(plan.processes)]
        for _ in range(plan.stops):
            gateway = _stop_and_start(world, gateway, monkeys)
        told = [monkey for process in monkeys for monkey in wait(process, plan)]
        world.admin("advance", {"seconds": _FUNDING_EVERY_S})
        paid = eventually("funding to be paid", lambda: _funding(world))
        ledger = tally(world.admin("ledger"), world.admin("algos"))
        share_funding(ledger, paid)
        eventually("all funding in the books", lambda: _is_funded(world, paid))
        differences = [*_compare(ledger, _books(world)), *_compare_told(ledger, told), *_compare_account(world, ledger)]
        assert gateway.stop() == 0, gateway.err
        differences += [f"at rest: {each}" for each in _compare(ledger, _books(world))]
        orders = world.orders()
        return Result(
            differences,
            sum(line.fills for line in ledger.values()),
            Counter(f"{row['type']} {row['time_in_force']} {row['status']}" for row in orders),
            Counter(f"{row['type']} {row['status']}" for row in world.admin("algos")),
            sum((Counter(monkey["ended"]) for monkey in told), Counter[str]()),
            len(world.admin("amendments")),
            sum((Counter(monkey["refused"]) for monkey in told), Counter[str]()),
            ledger,
        )


def start_monkeys(world: World, port: int, product: str, plan: Plan, number: int) -> Process:
    """One of the plan's processes, at the gateway that listens there."""
    return world.start(
        "monkeys",
        "-m",
        "tests.campaign.troupe",
        f"ws://localhost:{port}",
        product,
        str(1 + number * plan.sessions_each),
        str(plan.sessions_each),
        str(plan.requests // plan.processes),
        str(plan.per_second / plan.processes),
        str(plan.seed + number),
        *plan.symbols,
    )


def _stop_and_start(world: World, gateway: Process, monkeys: list[Process]) -> Process:
    """In the middle of things, unless they are over: whatever happens meanwhile must be found by the next."""
    enough = len(world.ledger()) + _BETWEEN_STOPS

    def is_time() -> bool:
        return len(world.ledger()) > enough or not any(each.is_running for each in monkeys)

    eventually("more executions", is_time)
    assert gateway.stop() == 0, gateway.err
    again = world.start_gateway()
    world.wait_until_ready(again)
    return again


def wait(process: Process, plan: Plan) -> list[dict[str, Any]]:
    """What a process told at its end. Raises AssertionError when it fails, or never ends."""
    try:
        code = process.popen.wait(120 + 4 * plan.requests / plan.per_second)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"the monkeys never end: {process.err[-2_000:]}") from None
    assert code == 0, process.err
    assert "Traceback" not in process.err, process.err
    told: list[dict[str, Any]] = json.loads(process.out)
    return told


def differences_at_end(world: World, told: list[dict[str, Any]]) -> list[str]:
    """Of the futures account, where no funding was paid: books, what strategies believed, and the account."""
    ledger = tally(world.admin("ledger"), world.admin("algos"))
    return [
        *_compare(ledger, _books(world)), *_compare_told(ledger, told), *_compare_account(world, ledger)
    ]  # fmt: skip


def _funding(world: World) -> list[dict[str, Any]]:
    return [row for row in world.admin("income") if row["kind"] == "FUNDING_FEE"]


def _is_funded(world: World, paid: list[dict[str, Any]]) -> bool:
    booked = sum((sum(line.funding.values()) for line in _books(world).values()), Decimal(0))
    return booked == sum(Decimal(row["amount"]) for row in paid)


def _books(world: World) -> dict[Owner, Tally]:
    """As the commands tell them."""
    fills = Counter[Owner]()
    for (session, symbol), count in world.books(*range(1, 1_000)).fills.items():
        fills[session, symbol] = count
    books: dict[Owner, Tally] = {}
    for row in _command(world, "pos", "show", "--limit=1000")["positions"]:
        view = row["position"]
        owner = (row["session_id"], view["symbol"].upper())
        line = books[owner] = Tally(fills[owner], Fraction(view["net"]))
        line.cost = Fraction(view.get("entry_px") or 0) * line.net
        line.realized_pnl = Fraction(view.get("realized_pnl") or 0)
        line.fees = {asset: Decimal(fee) for asset, fee in (view.get("fees") or {}).items()}
        line.funding = {asset: Decimal(amount) for asset, amount in (view.get("funding") or {}).items()}
    return books


def _command(world: World, *words: str) -> Any:
    return Desk(world).ask(*words, "-c=usdt.json")


def _compare(ledger: dict[Owner, Tally], books: dict[Owner, Tally]) -> Iterator[str]:
    for owner in sorted(ledger.keys() | books.keys()):
        true, booked = ledger.get(owner, Tally()), books.get(owner, Tally())
        if owner[0] == EXTERNAL and (booked.net or booked.fills or booked.fees or booked.realized_pnl):
            yield f"EXTERNAL has something of {owner[1]}: {booked}"
        for what in ("fills", "net", "fees", "funding", "realized_pnl", "entry_px"):
            expected, found = shown(getattr(true, what)), shown(getattr(booked, what))
            if expected != found:
                yield f"session {owner[0]}, {owner[1]}: {what} is {found} in the books, {expected} at the exchange"


def _compare_told(ledger: dict[Owner, Tally], told: list[dict[str, Any]]) -> Iterator[str]:
    """What strategies believed at their end."""
    for monkey in told:
        for symbol, net in monkey["net"].items():
            true = ledger.get((monkey["session"], symbol.upper()), Tally()).net
            if Fraction(repr(net)) != true:
                yield f"session {monkey['session']} believed to hold {net} {symbol}, not {true}"


def _compare_account(world: World, ledger: dict[Owner, Tally]) -> Iterator[str]:
    account = {row["symbol"]: Fraction(row["net"]) for row in world.admin("positions")}
    for symbol in sorted(account.keys() | {owner[1] for owner in ledger}):
        total = sum((line.net for owner, line in ledger.items() if owner[1] == symbol), Fraction(0))
        if total != account.get(symbol, 0):
            yield f"the sessions' {symbol} sum to {total}; the account holds {account.get(symbol)}"
    left = [row for row in world.orders() if row["status"] in ("NEW", "PARTIALLY_FILLED")]
    left += [row for row in world.admin("algos") if row["status"] == "NEW"]
    yield from (f"left open: {row}" for row in left)
