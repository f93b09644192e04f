"""Executions that nobody knows the owner of: one of ours, or somebody else's beside a stop of ours."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import (
    DENIED,
    NOBODY_KNOWS,
    Scene,
    answered,
    executed,
    executed_unseen,
    judged,
    lost_to_a_cut,
)
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL

__all__ = ["denied_then_silent", "lost_and_denied", "others_trade"]

_STOP = {"order_type": "STOP_MARKET", "side": "SELL", "quantity": "30", "price": None, "time_in_force": None}
_EVERY_S = 25


@Scene
def denied_then_silent(rig: Rig) -> Iterator[str]:
    """The exchange denies an order that executed as long as that may be a minute old, and then tells nothing."""
    client = rig.client()
    with answered(rig, DENIED):
        executed_unseen(client, rig)
        rig.run(58)
    with answered(rig, NOBODY_KNOWS):
        rig.run(20)
        yield from _nobody_has_it(rig)
    rig.faults = Faults.none()
    rig.run(15)
    yield from judged(rig, 15)


@Scene
def lost_and_denied(rig: Rig) -> Iterator[str]:
    """A power cut takes an order that executes at once, and the exchange denies for 50 s that there is one."""
    lost_to_a_cut(rig, Faults(lose_event=1.0, lose_reply=1.0))
    executed(rig)
    with answered(rig, DENIED):
        rig.start(until_ready=False)
        rig.run(50)
        yield from _nobody_has_it(rig)
    rig.run(15)
    yield from judged(rig, 15)


@Scene
def others_trade(rig: Rig) -> Iterator[str]:
    """A stop waits, and somebody else sells again and again what it would; meanwhile the gateway is started anew."""
    rig.house(Side.BUY, 1_000, "0.59")
    client = rig.client()
    client.ask("order", client.order_params(**_STOP, stop_price="0.5"))
    for _ in range(10):
        rig.by_hand(Side.SELL, 30)
        rig.run(_EVERY_S)
    yield from (f"a trade by hand restricts: {row.reason}" for row in rig.gateway.gateway.book.halts)
    rig.gateway.kill("by the test")
    rig.start(until_ready=False)
    for _ in range(4):
        rig.by_hand(Side.SELL, 30)
        rig.run(_EVERY_S)
    if not rig.gateway.gateway.is_ready:
        yield f"a start waits for what comes meanwhile: {rig.gateway.gateway.text}"
    rig.run(90)
    if rig.nets(1, EXTERNAL) != [0, -420]:
        yield f"somebody else sold 420: {rig.nets(1, EXTERNAL)}"


def _nobody_has_it(rig: Rig) -> Iterator[str]:
    if rig.net(1) or rig.net(EXTERNAL):
        yield f"somebody has what nobody can know the owner of: {rig.nets(1, EXTERNAL)}"
