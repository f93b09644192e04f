"""The campaign where assets are traded: spot or margin, with a person beside who trades and moves money by hand."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from tests.campaign.asset_books import Records, booked_transfers, compare
from tests.campaign.asset_tally import AssetTally
from tests.campaign.campaign import Plan, start_monkeys, wait
from tests.campaign.hand import Hand
from tests.campaign.tally import Owner
from tests.process.desk import Desk
from tests.process.world import PATIENCE_S, Process, World, eventually, free_port

__all__ = ["AssetResult", "run_assets"]

_HAND_EVERY_S = {"spot": 0.25, "margin": 0.8}
"""Requests of margin by hand weigh on the same limit as the gateway's."""
_HOUR_S = 3_600
_DEPOSITS = {
    "spot": {"BTC": "20", "ETH": "400", "DOGE": "1000000", "BNB": "50"},
    "margin": {"BTC": "5", "ETH": "100", "DOGE": "50000", "BNB": "50"},
}


class AssetResult(Struct):
    """What happened, and where two records differ; nothing differs when all is well."""

    differences: list[str]
    orders: Counter[str]
    """By type, time in force and status at the exchange."""
    ended: Counter[str]
    """By type, time in force and state as strategies see them."""
    refused: Counter[str]
    """By code, of requests that were refused."""
    by_hand: Counter[str]
    hand_refused: Counter[str]
    lists: Counter[str]
    """Order lists that were sent, by kind."""
    fee_assets: Counter[str]
    """Of executions."""
    special: Counter[str]
    """Orders at the exchange that are icebergs, trail, are for an amount, were made smaller, or borrowed."""
    loans: Counter[str]
    interest: int
    lines: dict[Owner, AssetTally]

    @property
    def executions(self) -> int:
        """Of all sessions and EXTERNAL."""
        return sum(line.fills for line in self.lines.values())


def run_assets(
    directory: Path, product: str, plan: Plan, at_rest: Callable[[Records], None] | None = None
) -> AssetResult:
    """``at_rest`` may look at the records once more, when the gateway has stopped.

    Raises AssertionError when a process fails, or never ends.
    """
    options = ["--orders-per-minute=10000000", "--deposit=100000000", f"--seed={plan.seed}"]
    with World.running(directory, sim_options=options) as world:
        campaign = _Campaign(world, product, plan)
        result = campaign.run()
        if at_rest is not None:
            at_rest(campaign.records)
        return result


class _Campaign:
    def __init__(self, world: World, product: str, plan: Plan) -> None:
        self.world, self.product, self.plan = world, product, plan
        self.port, self.desk = free_port(), Desk(world)
        self.random = Random(plan.seed)
        self.hand = Hand(world, product, self.random)
        self.records = Records(world, self.desk, product)
        path = world.directory / f"{product}.json"
        changes = {"local": f"ws://localhost:{self.port}"}
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def run(self) -> AssetResult:
        world, product, plan = self.world, self.product, self.plan
        for asset, amount in _DEPOSITS[product].items():
            self.hand.deposit(asset, amount)
        self.hand.moves = 0  # those are what the books begin with
        gateway = self._start_gateway()
        monkeys = [start_monkeys(world, self.port, product, plan, number) for number in range(plan.processes)]
        gateway = self._disturb(gateway, monkeys)
        told = [monkey for process in monkeys for monkey in wait(process, plan)]
        self.hand.clean_up()
        self._await_transfers()
        if product == "margin":
            world.admin("advance", {"seconds": _HOUR_S})
        records = self.records
        differences = _settled(lambda: compare(records, told))
        assert gateway.stop() == 0, gateway.err
        differences += [f"at rest: {each}" for each in compare(records, [], at_rest=True)]
        return self._result(told, differences)

    def _start_gateway(self) -> Process:
        gateway = self.world.start(
            self.product, "-m", "tradingsys", "spot", f"-c={self.product}.json", "-l=info"
        )  # fmt: skip
        self.world.wait_until_ready(gateway)
        return gateway

    def _disturb(self, gateway: Process, monkeys: list[Process]) -> Process:
        """Trade by hand while they trade, and stop and kill the gateway in between; returns the last one."""
        plan = self.plan
        breaks = plan.stops * [False] + plan.kills * [True]
        self.random.shuffle(breaks)
        began, lasts_s = time.monotonic(), plan.requests / plan.per_second
        every_s, number = lasts_s / (len(breaks) + 1), 1
        self.hand.begin()
        while any(process.is_running for process in monkeys):
            passed_s = time.monotonic() - began
            assert passed_s < 120 + 4 * lasts_s, [process.err[-2_000:] for process in monkeys]
            self.hand.act(may_move=True)
            if breaks and passed_s > number * every_s:
                number += 1
                gateway = self._break(gateway, is_kill=breaks.pop())
            time.sleep(_HAND_EVERY_S[self.product])
        return gateway

    def _break(self, gateway: Process, *, is_kill: bool) -> Process:
        """What came or went without a trade is told once only, so it must have been told; all else may be under way."""
        self._await_transfers()
        if is_kill:
            gateway.kill()
        else:
            assert gateway.stop() == 0, gateway.err
        for _ in range(3):
            self.hand.act(may_move=False)
        return self._start_gateway()

    def _await_transfers(self) -> None:
        eventually("transfers to be booked", lambda: booked_transfers(self.records.db) >= self.hand.moves)

    def _result(self, told: list[dict[str, Any]], differences: list[str]) -> AssetResult:
        records = self.records
        orders = records.orders()
        return AssetResult(
            differences,
            Counter(f"{row['type']} {row['time_in_force']} {row['status']}" for row in orders),
            sum((Counter(monkey["ended"]) for monkey in told), Counter[str]()),
            sum((Counter(monkey["refused"]) for monkey in told), Counter[str]()),
            self.hand.done,
            self.hand.refused,
            sum((Counter(monkey["lists"]) for monkey in told), Counter[str]()),
            records.fees(),
            Counter(kind for row in orders for kind in _kinds(row))
            + Counter(amended=len(self.world.admin("amendments?product=spot"))),
            Counter(str(row["kind"]) for row in records.loans()),
            len(records.interest()),
            records.tally(),
        )


def _kinds(row: dict[str, Any]) -> list[str]:
    given = {
        "iceberg": row["iceberg_qty"],
        "trailing": row["trailing_bps"],
        "amount": row["quote_qty"],
        "listed": row["list_id"] is not None,
        "borrowed": row["borrowed"] not in (None, "0"),
    }
    return [kind for kind, value in given.items() if value]


def _settled(look: Callable[[], list[str]]) -> list[str]:
    """Differences that stay: events of what is known may still be on their way."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found
