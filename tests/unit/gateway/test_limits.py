"""Limits at the gateway: what a strategy is told, what operators see, and what stops a session."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene, SceneClient
from tests.unit.gateway.spot_venue import SpotVenue
from tradingsys.cli.operate.halting import lift
from tradingsys.core.commands import CancelOrder, KlinesQuery, SetLeverage
from tradingsys.core.errors import VenueError
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice
from tradingsys.core.reports import OrderRequest, Outcome
from tradingsys.core.venue_clock import VenueClock
from tradingsys.gateway.products import ProductName
from tradingsys.gateway.session_config import UNLIMITED, LimitsConfig, SessionConfig
from tradingsys.oms.limits import AccountLimits
from tradingsys.venues.protocol import Stream
from tradingsys.wire.messages import ErrorCode
from tradingsys.wire.operator import ScopeParams

Json = dict[str, Any]
BAR = Kline("DOGEUSDT", "1m", 0, 0, 0, "0.6", "0.6", "0.6", "0.6", "0", "0", "0", "0", 0, 0, 0, False)
REDUCE: Json = {"side": "SELL", "quantity": "1"}


def scene_with(folder: Path, limits: LimitsConfig, sessions: dict[int, SessionConfig] | None = None) -> Scene:
    settings = structs.replace(SETTINGS, limits=limits, sessions=sessions or {})
    return Scene(folder, settings).ready()


def limited(folder: Path, sessions: dict[int, SessionConfig] | None = None, **limits: Any) -> Scene:
    return scene_with(folder, structs.replace(UNLIMITED, **limits), sessions)


def trades_at(scene: Scene, bid: str, ask: str = "", symbol: str = "DOGEUSDT") -> None:
    book = BestBidOffer(symbol, scene.now_ms(), bid, "1000", ask or str(Decimal(bid) + Decimal("0.00001")), "1000")
    scene.gateway.market.prices.note(book, scene.now_ns)


def denied(client: SceneClient, method: str = "order", **changes: object) -> Json:
    params = changes if method == "amend" else client.order_params(**changes)
    error: Json = client.ask(method, params)["error"]
    assert error["code"] == ErrorCode.DENIED, error
    return error


def denied_request(client: SceneClient, method: str, params: Json) -> Json:
    error: Json = client.ask(method, params)["error"]
    return error


def operator(scene: Scene) -> SceneClient:
    client = scene.client(None)
    client.result("operate", {"token": "s3cret"})
    return client


def used(scene: Scene, name: str, session: int | None = 1) -> list[tuple[str, str, int]]:
    views = operator(scene).result("op.limits", {"session_id": session} if session is not None else {})
    return [
        (view["allowed"], view["used"], view["denied"])
        for view in views
        if view["limit"] == name and view["session_id"] == session
    ]


def test_a_denial_says_which_limit_what_it_allows_and_which_key_sets_it(tmp_path: Path) -> None:
    sessions = {2: SessionConfig(limits={"max_order_notional": 20})}
    scene = limited(tmp_path, sessions, max_order_notional=Decimal(10))
    trades_at(scene, "0.59")
    client, other = scene.client(1), scene.client(2)
    assert denied(client) == {
        "code": ErrorCode.DENIED,
        "msg": "denied by max_order_notional: it comes to 18 USDT, allowed 10 USDT "
        "(key limits: max_order_notional in the gateway's configuration)",
        "limit": "max_order_notional",
        "allowed": "10 USDT",
        "observed": "18 USDT",
    }
    other.order()
    assert "(key sessions: 2: limits: max_order_notional in" in denied(other, quantity="40")["msg"]
    assert len(scene.venue.placed()) == 1
    denied(client)
    assert [line for line in scene.logged if "denied by a limit" in line] == [
        line for line in scene.logged if "'limit': 'max_order_notional'" in line and "'so_far': 1" in line
    ], "the log has one in a while, not each"
    assert used(scene, "max_order_notional") == [("10", "", 2)]
    assert used(scene, "max_order_notional", 2) == [("20", "", 1)]


def test_a_session_that_may_not_trade_sends_nothing_and_cancels(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client(3)
    resting = client.order()
    scene.accepts(resting)
    scene.settings = structs.replace(scene.settings, sessions={3: SessionConfig(trading=False)})
    scene.restart()
    client = scene.client(3)
    told = denied(client)
    assert told["msg"] == (
        "denied by trading: the session may not send orders (key sessions: 3: trading in the gateway's configuration)"
    )
    assert denied(client, "amend", client_order_id=resting, quantity="20")["limit"] == "trading"
    client.result("cancel", {"client_order_id": resting})
    assert used(scene, "trading", 3) == [("no", "", 2)]
    scene.client(4).order()


def test_a_position_is_bounded_whatever_is_under_way(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_position_notional=Decimal(36), account=AccountLimits(max_gross_notional=Decimal(50)))
    trades_at(scene, "0.6", "0.6")
    trades_at(scene, "0.59999", "0.60001")
    client, other = scene.client(1), scene.client(2)
    first = client.order()
    scene.accepts(first)
    scene.fills_order(first, "20")
    second = client.order()
    scene.ends(second, OrderRequest.PLACE, Outcome.IN_DOUBT)
    assert denied(client, quantity="1")["observed"] == "36.6 USDT", "in doubt, and still in full"
    client.order(side="SELL", quantity="80")
    assert denied(client, side="SELL", quantity="1")["limit"] == "max_position_notional"
    assert denied(other, quantity="30")["limit"] == "account: max_gross_notional"
    assert used(scene, "max_position_notional") == [("36", "36", 2)]
    assert used(scene, "max_gross_notional", None) == [("50", "36", 1)]


def test_an_amend_passes_the_same_limits(tmp_path: Path) -> None:
    scene = limited(
        tmp_path, max_position_notional=Decimal(36), max_aggressive_pct=Decimal(5), max_orders_per_s=1, order_burst=6
    )
    trades_at(scene, "0.59999", "0.60001")
    client = scene.client()
    resting = client.order(price="0.59")
    scene.accepts(resting)
    assert denied(client, "amend", client_order_id=resting, quantity="61")["limit"] == "max_position_notional"
    assert denied(client, "amend", client_order_id=resting, price="0.7")["limit"] == "max_aggressive_pct"
    for quantity in ("60", "40", "20", "10", "9"):
        client.result("amend", {"client_order_id": resting, "quantity": quantity})
        scene.amends(resting)
    assert denied(client, "amend", client_order_id=resting, quantity="8")["limit"] == "max_orders_per_s"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (None, "no price of dogeusdt is known yet: it is being asked for"),
        ("crossed", "the book of dogeusdt is crossed: 0.61 is bid, 0.6 asked"),
        ("old", "the latest price of dogeusdt is 0.605, 6 s old: a newer one is being asked for"),
    ],
)
def test_without_a_price_to_measure_with_only_what_reduces_is_sent(
    tmp_path: Path, event: str | None, told: str
) -> None:
    scene = Scene(tmp_path).ready()
    scene.holder(1, "30")
    scene.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, max_reference_age_s=5))
    scene.restart()
    client = scene.client()
    if event is not None:
        trades_at(scene, *(("0.61", "0.6") if event == "crossed" else ("0.6", "0.61")))
    if event == "old":
        client.order()
        scene.run(6)
    assert denied(client)["msg"] == (
        f"denied by max_reference_age_s: {told}, allowed 5 s (key limits: max_reference_age_s in the gateway's "
        "configuration)"
    )
    client.order(side="SELL", quantity="30", price="0.6")
    assert denied(client, **REDUCE)["limit"] == "max_reference_age_s", "all of it is being sold already"


def read(scene: Scene, px: str) -> None:
    """The exchange's answer to the question for a price."""
    scene.answer(KlinesQuery, (structs.replace(BAR, close=px),))


