"""What lasts for minutes or hours, while little else goes wrong: questions that are refused, and bans.

In a ban nothing can be asked nor sent, while orders rest there and others trade; gateways die and start, and the
account's stream ends as nobody may prolong it.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from msgspec import structs

from tests.simulate.world import apart, s

if TYPE_CHECKING:
    from tests.simulate.lifetime import Lifetime

__all__ = ["outlast_ban", "outlast_refusals"]

_BUSY_LONGEST_S, _ENOUGH = 40, 3
"""Afterwards strategies trade until so many orders were taken; but not for ever."""
_BREATH_S, _BUSY_OF_BREATH_S = 12, 3
"""While nothing but refusals goes wrong, strategies trade for the second of each of the first."""
_SHARE = 0.025
"""Of lives."""
_SHORTEST_S, _LONGEST_S = 60, 3_600
"""What is longer than one of these is seldom; what an exchange says is three days at the most."""
_SLOWER = 100
"""The market moves meanwhile, but not so often: nobody could do anything about it."""
_AFTER_S = 3


def outlast_ban(life: Lifetime) -> None:
    """In some lives one comes when there have been orders, and nothing else goes wrong until it is over."""
    rng = apart(life.world.rng, "long bans")
    if rng.random() >= _SHARE:
        return
    seconds = int(exp(rng.uniform(log(_SHORTEST_S), log(_LONGEST_S))))
    if not life.venue.troubles.shut_out(seconds, is_ban=True):
        return
    life.world.note(f"the exchange bans everybody for {seconds} s")
    life.venue.tells_date = True
    life.counts["bans of minutes or hours"] += 1
    life.faults, life.pace = life.faults.let_up(), _SLOWER
    life.let_trade(False)
    deaths_s = {rng.randrange(seconds) for _ in range(rng.choice((0, 1, 1, 2)))}
    for second in range(seconds + _AFTER_S):
        if second in deaths_s and life.gateway is not None:
            life.gateway.kill("while it was banned", power_cut=rng.random() < 0.5)
        life._run(1)
    life.pace = 1
    life.let_trade(True)


def outlast_refusals(life: Lifetime) -> None:
    """Those of minutes last while little else goes wrong; the gateway may die meanwhile."""
    if not life.venue.unanswered.lasting():
        return
    troubles, rng = life.faults, life.world.rng
    life.faults = structs.replace(
        troubles.let_up(), lose_reply=troubles.lose_reply, answer_unknown=troubles.answer_unknown
    )
    longest_s = (max(each.until_ns for each in life.venue.unanswered.lasting()) - life.world.now_ns) // s(1) + 1
    deaths_s = {rng.randrange(longest_s // rng.choice((1, 4)) + 1) for _ in range(rng.choice((1, 1, 2)))}
    for second in range(longest_s):
        life.let_trade(second % _BREATH_S < _BUSY_OF_BREATH_S)
        if second in deaths_s and life.gateway is not None:
            life.gateway.kill("while questions were refused", power_cut=rng.random() < 0.5)
        life._run(1)
    life.faults = troubles.let_up()
    life.let_trade(True)
    enough = life.counts["orders accepted"] + _ENOUGH
    for _ in range(_BUSY_LONGEST_S):
        life._run(1)
        if life.counts["orders accepted"] >= enough:
            break
