"""A strategy on the wire that trades assets: single orders, amounts, amends to less, and lists."""

from __future__ import annotations

from decimal import Decimal

from tests.simulate.strategy import Strategy
from tradingsys.core.enums import Contingency, OrderType, Side, SideEffect, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.wire.messages import (
    AmendParams,
    CancelParams,
    LoginResult,
    OrderListParams,
    OrderParams,
    ResolveItem,
)

__all__ = ["SpotStrategy"]

_PRICES = {"dogeusdt": Decimal("0.6"), "adausdt": Decimal("0.75"), "adadoge": Decimal("1.25")}
_TICK = Decimal("0.001")


class SpotStrategy(Strategy):
    """As its base in everything but what it wants."""

    borrows = False
    """Whether its orders may borrow and repay."""

    def _act(self, login: LoginResult) -> None:
        rng = self.world.rng
        live = [view for view in self.orders.values() if view.status.is_open and not view.in_doubt]
        if live and rng.random() < 0.3:
            self._request("cancel", CancelParams(rng.choice(live).client_order_id))
            return
        if live and rng.random() < 0.2:
            view = rng.choice(live)
            less = Decimal(view.quantity) - rng.randint(1, 8)
            self._request("amend", AmendParams(view.client_order_id, None, str(max(less, Decimal(1)))))
            return
        symbol, side, qty = rng.choice(self.symbols), rng.choice(list(Side)), str(rng.randint(10, 60))
        middle, kind = _PRICES[symbol], rng.random()
        if kind < 0.15:
            self._send(login, None, [self._item(symbol, side, OrderType.MARKET, qty)])
        elif kind < 0.25:
            amount = self._item(symbol, side, OrderType.MARKET, "0", quote=str(rng.randint(10, 60)))
            self._send(login, None, [amount])
        elif kind < 0.45:
            self._send(login, *self._list(symbol, side, qty, middle))
        else:
            px = str(middle + rng.randint(-10, 10) * _TICK)
            self._send(login, None, [self._item(symbol, side, OrderType.LIMIT, qty, px)])

    def _list(self, symbol: str, side: Side, qty: str, middle: Decimal) -> tuple[Contingency, list[ResolveItem]]:
        near, away = self.world.rng.randint(1, 6) * _TICK * side.sign, self.world.rng.randint(1, 6) * _TICK * side.sign
        working = self._item(symbol, side, OrderType.LIMIT, qty, str(middle + near - 3 * _TICK * side.sign))
        target = self._item(symbol, side.opposite, OrderType.LIMIT, qty, str(middle + near + 2 * _TICK * side.sign))
        stop = self._item(symbol, side.opposite, OrderType.STOP_MARKET, qty, stop=str(middle - away))
        match self.world.rng.randrange(3):
            case 0:
                return Contingency.OCO, [target, stop]
            case 1:
                return Contingency.OTO, [working, target]
        return Contingency.OTOCO, [working, target, stop]

    def _item(
        self,
        symbol: str,
        side: Side,
        order_type: OrderType,
        qty: str,
        px: str | None = None,
        *,
        stop: str | None = None,
        quote: str | None = None,
    ) -> ResolveItem:
        force = TimeInForce.GTC if px is not None else None
        effect = self.world.rng.choice((None, SideEffect.MARGIN_BUY, SideEffect.AUTO_REPAY)) if self.borrows else None
        return ResolveItem(
            symbol,
            side,
            order_type,
            qty,
            px,
            force,
            client_order_id="",
            stop_price=stop,
            quote_quantity=quote,
            side_effect=effect,
        )

    def _send(self, login: LoginResult, contingency: Contingency | None, items: list[ResolveItem]) -> None:
        legs: list[OrderParams] = []
        names: list[str] = []
        for item in items:
            self._seq += 1
            key = OrderKey(self.session, login.lineage, login.epoch, login.login, self._seq)
            names.append(encode_client_order_id(key))
            terms = {name: getattr(item, name) for name in item.__struct_fields__ if name != "client_order_id"}
            self.asked[names[-1]] = ResolveItem(client_order_id=names[-1], **terms)
            legs.append(
                OrderParams(lineage=login.lineage, epoch=login.epoch, login=login.login, seq=self._seq, **terms)
            )
        if contingency is None:
            self._last = legs[0], names[0]
            self._request("order", legs[0], names[0])
            self._repeat()
        else:
            self._request("order_list", OrderListParams(contingency, legs), ",".join(names))

    def _answered(self, reply: object) -> None:
        what, names = self._waiting.get(reply.id or 0, ("", ""))  # type: ignore[attr-defined]
        super()._answered(reply)  # type: ignore[arg-type]
        if what == "order_list":
            for name in names.split(","):
                if reply.error is not None and self.asked.pop(name, None) is not None:  # type: ignore[attr-defined]
                    self.orders.pop(name, None)
