"""A gateway that is READY and has limits, with what moves its prices and words for what it refuses."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene, SceneClient
from tradingsys.core.commands import Price, PriceQuery
from tradingsys.core.market import BestBidOffer, Kline, MarkPrice
from tradingsys.gateway.configuration.session_config import UNLIMITED, LimitsConfig, SessionConfig
from tradingsys.wire.messages import ErrorCode

Json = dict[str, Any]
REDUCE: Json = {"side": "SELL", "quantity": "1"}
BAR = Kline("DOGEUSDT", "1m", 0, 0, 0, "0.6", "0.6", "0.6", "0.6", "0", "0", "0", "0", 0, 0, 0, False)


def scene_with(folder: Path, limits: LimitsConfig, sessions: dict[int, SessionConfig] | None = None) -> Scene:
    settings = structs.replace(SETTINGS, limits=limits, sessions=sessions or {})
    return Scene(folder, settings).ready()


def limited(folder: Path, sessions: dict[int, SessionConfig] | None = None, **limits: Any) -> Scene:
    return scene_with(folder, structs.replace(UNLIMITED, **limits), sessions)


def trades_at(scene: Scene, bid: str, ask: str = "", symbol: str = "DOGEUSDT") -> None:
    book = BestBidOffer(symbol, scene.now_ms(), bid, "1000", ask or str(Decimal(bid) + Decimal("0.00001")), "1000")
    scene.gateway.market.prices.note(book, scene.now_ns)


def marks_at(scene: Scene, px: str) -> None:
    scene.gateway.market.prices.note(MarkPrice("DOGEUSDT", 0, px, px, px, "0", 0), scene.now_ns)
    scene.run(3)


def loser(folder: Path) -> tuple[Scene, SceneClient]:
    """A session that holds what may lose more than it is allowed to in a day, and has lost nothing yet."""
    scene = limited(folder, max_daily_loss=Decimal(10))
    scene.gateway.market.prices.note(MarkPrice("DOGEUSDT", 0, "0.6", "0.6", "0.6", "0", 0), scene.now_ns)
    client = scene.holder(1, "100")
    scene.run(3)
    return scene, client


def tells_price(scene: Scene, px: str | None = "0.6", age_s: int = 0) -> None:
    """The exchange's answer to the oldest open question for a price: what it was so long ago."""
    scene.answer(PriceQuery, price(scene, px, age_s))


def tells_prices(scene: Scene, px: str | None = "0.6", *others: str) -> None:
    """From now on it answers all questions for prices: but of these others nothing."""
    scene.venue.answers[PriceQuery] = lambda query: price(scene, None if query.symbol in others else px)


def price(scene: Scene, px: str | None, age_s: int = 0) -> Price:
    return Price(None if px is None else Decimal(px), scene.now_ms() - 1_000 * age_s)


def asked_prices(scene: Scene) -> list[str]:
    """The symbols whose prices were asked for since the last call."""
    symbols = [query.symbol for query in scene.venue.asked if isinstance(query, PriceQuery)]
    scene.venue.asked.clear()
    return symbols


def denied(client: SceneClient, method: str = "order", **changes: object) -> Json:
    params = changes if method == "amend" else client.order_params(**changes)
    error: Json = client.ask(method, params)["error"]
    assert error["code"] == ErrorCode.DENIED, error
    return error


def denied_request(client: SceneClient, method: str, params: Json) -> Json:
    error: Json = client.ask(method, params)["error"]
    return error


def used(scene: Scene, name: str, session: int | None = 1) -> list[tuple[str, str, int]]:
    views = scene.operator().result("op.limits", {"session_id": session} if session is not None else {})
    return [
        (view["allowed"], view["used"], view["denied"])
        for view in views
        if view["limit"] == name and view["session_id"] == session
    ]
