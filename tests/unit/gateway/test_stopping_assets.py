"""The kill switch where an account holds assets: what sessions hold is traded away, debts stay."""

from __future__ import annotations

import weakref
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT, SETTINGS, signer
from tests.simulate.machine import Machine
from tests.simulate.plain_spot import PlainSpot
from tests.simulate.rig import Rig, WireClient
from tests.simulate.spot_box import URLS, WireSpot, markets
from tests.simulate.spot_life import SpotVenue
from tests.simulate.world import World, s
from tests.unit.gateway.test_stopping import confirmed, operator
from tradingsys.core.enums import Side
from tradingsys.core.instrument import Instrument
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.stops.flattening import Flattening
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.sim.spot_exchange import SpotExchange, margin_name
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.margin import MARGIN
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.spot import SPOT
from tradingsys.venues.protocol import VenueProtocol


class WireMargin(WireSpot):
    """The box as clients of cross margin reach it."""

    def protocol(self) -> BinanceProtocol:
        return BinanceProtocol(MARGIN, structs.replace(URLS, risk_streams="ws://sim"), "key", signer())


class AssetRig(Rig):
    """The same world with an exchange of assets in it; on margin without a codec between."""

    boot_s = 10

    def __init__(self, folder: Path, deposits: dict[str, str], *, margin: bool = False, wire: bool = False) -> None:
        """Over margin's own ``wire`` where an order is judged by its symbol's rules, which only that does."""
        self.world, self.folder, self.faults = World(1), folder, Faults.none()
        self.settings = structs.replace(SETTINGS, product=ProductName.MARGIN if margin else ProductName.SPOT)
        self.account = margin_name(ACCOUNT) if margin else ACCOUNT
        self.box = self._box({asset: Decimal(amount) for asset, amount in deposits.items()}, margin, wire)
        self.exchange = self.box.exchange
        self.exchange.open_account("house", {}, is_house=True)
        self.venue = SpotVenue(self.world, self.box, self.account, Counter())
        self.machine = Machine(self.world, folder, lambda: self.faults, Counter())
        weakref.finalize(self, self.machine.close)
        self._tick()
        self.start()

    def _box(self, deposits: dict[str, Decimal], margin: bool, wire: bool) -> PlainSpot | WireSpot:
        if margin and wire:
            return WireMargin(self.world.now_ns - s(60), deposits)
        if not margin:
            return WireSpot(self.world.now_ns - s(60), deposits)
        exchange = SpotExchange((market.listing for market in markets()), first_id=1)
        exchange.open_margin(ACCOUNT, deposits, now_ns=self.world.now_ns - s(60))
        return PlainSpot(self.account, exchange)

    def protocol(self) -> VenueProtocol:
        return self.box.protocol()

    def market(self) -> BinanceMarket:
        return BinanceMarket(SPOT, URLS)


@pytest.mark.parametrize("margin", [False, True])
def test_flatten_sells_what_each_session_holds_and_leaves_what_belongs_to_none(tmp_path: Path, margin: bool) -> None:
    rig = AssetRig(tmp_path, {"USDT": "1000", "DOGE": "500"}, margin=margin)
    one, two = rig.client(1, instance="i1"), rig.client(2, instance="i2")
    rig.house(Side.SELL, 100, "0.6")
    one.ask("order", one.order_params(quantity="60"))
    two.ask("order", two.order_params(quantity="20"))
    one.ask("order", one.order_params(side="SELL", quantity="30", price="0.7"))
    rig.run(1)
    assert rig.nets(1, 2) == [Decimal("59.94"), Decimal("19.98")], "less the fee"
    rig.house(Side.BUY, 200, "0.59")
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.flatten", {"reason": "enough"})["result"])
    assert not view.get("left") and rig.nets(1, 2) == [Decimal("0.94"), Decimal("0.98")]
    assert view["held"] == [
        "session 1 holds 0.94 dogeusdt: less than the lot, 1",
        "session 2 holds 0.98 dogeusdt: less than the lot, 1",
    ]
    assert not rig.exchange.open_orders(rig.account) and not rig.gateway.gateway.book.differences
    assert rig.exchange.accounts[rig.account].total("DOGE") == Decimal("501.92"), "what was there before is nobody's"


def test_flatten_of_a_short_session_buys_back_and_its_debt_stays(tmp_path: Path) -> None:
    rig = AssetRig(tmp_path, {"USDT": "1000"}, margin=True)
    client = rig.client(1)
    rig.house(Side.BUY, 100, "0.6")
    client.ask("order", client.order_params(side="SELL", quantity="50", side_effect="MARGIN_BUY"))
    rig.run(1)
    assert rig.net(1) == -50
    rig.house(Side.SELL, 200, "0.61")
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.flatten", {})["result"])
    assert view["held"] == ["session 1 holds -0.05 dogeusdt: less than the lot, 1"]
    wallet = rig.exchange.accounts[rig.account]
    assert isinstance(wallet, CrossMarginWallet)
    assert wallet.debt("DOGE") > wallet.total("DOGE") == Decimal("49.95"), "repaying is left to people"