def test_an_order_without_a_price_is_refused_and_the_gateway_asks_for_one(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30, max_order_notional=Decimal(20))
    client = scene.client()
    at_market: Json = {"order_type": "MARKET", "price": None, "time_in_force": None}
    told = denied(client, **at_market)
    assert (told["limit"], told["allowed"], told["observed"]) == ("max_reference_age_s", "30 s", "no price")
    denied(client)
    assert [query for query in scene.venue.asked if isinstance(query, KlinesQuery)] == [
        KlinesQuery("DOGEUSDT", "1m", 1)
    ], "asked once for both"
    read(scene, "0.6")
    assert denied(client, **at_market, quantity="40")["limit"] == "max_order_notional"
    client.order(**at_market)


def test_of_what_is_in_use_the_price_is_read_before_it_is_too_old(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    scene.venue.answers[KlinesQuery] = lambda _: (BAR,)
    client = scene.client()
    client.result("subscribe", ["dogeusdt@bbo"])
    client.order()
    client.result("unsubscribe", ["dogeusdt@bbo"])
    scene.run(300)
    client.order()
    asked = [query for query in scene.venue.asked if isinstance(query, KlinesQuery)]
    assert 10 <= len(asked) <= 25 and {query.symbol for query in asked} == {"DOGEUSDT"}


def test_what_sessions_hold_has_a_price_as_soon_as_the_gateway_is_ready(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.holder(1, "30")
    scene.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, max_reference_age_s=5))
    scene.venue.answers[KlinesQuery] = lambda _: (BAR,)
    scene.restart()
    scene.client().order()


