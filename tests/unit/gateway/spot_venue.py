"""A venue of assets that says only what the test lets it say: doge and btc against usdt."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene, SceneClient
from tests.unit.gateway.scripted_venue import ScriptedVenue, instrument
from tradingsys.core.commands import Balance, BalancesQuery, MarginState, MarginStateQuery
from tradingsys.core.enums import AccountKind, Contingency, ContractKind, OrderType, TimeInForce
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.core.io import Frame, Opened
from tradingsys.core.order import Fill
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.wire.messages import ErrorCode

__all__ = ["MARKET", "SpotVenue", "bought", "followed", "margin_state", "refusal", "spot_scene"]

MARKET = {"order_type": "MARKET", "price": None, "time_in_force": None}


def spot_instrument(symbol: str, *, is_margin: bool) -> Instrument:
    rules = SpotRules(
        quote_order_qty=True,
        iceberg=True,
        trailing=True,
        amend=not is_margin,
        lists=tuple(Contingency),
        margin=is_margin,
    )
    return structs.replace(
        instrument(symbol),
        kind=ContractKind.SPOT,
        order_types=tuple(OrderType),
        times_in_force=(TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK),
        spot=rules,
    )


def margin_state(level: str, debt_btc: str) -> MarginState:
    bars = Decimal("1.5"), Decimal("1.3"), Decimal("1.1")
    return MarginState(Decimal(level), *bars, Decimal(1), Decimal(debt_btc))


class SpotVenue(ScriptedVenue):
    """Executions move its balances."""

    account_kind = AccountKind.ASSETS

    def __init__(self, *, is_margin: bool = False) -> None:
        super().__init__()
        self.instruments = [spot_instrument(symbol, is_margin=is_margin) for symbol in ("DOGEUSDT", "BTCUSDT")]
        self.wallet = {"USDT": Decimal(1_000), "DOGE": Decimal(500)}
        self.borrowed: dict[str, Decimal] = {}
        self.level, self.debt_btc = "999", "1"
        self.answers[BalancesQuery] = lambda _: self.balances()
        if is_margin:
            self.answers[MarginStateQuery] = lambda _: margin_state(self.level, self.debt_btc)

    def balances(self) -> tuple[Balance, ...]:
        return tuple(
            Balance(asset, held, held, self.borrowed.get(asset, Decimal(0))) for asset, held in self.wallet.items()
        )

    def moves(self, asset: str, delta: str) -> None:
        self.wallet[asset] = self.wallet.get(asset, Decimal(0)) + Decimal(delta)

    def executed(self, fill: Fill) -> None:
        self.moves(fill.symbol.removesuffix("USDT"), str(fill.signed_qty))
        self.moves("USDT", str(-fill.signed_qty * fill.last_px))
        if fill.fee is not None and fill.fee_asset is not None:
            self.moves(fill.fee_asset, str(-fill.fee))


def spot_scene(folder: Path, *, is_margin: bool = False) -> tuple[Scene, SpotVenue]:
    """A gateway that is READY, and its venue."""
    venue = SpotVenue(is_margin=is_margin)
    product = ProductName.MARGIN if is_margin else ProductName.SPOT
    return Scene(folder, structs.replace(SETTINGS, product=product), venue=venue).ready(), venue


def refusal(client: SceneClient, **changes: object) -> str:
    """The words in which an order is refused before it is sent."""
    code, told = client.error("order", client.order_params(**changes))
    assert code == ErrorCode.INVALID_ORDER, told
    return told


def followed(scene: Scene, client: SceneClient, *, bid: str, ask: str) -> None:
    """The client follows the book, which stands so."""
    client.result("subscribe", ["dogeusdt@bbo"])
    told = {"u": 1, "s": "DOGEUSDT", "b": bid, "B": "10", "a": ask, "A": "10"}
    scene.gateway.venue_event(Opened("market.market"))
    scene.gateway.venue_event(
        Frame("market.market", json.dumps({"stream": "dogeusdt@bookTicker", "data": told}).encode())
    )


def bought(scene: Scene, client: SceneClient, qty: str, fee: str = "0") -> str:
    """An order to buy, executed; its id."""
    client_order_id = client.order(quantity=qty)
    scene.accepts(client_order_id)
    scene.fills_order(client_order_id, qty, fee=fee, fee_asset="DOGE")
    return client_order_id