def holder_of_little(rig: AssetRig, **login: object) -> WireClient:
    """A session whose holding is more than a lot, and worth less than the exchange takes an order for."""
    client = rig.client(1, instance="i1", **login)
    rig.house(Side.SELL, 100, "0.6")
    client.ask("order", client.order_params(quantity="2"))
    rig.run(1)
    assert rig.net(1) == Decimal("1.998")
    rig.house(Side.BUY, 200, "0.59")
    return client


@pytest.mark.parametrize("is_priced", [True, False])
@pytest.mark.parametrize("margin", [False, True])
def test_a_rest_that_is_worth_less_than_an_order_may_be_stays_and_the_duty_ends(
    tmp_path: Path, margin: bool, is_priced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = AssetRig(tmp_path, {"USDT": "1000"}, margin=margin, wire=True)
    holder_of_little(rig)
    if not is_priced:
        monkeypatch.setattr(Flattening, "_fresh_px", lambda *_: None)
    sent = len(rig.gateway.gateway.book.orders)
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.flatten", {"reason": "enough"})["result"])
    [held] = view["held"]
    assert held.startswith("session 1 holds 1.998 dogeusdt: less than the exchange takes an order for (")
    assert ("the least value" in held) is is_priced and ("Filter failure: NOTIONAL" in held) is not is_priced
    assert len(rig.gateway.gateway.book.orders) - sent == (0 if is_priced else 1), "asked at most once"
    [halt] = desk.ask("op.status")["result"]["halts"]
    assert halt["duty"] == "CANCEL", "nothing more is traded away"
    assert rig.net(1) == Decimal("1.998")


@pytest.mark.parametrize("margin", [False, True])
def test_a_session_whose_strategy_is_gone_is_free_again_with_a_rest_that_nobody_takes(
    tmp_path: Path, margin: bool
) -> None:
    rig = AssetRig(tmp_path, {"USDT": "1000"}, margin=margin, wire=True)
    client = holder_of_little(rig, on_disconnect="flatten", grace_ms=1_000)
    assert client._link is not None
    client._link.close()
    rig.run(30)
    again = rig.client(1, instance="i2")
    assert "error" not in again.ask("order", again.order_params(quantity="20", price="0.5"))
    assert rig.net(1) == Decimal("1.998")


def bound_value(rig: AssetRig, most: str, *, is_known: bool) -> None:
    """The exchange takes no order at market for more than this; whether the gateway knows that."""

    def bounded(rules: Instrument) -> Instrument:
        assert rules.spot is not None
        return structs.replace(
            rules, spot=structs.replace(rules.spot, max_notional=Decimal(most), max_notional_of_market=True)
        )

    listed = rig.exchange.venues["DOGEUSDT"]
    listed.instrument = bounded(listed.instrument)
    if is_known:
        known = rig.gateway.gateway.instruments
        known["DOGEUSDT"] = bounded(known["DOGEUSDT"])


def holding_sixty(folder: Path) -> AssetRig:
    """Session 1 bought so much, and the market would take it back."""
    rig = AssetRig(folder, {"USDT": "1000"})
    one = rig.client(1, instance="i1")
    rig.house(Side.SELL, 100, "0.6")
    one.ask("order", one.order_params(quantity="60"))
    rig.run(1)
    rig.house(Side.BUY, 200, "0.59")
    return rig


@pytest.mark.parametrize("is_priced", [True, False])
def test_what_is_worth_more_than_one_order_may_be_is_traded_away_in_parts(
    tmp_path: Path, is_priced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = holding_sixty(tmp_path)
    bound_value(rig, "10", is_known=True)
    if not is_priced:
        monkeypatch.setattr(Flattening, "_fresh_px", lambda *_: None)
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.flatten", {"reason": "enough"})["result"])
    assert rig.net(1) < 2, view


def test_what_the_exchange_refuses_for_reasons_that_nobody_knows_is_not_dust(tmp_path: Path) -> None:
    rig = holding_sixty(tmp_path)
    bound_value(rig, "10", is_known=False)
    desk = operator(rig)
    view = desk.ask("op.flatten", {"reason": "enough"})["result"]
    rig.run(60)
    view = desk.ask("op.stopping", {"number": view["number"]})["result"]
    assert not view["confirmed"] and "Filter failure: NOTIONAL" in view["held"][0]
    assert rig.net(1) > 59
