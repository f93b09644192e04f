"""A small exchange of assets without background traders: two people, and a house that quotes when asked."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from tradingsys.core.enums import Contingency, OrderType, SelfTradePrevention, Side, SideEffect, TimeInForce
from tradingsys.sim.events import (
    Accepted,
    ChangeRefused,
    ExchangeEvent,
    NewAmend,
    NewOrder,
    OrderRecord,
    Refusal,
    Rejected,
)
from tradingsys.sim.order_lists import NewOrderList
from tradingsys.sim.spot_exchange import MarginTerms, SpotExchange, margin_name
from tradingsys.sim.spot_markets import SpotMarket, load_spot_markets

__all__ = ["BNB", "BTC", "DOGE", "ETHBTC", "MARGIN", "MS", "NS", "T0", "SpotRig", "kinds", "only", "order", "refusal"]

NS = 1_000_000_000
MS = 1_000_000
T0 = 1_790_000_000 * NS
DOGE, BTC, BNB, ETHBTC = "DOGEUSDT", "BTCUSDT", "BNBUSDT", "ETHBTC"
MARGIN = margin_name("a")
EventT = TypeVar("EventT")


def kinds(events: Iterable[ExchangeEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def only(events: Iterable[ExchangeEvent], kind: type[EventT]) -> list[EventT]:
    return [event for event in events if isinstance(event, kind)]


def refusal(events: list[object]) -> Refusal:
    first = events[0]
    assert isinstance(first, Rejected | ChangeRefused), first
    return first.refusal


def order(
    account: str, side: Side, qty: str, px: str | None = None, kind: OrderType | None = None, **more: object
) -> NewOrder:
    """A DOGE order; ``trigger``, ``bps``, ``iceberg``, ``quote``, ``tif``, ``cid``, ``stp``, ``effect``, ``maker``."""

    def dec(name: str) -> Decimal | None:
        value = more.get(name)
        return None if value is None else Decimal(str(value))

    bps, tif, stp = more.get("bps"), more.get("tif"), more.get("stp")
    effect = more.get("effect")
    return NewOrder(
        account,
        str(more.get("symbol", DOGE)),
        side,
        kind or (OrderType.MARKET if px is None else OrderType.LIMIT),
        Decimal(qty),
        None if px is None else Decimal(px),
        tif if isinstance(tif, TimeInForce) else TimeInForce.GTC,
        post_only=bool(more.get("maker")),
        client_order_id=str(more.get("cid", "")),
        self_trade_prevention=stp if isinstance(stp, SelfTradePrevention) else SelfTradePrevention.NONE,
        trigger_px=dec("trigger"),
        trailing_bps=bps if isinstance(bps, int) else None,
        iceberg_qty=dec("iceberg"),
        quote_qty=dec("quote"),
        side_effect=effect if isinstance(effect, SideEffect) else SideEffect.NO_SIDE_EFFECT,
        repay_at_cancel=bool(more.get("repay", True)),
    )


class SpotRig:
    def __init__(
        self, *accounts: str, terms: MarginTerms | None = None, deposits: dict[str, str] | None = None
    ) -> None:
        self.markets: tuple[SpotMarket, ...] = load_spot_markets()
        self.exchange = SpotExchange([market.listing for market in self.markets], terms=terms)
        self.now_ns = T0
        funds = deposits or {"USDT": "100000", "DOGE": "100000", "BTC": "10"}
        for name in accounts or ("a", "b"):
            self.exchange.open_account(name, {asset: Decimal(amount) for asset, amount in funds.items()}, now_ns=T0)
        self.exchange.open_account("house", {}, is_house=True)
        self.events: list[ExchangeEvent] = []

    def _keep(self, events: list[ExchangeEvent]) -> list[ExchangeEvent]:
        self.events += events
        return events

    def place(self, request: NewOrder) -> list[ExchangeEvent]:
        self.now_ns += MS
        return self._keep(self.exchange.place(request, self.now_ns))

    def rest(self, request: NewOrder) -> OrderRecord:
        accepted = self.place(request)[0]
        assert isinstance(accepted, Accepted), accepted
        return accepted.order

    def quote(self, side: Side, qty: str, px: str, symbol: str = DOGE) -> OrderRecord:
        return self.rest(order("house", side, qty, px, symbol=symbol))

    def trade_at(self, px: str, symbol: str = DOGE) -> list[ExchangeEvent]:
        """A trade of one lot between strangers, whatever rests there."""
        self.now_ns += MS
        return self._keep(self.exchange.hear(symbol, Decimal(px), self.now_ns))

    def place_list(self, contingency: Contingency, *orders: NewOrder, name: str = "") -> list[ExchangeEvent]:
        self.now_ns += MS
        first = orders[0]
        request = NewOrderList(first.account, first.symbol, contingency, orders, name)
        return self._keep(self.exchange.place_list(request, self.now_ns))

    def amend(self, record: OrderRecord, qty: str, name: str = "") -> list[ExchangeEvent]:
        self.now_ns += MS
        request = NewAmend(
            record.account, record.symbol, record.side, Decimal(qty), None, order_id=record.order_id,
            new_client_order_id=name,
        )  # fmt: skip
        return self._keep(self.exchange.amend(request, self.now_ns))

    def cancel(self, record: OrderRecord) -> list[ExchangeEvent]:
        self.now_ns += MS
        return self._keep(
            self.exchange.cancel(record.account, record.symbol, self.now_ns, order_id=record.order_id)
        )  # fmt: skip

    def wait(self, seconds: float) -> list[ExchangeEvent]:
        self.now_ns += int(seconds * NS)
        return self._keep(self.exchange.tick(self.now_ns))

    def now(self, record: OrderRecord) -> OrderRecord:
        found = self.exchange.ledger.order(record.account, record.symbol, record.order_id)
        assert found is not None
        return found

    def free(self, account: str, asset: str) -> Decimal:
        return self.exchange.accounts[account].free_of(asset)

    def locked(self, account: str, asset: str) -> Decimal:
        return self.exchange.accounts[account].locked_of(asset)
