"""What strategies asked for, held against what became of it: nothing is sent that nobody asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tests.simulate.incarnation import Incarnation
from tests.simulate.truth import Truth
from tests.simulate.world import World
from tradingsys.core.commands import Command, PlaceOrder
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.oms.session_book import SessionBook
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["Asked"]

_PLACES = (b'"order"', b'"order_list"')


class Asked:
    """Listens to what strategies send and to what the gateway sends for them; judges at the end."""

    def __init__(self, world: World, exchange: Exchange | SpotExchange, account: str) -> None:
        self._world, self._exchange, self._account = world, exchange, account
        self._names: set[str] = set()
        self.wrong: list[str] = []
        self.edited: Mapping[tuple[int, str], Decimal] = {}
        """What edits by SQL gave to sessions, as the gateway of now knows."""
        self.exchange_forgets = False
        """It hides orders for longer than margins allow for: what these executed nobody can reckon with."""

    def begin(self, incarnation: Incarnation) -> None:
        """Another gateway is there."""
        incarnation.asked = self._hear
        gateway = incarnation.gateway
        send = gateway.venue.send

        def heard(command: Command) -> None:
            self._judge(command, gateway.book)
            send(command)

        gateway.venue.send = heard  # type: ignore[method-assign]

    def excuse(self, client_order_id: str) -> None:
        """Somebody sent this order who is none of the gateway's strategies."""
        self._names.add(client_order_id)

    def broken(self, truth: Truth) -> Iterator[str]:
        """What is at the exchange, or was sent there, and should not have been."""
        for order in truth.orders:
            if order.client_order_id not in self._names:
                yield f"nobody asked for {order.client_order_id}"
        yield from self.wrong

    # ---- inside

    def _hear(self, session: int, data: bytes) -> None:
        """A strategy, or somebody in its place, sends a message."""
        if not any(method in data for method in _PLACES):
            return
        try:
            params = json.loads(data)["params"]
            for order in params.get("orders", [params]):
                key = OrderKey(session, order["lineage"], order["epoch"], order["login"], order["seq"])
                self._names.add(encode_client_order_id(key))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # no order, whatever it is

    def _judge(self, command: Command, book: SessionBook) -> None:
        """An order that shall only reduce is not larger than what its session holds there.

        A conditional one may be, until it is triggered; and the exchange itself sees to those that carry its own flag.
        """
        if self.exchange_forgets or not isinstance(command, PlaceOrder) or command.terms.reduce_only:
            return
        order = book.order(command.client_order_id)
        if order is None or order.terms is None or not order.terms.reduce_only or order.is_conditional:
            return
        own = (
            each
            for each in Truth(self._exchange, self._account, book.lineage, [order.symbol]).orders
            if (each.key.session, each.symbol) == (order.session, order.symbol)
        )
        held = sum((each.executed * each.side.sign for each in own), Decimal(0))
        held += self.edited.get((order.session, order.symbol), Decimal(0))
        room = -held * order.terms.side.sign
        if order.terms.order_qty > room:
            at = f"{self._world.at(self._world.now_ns):.4f}"
            self.wrong.append(
                f"at {at} {order.client_order_id} shall only reduce, by {order.terms.order_qty}, and its session "
                f"could reduce {max(room, Decimal(0))}"
            )
