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

__all__ = ["DEPOSITS", "AssetResult", "run_assets"]

_HAND_EVERY_S = {"spot": 0.25, "margin": 0.8}
"""Requests of margin by hand weigh on the same limit as the gateway's."""
_HOUR_S = 3_600
_HEARS = "the account's events arrive"
DEPOSITS = {
    "spot": {"BTC": "20", "ETH": "400", "DOGE": "1000000", "BNB": "50"},
    "margin": {"BTC": "5", "ETH": "100", "BNB": "50"},
}
"""Whoever sells DOGE on margin must borrow it."""


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
        for asset, amount in () if plan.begins_empty else DEPOSITS[product].items():
            self.hand.deposit(asset, amount)
        self.hand.moves = 0  # those are what the books begin with
        gateway = self._start_gateway()
        monkeys = [start_monkeys(world, self.port, product, plan, number) for number in range(plan.processes)]
        gateway = self._disturb(gateway, monkeys)
        told = [monkey for process in monkeys for monkey in wait(process, plan)]
        self.hand.clean_up()
        self._await_transfers()
        if plan.hours:
            world.admin("advance", {"seconds": plan.hours * _HOUR_S})
        records = self.records
        differences = _settled(lambda: compare(records, told))
        assert gateway.stop() == 0, gateway.err
        differences += [f"at rest: {each}" for each in compare(records, [], at_rest=True)]
        if plan.stops:
            differences += self._miss_a_deposit()
        return self._result(told, differences)

    def _miss_a_deposit(self) -> list[str]:
        """Without a gateway; the next one sees what is missing, and a person takes note of it."""
        self.hand.deposit("USDT", "7.5")
        gateway, config = self._start_gateway(), f"-c={self.product}.json"
        seen = {row["asset"]: row["difference"] for row in self.records.assets() if row["difference"] != "0"}
        assert seen == {"USDT": "-7.5"}, seen
        # First it looks for what else may explain it.
        eventually("the difference to be one", lambda: self.desk.ask("status", config)["status"]["differences"])
        eventually("it to be accepted", lambda: self._is_accepted("USDT", config))
        differences = [f"accepted: {each}" for each in compare(self.records, [])]
        assert gateway.stop() == 0, gateway.err
        return differences

    def _is_accepted(self, *words: str) -> bool:
        """Not while the gateway is still looking for what may explain the difference."""
        try:
            self.desk.run("pos", "accept", *words)
        except AssertionError:
            return False
        return True

    def _start_gateway(self) -> Process:
        gateway = self.world.start(
            self.product, "-m", "tradingsys", "spot", f"-c={self.product}.json", "-l=info"
        )  # fmt: skip
        self.world.wait_until_ready(gateway)
        return gateway

    def _disturb(self, gateway: Process, monkeys: list[Process]) -> Process:
        """Trade by hand while they trade, and stop and kill the gateway in between; returns the last one."""
        plan = self.plan
        breaks = plan.stops * [self._stop] + plan.kills * [self._kill] + plan.drops * [self._drop]
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
                self._await_transfers()
                gateway = breaks.pop()(gateway)
            time.sleep(_HAND_EVERY_S[self.product])
        return gateway

    # What comes or goes without a trade is told once only: before each of these it was told. All else may be under way.

    def _stop(self, gateway: Process) -> Process:
        assert gateway.stop() == 0, gateway.err
        return self._start_again()

    def _kill(self, gateway: Process) -> Process:
        gateway.kill()
        return self._start_again()

    def _start_again(self) -> Process:
        self._trade_by_hand()
        return self._start_gateway()

    def _drop(self, gateway: Process) -> Process:
        times = gateway.err.count(_HEARS)
        self.world.admin("drop", {"product": "spot"})
        self._trade_by_hand()
        eventually("the gateway to hear of its account again", lambda: gateway.err.count(_HEARS) > times)
        return gateway

    def _trade_by_hand(self) -> None:
        for _ in range(3):
            self.hand.act(may_move=False)

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
    deadline = time.monotonic() + 2 * PATIENCE_S
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found
