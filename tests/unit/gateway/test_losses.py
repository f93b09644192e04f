"""What counts as lost: with positions that nobody knows the cost of, without prices, over restarts, by all together."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.limited_scene import limited, marks_at, tells_prices, used
from tests.unit.gateway.scene import Scene, SceneClient
from tradingsys.cli.operate.edit import set_net
from tradingsys.cli.operate.halting import lift
from tradingsys.core.enums import TradingState
from tradingsys.core.market import MarkPrice
from tradingsys.core.records import HaltCause, Scope
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.limits import AccountLimits
from tradingsys.venues.protocol import Stream
from tradingsys.wire.messages import ErrorCode
from tradingsys.wire.operator import ScopeParams, SetPositionParams

REDUCING, HALTED = TradingState.REDUCING, TradingState.HALTED


def holding(folder: Path, qty: str = "100", px: str = "0.6", **limits: Any) -> tuple[Scene, SceneClient]:
    """A session that bought at 0.6 and has lost nothing yet."""
    scene = limited(folder, **limits)
    _mark(scene, px)
    client = scene.holder(1, qty)
    scene.run(3)
    return scene, client


def _mark(scene: Scene, px: str) -> None:
    scene.gateway.market.prices.note(MarkPrice("DOGEUSDT", 0, px, px, px, "0", 0), scene.now_ns)


def begins(scene: Scene) -> None:
    """After it was stopped."""
    scene.venue.clock = VenueClock()
    scene.start()
    scene.ready()


def sets(scene: Scene, net: str, session: int = 1) -> None:
    scene.operator().result("op.set_position", {"session_id": session, "symbol": "dogeusdt", "net": net})


def sells(scene: Scene, client: SceneClient, qty: str, px: str) -> None:
    order = client.order(side="SELL", quantity=qty, price=px)
    scene.accepts(order)
    scene.fills_order(order, qty, px=px)


def states(scene: Scene, scope: Scope = Scope(1)) -> list[TradingState]:  # noqa: B008
    return [row.state for row in scene.gateway.book.halts.of(scope) if row.cause is HaltCause.LIMIT]


def lost(scene: Scene, session: int | None = 1) -> str:
    [(_, told, _)] = used(scene, "max_daily_loss", session)
    return told


@pytest.mark.parametrize("net", ["101", "50", "0", "-100"])
def test_an_edit_neither_loses_nor_gains_nor_ends_what_was_lost(tmp_path: Path, net: str) -> None:
    scene, _ = holding(tmp_path, max_daily_loss=Decimal(10))
    marks_at(scene, "0.55")
    assert lost(scene) == "5"
    sets(scene, net)
    scene.run(3)
    assert lost(scene) == "5"
    scene.restart()
    marks_at(scene, "0.55")
    assert lost(scene) == "5", "over a restart too"


def test_what_has_no_known_cost_loses_from_its_edit_on(tmp_path: Path) -> None:
    scene, client = holding(tmp_path, max_daily_loss=Decimal(10))
    sets(scene, "101")
    marks_at(scene, "0.55")
    assert lost(scene) == "5.05"
    sells(scene, client, "50", "0.45")
    marks_at(scene, "0.55")
    assert lost(scene) == "10.05" and states(scene) == [REDUCING], "what it was sold for, not what it was worth"
    scene.restart()
    marks_at(scene, "0.44")
    assert lost(scene) == "15.66" and states(scene) == [REDUCING]
    marks_at(scene, "0.35")
    assert states(scene) == [HALTED]


def test_what_was_set_at_rest_is_valued_with_the_first_price_that_is_told(tmp_path: Path) -> None:
    scene, _ = holding(tmp_path, max_daily_loss=Decimal(10))
    marks_at(scene, "0.55")
    scene.gateway.stop()
    set_net(tmp_path / "pos.db", SetPositionParams(1, "dogeusdt", "200"))
    begins(scene)
    marks_at(scene, "0.54")
    assert lost(scene) == "6"
    scene.restart()
    marks_at(scene, "0.51")
    assert lost(scene) == "12" and states(scene) == [REDUCING]


@pytest.mark.parametrize("is_silent", [False, True])
def test_an_edit_is_valued_with_what_the_exchange_says_now(tmp_path: Path, is_silent: bool) -> None:
    scene, client = holding(tmp_path, max_daily_loss=Decimal(10))
    sells(scene, client, "100", "0.6")
    if not is_silent:
        scene.gateway.market.prices.forget(Stream("DOGEUSDT", "mark"))
    scene.run(3_600)
    tells_prices(scene, "0.5")
    sets(scene, "1000")
    scene.run(10)
    assert lost(scene) == "0" and not states(scene)
    tells_prices(scene, "0.49")
    scene.run(30)
    assert lost(scene) == "10" and states(scene) == [REDUCING], "it loses from then on"


@pytest.mark.parametrize("net", ["1100", "50", "0", "-1000"])
def test_an_edit_neither_loses_nor_gains_as_long_as_the_exchange_tells_no_price(tmp_path: Path, net: str) -> None:
    scene, _ = holding(tmp_path, max_daily_loss=Decimal(10))
    marks_at(scene, "0.55")
    tells_prices(scene, None)
    scene.run(60)
    sets(scene, net)
    for _ in range(10):
        scene.run(10)
        assert lost(scene) == "5" and not states(scene)
    scene.restart().run(70)
    assert lost(scene) == "5", "over a restart too"
    tells_prices(scene, "0.51")
    scene.run(70)
    assert lost(scene) == "9" and not states(scene), "what was held before the edit lost all the time"


def test_what_was_set_at_rest_is_not_valued_with_a_price_from_before(tmp_path: Path) -> None:
    scene, _ = holding(tmp_path, max_daily_loss=Decimal(15))
    scene.gateway.stop()
    set_net(tmp_path / "pos.db", SetPositionParams(1, "dogeusdt", "1000"))
    begins(scene)
    scene.run(70)
    assert lost(scene) == "0"
    marks_at(scene, "0.5")
    assert lost(scene) == "10" and not states(scene), "what was held before lost that"


def test_what_no_price_was_ever_known_of_is_said_and_all_else_counts(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_daily_loss=Decimal(10))
    client = scene.client()
    scene.run(3)
    sets(scene, "100")
    scene.run(200)
    assert lost(scene) == "0, but on dogeusdt: no price was ever known"
    assert len([line for line in scene.logged if "what a session lost is not known in full" in line]) == 1
    sells(scene, client, "10", "0.1")
    marks_at(scene, "0.6")
    assert lost(scene) == "5"


def test_prices_that_nobody_tells_after_a_restart_are_those_of_before(tmp_path: Path) -> None:
    scene, _ = holding(tmp_path, max_daily_loss=Decimal(10))
    marks_at(scene, "0.55")
    scene.restart().run(10)
    assert lost(scene) == "prices are not known yet"
    scene.run(20)
    assert lost(scene) == "5"


def test_all_sessions_together_lose_no_more_than_the_account_may(tmp_path: Path) -> None:
    account = AccountLimits(max_daily_loss=Decimal(10))
    scene, client = holding(tmp_path, account=account)
    other = scene.holder(2, "50", "SELL")
    third = scene.client(3)
    marks_at(scene, "0.44")
    assert lost(scene, None) == "8" and not states(scene, Scope())
    marks_at(scene, "0.39")
    [row] = [row for row in scene.gateway.book.halts if row.cause is HaltCause.LIMIT]
    assert row.scope == Scope() and row.state is REDUCING and row.until_ms is not None
    assert "10.50 USDT were lost since midnight UTC by all sessions together, allowed 10 USDT" in row.reason
    assert "(key limits: account: max_daily_loss in" in row.reason
    for each in (client, other, third):
        side = "SELL" if each is other else "BUY"
        assert each.error("order", each.order_params(side=side, price="0.39", quantity="20"))[0] == ErrorCode.HALTED
    client.order(side="SELL", quantity="10", price="0.39")
    scene.restart()
    marks_at(scene, "0.19")
    assert states(scene, Scope()) == [HALTED] and lost(scene, None) == "20.5"


@pytest.mark.parametrize("at_rest", [False, True])
def test_a_person_lets_all_of_them_lose_as_much_again(tmp_path: Path, at_rest: bool) -> None:
    scene, _ = holding(tmp_path, account=AccountLimits(max_drawdown=Decimal(10)))
    marks_at(scene, "0.49")
    assert states(scene, Scope()) == [REDUCING]
    if at_rest:
        scene.gateway.stop()
        lift(tmp_path / "pos.db", ScopeParams())
        begins(scene)
    else:
        scene.operator().result("op.resume", {})
    marks_at(scene, "0.49")
    marks_at(scene, "0.40")
    assert not states(scene, Scope())
    marks_at(scene, "0.38")
    assert states(scene, Scope()) == [REDUCING]


@pytest.mark.parametrize("at_rest", [False, True])
def test_who_lets_a_session_go_on_forgives_nothing_of_what_all_lost(tmp_path: Path, at_rest: bool) -> None:
    scene = limited(tmp_path, account=AccountLimits(max_daily_loss=Decimal(20)), max_daily_loss=Decimal(10))
    fees_are_worth = MarkPrice("BNBUSDT", 0, "500", "500", "500", "0", 0)
    scene.gateway.market.prices.note(fees_are_worth, scene.now_ns)
    marks_at(scene, "0.6")
    client = scene.client()
    scene.run(3)
    order = client.order(quantity="100")
    scene.accepts(order)
    scene.fills_order(order, "100", px="0.6", fee="0.024", fee_asset="BNB")
    scene.run(3)
    assert lost(scene) == lost(scene, None) == "12" and states(scene) == [REDUCING]
    if at_rest:
        scene.gateway.stop()
        lift(tmp_path / "pos.db", ScopeParams(1))
        begins(scene)
    else:
        scene.operator().result("op.resume", {"session_id": 1})
    scene.gateway.market.prices.note(fees_are_worth, scene.now_ns)
    marks_at(scene, "0.6")
    assert lost(scene) == "0" and not states(scene)
    assert lost(scene, None) == "12"
    marks_at(scene, "0.52")
    assert states(scene, Scope()) == [REDUCING]


def test_what_belongs_to_no_session_is_not_the_accounts_loss(tmp_path: Path) -> None:
    scene, _ = holding(tmp_path, account=AccountLimits(max_daily_loss=Decimal(10)))
    sets(scene, "0")
    marks_at(scene, "0.1")
    assert not states(scene, Scope()) and lost(scene, None) == "0"


def test_a_new_day_of_all_begins_with_what_they_have(tmp_path: Path) -> None:
    scene, _ = holding(tmp_path, account=AccountLimits(max_daily_loss=Decimal(10)))
    marks_at(scene, "0.45")
    assert states(scene, Scope()) == [REDUCING]
    scene.now_ns += 86_400 * 10**9
    scene.run(60)
    marks_at(scene, "0.45")
    assert not states(scene, Scope()) and lost(scene, None) == "0"
