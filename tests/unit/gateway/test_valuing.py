"""Symbols that are quoted in another asset than a dollar, while they are listed, after that, and after a restart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.limited_scene import asked_prices, denied, limited, price, tells_prices, trades_at, used
from tests.unit.gateway.scene import SETTINGS, Scene, SceneClient
from tests.unit.gateway.scripted_venue import ScriptedVenue, instrument
from tradingsys.core.commands import PriceQuery, TradesQuery
from tradingsys.core.market import MarkPrice
from tradingsys.gateway.configuration.session_config import UNLIMITED

LISTED = {"DOGEUSDT": "0.6", "BTCUSDT": "60000", "DOGEBTC": "0.05"}


def pairs(folder: Path, **limits: Any) -> Scene:
    """A gateway that knows prices, and an exchange that answers questions for them."""
    venue = ScriptedVenue()
    venue.instruments = [instrument("DOGEUSDT"), instrument("BTCUSDT")]
    venue.instruments.append(structs.replace(instrument("DOGEBTC"), quote_asset="BTC"))
    venue.answers[TradesQuery] = lambda query: tuple(
        order for order in venue.fills if any(fill.symbol == query.symbol for fill in order.fills.values())
    )
    settings = structs.replace(SETTINGS, symbols=tuple(LISTED), limits=structs.replace(UNLIMITED, **limits))
    scene = Scene(folder, settings, venue=venue).ready()
    venue.answers[PriceQuery] = lambda query: price(scene, LISTED[query.symbol])
    for symbol, px in LISTED.items():
        scene.gateway.market.prices.note(MarkPrice(symbol, 0, px, px, px, "0", 0), scene.now_ns)
    return scene


def trades(scene: Scene, client: SceneClient, side: str, px: str) -> None:
    order = client.order(symbol="dogebtc", side=side, quantity="30")
    scene.accepts(order)
    scene.fills_order(order, "30", px=px, fee="0", fee_asset="BTC")


def taken_off(scene: Scene, restarts: bool) -> Scene:
    """Its rules lack the symbol from now on."""
    scene.venue.instruments = [each for each in scene.venue.instruments if each.symbol != "DOGEBTC"]
    if restarts:
        scene.settings = structs.replace(scene.settings, symbols=())
        scene = scene.restart()
    scene.run(400)
    return scene


@pytest.mark.parametrize("restarts", [False, True])
def test_what_is_not_listed_any_more_counts_in_its_own_quote_asset(tmp_path: Path, restarts: bool) -> None:
    scene = pairs(tmp_path, max_gross_notional=Decimal(100_000), max_reference_age_s=30)
    trades(scene, scene.client(), "BUY", "0.05")
    scene.run(3)
    assert used(scene, "max_gross_notional") == [("100000", "90000", 0)]
    scene = taken_off(scene, restarts)
    assert used(scene, "max_gross_notional") == [("100000", "90000", 0)]
    trades_at(scene, "0.6")
    assert denied(scene.client(), quantity="30000")["limit"] == "max_gross_notional"


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_earned_in_it_is_no_loss(tmp_path: Path, restarts: bool) -> None:
    scene = pairs(tmp_path, max_daily_loss=Decimal(100), max_drawdown=Decimal(100), max_reference_age_s=30)
    client = scene.client()
    scene.run(3)
    for side, px in (("BUY", "0.05"), ("SELL", "0.06")):
        trades(scene, client, side, px)
        scene.run(3)
    scene = taken_off(scene, restarts)
    assert not [*scene.gateway.book.halts] and used(scene, "max_drawdown") == [("100", "0", 0)]
    earned = scene.gateway.limiting.valuing.holdings(1)
    assert [each.quote_asset for each in earned if each.position.realized_pnl] == ["BTC"]


def test_it_counts_as_long_as_what_its_quote_asset_is_worth_is_not_known_again(tmp_path: Path) -> None:
    scene = pairs(tmp_path, max_gross_notional=Decimal(100_000))
    trades(scene, scene.client(), "BUY", "0.05")
    scene.run(3)
    del scene.venue.answers[PriceQuery]
    scene = scene.restart()
    assert used(scene, "max_gross_notional") == [("100000", "90000", 0)]
    trades_at(scene, "0.6")
    assert denied(scene.client(), quantity="30000")["limit"] == "max_gross_notional"


def test_where_orders_are_measured_with_any_price_what_is_held_is_valued_all_the_same(tmp_path: Path) -> None:
    """Whoever follows nothing after a restart could lose without end."""
    scene = limited(tmp_path, max_daily_loss=Decimal(10))
    tells_prices(scene)
    scene.holder(1, "100")
    scene.run(3)
    asked_prices(scene)
    scene = scene.restart()
    scene.run(3)
    assert {*asked_prices(scene)} == {"DOGEUSDT"} and used(scene, "max_daily_loss") == [("10", "0", 0)]
    scene.run(60)
    assert 2 <= len(asked_prices(scene)) <= 5


def test_what_it_trades_at_now_is_what_holdings_are_valued_with(tmp_path: Path) -> None:
    """By the newest price where a better one is old. Ages are measured from now: from the newest price on, the mark is
    no older than it may be.
    """
    scene, second = limited(tmp_path), 1_000_000_000
    prices, valuing, begin_ns = scene.gateway.market.prices, scene.gateway.limiting.valuing, scene.now_ns
    assert valuing.px_now("DOGEUSDT") is None
    prices.note(MarkPrice("DOGEUSDT", 0, "500", "500", "500", "0", 0), begin_ns)
    prices.read("DOGEUSDT", Decimal(400), begin_ns + 26 * second)
    for at_s, px, px_now in ((30, 500, 500), (31, 400, 400), (56, 400, 400), (57, 400, None)):
        scene.now_ns = begin_ns + at_s * second
        assert valuing.px("DOGEUSDT") == Decimal(px)
        assert valuing.px_now("DOGEUSDT") == (None if px_now is None else Decimal(px_now))


def test_an_edit_while_a_better_price_grows_old_neither_loses_nor_gains(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_daily_loss=Decimal(100), max_drawdown=Decimal(100))
    prices = scene.gateway.market.prices
    prices.note(MarkPrice("DOGEUSDT", 0, "0.6", "0.6", "0.6", "0", 0), scene.now_ns)
    scene.holder(1, "100")
    scene.run(26)
    prices.read("DOGEUSDT", Decimal("0.5"), scene.now_ns)
    scene.run(5)
    scene.operator().result("op.set_position", {"session_id": 1, "symbol": "dogeusdt", "net": "1100"})
    for _ in range(10):
        scene.run(4)
        prices.read("DOGEUSDT", Decimal("0.5"), scene.now_ns)
    assert used(scene, "max_drawdown", 1) == [("100", "10", 0)], "what the 100 lost that were bought"
