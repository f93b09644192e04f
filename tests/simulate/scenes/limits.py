"""Sessions at their limits: what ends a restriction, what stays open meanwhile, and what orders are measured with."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.rig import Rig, WireClient
from tests.simulate.scenes.stage import Scene, answered, operate, trade
from tradingsys.core.enums import Side
from tradingsys.core.records import HaltCause, HaltRecord, Scope
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.sim.faces.transport import Reply

__all__ = ["bracket", "edited", "no_price", "outlived", "paused", "small_losses", "stopped", "unfollowed"]

_MAX_AGE_S = 10


@Scene
def paused(rig: Rig) -> Iterator[str]:
    """A session whose orders were refused too often is halted for a minute; the gateway dies meanwhile."""
    _limit(rig, max_rejections=2)
    client = rig.client()
    for _ in range(3):
        client.ask("order", client.order_params(quantity="0"))
    if "error" not in client.ask("order", client.order_params()):
        yield "the scene did not come about"
    rig.restart()
    rig.run(65)
    client = rig.client()
    reply = client.ask("order", client.order_params())
    if "error" in reply:
        yield f"a minute is over, and the session is halted: {reply['error']}"


@Scene
def stopped(rig: Rig) -> Iterator[str]:
    """A session that trades too often is halted for good, loses too much then, and has orders open of all kinds."""
    _limit(rig, max_executions=3, max_daily_loss=Decimal("1.2"))
    client = rig.client()
    rig.house(Side.BUY, 100, "0.55")
    trade(client, rig, 20)
    adds = client.order_params(price="0.58")
    protects = client.order_params(
        side="SELL", quantity="20", order_type="STOP_MARKET", price=None, time_in_force=None, reduce_only=True
    )
    larger = client.order_params(side="SELL", quantity="25", price="0.63")
    for params in (adds, protects | {"stop_price": "0.5"}, larger):
        client.ask("order", params)
    for _ in range(2):
        trade(client, rig, 10)
    rig.run(3)
    exchange = rig.simulator.exchange
    left = [order.qty for order in exchange.open_orders(ACCOUNT)]
    waiting = [condition.terms.qty for condition in exchange.open_conditions(ACCOUNT)]
    if [*left, *waiting] != [25, 20]:
        yield f"what adds is to go, what protects to stay: {left}, and waiting {waiting}"
    rig.house(Side.SELL, 100, "0.56")
    rig.run(5)
    rows = [row for row in rig.gateway.gateway.book.halts if row.cause is HaltCause.LIMIT]
    if [(row.state, row.until_ms) for row in rows] != [("HALTED", None)]:
        yield f"halted for good, and less severely then: {rows}"


@Scene
def small_losses(rig: Rig) -> Iterator[str]:
    """Two sessions lose, and neither of them, nor both together, as much as they may; then the account does."""
    account = structs.replace(UNLIMITED.account, max_daily_loss=Decimal("1.5"))
    _limit(rig, max_daily_loss=Decimal("1.2"), max_drawdown=Decimal("1.2"), account=account)
    for session in (1, 2):
        trade(rig.client(session, instance=str(session)), rig, 20)
    yield from _loses(rig, 1, "0.58", 10)
    yield from _loses(rig, 2, "0.58", 10)
    if stops := _stops(rig):
        yield f"stopped for losses of cents: {stops}"
    for session in (1, 2):
        yield from _loses(rig, session, "0.54", 10)
    stops = _stops(rig)
    if [row.scope for row in stops] != [Scope()]:
        yield f"all together lost more than they may, and none of them alone: {stops}"


@Scene
def edited(rig: Rig) -> Iterator[str]:
    """What a session holds is corrected by hand, which costs nothing, and what it holds then is sold at a loss."""
    _limit(rig, max_daily_loss=Decimal("0.5"))
    trade(rig.client(), rig, 20)
    operate(rig, "op.set_position", session_id=1, symbol="dogeusdt", net="40")
    rig.run(3)
    if stops := _stops(rig):
        yield f"stopped for what an edit took or brought: {stops}"
    rig.restart()
    yield from _loses(rig, 1, "0.56", 30)
    if [row.scope for row in _stops(rig)] != [Scope(1)]:
        yield "a position was corrected by hand, and its losses are not limited any more"


@Scene
def unfollowed(rig: Rig) -> Iterator[str]:
    """A session holds something, and follows no stream for longer than a price may be old."""
    client = _measured(rig)
    client.ask("unsubscribe", ["dogeusdt@depth"])
    rig.run(_MAX_AGE_S * 3)
    reply = client.ask("order", client.order_params(price="0.598"))
    if "error" in reply:
        yield f"an order was denied, and its symbol's price can be asked for: {reply['error']}"


@Scene
def no_price(rig: Rig) -> Iterator[str]:
    """The exchange tells no price any more: not by streams, and not when it is asked."""
    client = _measured(rig)
    with answered(rig, {"/premiumIndex": Reply(503, b"{}")}):
        rig.run(_MAX_AGE_S * 2)
        reply = client.ask("order", client.order_params(price="0.598"))
    if reply.get("error", {}).get("limit") != "max_reference_age_s":
        yield f"an order was measured with nothing: {reply}"


@Scene
def bracket(rig: Rig) -> Iterator[str]:
    """The only holder waits with a stop, then with a target, too, each as large as its position; another one comes."""
    client = rig.client()
    other = rig.client(2, instance="other")
    trade(client, rig, 10)
    rig.house(Side.SELL, 10, "0.6")
    for kind, price, side in (("STOP_MARKET", "0.5", "SELL"), ("TAKE_PROFIT_MARKET", "0.7", "BUY")):
        terms = {"order_type": kind, "stop_price": price, "price": None, "time_in_force": None}
        reply = client.ask("order", client.order_params(side="SELL", reduce_only=True, **terms))
        if "error" in reply:
            yield f"the scene did not come about: {reply}"
        if "error" not in other.ask("order", other.order_params(side=side, price="0.605")):
            yield f"{kind}: another session may {side}, and the exchange would let all of them execute, or none"


@Scene
def outlived(rig: Rig) -> Iterator[str]:
    """One of two holders of a symbol has an order that only reduces, and then sells what it holds by another one."""
    for session in (2, 1):
        client = rig.client(session, instance=str(session))
        trade(client, rig, 10)
    client.ask("order", client.order_params(side="SELL", price="0.63", reduce_only=True))
    rig.house(Side.BUY, 10, "0.598")
    client.ask("order", client.order_params(side="SELL", price="0.598"))
    rig.run(2)
    if rig.net(1) or rig.simulator.exchange.open_orders(ACCOUNT):
        yield f"nothing is held, and an order that shall only reduce is open: {rig.net(1)}"


def _limit(rig: Rig, **limits: object) -> None:
    rig.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, **limits))
    rig.restart()


def _loses(rig: Rig, session: int, px: str, qty: int) -> Iterator[str]:
    """A session sells so much for less than it paid."""
    rig.house(Side.BUY, qty, px)
    client = rig.client(session, instance=str(session))
    reply = client.ask("order", client.order_params(side="SELL", quantity=str(qty), price=px))
    if "error" in reply:
        yield f"the scene did not come about: {reply}"
    rig.run(5)


def _stops(rig: Rig) -> list[HaltRecord]:
    return [row for row in rig.gateway.gateway.book.halts if row.cause is HaltCause.LIMIT]


def _measured(rig: Rig) -> WireClient:
    """A session whose orders need a price, which is known."""
    _limit(rig, max_position_notional=Decimal(90), max_reference_age_s=_MAX_AGE_S)
    client = rig.client()
    for side, px in ((Side.BUY, "0.59"), (Side.SELL, "0.61")):
        rig.house(side, 100, px)
    trade(client, rig, 10)
    return client
