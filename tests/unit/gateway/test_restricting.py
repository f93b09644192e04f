"""Limits that stop a session, and whom: storms, too many executions, a day's loss; and who runs into none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.limited_scene import (
    REDUCE,
    asked_prices,
    denied,
    limited,
    loser,
    marks_at,
    scene_with,
    tells_prices,
    trades_at,
    used,
)
from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.scripted_venue import ScriptedVenue, instrument
from tests.unit.gateway.test_conditional_orders import STOP
from tradingsys.core.commands import InstrumentsQuery, RateLimit, VenueRules
from tradingsys.core.enums import OrderStatus, TradingState
from tradingsys.core.errors import VenueError
from tradingsys.core.order import Closed, Order
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome
from tradingsys.gateway.configuration.session_config import UNLIMITED, LimitsConfig
from tradingsys.oms.limits import AccountLimits
from tradingsys.wire.messages import ErrorCode


def test_a_storm_of_refusals_halts_the_session_for_a_minute_and_the_next_one_until_somebody_looks(
    tmp_path: Path,
) -> None:
    scene = limited(tmp_path, max_rejections=3, rejections_window_s=10, max_order_qty=Decimal(30))
    client, other = scene.client(1), scene.client(2)

    def storm() -> None:
        denied(client, quantity="31")
        refused = client.order()
        scene.ends(refused, OrderRequest.PLACE, Outcome.REFUSED, VenueError(-2019, "Margin is insufficient."))
        denied(client, quantity="31")
        code, text = client.error("order", client.order_params())
        assert code == ErrorCode.HALTED and "max_rejections: 3 orders were refused within 10 s" in text

    storm()
    other.order()
    scene.run(58)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED
    scene.run(6)
    client.order()
    storm()
    scene.run(600)
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "again within the hour" in text
    scene.operator().result("op.resume", {"session_id": 1})
    scene.run(3)
    client.order()


def test_what_a_neighbour_is_the_reason_of_makes_no_storm(tmp_path: Path) -> None:
    account = AccountLimits(max_gross_notional=None, max_open_orders=2)
    scene = limited(tmp_path, max_rejections=3, account=account)
    client, other = scene.holder(1, "30"), scene.client(2)
    stops = [client.order(**STOP, quantity="30", reduce_only=True, stop_price=px) for px in ("0.5", "0.55")]
    for stop in stops:
        scene.accepts(stop)
    for _ in range(5):
        assert "session 1 waits to SELL 60" in other.error("order", other.order_params())[1]
    closed = Closed(OrderStatus.CANCELED, scene.now_ms())
    scene.says(OrderChanged(Order((stops[0],), closed=closed), "DOGEUSDT", scene.now_ms()))
    scene.accepts(client.order(price="0.3"))
    for _ in range(5):
        assert denied(other)["limit"] == "account: max_open_orders"
    scene.run(3)
    assert not list(scene.gateway.book.halts)


@pytest.mark.parametrize("is_first", [True, False], ids=["the stop", "the target"])
def test_a_stop_and_a_target_that_count_together_for_a_neighbours_sake_make_no_storm(
    tmp_path: Path, is_first: bool
) -> None:
    scene = limited(tmp_path, max_rejections=3)
    scene.holder(2, "1")
    client = scene.holder(1, "30")
    stop: dict[str, Any] = {**STOP, "quantity": "30", "reduce_only": True, "stop_price": "0.5"}
    target: dict[str, Any] = {"side": "SELL", "quantity": "30", "price": "0.9", "reduce_only": True}
    first, second = (stop, target) if is_first else (target, stop)
    scene.accepts(client.order(**first))
    for _ in range(5):
        assert "while other sessions hold the symbol too" in client.error("order", client.order_params(**second))[1]
    scene.run(3)
    assert not list(scene.gateway.book.halts)


def test_what_would_be_too_much_without_a_neighbour_too_makes_one(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=3)
    scene.holder(2, "1")
    client = scene.holder(1, "30")
    target: dict[str, Any] = {"side": "SELL", "quantity": "30", "price": "0.9", "reduce_only": True}
    scene.accepts(client.order(**target))
    for _ in range(3):
        client.error("order", client.order_params(**target))
    scene.run(3)
    assert list(scene.gateway.book.halts)


def test_what_the_rate_limit_of_all_refuses_makes_no_storm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = limited(tmp_path, max_rejections=3)
    client = scene.client()
    with monkeypatch.context() as patch:
        patch.setattr(scene.gateway.venue, "admits", lambda *_: False)
        for _ in range(5):
            denied(client)
    client.order()


def with_pace(folder: Path, most: int, **limits: Any) -> Scene:
    """The exchange takes so many orders in ten seconds from the whole account."""
    scene = limited(folder, **limits)
    rules = VenueRules(tuple(scene.venue.instruments), (RateLimit("orders", 10_000, most),))
    scene.venue.answers[InstrumentsQuery] = lambda _: rules
    return scene.restart()


def test_who_fills_the_pace_of_all_alone_and_goes_on_is_halted(tmp_path: Path) -> None:
    scene = with_pace(tmp_path, 20, max_rejections=3)
    client, other = scene.client(1), scene.client(2)
    other.order()
    for _ in range(17):
        client.order()
    for _ in range(3):
        refusal = denied(client)
        assert "over the exchange's rate limit" in refusal["msg"]
        figures = refusal["limit"], refusal["allowed"], refusal["observed"]
        assert figures == ("exchange: orders", "18 in 10 s", "19 in 10 s")
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "max_rejections: 3 orders were refused" in text


def test_who_finds_the_pace_of_all_filled_by_others_is_not(tmp_path: Path) -> None:
    scene = with_pace(tmp_path, 20, max_rejections=3)
    client, others = scene.client(1), [scene.client(session) for session in (2, 3)]
    for _ in range(8):
        client.order()
    for _ in range(5):
        for other in others:
            other.order()
    for _ in range(5):
        denied(client)
    scene.run(10)
    client.order()


def test_cancels_fill_the_pace_of_all_as_well(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=3)
    rules = VenueRules(tuple(scene.venue.instruments), (RateLimit("weight", 60_000, 100),))
    scene.venue.answers[InstrumentsQuery] = lambda _: rules
    client = scene.restart().client()
    scene.run(60)
    for _ in range(45):
        order = client.order()
        scene.accepts(order)
        client.result("cancel", {"client_order_id": order})
    for _ in range(3):
        denied(client)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED


def test_who_may_only_reduce_after_a_loss_is_halted_for_a_storm_too(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=3, max_daily_loss=Decimal(10))
    trades_at(scene, "0.6")
    client = scene.holder(1, "100")
    scene.run(3)
    trades_at(scene, "0.49")
    scene.run(3)
    assert scene.gateway.book.halts.state(1, "DOGEUSDT") is TradingState.REDUCING
    for _ in range(3):
        refused = client.order(**REDUCE)
        scene.ends(refused, OrderRequest.PLACE, Outcome.REFUSED, VenueError(-2022, "ReduceOnly Order is rejected."))
    assert "max_rejections: 3 orders were refused" in client.error("order", client.order_params(**REDUCE))[1]
    scene.run(65)
    assert scene.gateway.book.halts.state(1, "DOGEUSDT") is TradingState.REDUCING, "until midnight"


def test_what_was_paid_in_other_assets_counts_after_a_restart_as_before(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    scene.now_ns += 86_400 * 10**9
    scene.run(60)
    order = client.order(quantity="100")
    scene.accepts(order)
    scene.fills_order(order, "100", fee="15", fee_asset="DOGE")
    scene.run(3)
    assert used(scene, "max_daily_loss") == [("10", "9", 0)]
    scene.restart()
    client = scene.client()
    marks_at(scene, "0.6")
    assert used(scene, "max_daily_loss") == [("10", "9", 0)]
    marks_at(scene, "0.594")
    assert "max_daily_loss: 10.20 USDT" in client.error("order", client.order_params(quantity="1"))[1]


def test_what_nobody_has_has_no_limits_and_no_days(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_daily_loss=Decimal(10))
    code, text = scene.operator().error("op.limits", {"session_id": 99_999})
    assert (code, text) == (ErrorCode.BAD_REQUEST, "session_id must be 0 to 65535")
    assert scene.operator().error("op.limits", {"session_id": -1})[0] == ErrorCode.BAD_REQUEST
    assert used(scene, "max_daily_loss", 77) == [("10", "0", 0)]
    scene.run(5)
    scene.restart()
    assert scene.store.saved.days == ()


def test_the_defaults_are_felt_only_by_who_runs_away(tmp_path: Path) -> None:
    scene = scene_with(tmp_path, LimitsConfig())
    trades_at(scene, "0.6")
    client = scene.client()
    replies = [client.ask("order", client.order_params(quantity=str(number % 7 + 9))) for number in range(130)]
    assert sum("result" in reply for reply in replies) == 100
    assert {reply["error"]["limit"] for reply in replies if "error" in reply} == {"max_orders_per_s"}
    scene.run(30)
    assert denied(client, quantity="200000")["limit"] == "max_order_notional"
    assert denied(client, price="0.06")["limit"] == "max_passive_pct"
    assert denied(client, price="0.7")["limit"] == "max_aggressive_pct"


def test_of_a_session_that_never_traded_it_is_known_that_it_lost_nothing(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_daily_loss=Decimal(5))
    assert used(scene, "max_daily_loss", 6) == [("5", "0", 0)]


def test_who_sends_and_sends_and_never_trades_is_halted_until_a_person_resumes_it(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_orders_between_executions=3)
    client = scene.client()
    first = client.order()
    scene.accepts(first)
    client.result("amend", {"client_order_id": first, "quantity": "29"})
    scene.amends(first)
    scene.fills_order(first, "1")
    for _ in range(3):
        client.order()
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "3 orders and amends were sent, and nothing was executed" in text
    scene.operator().result("op.resume", {"session_id": 1})
    scene.run(3)
    client.order()
    assert used(scene, "max_orders_between_executions") == [("3", "1", 0)]


def pair_scene(folder: Path) -> Scene:
    """A session that earned something in BTC, and holds nothing any more; after a restart."""
    venue = ScriptedVenue()
    venue.instruments.append(structs.replace(instrument("DOGEBTC"), quote_asset="BTC"))
    limits = structs.replace(UNLIMITED, max_daily_loss=Decimal(10), max_reference_age_s=30)
    scene = Scene(folder, structs.replace(SETTINGS, limits=UNLIMITED), venue=venue).ready()
    tells_prices(scene, "100000")
    client = scene.client()
    client.request("subscribe", ["dogebtc@bbo"])
    scene.run(10)
    for side, px in (("BUY", "0.6"), ("SELL", "0.61")):
        order = client.order(symbol="dogebtc", side=side)
        scene.accepts(order)
        scene.fills_order(order, "30", px=px)
    scene.settings = structs.replace(SETTINGS, limits=limits)
    return scene.restart()


def test_what_was_earned_in_another_asset_is_valued_when_nothing_is_held_any_more(tmp_path: Path) -> None:
    scene = pair_scene(tmp_path)
    trades_at(scene, "0.6")
    client = scene.holder(1, "100")
    scene.run(3)
    trades_at(scene, "0.45")
    scene.run(3)
    assert "max_daily_loss: 15.00 USDT" in client.error("order", client.order_params(quantity="1"))[1]


def test_what_is_paid_in_an_asset_that_nobody_follows_is_valued_all_the_same(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_daily_loss=Decimal(10), max_reference_age_s=30)
    scene.venue.instruments.append(instrument("BNBUSDT"))
    scene.restart()
    tells_prices(scene)
    trades_at(scene, "0.6")
    client = scene.holder(1, "30")
    scene.run(3)
    order = client.order(quantity="30")
    scene.accepts(order)
    scene.fills_order(order, "30", fee="15", fee_asset="BNB")
    scene.run(5)
    assert used(scene, "max_daily_loss") == [("10", "9", 0)]
    scene.run(3)
    asked_prices(scene)
    scene.run(60)
    assert "BNBUSDT" not in asked_prices(scene), "it is not asked for when nothing more is paid in it"


@pytest.mark.parametrize(("px", "observed"), [("0.51", "9"), ("1.2", "0")])
def test_what_is_not_listed_any_more_is_worth_what_it_was_before_a_restart(
    tmp_path: Path, px: str, observed: str
) -> None:
    """Neither is a loss forgotten, nor is a gain lost."""
    scene = limited(tmp_path, max_daily_loss=Decimal(10), max_drawdown=Decimal(10))
    scene.holder(1, "100")
    for each in ("0.6", px):
        marks_at(scene, each)
    scene.venue.instruments = [each for each in scene.venue.instruments if each.symbol != "DOGEUSDT"]
    scene.settings = structs.replace(scene.settings, symbols=())
    scene.restart().run(3)
    assert [used(scene, limit)[0][1] for limit in ("max_daily_loss", "max_drawdown")] == [observed] * 2
