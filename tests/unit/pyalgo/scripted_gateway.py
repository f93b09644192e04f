"""A gateway's side of the wire as values: remembers one session, and does to its orders what a test says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import takewhile

from msgspec import structs

from tests.unit.pyalgo.pushes import SYMBOLS, product
from tradingsys.core.enums import MarginType, OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.wire.codec import decode_params, decode_request, encode, encode_error, encode_reply
from tradingsys.wire.messages import (
    AmendParams,
    BalanceView,
    CancelParams,
    Cursor,
    DurablePush,
    ErrorCode,
    FillsParams,
    FillsResult,
    FillView,
    KlinesParams,
    KlineView,
    LeverageParams,
    LoginParams,
    LoginResult,
    MarginTypeParams,
    OrderParams,
    OrderPush,
    OrderResult,
    OrderView,
    PositionPush,
    PositionView,
    ProductView,
    Request,
    RequestFailedPush,
    ResolveItem,
    ResolveParams,
    ResolveResult,
    SettingsView,
    Snapshot,
    SnapshotPush,
    StatusPush,
    SymbolParams,
    SymbolsParams,
)
from tradingsys.wire.messages.orders import OrderTerms


class ScriptedGateway:
    def __init__(self, send: Callable[[bytes], None], session_id: int = 1) -> None:
        self.send = send
        self.session_id = session_id
        self.lineage, self.epoch, self.n = "abcde", 1_700_000_000_000, 0
        self.login = 0
        self.ready = True
        self.token: str | None = None
        self.refuse_login: tuple[int, str] | None = None
        self.logins: list[LoginParams] = []
        self.received: list[Request] = []
        self.sent_to_venue: list[str] = []
        self.subscribed: list[str] = []
        self.orders: dict[str, OrderView] = {}
        self.positions: dict[str, Decimal] = {}
        self.answer_orders_with: tuple[int, str] | None = None
        self.new_order_status = OrderStatus.NEW
        self.not_ours: set[str] = set()
        self.most_resolved = 100
        """Of more than that the answer would be too long."""
        self.refuse_resolves: tuple[int, str] | None = None
        self.unbooked: dict[str, tuple[str, str]] = {}
        """By symbol: bought and sold, the details on their way."""
        self.refuse_changes: tuple[int, str] | None = None
        """What the exchange says to cancels and amends that the gateway takes; empty text: nothing."""
        self.bars: list[KlineView] = []
        self.balances = [BalanceView("USDT", "1000.5", "900.25")]
        self.settings = SettingsView("dogeusdt", 20, MarginType.CROSSED)
        self.durable_n = 0
        self.durable_fills: set[str] = set()
        """What pos.db has, by exec_id."""
        self._lost: list[tuple[str, FillView]] = []
        """Executions that were told by a process that died before it wrote them."""
        self.most_fills = 100
        """Of more than that `get_fills` would have to be asked again."""
        self.refuse_fills: tuple[int, str] | None = None
        self.told_by: dict[str, Cursor] = {}
        """Executions by exec_id, and which event told of each first."""
        self._elsewhere = 0
        self._log: list[bytes] = []
        self._forgotten = 0
        self._high_water = 0
        self._owns_session = self._is_told = False
        self._exec_id = 0

    product: Callable[[str], ProductView] = staticmethod(product)

    # The connection

    def connected(self) -> None:
        self._owns_session = self._is_told = False

    def disconnected(self) -> None:
        self._owns_session = self._is_told = False
        self.subscribed.clear()

    def handle(self, data: bytes) -> None:
        request = decode_request(data)
        self.received.append(request)
        getattr(self, f"_on_{request.method}")(request)

    # What a test does

    def restart(self, ready: bool = True) -> None:
        """A new process: positions and orders survive in pos.db, events do not."""
        self.disconnected()
        self.epoch, self.n, self.login, self.ready = self.epoch + 1000, 0, 0, ready
        self.durable_n = 0
        if ready:
            self.write_down()
        self._log.clear()
        self._forgotten = 0

    def become_ready(self) -> None:
        self.write_down()
        self.ready = True
        self._push(encode(SnapshotPush(self._snapshot())))
        self._push(encode(DurablePush(self.epoch, self.durable_n)))

    def write_down(self) -> None:
        """Everything so far is in pos.db."""
        self.durable_fills = {fill.exec_id for order in self.orders.values() for fill in order.fills}
        if self.durable_n != self.n:
            self.durable_n = self.n
            if self.ready:
                self._push(encode(DurablePush(self.epoch, self.durable_n)))

    def die(self) -> None:
        """As `restart`, but what was not written down is lost, until it is read at the exchange again."""
        for order in list(self.orders.values()):
            kept = [fill for fill in order.fills if fill.exec_id in self.durable_fills]
            lost = [fill for fill in order.fills if fill.exec_id not in self.durable_fills]
            if lost:
                qty = sum((Decimal(fill.qty) for fill in lost), Decimal(0))
                self._set(order, fills=kept)
                self.positions[order.symbol] -= qty * order.side.sign
                for each in lost:
                    del self.told_by[each.exec_id]
                self._lost += [(order.client_order_id, fill) for fill in lost]
        self.restart(ready=False)

    def find_lost(self) -> None:
        """The exchange's history has all that was executed."""
        while self._lost:
            client_order_id, fill = self._lost.pop(0)
            order = self.orders[client_order_id]
            self._set(order, fills=[*order.fills, fill])
            self.positions[order.symbol] += Decimal(fill.qty) * order.side.sign
            self._position_event(order.symbol)
            self._order_event(client_order_id, [fill])

    def forget_events(self) -> None:
        self._forgotten = self.n

    def fill(self, client_order_id: str, qty: str, px: str = "0.6") -> None:
        order = self.orders[client_order_id]
        self._exec_id += 1
        fill = FillView(str(self._exec_id), px, qty, 1_700_000_000_000 + self._exec_id, True)
        cum = Decimal(order.cum_qty) + Decimal(qty)
        closed = order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED)
        partly = order.status if closed else OrderStatus.PARTIALLY_FILLED
        status = OrderStatus.FILLED if cum >= Decimal(order.quantity) else partly
        self._set(order, status=status, cum_qty=str(cum), fills=[*order.fills, fill], in_doubt=order.terms_unknown)
        self.positions[order.symbol] = self.positions.get(order.symbol, Decimal(0)) + Decimal(qty) * order.side.sign
        self._position_event(order.symbol)
        self._order_event(client_order_id, [fill])

    def execute_elsewhere(self, qty: str = "7", side: Side = Side.SELL, symbol: str = "dogeusdt") -> str:
        """An order that another login sent, such as the gateway's own, is executed at once."""
        self._elsewhere += 1
        key = OrderKey(self.session_id, self.lineage, self.epoch, 10_000, self._elsewhere)
        client_order_id = encode_client_order_id(key)
        self.orders[client_order_id] = OrderView(
            client_order_id, symbol, side, OrderType.MARKET, qty, OrderStatus.NEW, 1_700_000_000_000
        )
        self.fill(client_order_id, qty)
        return client_order_id

    def set_status(self, client_order_id: str, status: OrderStatus, reason: str = "") -> None:
        self._set(self.orders[client_order_id], status=status, in_doubt=status is OrderStatus.UNKNOWN, reason=reason)
        self._order_event(client_order_id, [])

    def leave_open(self, seq: int, symbol: str = "dogeusdt", qty: str = "30", filled: str = "0") -> str:
        """An order of an earlier process."""
        key = OrderKey(self.session_id, self.lineage, self.epoch - 1, 1, seq)
        client_order_id = encode_client_order_id(key)
        self.orders[client_order_id] = OrderView(
            client_order_id, symbol, Side.BUY, OrderType.LIMIT, qty, OrderStatus.NEW, 1, "0.6", TimeInForce.GTC
        )
        if filled != "0":
            self.fill(client_order_id, filled)
        return client_order_id

    # Requests

    def _on_login(self, request: Request) -> None:
        params = decode_params(request, LoginParams)
        self.logins.append(params)
        self.session_id = params.session_id
        if self.refuse_login is not None:
            self.send(encode_error(request.id, *self.refuse_login))
            return
        if self.token is not None and params.token != self.token:
            self.send(encode_error(request.id, ErrorCode.UNAUTHORIZED, "wrong token"))
            return
        self.login += 1
        self._high_water = 0
        cursor = params.cursor
        resumed = self.ready and cursor is not None and cursor[0] == self.epoch and cursor[1] >= self._forgotten
        snapshot = None if resumed or not self.ready else self._snapshot()
        result = LoginResult(
            params.session_id,
            params.name,
            params.trading,
            self.lineage,
            self.epoch,
            self.login,
            resumed,
            snapshot,
        )
        self.send(encode_reply(request.id, result))
        self.send(encode(StatusPush(self.ready, self.ready, True, "" if self.ready else "scanning")))
        if resumed:
            assert cursor is not None
            for event in self._log[cursor[1] :]:
                self.send(event)
        if self.ready:
            self.send(encode(DurablePush(self.epoch, self.durable_n)))
        self._owns_session, self._is_told = params.trading, True

    def _on_get_products(self, request: Request) -> None:
        symbols = decode_params(request, SymbolsParams).symbols
        self.send(encode_reply(request.id, [self.product(symbol) for symbol in symbols if symbol in SYMBOLS]))

    def _on_get_positions(self, request: Request) -> None:
        if not self.ready:
            self.send(encode_error(request.id, ErrorCode.NOT_READY, "scanning"))
            return
        self.send(encode_reply(request.id, self._snapshot().positions))

    def _on_subscribe(self, request: Request) -> None:
        for name in decode_params(request, list[str]):
            if name.partition("@")[0] not in SYMBOLS:
                self.send(encode_error(request.id, ErrorCode.INVALID_SYMBOL, f"invalid symbol {name}"))
                return
            self.subscribed.append(name)
        self.send(encode_reply(request.id))

    def _on_unsubscribe(self, request: Request) -> None:
        for name in decode_params(request, list[str]):
            self.subscribed.remove(name)
        self.send(encode_reply(request.id))

    def _on_order(self, request: Request) -> None:
        params = decode_params(request, OrderParams)
        if self._takes(request, [params]):
            (client_order_id,) = self._place([params])
            self.send(encode_reply(request.id, OrderResult(client_order_id)))
            self._order_event(client_order_id, [])

    def _takes(self, request: Request, orders: list[OrderParams]) -> bool:
        """Whether these new orders are sent to the venue; else the refusal was written."""
        expected = (self.lineage, self.epoch, self.login)
        if self.answer_orders_with is not None:
            self.send(encode_error(request.id, *self.answer_orders_with))
        elif not self._owns_session:
            self.send(encode_error(request.id, ErrorCode.LOGIN_FIRST, "please login first"))
        elif any((o.lineage, o.epoch, o.login) != expected or o.seq <= self._high_water for o in orders):
            self.send(encode_error(request.id, ErrorCode.STALE_KEY, "stale key"))
        else:
            return True
        return False

    def _place(self, orders: list[OrderParams], list_id: str | None = None) -> list[str]:
        placed: list[str] = []
        for params in orders:
            self._high_water = params.seq
            key = OrderKey(self.session_id, params.lineage, params.epoch, params.login, params.seq)
            client_order_id = encode_client_order_id(key)
            self.sent_to_venue.append(client_order_id)
            self.orders[client_order_id] = OrderView(
                client_order_id=client_order_id,
                status=self.new_order_status,
                ts_ms=1_700_000_000_000,
                in_doubt=self.new_order_status is OrderStatus.UNKNOWN,
                is_waiting=params.order_type.is_conditional,
                list_id=list_id,
                **{field.name: getattr(params, field.name) for field in structs.fields(OrderTerms)},
            )
            placed.append(client_order_id)
        return placed

    def _on_cancel(self, request: Request) -> None:
        client_order_id = decode_params(request, CancelParams).client_order_id
        order = self.orders.get(client_order_id)
        if order is None or not order.status.is_open:
            self.send(encode_error(request.id, ErrorCode.NO_SUCH_ORDER, "no such order"))
            return
        self.send(encode_reply(request.id))
        if self.refuse_changes is None:
            self.set_status(client_order_id, OrderStatus.CANCELED)
        else:
            self._refuse(client_order_id, "cancel", *self.refuse_changes)

    def _on_amend(self, request: Request) -> None:
        params = decode_params(request, AmendParams)
        order = self.orders.get(params.client_order_id)
        if order is None or not order.status.is_open:
            self.send(encode_error(request.id, ErrorCode.NO_SUCH_ORDER, "no such order"))
            return
        self.send(encode_reply(request.id))
        if self.refuse_changes is None:
            self._set(order, price=params.price or order.price, quantity=params.quantity or order.quantity)
            self._order_event(params.client_order_id, [])
        else:
            self._refuse(params.client_order_id, "amend", *self.refuse_changes)

    def _on_get_klines(self, request: Request) -> None:
        params = decode_params(request, KlinesParams)
        bars = [bar for bar in self.bars if params.end_ms is None or bar.start_ms < params.end_ms]
        self.send(encode_reply(request.id, bars[-params.limit :]))

    def _on_get_balances(self, request: Request) -> None:
        self.send(encode_reply(request.id, self.balances))

    def _on_get_settings(self, request: Request) -> None:
        decode_params(request, SymbolParams)
        self.send(encode_reply(request.id, self.settings))

    def _on_set_leverage(self, request: Request) -> None:
        params = decode_params(request, LeverageParams)
        if params.leverage > 125:
            self.send(encode_error(request.id, -4028, f"Leverage {params.leverage} is not valid"))
            return
        self.settings = structs.replace(self.settings, leverage=params.leverage)
        self.send(encode_reply(request.id, self.settings))

    def _on_set_margin_type(self, request: Request) -> None:
        params = decode_params(request, MarginTypeParams)
        self.settings = structs.replace(self.settings, margin_type=params.margin_type)
        self.send(encode_reply(request.id, self.settings))

    def _refuse(self, client_order_id: str, method: str, code: int, reason: str) -> None:
        if reason:
            self._push(encode(RequestFailedPush(client_order_id, method, code, reason)))

    def _on_resolve(self, request: Request) -> None:
        items = decode_params(request, ResolveParams).orders
        ours = list(takewhile(lambda item: item.client_order_id not in self.not_ours, items))[: self.most_resolved]
        if self.refuse_resolves is not None:
            self.send(encode_error(request.id, *self.refuse_resolves))
        elif not ours:
            self.send(encode_error(request.id, ErrorCode.NO_SUCH_ORDER, "not an order of this session"))
        else:
            self.send(encode_reply(request.id, ResolveResult([self._resolved(item) for item in ours])))

    def _resolved(self, item: ResolveItem) -> OrderView:
        known = self.orders.get(item.client_order_id)
        if known is not None:
            return known
        return OrderView(
            item.client_order_id,
            item.symbol,
            item.side,
            item.order_type,
            item.quantity,
            OrderStatus.ABSENT,
            1_700_000_000_000,
            item.price,
        )

    def _on_get_fills(self, request: Request) -> None:
        params = decode_params(request, FillsParams)
        if not self.ready:
            self.send(encode_error(request.id, ErrorCode.NOT_READY, "scanning"))
            return
        if self.refuse_fills is not None:
            self.send(encode_error(request.id, *self.refuse_fills))
            return
        assert params.lineage == self.lineage
        found = [(at, exec_id) for exec_id, at in self.told_by.items() if at > params.after]
        found.sort(key=lambda row: (row[0], int(row[1])))
        page = found[: self.most_fills]
        owners = {fill.exec_id: (order, fill) for order in self.orders.values() for fill in order.fills}
        views = [structs.replace(owners[each][0], fills=[owners[each][1]]) for _, each in page]
        self.send(encode_reply(request.id, FillsResult(views, page[-1][0] if len(found) > len(page) else None)))

    # Events

    def _snapshot(self) -> Snapshot:
        symbols = self.positions.keys() | self.unbooked.keys()
        positions = [
            PositionView(symbol, str(self.positions.get(symbol, 0)), *self.unbooked.get(symbol, ("0", "0")))
            for symbol in sorted(symbols)
        ]
        return Snapshot(self.epoch, self.n, positions, [o for o in self.orders.values() if o.status.is_open])

    def _set(self, order: OrderView, **changes: object) -> None:
        self.orders[order.client_order_id] = structs.replace(order, **changes)

    def _position_event(self, symbol: str) -> None:
        self._event(lambda n: PositionPush(self.epoch, n, symbol, str(self.positions[symbol])))

    def _order_event(self, client_order_id: str, fills: list[FillView]) -> None:
        order = structs.replace(self.orders[client_order_id], fills=fills)
        self._event(lambda n: OrderPush(self.epoch, n, order))
        self.told_by |= {fill.exec_id: (self.epoch, self.n) for fill in fills}

    def _event(self, make: Callable[[int], OrderPush | PositionPush]) -> None:
        self.n += 1
        data = encode(make(self.n))
        self._log.append(data)
        if self.ready:
            self._push(data)

    def _push(self, data: bytes) -> None:
        if self._is_told:
            self.send(data)
