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
from tradingsys.core.enums import AccountKind, TradingState
from tradingsys.core.ids import OrderKey, decode_client_order_id, encode_client_order_id
from tradingsys.core.order import Terms
from tradingsys.core.records import HaltDuty, Scope
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["Asked"]

Json = dict[str, Any]
_CHANGES = (b'"order"', b'"order_list"', b'"amend"', b'"cancel"')
_NUMBERS = (
    ("price", "price", "price"),
    ("stop price", "stop_price", "stop_px"),
    ("callback rate", "callback_rate", "callback_rate"),
    ("activation price", "activation_price", "activation_px"),
    ("amount of the quote asset", "quote_quantity", "quote_order_qty"),
    ("iceberg quantity", "iceberg_quantity", "iceberg_qty"),
)
_WORDS = (
    ("time in force", "time_in_force"),
    ("good till ms", "good_till_ms"),
    ("price match", "price_match"),
    ("trigger price", "trigger_price"),
    ("side effect", "side_effect"),
)
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
        self.flattened: dict[str, int] = {}
        """Orders by which gateways traded away what sessions held: when each was sent."""
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
            if isinstance(command, ReplaceOrder):
                incarnation.note_wrong(incarnation.unkept_amend(command.client_order_id, command.revision))
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
        yield from self._misunderstood()

    # ---- inside

    def _misunderstood(self) -> Iterator[str]:
        """Orders that wait at the exchange for another price, or otherwise, than was asked for; none is amended."""
        for condition in self._exchange.ledger.conditions.values():
            asked, terms = self._orders.get(condition.client_algo_id), condition.terms
            if asked and terms.account == self._account:
                told = (terms.order_type, terms.trigger_px, terms.callback_rate, terms.close_position, terms.post_only)
                rate, flags = _number(asked.get("callback_rate")), ("close_position", "post_only")
                wanted = (
                    asked["order_type"],
                    _number(asked.get("stop_price")),
                    rate,
                    *(asked.get(x, False) for x in flags),
                )
                if told != wanted:
                    yield f"{condition.client_algo_id} waits at the exchange as {told}; asked for was {wanted}"

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
                    self._judge_order(order, book, in_list=True)
            case ReplaceOrder():
                self._judge_amend(command, book)
                self._judge_amended_reducing(command, book)
            case CancelOrder(client_order_id) if client_order_id not in self._cancels:
                self._judge_own_cancel(book.order(client_order_id), book)

    def _judge_order(self, command: PlaceOrder, book: SessionBook, *, in_list: bool = False) -> None:
        """It is what was asked for, by somebody who may send orders now."""
        key = decode_client_order_id(command.client_order_id)
        if key is not None and command.client_order_id not in self._orders and _is_flattened(key.session, book):
            self.excuse(command.client_order_id)
            self.flattened[command.client_order_id] = self._world.now_ns
        asked, terms = self._orders.get(command.client_order_id), command.terms
        if asked is None or key is None:
            self._say(f"{command.client_order_id} is sent, and nobody asked for it")
        elif asked:
            for what, wanted, sent in _differences(asked, terms, in_list=in_list):
                self._say(f"{command.client_order_id} is sent with the {what} {sent}; asked for was {wanted}")
            self._judge_flag(command, asked, book)
            if book.halts.state(key.session, terms.symbol) is TradingState.HALTED:
                self._say(f"{command.client_order_id} is sent, and its session or symbol is halted")

    def _judge_flag(self, command: PlaceOrder, asked: Json, book: SessionBook) -> None:
        """The exchange's own flag acts on the whole account's position: it is sent for whoever may only reduce and is
        the only one who holds the symbol or has anything under way there, and for nobody else.
        """
        order, symbol = book.order(command.client_order_id), command.terms.symbol
        if order is None or order.terms is None:
            return
        is_restricted = book.halts.state(order.session, symbol) is TradingState.REDUCING
        may_only_reduce = bool(asked.get("reduce_only")) or (is_restricted and not command.terms.close_position)
        if order.terms.reduce_only and not may_only_reduce:
            self._say(f"{command.client_order_id} shall only reduce, and nobody wants that")
        has_flag = book.kind is AccountKind.CONTRACTS and not command.terms.close_position
        wanted = may_only_reduce and has_flag and _is_alone(book, order.session, symbol)
        if command.terms.reduce_only != wanted:
            why = "" if wanted else "not "
            self._say(f"{command.client_order_id} should {why}be sent with the flag that it only reduces")

    def _judge_amend(self, command: ReplaceOrder, book: SessionBook) -> None:
        order = book.order(command.client_order_id)
        known = None if order is None else order.known_terms
        wishes = self._amends.get(command.client_order_id, ())
        if known is None:
            return
        if not any(_is_like(command, wish, known) for wish in wishes):
            at = command.price_match or command.price
            self._say(f"nobody asked that {command.client_order_id} become {command.order_qty} at {at}")
        if (command.symbol, command.side) != (known.symbol, known.side):
            self._say(f"{command.client_order_id} is amended as a {command.side} of {command.symbol}")

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
        self._judge_room(order, order.terms.order_qty, book)

    def _judge_amended_reducing(self, command: ReplaceOrder, book: SessionBook) -> None:
        """The same of what an amend makes of one, less what that has executed. What is triggered by now is one, too."""
        order = book.order(command.client_order_id)
        told = None if order is None else order.facts.terms
        if self.exchange_forgets or order is None or order.terms is None or not order.terms.reduce_only:
            return
        if told is None or not told.reduce_only:
            self._judge_room(order, command.order_qty, book)

    def _judge_room(self, order: TrackedOrder, qty: Decimal, book: SessionBook) -> None:
        if order.terms is None or order.symbol in {*book.differences, *(symbol for symbol, _ in book.unattributed)}:
            return
        own = [
            each
            for each in Truth(self._exchange, self._account, book.lineage, [order.symbol]).orders
            if (each.key.session, each.symbol) == (order.session, order.symbol)
        ]
        held = sum((each.executed * each.side.sign for each in own), Decimal(0))
        held += self.edited.get((order.session, order.symbol), Decimal(0))
        room = -held * order.terms.side.sign
        qty -= sum((each.executed for each in own if each.client_order_id == order.client_order_id), Decimal(0))
        if qty > room:
            self._say(
                f"{order.client_order_id} shall only reduce, by {qty}, and its session "
                f"could reduce {max(room, Decimal(0))}"
            )

    def _say(self, what: str) -> None:
        self.wrong.append(f"at {self._world.at(self._world.now_ns):.4f} {what}")


