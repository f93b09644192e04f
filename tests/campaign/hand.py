"""Whoever owns the account: trades, moves, borrows and pays back by hand, beside the gateway and unknown to it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from tests.process.world import PATIENCE_S, World

__all__ = ["Hand"]

_KEY = "sim"
"""Which every box knows; its HMAC secret is the same."""
_IS_OVER = -2011
_QUANTITIES = {
    "BTCUSDT": ("0.0002", "0.00031"),
    "ETHUSDT": ("0.005", "0.0123"),
    "DOGEUSDT": ("20", "33"),
    "BNBUSDT": ("0.02", "0.017"),
    "ETHBTC": ("0.01", "0.0077"),
}
_AMOUNTS = {"USDT": "123.45678901", "BTC": "0.01000001", "DOGE": "100.5", "BNB": "1.25"}
_LOANS = {"USDT": "1000", "BNB": "2.5", "ETH": "1.5", "BTC": "0.25"}


class Refused(Exception):
    """The exchange did not; its code, or its words."""

    def __init__(self, error: HTTPError) -> None:
        answer = json.loads(error.read())
        self.code = answer.get("code", answer.get("error"))
        super().__init__(f"{answer}")


class Hand:
    """One account, spot or margin, by its HMAC key."""

    def __init__(self, world: World, product: str, random: Random) -> None:
        self._world, self._product, self._random = world, product, random
        self._is_margin = product == "margin"
        self._rest = world.admin_address.removesuffix("/admin")
        self._orders = "/sapi/v1/margin/order" if self._is_margin else "/api/v3/order"
        self._resting: list[tuple[str, int]] = []
        self._burns = False
        self.moves = 0
        """How often an asset came to this account or left it."""
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def begin(self) -> None:
        """Some of each that nothing refuses."""
        for action in (self._market, self._limit, self._transfer, self._deposit):
            self._try(action)
        if self._is_margin:
            self._try(self._borrow)

    def act(self, *, may_move: bool) -> None:
        """One thing; without ``may_move`` nothing that only the account's events tell of."""
        choices = [self._market, self._market, self._limit, self._cancel, self._switch]
        if may_move:
            choices += [self._transfer, self._deposit]
        if self._is_margin:
            choices += [self._borrow, self._repay]
        self._try(self._random.choice(choices))

    def clean_up(self) -> None:
        """Cancel what it has in the market."""
        deadline = time.monotonic() + PATIENCE_S
        while self._resting and time.monotonic() < deadline:
            self._try(self._cancel)

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Refused as error:
            self.refused[f"{action.__name__.removeprefix('_')} {error.code}"] += 1
        else:
            self.done[action.__name__.removeprefix("_")] += 1

    def burn(self, *, on: bool) -> None:
        """Fees in BNB, as long as there is some."""
        self._burns = on
        self._signed("POST", "/sapi/v1/bnbBurn", spotBNBBurn=str(on).lower())

    def deposit(self, asset: str, amount: str) -> None:
        """From outside; negative goes there."""
        body = {"product": "spot", "margin": self._is_margin, "asset": asset, "amount": amount}
        try:
            self._world.admin("deposit", body)
        except HTTPError as error:
            raise Refused(error) from None
        self.moves += 1

    def _order(self, symbol: str, side: str, **terms: str) -> Any:
        given = {"symbol": symbol, "side": side, "newOrderRespType": "RESULT", **terms}
        if self._is_margin:
            given["sideEffectType"] = self._random.choice(("NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY"))
        return self._signed("POST", self._orders, **given)

    def _chosen(self) -> tuple[str, str]:
        return self._random.choice(sorted(_QUANTITIES)), self._random.choice(("BUY", "SELL"))

    def _market(self) -> None:
        symbol, side = self._chosen()
        self._order(symbol, side, type="MARKET", quantity=self._random.choice(_QUANTITIES[symbol]))

    def _limit(self) -> None:
        symbol, side = self._chosen()
        best = self._world.admin("status?product=spot")["symbols"][symbol]
        price = best["best_bid" if side == "BUY" else "best_ask"]
        quantity = self._random.choice(_QUANTITIES[symbol])
        placed = self._order(symbol, side, type="LIMIT", timeInForce="GTC", quantity=quantity, price=price)
        self._resting.append((symbol, placed["orderId"]))

    def _cancel(self) -> None:
        if self._resting:
            order = self._random.choice(self._resting)
            try:
                self._signed("DELETE", self._orders, symbol=order[0], orderId=str(order[1]))
            except Refused as error:
                if error.code != _IS_OVER:
                    raise
            self._resting.remove(order)

    def _switch(self) -> None:
        self.burn(on=not self._burns)

    def _transfer(self) -> None:
        mine, others = ("MARGIN", ["MAIN"]) if self._is_margin else ("MAIN", ["MARGIN", "UMFUTURE"])
        there, back = self._random.choice(others), self._random.random() < 0.5
        asset = "USDT" if there == "UMFUTURE" else self._random.choice(("USDT", "BTC"))
        kind = f"{there}_{mine}" if back else f"{mine}_{there}"
        self._signed("POST", "/sapi/v1/asset/transfer", type=kind, asset=asset, amount=_AMOUNTS[asset])
        self.moves += 1

    def _deposit(self) -> None:
        asset = self._random.choice(sorted(_AMOUNTS))
        self.deposit(asset, f"{self._random.choice((1, -1)) * Decimal(_AMOUNTS[asset])}")

    def _borrow(self) -> None:
        asset = self._random.choice(sorted(_LOANS))
        self._signed("POST", "/sapi/v1/margin/borrow-repay", type="BORROW", asset=asset, **_loan(_LOANS[asset]))

    def _repay(self) -> None:
        asset = self._random.choice(sorted(_LOANS))
        amount = str(Decimal(_LOANS[asset]) * Decimal("0.75"))
        self._signed("POST", "/sapi/v1/margin/borrow-repay", type="REPAY", asset=asset, **_loan(amount))

    def _signed(self, method: str, path: str, **params: str) -> Any:
        query = urlencode({**params, "recvWindow": 60_000, "timestamp": self._now_ms()})
        signature = hmac.new(_KEY.encode(), query.encode(), hashlib.sha256).hexdigest()
        address = f"{self._rest}{path}?{query}&signature={signature}"
        request = urllib.request.Request(address, method=method, headers={"X-MBX-APIKEY": _KEY})
        try:
            with urllib.request.urlopen(request) as reply:
                return json.loads(reply.read())
        except HTTPError as error:
            raise Refused(error) from None

    @staticmethod
    def _now_ms() -> int:
        return time.time_ns() // 1_000_000


def _loan(amount: str) -> dict[str, str]:
    return {"isIsolated": "FALSE", "amount": amount}