def test_a_subscription_is_confirmed_when_there_is_a_price_to_trade_with(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client, watching = scene.client(), scene.client(2, trading=False)
    watching.result("subscribe", ["dogeusdt@bbo"])
    request = client.request("subscribe", ["dogeusdt@bbo"])
    assert client.reply_to(request) is None
    read(scene, "0.6")
    assert client.reply_to(request) == {"id": request, "result": None}
    client.order()


def test_what_is_given_up_before_it_is_confirmed_does_not_come(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    request = client.request("subscribe", ["dogeusdt@bbo", "dogeusdt@mark"])
    client.result("unsubscribe", ["dogeusdt@bbo"])
    read(scene, "0.6")
    assert client.reply_to(request) and scene.gateway.market.followed == 1


def test_nor_does_it_wait_for_long(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    request = client.request("subscribe", ["dogeusdt@bbo"])
    scene.run(2)
    assert client.reply_to(request) == {"id": request, "result": None}
    assert denied(client)["limit"] == "max_reference_age_s"
    trades_at(scene, "0.6")
    client.order()


def test_the_last_price_of_a_stream_outlives_it_until_it_is_too_old(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=5)
    client = scene.client()
    trades_at(scene, "0.6")
    scene.run(3)
    scene.gateway.market.prices.forget(Stream("DOGEUSDT", "bbo"))
    client.order()
    scene.run(3)
    assert denied(client)["observed"] == "0.600005, 6 s old"


def test_where_no_price_was_ever_known_no_limit_of_an_amount_is_passed_whatever_the_age_of_prices(
    tmp_path: Path,
) -> None:
    scene = limited(tmp_path, max_position_notional=Decimal(100))
    client = scene.client()
    at_market: Json = {"order_type": "MARKET", "price": None, "time_in_force": None}
    told = denied(client, **at_market, quantity="1000000")
    assert (told["limit"], told["allowed"], told["observed"]) == ("max_position_notional", "100 USDT", "no price")
    read(scene, "0.6")
    assert denied(client, **at_market, quantity="1000000")["observed"] == "600000 USDT"
    client.order(**at_market)


def test_a_book_that_becomes_empty_forgets_no_worth(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_position_notional=Decimal(100))
    client, prices = scene.client(), scene.gateway.market.prices
    trades_at(scene, "0.6")
    client.order()
    prices.note(Depth("DOGEUSDT", scene.now_ms(), [("0.6", "10")], []), scene.now_ns)
    scene.run(5)
    assert denied(client, quantity="1000")["observed"] == "618 USDT"


def test_a_price_that_is_no_number_is_none(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30, max_daily_loss=Decimal(10), max_aggressive_pct=Decimal(5))
    trades_at(scene, "0.6")
    client = scene.holder(1, "30")
    for text in ("", "NaN", "much", "Infinity", "-1"):
        prices = scene.gateway.market.prices
        prices.note(BestBidOffer("DOGEUSDT", scene.now_ms(), text, text, text, "1"), scene.now_ns)
        prices.note(MarkPrice("DOGEUSDT", 0, text, text, text, "0", 0), scene.now_ns)
        prices.note(structs.replace(BAR, close=text), scene.now_ns)
        scene.run(3)
        assert denied(client)["limit"] == "max_reference_age_s", text
        scene.answer(KlinesQuery, (structs.replace(BAR, close=text),))
        assert denied(client)["limit"] == "max_reference_age_s", text
        client.order(order_type="MARKET", price=None, time_in_force=None, side="SELL", quantity="1")
    assert not [line for line in scene.logged if "a fault in tradingsys" in line]
    trades_at(scene, "0.6")
    client.order()


def test_orders_for_an_amount_count_what_it_comes_to_at_whatever_price_is_known(tmp_path: Path) -> None:
    limits = structs.replace(UNLIMITED, max_reference_age_s=30, max_position_notional=Decimal(100))
    settings = structs.replace(SETTINGS, limits=limits, product=ProductName.SPOT)
    scene = Scene(tmp_path, settings, venue=SpotVenue()).ready()
    client = scene.client()
    scene.gateway.market.prices.note(structs.replace(BAR, close="0.6"), scene.now_ns)
    amount: Json = {"order_type": "MARKET", "price": None, "time_in_force": None, "quantity": "0"}
    client.order(**amount, quote_quantity="90")
    told = denied(client, **amount, quote_quantity="90")
    assert (told["limit"], told["observed"]) == ("max_position_notional", "180 USDT")


def test_a_mark_price_or_a_bar_measures_where_no_book_is_followed(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=5, max_aggressive_pct=Decimal(5))
    client, prices = scene.client(), scene.gateway.market.prices
    prices.note(structs.replace(BAR, close="0.5"), scene.now_ns)
    assert denied(client)["observed"] == "20.00 %"
    prices.note(MarkPrice("DOGEUSDT", 0, "0.6", "0.6", "0.6", "0", 0), scene.now_ns)
    client.order()


def test_pairs_of_other_assets_count_what_they_are_worth(tmp_path: Path) -> None:
    venue = SpotVenue()
    venue.instruments = [structs.replace(each, quote_asset="BTC") for each in venue.instruments]
    limits = structs.replace(UNLIMITED, max_reference_age_s=5, max_order_notional=Decimal(1_000))
    settings = structs.replace(SETTINGS, limits=limits, product=ProductName.SPOT)
    scene = Scene(tmp_path, settings, venue=venue).ready()
    client = scene.client()
    trades_at(scene, "0.6")
    assert "what a BTC is worth is not known yet: it is being asked for" in denied(client)["msg"]
    trades_at(scene, "100000", "100001", "BTCUSDT")
    assert denied(client)["observed"] == "1800009 USDT"
    scene.run(6)
    trades_at(scene, "0.6")
    assert denied(client)["observed"] == "100000.5, 6 s old", "nor is it known any more"


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
    operator(scene).result("op.resume", {"session_id": 1})
    scene.run(3)
    client.order()


def test_too_many_executions_halt_the_session_until_a_person_resumes_it(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_executions=3, executions_window_s=60)
    client = scene.client()
    order = client.order()
    scene.accepts(order)
    for _ in range(3):
        scene.fills_order(order, "1")
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "max_executions: 3 executions within 60 s" in text
    scene.restart()
    client = scene.client()
    scene.run(600)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "over a restart too"
    operator(scene).result("op.resume", {"session_id": 1})
    order = client.order()
    assert used(scene, "max_executions") == [("3", "0 in 60 s", 0)]
    scene.accepts(order)
    for _ in range(2):
        scene.fills_order(order, "1")
        client.order()
    scene.fills_order(order, "1")
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "as much again, and no more"
    operator(scene).result("op.resume", {"session_id": 1})
    scene.fills_order(order, "1")
    client.order()


def test_a_storms_minute_is_over_after_a_restart_too_and_begins_no_other(tmp_path: Path) -> None:
    scene = limited(
        tmp_path, max_rejections=3, rejections_window_s=300, max_order_qty=Decimal(30), max_order_notional=Decimal(100)
    )
    trades_at(scene, "0.6")
    client = scene.client()
    for _ in range(3):
        denied(client, quantity="31")
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and " until 20" in text
    scene.restart()
    client = scene.client()
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED
    scene.run(62)
    trades_at(scene, "0.6")
    client.order()
    for _ in range(3):
        client.order()
        denied(client, quantity="31")
    client.error("order", client.order_params())
    scene.run(64)
    client.order()
    denied(client, quantity="31")
    client.order()


def test_what_a_pause_ends_is_not_what_a_person_must_see(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=1, max_executions=2, max_order_qty=Decimal(30))
    trades_at(scene, "0.6")
    client = scene.client()
    resting = client.order()
    scene.accepts(resting)
    denied(client, quantity="31")
    assert "for a minute" in client.error("order", client.order_params())[1]
    for _ in range(2):
        scene.fills_order(resting, "1")
    scene.run(300)
    assert "max_executions: 2 executions" in client.error("order", client.order_params())[1]


def test_who_trades_too_often_has_no_orders_left_that_add(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_executions=2)
    client = scene.holder(1, "30")
    resting, stop = client.order(quantity="10"), client.order(side="SELL", quantity="30", price="0.7")
    for each in (resting, stop):
        scene.accepts(each)
    scene.fills_order(resting, "1")
    scene.run(3)
    assert [each.client_order_id for each in scene.venue.sent(CancelOrder)] == [resting]


def loser(folder: Path) -> tuple[Scene, SceneClient]:
    scene = limited(folder, max_daily_loss=Decimal(10))
    scene.gateway.market.prices.note(MarkPrice("DOGEUSDT", 0, "0.6", "0.6", "0.6", "0", 0), scene.now_ns)
    client = scene.holder(1, "100")
    scene.run(3)
    return scene, client


def marks_at(scene: Scene, px: str) -> None:
    scene.gateway.market.prices.note(MarkPrice("DOGEUSDT", 0, px, px, px, "0", 0), scene.now_ns)
    scene.run(3)


def test_a_days_loss_lets_only_reduce_and_twice_as_much_nothing(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.501")
    adding = client.order(price="0.5", quantity="1")
    scene.accepts(adding)
    marks_at(scene, "0.4999")
    assert used(scene, "max_daily_loss") == [("10", "10.01", 0)]
    code, text = client.error("order", client.order_params(quantity="1"))
    assert "max_daily_loss: 10.01 USDT were lost since midnight UTC, allowed 10 USDT" in text
    assert [each.client_order_id for each in scene.venue.sent(CancelOrder)] == [adding], "what adds does not stay"
    protects = client.order(side="SELL", quantity="1", price="0.5")
    scene.accepts(protects)
    marks_at(scene, "0.399")
    scene.run(3)
    assert {each.client_order_id for each in scene.venue.sent(CancelOrder)} == {adding}
    code, text = client.error("order", client.order_params(**REDUCE))
    assert code == ErrorCode.HALTED and "20.10 USDT were lost" in text


def test_a_restart_forgives_no_loss_and_a_person_does(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.55")
    scene.restart()
    client = scene.client()
    marks_at(scene, "0.4999")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]
    operator(scene).result("op.resume", {"session_id": 1})
    scene.run(3)
    client.order(quantity="1")
    marks_at(scene, "0.401")
    client.order(quantity="1")
    marks_at(scene, "0.398")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]


def test_what_was_paid_in_other_assets_counts_after_a_restart_as_before(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    scene.run(86_400)
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


def test_a_person_forgives_a_loss_at_rest_too(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.4999")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]
    scene.gateway.stop()
    lift(tmp_path / "pos.db", ScopeParams(session_id=1))
    scene.venue.clock = VenueClock()
    scene.start()
    scene.ready()
    client = scene.client()
    marks_at(scene, "0.4999")
    client.order(quantity="1")


def test_what_nobody_has_has_no_limits_and_no_days(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_daily_loss=Decimal(10))
    code, text = operator(scene).error("op.limits", {"session_id": 99_999})
    assert (code, text) == (ErrorCode.BAD_REQUEST, "session_id must be 0 to 65535")
    assert operator(scene).error("op.limits", {"session_id": -1})[0] == ErrorCode.BAD_REQUEST
    assert used(scene, "max_daily_loss", 77) == [("10", "0", 0)]
    scene.run(5)
    scene.restart()
    assert scene.store.saved.days == ()


def test_a_loss_is_forgiven_when_the_day_is_over(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.4999")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]
    scene.now_ns += 86_400 * 10**9
    scene.run(60)
    client.order(quantity="1")


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
    operator(scene).result("op.resume", {"session_id": 1})
    scene.run(3)
    client.order()
    assert used(scene, "max_orders_between_executions") == [("3", "1", 0)]


def test_with_little_room_on_the_disk_only_what_reduces_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [100 * 2**20]
    monkeypatch.setattr("tradingsys.store.store.free_bytes", lambda _: free[0])
    scene = limited(tmp_path, account=structs.replace(UNLIMITED.account, min_free_mib=200))
    scene.run(3)
    client = scene.client()
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "100 MiB are free on the disk of pos.db, needed 200 MiB" in text
    free[0] = 210 * 2**20
    scene.run(3)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "not by every little file"
    free[0] = 230 * 2**20
    scene.run(3)
    client.order()


def test_a_strategy_sets_no_leverage_beyond_the_accounts_limit(tmp_path: Path) -> None:
    scene = limited(tmp_path, account=AccountLimits(max_leverage=5))
    client = scene.client()
    error = denied_request(client, "set_leverage", {"symbol": "dogeusdt", "leverage": 6})
    assert (error["limit"], error["allowed"], error["observed"]) == ("account: max_leverage", "5", "6")
    client.request("set_leverage", {"symbol": "dogeusdt", "leverage": 5})
    assert scene.venue.asked[-1] == SetLeverage("DOGEUSDT", 5)


def test_status_and_sessions_tell_what_is_nearly_used_up(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_open_orders=4, max_open_orders_of_symbol=8)
    client = scene.client()
    for _ in range(3):
        client.order()
    desk = operator(scene)
    [session, _] = desk.result("op.sessions")
    assert [(view["limit"], view["used"], view["percent"]) for view in session["limits"]] == [
        ("max_open_orders", "3", 75),
        ("max_open_orders_of_symbol", "3", 37),
    ]
    assert not desk.result("op.status")["nearly"]
    client.order()
    assert [view["limit"] for view in desk.result("op.status")["nearly"]] == ["max_open_orders"]


def test_a_pace_that_nobody_can_reach_is_none(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_orders_per_s=2 * 10**9)
    scene.client().order()
    assert used(scene, "max_orders_per_s") == [("2000000000", "1 of a burst of 100", 0)]