def _differences(asked: Json, terms: Terms, *, in_list: bool) -> Iterator[tuple[str, object, object]]:
    """What is sent otherwise than it was asked for: what, how it was asked for, and how it is sent."""
    size = None if asked.get("quote_quantity") or asked.get("close_position") else asked["quantity"]
    told = {
        "symbol": (asked["symbol"].upper(), terms.symbol),
        "side": (asked["side"], terms.side),
        "type": (asked["order_type"], terms.order_type),
        "quantity": (_number(size) or Decimal(0), terms.order_qty),
        # Of two orders of which one cancels the other the exchange has the limit order post-only.
        "word post-only": (asked.get("post_only", False) or (in_list and terms.post_only), terms.post_only),
        "word close-position": (asked.get("close_position", False), terms.close_position),
        "price protection": (asked.get("price_protect", False), terms.price_protect),
    }
    told |= {what: (_number(asked.get(name)), getattr(terms, field)) for what, name, field in _NUMBERS}
    told |= {what: (asked.get(what.replace(" ", "_")), getattr(terms, field)) for what, field in _WORDS}
    for what, (wanted, sent) in told.items():
        if wanted != sent:
            yield what, wanted, sent


def _is_alone(book: SessionBook, session: int, symbol: str) -> bool:
    """Whether nobody else holds the symbol, or has an order there that could make it so, or did."""
    others = {owner for owner, _ in book.positions if owner != session}
    is_held = any(book.net(owner, symbol) for owner in others)
    orders = (order for order in book.orders.values() if order.session != session and order.symbol == symbol)
    return not is_held and not any(
        order.worst_leaves_qty or order.facts.missing_qty for order in orders if not order.is_past
    )


def _is_flattened(session: int, book: SessionBook) -> bool:
    """Whether the gateway itself is to trade away what it holds."""
    rows = book.halts.of(Scope(session))
    return any(row.duty is HaltDuty.FLATTEN for row in rows)


def _is_like(command: ReplaceOrder, wish: Json, known: Terms) -> bool:
    quantity, price, match = _number(wish.get("quantity")), _number(wish.get("price")), wish.get("price_match")
    wanted_px = None if match is not None else known.price if price is None else price
    wanted_qty = known.order_qty if quantity is None else quantity
    return (command.price, command.price_match, command.order_qty) == (wanted_px, match, wanted_qty)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
