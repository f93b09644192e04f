"""The books of an account that holds assets: balances, transfers, differences, loans and the margin level."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene, SceneClient
from tests.unit.gateway.scripted_venue import Json, answer_to
from tests.unit.gateway.spot_venue import SpotVenue
from tradingsys.core.commands import BalancesQuery
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.reports import AccountChanged, AssetMoved
from tradingsys.gateway.views.asset_views import asset_views
from tradingsys.oms.fill_book import FillBook
from tradingsys.wire.messages import ErrorCode


def assets(scene: Scene) -> dict[str, dict[str, Any]]:
    client = scene.operator()
    request = client.request("op.assets")
    scene.run(0.1)
    reply = client.reply_to(request)
    assert reply is not None
    return {row["asset"]: row for row in reply["result"]}


def test_what_a_session_can_sell_stands_beside_what_was_executed(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    client_order_id = client.order(quantity="100")
    scene.accepts(client_order_id)
    scene.fills_order(client_order_id, "100", fee="0.1", fee_asset="DOGE")
    push = client.pushes("position")[-1]
    assert (push["net"], push["net_executed"], push["fees"]) == ("99.9", "100", {"DOGE": "0.1"})
    (view,) = client.result("get_positions")
    assert (view["net"], view["net_executed"]) == ("99.9", "100")
    scene.restart()
    (view,) = scene.client(1).result("get_positions")
    assert (view["net"], view["net_executed"]) == ("99.9", "100")


def test_sessions_and_external_are_the_balance_by_asset(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    client_order_id = client.order(quantity="100")
    scene.accepts(client_order_id)
    scene.fills_order(client_order_id, "100", fee="0.1", fee_asset="DOGE")
    told = assets(scene)
    assert told["DOGE"] == {
        "asset": "DOGE",
        "sessions": [{"session_id": 1, "amount": "99.9"}, {"session_id": -1, "amount": "500"}],
        "total": "599.9",
        "account": "599.9",
        "difference": "0",
    }
    assert (told["USDT"]["total"], told["USDT"]["difference"]) == ("940", "0")
    assert scene.operator().result("op.status")["product"] == "spot"


def test_a_transfer_is_externals_and_no_difference(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    venue.moves("USDT", "250")
    for _ in range(2):  # it may be told again
        scene.says(AssetMoved("USDT", Decimal(250), "USDT 1", scene.now_ms()))
    row = assets(scene)["USDT"]
    assert row["sessions"] == [{"session_id": -1, "amount": "1250"}] and row["difference"] == "0"
    assert any("an asset moved without a trade" in line for line in scene.logged)


def accepted(scene: Scene, desk: SceneClient) -> Json:
    request = desk.request("op.accept", {"asset": "usdt"})
    scene.run(13)
    reply = desk.reply_to(request)
    assert reply is not None
    return reply


@pytest.fixture
def watched(spot: tuple[Scene, SpotVenue]) -> tuple[Scene, SpotVenue]:
    scene, _ = spot
    scene.gateway.stop()
    scene.settings = structs.replace(scene.settings, watch_ms=1_000)
    scene.start()
    scene.ready()
    return spot


def test_a_difference_that_nothing_explains_is_accepted_by_a_person_only(watched: tuple[Scene, SpotVenue]) -> None:
    scene, venue = watched
    desk = scene.operator()
    assert "the books agree" in desk.error("op.accept", {"asset": "USDT"})[1]
    venue.moves("USDT", "-3.5")
    scene.run(60)
    assert desk.result("op.status")["differences"] == {"USDT": "3.5"}
    assert any("differ" in line and "3.5" in line for line in scene.logged)
    assert accepted(scene, desk)["result"] == {"asset": "USDT", "booked": "-3.5", "external": "996.5"}
    scene.run(60)
    assert desk.result("op.status")["differences"] == {}
    assert assets(scene)["USDT"]["difference"] == "0"


def test_what_is_accepted_is_measured_at_that_moment(watched: tuple[Scene, SpotVenue]) -> None:
    scene, venue = watched
    desk = scene.operator()
    venue.moves("USDT", "-3.5")
    scene.run(60)
    assert desk.result("op.status")["differences"] == {"USDT": "3.5"}
    venue.moves("USDT", "-1")
    assert accepted(scene, desk)["result"]["booked"] == "-4.5"
    venue.moves("USDT", "7")
    scene.run(60)
    assert desk.result("op.status")["differences"] == {"USDT": "-7"}
    venue.moves("USDT", "-7")
    assert "agree with the account on USDT now: nothing was booked" in accepted(scene, desk)["error"]["msg"]
    assert desk.result("op.status")["differences"] == {}


def test_what_cannot_be_measured_is_not_accepted(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    desk = scene.operator()
    venue.moves("USDT", "-3.5")
    answer = venue.answers.pop(BalancesQuery)
    first, second = (desk.request("op.accept", {"asset": "usdt"}) for _ in range(2))
    assert "is being measured already" in (desk.reply_to(second) or {})["error"]["msg"]
    scene.run(14)
    assert "took too long" in (desk.reply_to(first) or {})["error"]["msg"]
    for ask in venue.open_asks:
        scene.says(answer_to(ask, answer(ask.query)))
    venue.answers[BalancesQuery] = answer
    scene.run(20)
    assert assets(scene)["USDT"]["difference"] == "3.5", "nothing was booked afterwards"
    numbers = iter(range(1, 1_000))

    def another(query: object) -> object:
        venue.moves("USDT", str(next(numbers)))
        return answer(query)

    venue.answers[BalancesQuery] = another
    assert "cannot be told exactly" in accepted(scene, desk)["error"]["msg"]


def test_explain_compares_assets_and_not_the_symbol(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    desk = scene.operator()
    request = desk.request("op.explain", {"symbol": "dogeusdt"})
    scene.run(0.1)
    reply = desk.reply_to(request)
    assert reply is not None
    told = reply["result"]
    assert told["account"] is None and [row["asset"] for row in told["assets"]] == ["DOGE", "USDT"]
    assert all(row["difference"] == "0" for row in told["assets"])


def test_futures_have_no_assets_to_compare(scene: Scene) -> None:
    desk = scene.operator()
    assert "holds positions, not assets" in desk.error("op.assets")[1]
    assert "usdt is no symbol" in desk.error("op.accept", {"asset": "USDT"})[1]


def test_balances_that_changed_are_told(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    scene.says(AccountChanged("outboundAccountPosition", scene.now_ms(), {"USDT": Decimal(5)}, {}))
    assert client.pushes("balance")[-1]["balances"] == [{"asset": "USDT", "wallet": "5"}]


@pytest.mark.parametrize("method", ["get_settings", "set_leverage", "set_margin_type"])
def test_assets_have_neither_leverage_nor_margin_type(spot: tuple[Scene, SpotVenue], method: str) -> None:
    params = {"symbol": "dogeusdt", "leverage": 5, "margin_type": "CROSSED"}
    code, told = spot[0].client().error(method, params)
    assert code == ErrorCode.BAD_REQUEST and "has no" in told


def test_spot_has_no_mark_price(spot: tuple[Scene, SpotVenue]) -> None:
    code, told = spot[0].client().error("subscribe", ["dogeusdt@mark"])
    assert code == ErrorCode.INVALID_STREAM and "only futures have a mark price" in told


def test_products_say_what_their_orders_can_be(spot: tuple[Scene, SpotVenue]) -> None:
    (view,) = spot[0].client().result("get_products", ["dogeusdt"])
    assert (view["base_asset"], view["quote_asset"], view["is_spot"]) == ("DOGE", "USDT", True)
    assert view["lists"] == ["OCO", "OTO", "OTOCO"] and view["quote_quantity"] and view["iceberg"] and view["trailing"]
    assert "amend" not in view and "margin" not in view  # as most have them


def test_only_what_moves_without_a_trade_is_worth_a_line(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    told = len(scene.logged)
    scene.says(AccountChanged("outboundAccountPosition", 1, {"USDT": Decimal(990)}, {}))
    assert len(scene.logged) == told, "an execution's balances"
    assert client.pushes("balance")[-1]["balances"] == [{"asset": "USDT", "wallet": "990"}]
    venue.moves("USDT", "25")
    scene.says(AssetMoved("USDT", Decimal(25), "USDT:1:25", 1))
    assert [line for line in scene.logged[told:] if "an asset moved without a trade" in line]


def test_who_holds_what_is_found_out_in_one_look(
    spot: tuple[Scene, SpotVenue], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, _ = spot
    for session in range(1, 6):
        scene.holder(session, "30")
    looks: list[int] = []
    look = FillBook.asset_totals

    def counted(fills: FillBook) -> dict[int, dict[str, Decimal]]:
        looks.append(1)
        return look(fills)

    monkeypatch.setattr(FillBook, "asset_totals", counted)
    views = {view.asset: view for view in asset_views(scene.gateway.book, None)}
    assert [(each.session_id, each.amount) for each in views["DOGE"].sessions] == [
        *((session, "30") for session in range(1, 6)),
        (EXTERNAL, "500"),
    ]
    assert len(looks) == 2, "who holds it, and what it comes to"


def test_a_change_of_balances_tells_what_is_available_where_the_exchange_does(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    wallets = {"USDT": Decimal(900), "DOGE": Decimal(600)}
    scene.says(
        AccountChanged("outboundAccountPosition", 1, wallets, {}, {"USDT": Decimal("840.5"), "DOGE": Decimal(0)})
    )
    scene.says(AccountChanged("ORDER", 2, {"USDT": Decimal(800)}, {}))
    told = [push["balances"] for push in client.pushes("balance")]
    assert told == [
        [
            {"asset": "DOGE", "wallet": "600", "available": "0"},
            {"asset": "USDT", "wallet": "900", "available": "840.5"},
        ],
        [{"asset": "USDT", "wallet": "800"}],
    ]


def test_fees_leave_parts_of_a_lot_which_a_person_may_give_to_a_session(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    scene.holder(1, "100")
    params = {"session_id": 1, "symbol": "dogeusdt", "net": "99.9"}
    assert scene.operator().result("op.set_position", params)["after"] == "99.9"
