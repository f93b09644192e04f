"""What may be sent is restricted: by people, by limits, and while positions are traded away."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.rig import Json, Rig, WireClient
from tests.simulate.scenes.stage import NOBODY_KNOWS, SLOW_DISK, Scene, answered, operate, trade, unanswered
from tradingsys.core.enums import Side
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.wire.messages import ErrorCode

__all__ = [
    "flatten_in_doubt",
    "halt_then_cut",
    "limit_across_sides",
    "limit_in_doubt",
    "limit_of_amends",
    "liquidated",
    "pause_and_halt",
    "reduce_in_doubt",
    "two_restrictions",
]


@Scene
def halt_then_cut(rig: Rig) -> Iterator[str]:
    """Power is cut right after a person was told that a session is halted, while the disk is slow."""
    rig.client()
    rig.faults = Faults(disk=SLOW_DISK)
    operate(rig, "op.halt", session_id=1)
    rig.gateway.kill("by the test", power_cut=True)
    rig.faults = Faults.none()
    rig.start(until_ready=False)
    rig.run(12)
    yield from _may_not_buy(rig.client())


@Scene
def two_restrictions(rig: Rig) -> Iterator[str]:
    """The account only reduces, and one of its sessions is halted."""
    client = rig.client()
    trade(client, rig, 10)
    operate(rig, "op.halt", reducing=True)
    operate(rig, "op.halt", session_id=1)
    yield from _may_not_buy(client, side="SELL")


@Scene
def pause_and_halt(rig: Rig) -> Iterator[str]:
    """A person halts a session that is halted already, for a minute, as too many of its orders were refused."""
    rig.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, max_rejections=2))
    rig.restart()
    client = rig.client()
    for _ in range(3):
        client.ask("order", client.order_params(quantity="0"))
    operate(rig, "op.halt", session_id=1)
    rig.run(70)
    yield from _may_not_buy(client)


@Scene
def flatten_in_doubt(rig: Rig) -> Iterator[str]:
    """What a session holds is to be traded away while nobody says whether it has been sold already."""
    client = _holder(rig)
    with answered(rig, NOBODY_KNOWS):
        unanswered(client, rig, side="SELL")
        operate(rig, "op.flatten", session_id=1)
    rig.run(10)
    ledger = rig.simulator.exchange.ledger
    sold = sum((row.qty for row in ledger.executions if row.account == ACCOUNT and row.side is Side.SELL), Decimal(0))
    if [sold, rig.net(1)] != [Decimal(10), Decimal(0)]:
        yield f"{sold} were sold of the 10 that the session held, which holds {rig.net(1)} now"


@Scene
def reduce_in_doubt(rig: Rig) -> Iterator[str]:
    """A session sells what it holds, and once more, only to reduce, while nobody says whether it has been sold."""
    client = _holder(rig)
    with answered(rig, NOBODY_KNOWS):
        unanswered(client, rig, side="SELL")
        reply = client.ask("order", client.order_params(side="SELL", price="0.598", reduce_only=True))
    if "error" not in reply:
        yield f"sold again, only to reduce: {reply}"


@Scene
def limit_in_doubt(rig: Rig) -> Iterator[str]:
    """An order is in doubt, and another one would be over the limit with it."""
    client = _limited(rig)
    with answered(rig, NOBODY_KNOWS):
        unanswered(client, rig)
        yield from _is_over(client.ask("order", client.order_params()))


@Scene
def limit_across_sides(rig: Rig) -> Iterator[str]:
    """Beside an order to buy one to sell is in doubt, and one more to buy would be over the limit without that one."""
    client = _limited(rig)
    client.ask("order", client.order_params(price="0.598"))
    with answered(rig, NOBODY_KNOWS):
        unanswered(client, rig, side="SELL", price="0.602")
        yield from _is_over(client.ask("order", client.order_params(price="0.598")))


@Scene
def limit_of_amends(rig: Rig) -> Iterator[str]:
    """An order is amended to more than the limit allows."""
    client = _limited(rig)
    client.ask("order", client.order_params(price="0.598"))
    name = client.last_order()["client_order_id"]
    yield from _is_over(client.ask("amend", {"client_order_id": name, "quantity": "20"}))


@Scene
def liquidated(rig: Rig) -> Iterator[str]:
    """The exchange closes what the account holds."""
    rig.house(Side.BUY, 100, "0.598")
    client = rig.client()
    trade(client, rig, 10)
    rig.venue.liquidate("DOGEUSDT")
    rig.run(2)
    yield from _may_not_buy(client)


def _limited(rig: Rig) -> WireClient:
    """A session that may hold something, and not twice as much."""
    rig.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, max_position_notional=Decimal(9)))
    rig.restart()
    client = rig.client()
    for side, px in ((Side.BUY, "0.59"), (Side.SELL, "0.61")):
        rig.house(side, 100, px)
    rig.run(1)
    return client


def _is_over(reply: Json) -> Iterator[str]:
    if reply.get("error", {}).get("limit") != "max_position_notional":
        yield f"over the limit, and not denied: {reply}"


def _holder(rig: Rig) -> WireClient:
    """A session that holds 10, as another one does, and somebody who buys them."""
    trade(rig.client(2, instance="other"), rig, 10)
    client = rig.client()
    trade(client, rig, 10)
    rig.house(Side.BUY, 100, "0.598")
    return client


def _may_not_buy(client: WireClient, **terms: object) -> Iterator[str]:
    reply = client.ask("order", client.order_params(**terms))
    if reply.get("error", {}).get("code") != ErrorCode.HALTED:
        yield f"a session that is halted sent an order: {reply}"
