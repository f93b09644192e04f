"""A strategy on the wire: it trades at random, forgets everything when killed, and believes what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol

from msgspec import structs

from tests.simulate.durable_marks import DurableMarks
from tests.simulate.heard import Heard
from tests.simulate.wish import Wish, all_or_nothing, draw_amend, draw_wish
from tests.simulate.world import World, ms, s
from tradingsys.core.enums import OnDisconnect, OrderStatus
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.wire.codec import decode_result, decode_server_message, encode_request
from tradingsys.wire.messages import (
    AmendParams,
    CancelParams,
    DurablePush,
    ErrorCode,
    FillsParams,
    FillsResult,
    LeverageParams,
    LoginParams,
    LoginResult,
    OrderParams,
    OrderPush,
    OrderView,
    PositionPush,
    PositionView,
    Reply,
    RequestFailedPush,
    ResolveItem,
    ResolveParams,
    ResolveResult,
    SessionClosedPush,
    Snapshot,
    SnapshotPush,
    StatusPush,
)
from tradingsys.wire.messages.orders import OrderTerms

__all__ = ["Link", "Strategy", "wants"]

_MOST_ASKED = 100
"""Orders in one question, as the protocol has it."""


class Link(Protocol):
    """The strategy's end of a connection."""

    def send(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def lose(self) -> None: ...

    def stall(self, for_ns: int) -> None: ...


class Strategy:
    """One session's owner, across kills and reconnects of itself and the gateway."""

    def __init__(
        self, world: World, session: int, symbols: list[str], connect: Callable[[Strategy], Link | None]
    ) -> None:
        self.world = world
        self.session = session
        self.symbols = symbols
        self.net: dict[str, Decimal] = {}
        self.holdings: dict[str, PositionView] = {}
        self.lives = [Heard()]
        """What each of its processes was told."""
        self.orders: dict[str, OrderView] = {}
        self.asked: dict[str, ResolveItem] = {}
        """Orders sent of which nothing was told yet: that one was taken does not say what becomes of it."""
        self.durable = DurableMarks(session)
        self.active = True
        self.when_gone = (OnDisconnect.LEAVE, 10_000)
        """What it asks for, should it be gone for longer than so many ms."""
        self.leverage_changes = 0
        self.amends = 0.4
        """How often it amends a resting order rather than send another."""
        self.repeats = 0.0
        """How often it sends an order a second time."""
        self.pace = 1
        """So much less often it wants anything."""
        self.bursts = 0.0
        """How often it wants several things at the same instant."""
        self.wants_all = False
        """Orders that do not rest are to be executed whole, or not at all."""
        self.together: list[list[str]] = []
        """The orders of each such instant."""
        self.login: LoginResult | None = None
        self._last: tuple[OrderParams, str] | None = None
        self._connect = connect
        self._link: Link | None = None
        self._instance = f"{world.rng.getrandbits(64):x}"
        self._cursor: tuple[int, int] | None = None
        self._told_up_to: tuple[int, int] | None = None
        """After which event executions are to be asked for; None when all were told."""
        self._ready = False
        self._subscribed = False
        self._requests = 0
        self._waiting: dict[int, tuple[str, str]] = {}
        self._seq = 0
        self._life = 0
        self._think_soon()

    @property
    def never_durable(self) -> list[tuple[str, str]]:
        """Executions that were told, and never that they are durable."""
        return self.durable.waiting

    # ---- faults

    def kill(self) -> None:
        """The process is gone, with all it knew; a new one starts."""
        self.world.note(f"strategy {self.session} killed")
        self.drop()
        self._life += 1
        self._instance = f"{self.world.rng.getrandbits(64):x}"
        self._cursor = self._told_up_to = None
        self.net, self.holdings, self.orders, self.asked = {}, {}, {}, {}
        self.lives.append(Heard())
        self.durable.forget()
        self._think_soon()

    def drop(self) -> None:
        """The connection is lost."""
        link, self._link = self._link, None
        self._ready = self._subscribed = False
        self.login = None
        self._waiting.clear()
        if link is not None:
            link.lose()

    # ---- the wire

    def closed(self) -> None:
        self._link = None
        self.drop()

    def received(self, data: bytes) -> None:
        message = decode_server_message(data)
        match message:
            case Reply():
                self._answered(message)
            case OrderPush(epoch, n, order):
                self._count(epoch, n)
                self.lives[-1].push(epoch, order)
                self._learn(order)
                self.durable.told((epoch, n), order)
            case PositionPush(epoch, n, symbol, net):
                self._count(epoch, n)
                self.net[symbol] = Decimal(net)
                self.holdings[symbol] = PositionView(
                    symbol,
                    net,
                    entry_px=message.entry_px,
                    realized_pnl=message.realized_pnl,
                    fees=message.fees,
                    funding=message.funding,
                )
            case DurablePush(epoch, n):
                self.durable.reached(epoch, n)
            case SnapshotPush(snapshot):
                self._take(snapshot)
            case SessionClosedPush():
                self.drop()
            case StatusPush() | RequestFailedPush():
                pass

    @property
    def unanswered(self) -> list[str]:
        """What it asked for on the connection that it has."""
        return [what for what, _ in self._waiting.values()] if self._link is not None else []

    def _answered(self, reply: Reply) -> None:
        what, client_order_id = self._waiting.pop(reply.id or 0, ("", ""))
        if what == "login":
            if reply.error is not None:
                self.drop()
                return
            self.login = decode_result(reply, LoginResult)
            self._seq = 0
            if self.login.snapshot is not None:
                self._take(self.login.snapshot)
            elif self.login.resumed:
                self._ready = True
            self._request("subscribe", [f"{symbol}@depth" for symbol in self.symbols])
            self._resolve()
            self._ask_what_was_missed()
            self._repeat()
        elif what == "subscribe":
            self._subscribed = reply.error is None
        elif what == "repeated":
            assert reply.error is not None, "an order was taken twice"
        elif what == "order":
            if reply.error is not None:
                self._never_taken([client_order_id])
        elif what == "set_leverage":
            self.leverage_changes += reply.error is None
        elif what == "resolve" and reply.error is not None:  # so many are asked about already
            self.world.after(s(1), self._resolve)
        elif what == "resolve":
            for view in decode_result(reply, ResolveResult).orders:
                self.lives[-1].listed(view)
                self._learn(view)
            self._resolve()  # what this answer had no room for, or the question
        elif what == "get_fills" and reply.error is not None:
            assert reply.error.code in (ErrorCode.DENIED, ErrorCode.NOT_READY, ErrorCode.UNDEFINED), reply.error
            self.world.after(s(1), self._ask_what_was_missed)
        elif what == "get_fills":
            found = decode_result(reply, FillsResult)
            for view in found.orders:
                self.lives[-1].missed(view)
                self.orders.setdefault(view.client_order_id, view)
            self._told_up_to = found.next
            self._ask_what_was_missed()

    def _never_taken(self, client_order_ids: Iterable[str]) -> None:
        """The gateway refused them: whatever else is known of them came from elsewhere, and counts more."""
        for client_order_id in client_order_ids:
            if self.asked.pop(client_order_id, None) is not None:
                self.orders.pop(client_order_id, None)

    def _take(self, snapshot: Snapshot) -> None:
        self._ready = True
        self._told_up_to = self._told_up_to or self._cursor
        self._cursor = (snapshot.epoch, snapshot.n)
        self.lives[-1].snapshot(snapshot, self.world.now_ns)
        self.net = {position.symbol: Decimal(position.net) for position in snapshot.positions}
        self.holdings = {position.symbol: position for position in snapshot.positions}
        shown = {view.client_order_id for view in snapshot.orders}
        self.durable.forget()
        for view in snapshot.orders:
            self._learn(view)
            self.durable.told(self._cursor, view)
        for client_order_id, view in self.orders.items():
            may_change = view.status.is_open or view.status is OrderStatus.ABSENT or self.lives[-1].is_behind(view)
            if client_order_id not in shown and may_change:
                self.asked[client_order_id] = _item(view)
        self._resolve()
        self._ask_what_was_missed()

    def _count(self, epoch: int, n: int) -> None:
        if self._cursor is not None and self._ready:
            assert (epoch, n) == (self._cursor[0], self._cursor[1] + 1), f"gap: {self._cursor} then {(epoch, n)}"
        self._cursor = (epoch, n)

    def _learn(self, view: OrderView) -> None:
        self.orders[view.client_order_id] = view
        self.asked.pop(view.client_order_id, None)

    def _request(self, method: str, params: object, client_order_id: str = "", what: str = "") -> None:
        if self._link is None:
            return
        self._requests += 1
        self._waiting[self._requests] = (what or method, client_order_id)
        self._link.send(encode_request(self._requests, method, params))  # type: ignore[arg-type]

    def _resolve(self) -> None:
        if self.asked and self._ready and self.login is not None:
            names = [*self.asked][:_MOST_ASKED]
            self._request("resolve", ResolveParams([self.asked[name] for name in names]), ",".join(names))

    def _ask_what_was_missed(self) -> None:
        is_asking = any(what == "get_fills" for what, _ in self._waiting.values())
        if self._told_up_to is not None and self._ready and self.login is not None and not is_asking:
            self._request("get_fills", FillsParams(self.login.lineage, self._told_up_to))

    # ---- deciding

    def want(self, wish: Wish) -> None:
        """Order it now."""
        assert self.login is not None
        self.together.append([])
        self._order(self.login, wish)

    def _think_soon(self, wishes: int = 1) -> None:
        life = self._life
        longest_ms = 200 if self.active else 1_000  # whoever wants nothing any more only looks after his connection
        wait_ms = self.world.rng.uniform(20, longest_ms) * wishes
        self.world.after(ms(wait_ms), lambda: self._think() if life == self._life else None)

    def _think(self) -> None:
        wishes = 1
        if self.active and self.bursts and self.world.chance(self.bursts):
            wishes = self.world.rng.randint(2, 5)
        self._think_soon(wishes)
        if self._link is None:
            self._link = self._connect(self)
            if self._link is not None:
                wish, grace_ms = self.when_gone
                login = LoginParams(self.session, "sim", True, instance=self._instance, cursor=self._cursor)
                self._request("login", structs.replace(login, on_disconnect=wish, grace_ms=grace_ms))
        elif (
            self.active and self.login is not None and self._ready and self._subscribed and wants(self.world, self.pace)
        ):
            self.together.append([])
            for _ in range(wishes):
                self._act(self.login)

    def _act(self, login: LoginResult) -> None:
        rng = self.world.rng
        open_orders = [view for view in self.orders.values() if view.status.is_open and not view.in_doubt]
        if open_orders and rng.random() < (1 - self.amends) * 2 / 3:
            self._request("cancel", CancelParams(rng.choice(open_orders).client_order_id))
            return
        working = [view for view in open_orders if not view.is_waiting]
        if working and rng.random() < self.amends:
            view = rng.choice(working)
            price, quantity = draw_amend(rng, view.symbol, Decimal(view.quantity))
            self._request("amend", AmendParams(view.client_order_id, _text(price), _text(quantity)))
            return
        symbol = rng.choice(self.symbols)
        if rng.random() < 0.02:
            self._request("set_leverage", LeverageParams(symbol, rng.choice((1, 5, 20, 50))))
            return
        wish = draw_wish(rng, symbol, self.net.get(symbol, Decimal(0)))
        self._order(login, all_or_nothing(wish) if self.wants_all else wish)

    def _order(self, login: LoginResult, wish: Wish) -> None:
        client_order_id, order = self._add(login, wish)
        self._last = order, client_order_id
        self._request("order", order, client_order_id)
        self._repeat()

    def _add(self, login: LoginResult, wish: Wish) -> tuple[str, OrderParams]:
        """An order under a key of its own, which is about to be sent."""
        self._seq += self.world.rng.choice((1, 1, 1, 2))
        client_order_id = encode_client_order_id(
            OrderKey(self.session, login.lineage, login.epoch, login.login, self._seq)
        )
        item = ResolveItem(
            wish.symbol,
            wish.side,
            wish.order_type,
            str(wish.quantity),
            _text(wish.price),
            wish.time_in_force,
            wish.post_only,
            client_order_id=client_order_id,
            reduce_only=wish.reduce_only,
            stop_price=_text(wish.stop_price),
            callback_rate=_text(wish.callback_rate),
            quote_quantity=_text(wish.quote_quantity),
            side_effect=wish.side_effect,
        )
        terms = {name: getattr(item, name) for name in OrderTerms.__struct_fields__}
        self.asked[client_order_id] = item
        self.together[-1].append(client_order_id)
        order = OrderParams(lineage=login.lineage, epoch=login.epoch, login=login.login, seq=self._seq, **terms)
        return client_order_id, order

    def _repeat(self) -> None:
        """The same order under the same key, whatever became of the first: it must never be sent again."""
        if self._last is not None and self.world.chance(self.repeats):
            order, client_order_id = self._last
            self._request("order", order, client_order_id, what="repeated")


def wants(world: World, pace: int) -> bool:
    """Whether somebody who wants something so much less often than others wants it now."""
    return pace == 1 or world.chance(1 / pace)


def _text(number: Decimal | int | None) -> str | None:
    return None if number is None else str(number)


def _item(view: OrderView) -> ResolveItem:
    return ResolveItem(
        view.symbol,
        view.side,
        view.order_type,
        view.quantity,
        view.price,
        view.time_in_force,
        view.post_only,
        client_order_id=view.client_order_id,
        reduce_only=view.reduce_only,
        stop_price=view.stop_price,
        callback_rate=view.callback_rate,
        quote_quantity=view.quote_quantity,
    )
