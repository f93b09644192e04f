"""What lasts for minutes or hours, while little else goes wrong: questions that are refused, and bans.

In a ban nothing can be asked nor sent, while orders rest there and others trade; gateways die and start, and the
account's stream ends as nobody may prolong it; people cancel and amend orders by hand. A ban of days is lived where it
begins, around midnight and where it ends: in between every process stands still, or the gateway is down, and nobody
trades.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from msgspec import structs

from tests.simulate.world import apart, s

if TYPE_CHECKING:
    from tests.simulate.lifetime import Lifetime

__all__ = ["LONGEST_S", "outlast_ban", "outlast_refusals"]

_BUSY_LONGEST_S, _ENOUGH = 40, 3
"""Afterwards strategies trade until so many orders were taken; but not for ever."""
_BREATH_S, _BUSY_OF_BREATH_S = 12, 3
"""While nothing but refusals goes wrong, strategies trade for the second of each of the first."""
_DAY_S = 86_400
_SHARE = 0.025
"""Of lives."""
_SHORTEST_S, LONGEST_S = 60, 3 * _DAY_S
"""What an exchange says."""
_LONGEST = 0.1
"""Of bans, those that are as long as they can be: then the exchange has forgotten what ended of before."""
_LIVED_S = 900
"""Of a ban of days, at its begin and at its end."""
_MIDNIGHT_S = 30
"""As much before midnight, and after it."""
_SLOWER = 100
"""The market moves meanwhile, but not so often: nobody could do anything about it."""
_AFTER_S = 3


def outlast_ban(life: Lifetime) -> None:
    """In some lives one comes when there have been orders, and nothing else goes wrong until it is over."""
    rng = apart(life.world.rng, "long bans")
    if rng.random() >= _SHARE:
        return
    seconds = LONGEST_S if rng.random() < _LONGEST else int(exp(rng.uniform(log(_SHORTEST_S), log(LONGEST_S))))
    if not life.venue.troubles.shut_out(seconds, is_ban=True):
        return
    life.world.note(f"the exchange bans everybody for {seconds} s")
    life.venue.tells_date = True
    life.counts["bans of minutes or hours"] += 1
    life.counts["bans of days"] += seconds > _DAY_S
    life.faults, life.pace = life.faults.let_up(), max(life.pace, _SLOWER)
    life.let_trade(False)
    lived = _lived(seconds + _AFTER_S, life.world.now_ns // s(1))
    deaths = {rng.choice(lived) for _ in range(rng.choice((0, 1, 1, 2)))}
    changes = {rng.choice(lived) for _ in range(rng.choice((0, 1, 2, 3)))}
    is_down, reached = rng.random() < 0.5, 0
    for second in lived:
        if second > reached:
            _stand_still(life, second - reached, is_down=is_down)
        if second in deaths and life.gateway is not None:
            life.gateway.kill("while it was banned", power_cut=rng.random() < 0.5)
        if second in changes:
            life.people.change()
        life._run(1)
        reached = second + 1
    life.pace = life.usual_pace
    life.let_trade(True)


def _lived(seconds: int, now_s: int) -> list[int]:
    """The seconds of a ban that are lived, from now on."""
    midnight_s = -now_s % _DAY_S
    spans = (
        range(min(seconds, _LIVED_S)),
        range(midnight_s - _MIDNIGHT_S, midnight_s + _MIDNIGHT_S),
        range(seconds - _LIVED_S, seconds),
    )
    return sorted({second for span in spans for second in span if 0 <= second < seconds})


def _stand_still(life: Lifetime, seconds: int, *, is_down: bool) -> None:
    life.world.note(f"all stand still for {seconds} s")
    if is_down and life.gateway is not None:
        life.gateway.kill("and is left so", power_cut=False)
    life.world.stand_still(s(seconds))


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
    for _ in range(_BUSY_LONGEST_S * life.usual_pace):
        life._run(1)
        if life.counts["orders accepted"] >= enough:
            break
