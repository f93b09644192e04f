"""A small exchange with two symbols and no background traders."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.sim.events import ExchangeEvent, NewOrder
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.markets import load_markets

__all__ = ["BTC", "DOGE", "MS", "NS", "T0", "Rig", "kinds"]

NS = 1_000_000_000
MS = 1_000_000
T0 = 1_790_000_000 * NS
DOGE, BTC = "DOGEUSDT", "BTCUSDT"


def kinds(events: Iterable[ExchangeEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


class Rig:
    def __init__(self, *accounts: str, deposit: str = "100000") -> None:
        markets = [market for market in load_markets() if market.symbol in (DOGE, BTC)]
        self.exchange = Exchange(market.listing for market in markets)
        self.now_ns = T0
        for name in accounts or ("a", "b"):
            self.exchange.open_account(name, {"USDT": Decimal(deposit)})

    def place(
        self,
        account: str,
        side: Side,
        qty: str,
        px: str | None,
        *,
        symbol: str = DOGE,
        tif: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
        cid: str = "",
        stp: SelfTradePrevention = SelfTradePrevention.NONE,
        good_till_ms: int = 0,
    ) -> list[ExchangeEvent]:
        self.now_ns += MS
        request = NewOrder(
            account,
            symbol,
            side,
            OrderType.MARKET if px is None else OrderType.LIMIT,
            Decimal(qty),
            None if px is None else Decimal(px),
            tif,
            post_only,
            reduce_only,
            cid,
            stp,
            good_till_ms,
        )
        return self.exchange.place(request, self.now_ns)

    def net(self, account: str, symbol: str = DOGE) -> Decimal:
        return self.exchange.position(account, symbol).net
