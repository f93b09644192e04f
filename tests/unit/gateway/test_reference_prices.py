"""What an order is measured with: a fresh price, which the gateway sees to, or no order that adds."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.limited_scene import (
    BAR,
    REDUCE,
    Json,
    asked_prices,
    denied,
    limited,
    tells_price,
    tells_prices,
    trades_at,
)
from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.scripted_venue import ScriptedVenue, instrument
from tests.unit.gateway.spot_venue import SpotVenue
from tradingsys.core.commands import PriceQuery
from tradingsys.core.enums import Side
from tradingsys.core.errors import VenueError
from tradingsys.core.market import BestBidOffer, Depth, MarkPrice
from tradingsys.core.reports import OrderRequest, Outcome
from tradingsys.core.venue_clock import VenueClock
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.gateway.market import market_data
from tradingsys.venues.protocol import Stream
from tradingsys.wire.messages import ErrorCode


def test_an_order_without_a_price_is_refused_and_the_gateway_asks_for_one(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30, max_order_notional=Decimal(20))
    client = scene.client()
    at_market: Json = {"order_type": "MARKET", "price": None, "time_in_force": None}
    told = denied(client, **at_market)
    assert (told["limit"], told["allowed"], told["observed"]) == ("max_reference_age_s", "30 s", "no price")
    denied(client)
    assert asked_prices(scene) == ["DOGEUSDT"], "asked once for both"
    tells_price(scene)
    assert denied(client, **at_market, quantity="40")["limit"] == "max_order_notional"
    client.order(**at_market)


def test_of_what_is_in_use_the_price_is_read_before_it_is_too_old(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    tells_prices(scene)
    client = scene.client()
    client.result("subscribe", ["dogeusdt@bbo"])
    client.order()
    client.result("unsubscribe", ["dogeusdt@bbo"])
    scene.run(300)
    client.order()
    asked = asked_prices(scene)
    assert 10 <= len(asked) <= 25 and {*asked} == {"DOGEUSDT"}


def test_what_sessions_hold_has_a_price_as_soon_as_the_gateway_is_ready(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.holder(1, "30")
    scene.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, max_reference_age_s=5))
    tells_prices(scene)
    scene.restart()
    scene.client().order()


def test_a_price_is_as_old_as_it_is_however_new_the_answer(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    denied(client)
    tells_price(scene, age_s=40)
    assert denied(client)["observed"] == "0.6, 40 s old"
    scene.run(2)
    denied(client)
    tells_price(scene, "0.7")
    client.order(price="0.7")
    prices = scene.gateway.market.prices
    prices.read("DOGEUSDT", Decimal("0.5"), scene.now_ns - 10**9)
    assert prices.worth("DOGEUSDT", scene.now_ns) == Decimal("0.7"), "a late answer makes nothing older"


def test_where_nobody_bids_or_offers_there_is_no_price(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    denied(client)
    tells_price(scene, None)
    assert denied(client)["observed"] == "no price"


def many(folder: Path, *others: str) -> Scene:
    """A session holds something of the first two of these symbols, and follows all."""
    venue = ScriptedVenue()
    venue.instruments += [instrument(symbol) for symbol in others]
    limits = structs.replace(UNLIMITED, max_reference_age_s=30)
    scene = Scene(folder, structs.replace(SETTINGS, limits=limits), venue=venue).ready()
    tells_prices(scene)
    client = scene.client()
    client.request("subscribe", [f"{symbol.lower()}@bbo" for symbol in others])
    scene.run(10)
    for symbol in others[:2]:
        order = client.order(symbol=symbol.lower())
        scene.accepts(order)
        scene.fills_order(order, "30")
    return scene


def test_symbols_without_an_answer_keep_no_other_from_having_a_price(tmp_path: Path) -> None:
    symbols = [f"{letter}USDT" for letter in "ABCDEFGHIJ"]
    scene = many(tmp_path, *symbols)
    tells_prices(scene, "0.6", *symbols[2:])
    asked_prices(scene)
    scene.run(300)
    prices, counted = scene.gateway.market.prices, Counter(asked_prices(scene))
    for symbol in symbols[:2]:
        told_ns = prices.newest_ns(symbol)
        assert told_ns is not None and scene.now_ns - told_ns < 30 * 10**9
    assert max(counted[symbol] for symbol in symbols[2:]) <= 12, "nor is anything asked in vain all the time"


def test_prices_are_asked_after_all_that_the_books_must_know(tmp_path: Path) -> None:
    symbols = [f"{letter}USDT" for letter in "ABCDEFGHIJKLMNOP"]
    scene = many(tmp_path, *symbols)
    del scene.venue.answers[PriceQuery]
    scene.run(40)
    assert len([each for each in scene.venue.open_asks if isinstance(each.query, PriceQuery)]) == 4
    scene.gateway.stop()
    scene.venue.open_asks.clear()
    scene.venue.clock = VenueClock()
    scene.start()
    scene.ready()


def test_however_often_a_subscription_is_repeated_its_price_is_asked_for_once(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    for _ in range(5):
        requests = [client.request("subscribe", ["dogeusdt@bbo"]) for _ in range(50)]
        scene.run(2)
        assert all(client.reply_to(request) for request in requests)
        client.peer.sent.clear()
    assert asked_prices(scene) == ["DOGEUSDT"]
    assert len(scene.gateway.procedures._asking) <= 3 and not scene.gateway.venue.questions_waiting


def test_a_subscription_is_confirmed_when_there_is_a_price_to_trade_with(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client, watching = scene.client(), scene.client(2, trading=False)
    watching.result("subscribe", ["dogeusdt@bbo"])
    request = client.request("subscribe", ["dogeusdt@bbo"])
    assert client.reply_to(request) is None
    tells_price(scene)
    assert client.reply_to(request) == {"id": request, "result": None}
    client.order()


def test_what_is_given_up_before_it_is_confirmed_does_not_come(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    request = client.request("subscribe", ["dogeusdt@bbo", "dogeusdt@mark"])
    client.result("unsubscribe", ["dogeusdt@bbo"])
    tells_price(scene)
    assert client.reply_to(request) and scene.gateway.market.followed == 1


def test_of_two_that_wait_the_second_is_refused_when_the_first_left_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_data, "_MAX_STREAMS_OF_CLIENT", 3)
    scene = limited(tmp_path, max_reference_age_s=30)
    client = scene.client()
    first, second = (
        client.request("subscribe", [f"dogeusdt@{kind}" for kind in kinds])
        for kinds in (("bbo", "mark"), ("trade", "depth"))
    )
    tells_price(scene)
    assert client.reply_to(first) == {"id": first, "result": None}
    refusal = client.reply_to(second)
    assert refusal is not None and refusal["error"]["code"] == ErrorCode.DENIED
    assert scene.gateway.market.followed == 2


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
    tells_price(scene)
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
    scene = limited(tmp_path, max_reference_age_s=2, max_daily_loss=Decimal(10), max_aggressive_pct=Decimal(5))
    trades_at(scene, "0.6")
    client = scene.holder(1, "30")
    for text in ("", "NaN", "much", "Infinity", "-1"):
        prices = scene.gateway.market.prices
        prices.note(BestBidOffer("DOGEUSDT", scene.now_ms(), text, text, text, "1"), scene.now_ns)
        prices.note(MarkPrice("DOGEUSDT", 0, text, text, text, "0", 0), scene.now_ns)
        prices.note(structs.replace(BAR, close=text), scene.now_ns)
        scene.run(3)
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


def test_after_a_restart_the_last_price_counts_an_amount_that_was_lost_with_the_journal(tmp_path: Path) -> None:
    """Nothing is held, nothing open: nobody asks for a price."""
    scene = limited(tmp_path, max_position_notional=Decimal(100))
    client = scene.client()
    trades_at(scene, "0.5", "0.51")
    scene.ends(client.order(), OrderRequest.PLACE, Outcome.REFUSED, VenueError(-2019, "Margin is insufficient."))
    scene.run(3)
    for bid, ask in (("0.6", "0.61"), ("0.604", "0.605")):
        trades_at(scene, bid, ask)
        scene.run(3)
    scene.restart()
    known = scene.gateway.limiting.valuing.lowest_px("DOGEUSDT", Side.BUY)
    assert known == Decimal("0.605"), "to within a percent"


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
