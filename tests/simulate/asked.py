"""What strategies asked for, held against what became of it: nothing else is sent, and nothing while it must not be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.simulate.incarnation import Incarnation
from tests.simulate.truth import Truth
from tests.simulate.world import World
from tradingsys.core.commands import CancelOrder, Command, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import TradingState
from tradingsys.core.ids import OrderKey, decode_client_order_id, encode_client_order_id
from tradingsys.core.order import Terms
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["Asked"]

Json = dict[str, Any]
_CHANGES = (b'"order"', b'"order_list"', b'"amend"', b'"cancel"')
_CLEARLY_HELD = 10
"""Of the base asset: more than what is left over of a lot."""


class Asked:
    """Listens to what strategies send and to what the gateway sends for them; judges at the end."""

    def __init__(self, world: World, exchange: Exchange | SpotExchange, account: str) -> None:
        self._world, self._exchange, self._account = world, exchange, account
        self._orders: dict[str, Json] = {}
        """What was asked for, by the name that it must have."""
        self._amends: dict[str, list[Json]] = {}
        self._cancels: set[str] = set()
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
        self._orders[client_order_id] = {}

    def broken(self, truth: Truth) -> Iterator[str]:
        """What is at the exchange, or was sent there, and should not have been."""
        for order in truth.orders:
            if order.client_order_id not in self._orders:
                yield f"nobody asked for {order.client_order_id}"
        yield from self.wrong

    # ---- inside

    def _hear(self, session: int, data: bytes) -> None:
        """A strategy, or somebody in its place, sends a message."""
        if not any(method in data for method in _CHANGES):
            return
        try:
            message = json.loads(data)
            params = message["params"]
            match message["method"]:
                case "amend":
                    self._amends.setdefault(params["client_order_id"], []).append(params)
                case "cancel":
                    self._cancels.add(params["client_order_id"])
                case _:
                    for order in params.get("orders", [params]):
                        key = OrderKey(session, order["lineage"], order["epoch"], order["login"], order["seq"])
                        self._orders.setdefault(encode_client_order_id(key), order)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # no order, whatever it is

    def _judge(self, command: Command, book: SessionBook) -> None:
        match command:
            case PlaceOrder():
                self._judge_order(command, book)
                self._judge_reducing(command, book)
            case PlaceOrderList(orders=orders):
                for order in orders:
                    self._judge_order(order, book)
            case ReplaceOrder():
                self._judge_amend(command, book)
            case CancelOrder(client_order_id) if client_order_id not in self._cancels:
                self._judge_own_cancel(book.order(client_order_id), book)

    def _judge_order(self, command: PlaceOrder, book: SessionBook) -> None:
        """It is what was asked for, by somebody who may send orders now."""
        asked, terms = self._orders.get(command.client_order_id), command.terms
        key = decode_client_order_id(command.client_order_id)
        if asked is None or key is None:
            self._say(f"{command.client_order_id} is sent, and nobody asked for it")
        elif asked:
            size = None if asked.get("quote_quantity") else asked["quantity"]
            told = {
                "side": (asked["side"], terms.side),
                "quantity": (_number(size), None if size is None else terms.order_qty),
                "price": (_number(asked.get("price")), terms.price),
                "time in force": (asked.get("time_in_force"), terms.time_in_force),
            }
            for what, (wanted, sent) in told.items():
                if wanted is not None and wanted != sent:
                    self._say(f"{command.client_order_id} is sent with the {what} {sent}; asked for was {wanted}")
            if book.halts.state(key.session, terms.symbol) is TradingState.HALTED:
                self._say(f"{command.client_order_id} is sent, and its session or symbol is halted")

    def _judge_amend(self, command: ReplaceOrder, book: SessionBook) -> None:
        order = book.order(command.client_order_id)
        known = None if order is None else order.known_terms
        wishes = self._amends.get(command.client_order_id, ())
        if known is not None and not any(_is_like(command, wish, known) for wish in wishes):
            self._say(f"nobody asked that {command.client_order_id} become {command.order_qty} at {command.price}")

    def _judge_own_cancel(self, order: TrackedOrder | None, book: SessionBook) -> None:
        """Nobody asked for it: it has a reason where somebody was stopped, or nothing is left to reduce."""
        terms = None if order is None else order.known_terms
        if order is None or terms is None:
            return
        held = -book.net(order.session, order.symbol) * terms.side.sign
        if book.halts.state(order.session, order.symbol) is TradingState.ACTIVE and held >= _CLEARLY_HELD:
            self._say(f"{order.client_order_id} is canceled, and nobody asked for it")

    def _judge_reducing(self, command: PlaceOrder, book: SessionBook) -> None:
        """An order that shall only reduce is not larger than what its session holds there.

        A conditional one may be, until it is triggered; and the exchange itself sees to those that carry its own flag.
        Where the books are known to differ, or whose an execution is to be unknown, nobody knows what it holds.
        """
        if self.exchange_forgets or command.terms.reduce_only:
            return
        order = book.order(command.client_order_id)
        if order is None or order.terms is None or not order.terms.reduce_only or order.is_conditional:
            return
        if order.symbol in {*book.differences, *(symbol for symbol, _ in book.unattributed)}:
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
            self._say(
                f"{order.client_order_id} shall only reduce, by {order.terms.order_qty}, and its session "
                f"could reduce {max(room, Decimal(0))}"
            )

    def _say(self, what: str) -> None:
        self.wrong.append(f"at {self._world.at(self._world.now_ns):.4f} {what}")


def _is_like(command: ReplaceOrder, wish: Json, known: Terms) -> bool:
    quantity, price = _number(wish.get("quantity")), _number(wish.get("price"))
    is_price = command.price == (known.price if price is None else price)
    return is_price and command.order_qty == (known.order_qty if quantity is None else quantity)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
