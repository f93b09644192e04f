"""Coins on spot, and as many contracts sold against them: market orders in turns, in one engine.

``python -m tests.campaign.pair_strategy DIRECTORY SPOT FUTURES EXECUTIONS`` prints at its end one line of JSON:
what the session of each market holds. Fees of the last third are paid in BNB, by a switch of the
account whose configuration is in the directory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

from pyalgo import Context, DepthSubscription, Engine, Fill, Order, OrderType, Rest, Side, State, Tif

SYMBOL = "dogeusdt"
SESSIONS = {"usdm": 15, "spot": 16}
_LEAST = 20
_MOST = 200
_RETRY_S = 0.25


class Pair:
    """Trades spot when the contracts cover it, else the contracts."""

    def __init__(self, spot: DepthSubscription, contracts: DepthSubscription, rest: Rest, wanted: int) -> None:
        self.spot, self.contracts = spot, contracts
        self.executions = 0
        self._rest, self._wanted, self._burns = rest, wanted, False
        self._random = Random(wanted)
        for book in (spot, contracts):
            book.on_order = self._on_order
            book.on_fill = self._on_fill

    @property
    def is_over(self) -> bool:
        """As many executions as are wanted, nothing open, and all covered."""
        return self.executions >= self._wanted and not self._is_busy and not self._uncovered

    @property
    def _is_busy(self) -> bool:
        return bool(self.spot.open_orders or self.contracts.open_orders)

    @property
    def _uncovered(self) -> float:
        held = self.spot.floor_to_lot_size(self.spot.net) + self.contracts.net
        return held if abs(held) >= _LEAST / 2 else 0.0

    def trade(self) -> None:
        """The next order, when there is none."""
        if self._is_busy or self.is_over or not (self.spot.ask_level and self.contracts.ask_level):
            return
        if not self._burns and self.executions >= self._wanted * 2 // 3:
            self._burns = True
            self._rest.post("/sapi/v1/bnbBurn", {"spotBNBBurn": "true"}, True)
        if uncovered := self._uncovered:
            side = Side.SELL if uncovered > 0 else Side.BUY
            self.contracts.add_order(0, abs(uncovered), side, OrderType.MARKET, Tif.GTC)
            return
        held, quantity = self.spot.floor_to_lot_size(self.spot.net), self._random.randint(_LEAST, 2 * _LEAST)
        if held >= quantity and (held > _MOST or self._random.random() < 0.5):
            self.spot.add_order(0, held if self._random.random() < 0.3 else quantity, Side.SELL, OrderType.MARKET)
        elif self._random.random() < 0.5:
            amount = round(quantity * self.spot.ask_prc(0), 2)
            self.spot.add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=amount)
        else:
            self.spot.add_order(0, quantity, Side.BUY, OrderType.MARKET)

    def _on_order(self, order: Order) -> None:
        # A refusal is tried again later, by the clock.
        if not order.is_active and order.state is not State.REJECTED:
            self.trade()

    def _on_fill(self, _order: Order, _fill: Fill) -> None:
        self.executions += 1


def main(directory: Path, spot: str, contracts: str, executions: int) -> None:
    config = json.loads((directory / "spot.json").read_text())
    rest = Rest(config["urls"]["rest"], config["apikey"], str(directory / config["pem"]))
    engine = Engine(0.001, "warn")

    def session(product: str, address: str) -> Context:
        return engine.make_session(address, SESSIONS[product], f"pair-{product}", trading=True)

    books = {"usdm": session("usdm", contracts), "spot": session("spot", spot)}
    pair = Pair(books["spot"].subscribe(SYMBOL, "bbo"), books["usdm"].subscribe(SYMBOL, "bbo"), rest, executions)

    def look() -> None:
        pair.trade()
        if pair.is_over:
            engine.stop()

    engine.every(_RETRY_S, look)
    engine.run()
    told = {
        product: {"session": SESSIONS[product], "net": {SYMBOL: sub.net}}
        for product, sub in (("spot", pair.spot), ("usdm", pair.contracts))
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
