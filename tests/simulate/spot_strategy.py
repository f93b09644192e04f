"""Strategies that trade assets: on the wire and on pyalgo's own client, each as its base in all but what it wants."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pyalgo.terms import Leg
from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.spot_wish import SpotWish, draw_less, draw_spot_wish
from tests.simulate.strategy import Strategy
from tradingsys.wire.messages import AmendParams, CancelParams, LoanParams, LoginResult, OrderListParams, Reply

if TYPE_CHECKING:
    from tradingsys.wire.messages import OrderParams

__all__ = ["SpotPyalgoStrategy", "SpotStrategy"]

_CANCELS = 0.3
_AMENDS = 0.5
"""Of amends: on spot an order can only be made smaller, and ends the sooner."""
_LOANS = 0.05
_LENT = ("USDT", "DOGE", "ADA")


class SpotStrategy(Strategy):
    """On the wire."""

    borrows = False
    """Whether it and its orders may borrow and repay."""
    loans = 0
    """That it asked for, or to pay back."""

    def _act(self, login: LoginResult) -> None:
        rng = self.world.rng
        live = [view for view in self.orders.values() if view.status.is_open and not view.in_doubt]
        if live and rng.random() < _CANCELS:
            self._request("cancel", CancelParams(rng.choice(live).client_order_id))
            return
        if live and rng.random() < self.amends * _AMENDS:
            view = rng.choice(live)
            less = draw_less(rng, Decimal(view.quantity))
            self._request("amend", AmendParams(view.client_order_id, None, str(less)))
            return
        if self.borrows and rng.random() < _LOANS:
            self.loans += 1
            self._request(rng.choice(("borrow", "repay")), LoanParams(rng.choice(_LENT), str(rng.randint(1, 40))))
            return
        self.want_assets(draw_spot_wish(rng, rng.choice(self.symbols), borrows=self.borrows), login)

    def want_assets(self, wish: SpotWish, login: LoginResult) -> None:
        """Order it now."""
        if wish.contingency is None:
            self._order(login, wish.orders[0])
            return
        legs: dict[str, OrderParams] = dict(self._add(login, each) for each in wish.orders)
        self._request("order_list", OrderListParams(wish.contingency, list(legs.values())), ",".join(legs))

    def _answered(self, reply: Reply) -> None:
        what, names = self._waiting.get(reply.id or 0, ("", ""))
        super()._answered(reply)
        if what == "order_list" and reply.error is not None:
            self._never_taken(names.split(","))


class SpotPyalgoStrategy(PyalgoStrategy):
    """On pyalgo's own client."""

    is_spot = True
    borrows = False
    """Whether its orders may borrow and repay."""

    def _act(self) -> None:
        rng = self.world.rng
        subscription = rng.choice(self._subscriptions)
        live = [order for order in subscription.open_orders if not order.in_doubt]
        if live and rng.random() < _CANCELS:
            subscription.cancel(rng.choice(live).id)
            return
        if live and rng.random() < self.amends * _AMENDS:
            order = rng.choice(live)
            less = draw_less(rng, Decimal(repr(order.quantity)))
            subscription.amend(order.id, None, float(less))
            return
        self.want_assets(draw_spot_wish(rng, subscription.symbol, borrows=self.borrows))

    def want_assets(self, wish: SpotWish) -> None:
        """Order it now."""
        if wish.contingency is None:
            self.want(wish.orders[0])
            return
        legs = [Leg(*terms, **options) for terms, options in map(self._arguments, wish.orders)]
        self._context.add_order_list(wish.orders[0].symbol, wish.contingency, *legs)
