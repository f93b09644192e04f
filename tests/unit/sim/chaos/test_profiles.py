"""Every profile at every product: what it promises happens there, nothing else does, and it is the same each time."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

import pytest

from tradingsys.sim.chaos import PROFILES, Profile
from tradingsys.sim.chaos.faults import Fault

from .rig import ASK, BID, EVERY_PRODUCT, Troubled

S = 1_000
ORDERS = {"lossy": 280, "storm": 320}
FEWER = 120
RARE = {"storm": {Fault.MARKET_LOST, Fault.MARKET_TWICE, Fault.MARKET_SWAPPED, Fault.MARKET_LATE}}
"""Of so few events none may meet these."""
SEED = 30
LONGEST_BAN = 31 * S


class Rehearsal(NamedTuple):
    """What a program met that places orders and asks about them, and comes back when it was thrown out."""

    client: Troubled
    statuses: list[int]
    """Of the orders."""
    heard: list[int]
    """How much the account was told after each of them."""


def promised(wanted: Profile) -> Set[str]:
    """The faults of a profile."""
    rates = (wanted.orders, wanted.reads, wanted.account, wanted.market)
    found = {fault for each in rates for fault, rate in each.items() if rate}
    found |= {episode.fault for episode in wanted.episodes}
    return {str(fault) for fault in found | ({Fault.FILL_SPLIT} if wanted.splits else set())}


def rehearsed(product: type[Troubled], wanted: Profile, orders: int) -> Rehearsal:
    client = product(wanted, SEED)
    user, market = reopened(client, 0, 0)
    statuses: list[int] = []
    heard: list[int] = []
    for number in range(orders):
        side, px = ("BUY", ASK) if number % 2 else ("SELL", BID)
        statuses.append(client.place(f"n{number}", side=side, px=px, qty="30", timeInForce="IOC"))
        for _ in range(2):  # in so short a time nothing has changed
            client.reply("GET", client.open_orders, symbol="DOGEUSDT")
        # Whoever goes on asking when told not to is banned for longer.
        client.run(LONGEST_BAN if statuses[-1] in (429, 418) else 2 * S)
        heard.append(len(client.frames[user]))
        if number % 10 == 0:
            user, market = reopened(client, user, market)
    return Rehearsal(client, statuses, heard)


def reopened(client: Troubled, *before: int) -> tuple[int, int]:
    """Websockets anew: of the account, as soon as it is let in and answered, and of the market."""
    for each in before:
        client.box.ws_closed(each)
    for _ in range(60):
        try:
            return client.listen(), client.watch()
        except (AssertionError, ValueError):
            client.run(LONGEST_BAN)
    raise AssertionError("nobody is let in again")


@EVERY_PRODUCT
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_does_what_it_promises_and_no_more(product: type[Troubled], name: str) -> None:
    wanted, orders = PROFILES[name], ORDERS.get(name, FEWER)
    client, statuses, heard = rehearsed(product, wanted, orders)
    assert promised(wanted) - RARE.get(name, set()) <= client.counts().keys() <= promised(wanted)
    assert statuses.count(200) >= orders / 2
    assert len(client.admin_rows("ledger")) >= orders * (2 if name == "partial" else 0.5)
    again = rehearsed(product, wanted, orders // 3)
    assert (again.statuses, again.heard) == (statuses[: orders // 3], heard[: orders // 3])
    assert_ends(client)


def assert_ends(client: Troubled) -> None:
    """What is over is over: nothing is left of it on the wire."""
    client.admin("chaos", on=False)
    client.run(5 * S)
    user = client.listen()
    assert client.place("last") == 200
    assert client.heard(user) == ["last"]
    assert [row["status"] for row in client.admin_rows("orders")][-1] == "NEW"
