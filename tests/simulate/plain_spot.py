"""The simulator's exchange of assets behind a network, with Python objects in the place of a venue's bytes.

What crosses the network is the number of an object: a command, an answer, a report. It is lost, late and repeated as
bytes are; only the codec is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from msgspec import structs

from tests.simulate.plain_protocol import PlainProtocol
from tests.simulate.unanswered import Question, Topic
from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    AmendmentsQuery,
    Ask,
    Balance,
    BalancesQuery,
    Borrow,
    CancelOrder,
    ConditionalOrdersQuery,
    Income,
    IncomeQuery,
    InstrumentsQuery,
    Loan,
    OpenOrdersQuery,
    OrderQuery,
    PlaceOrder,
    PlaceOrderList,
    Price,
    PriceQuery,
    Query,
    ReplaceOrder,
    TimeQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.enums import Contingency, OrderStatus, SelfTradePrevention, Side, SideEffect, TimeInForce
from tradingsys.core.errors import OrderRejected, TransportError, VenueError
from tradingsys.core.order import Closed as Ended
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.order_lists import pair_of
from tradingsys.core.reports import (
    OrderChanged,
)
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.wallet import SpotWallet
from tradingsys.sim.asset_events import ListRejected
from tradingsys.sim.events import (
    Amended,
    CancelRefused,
    ChangeRefused,
    ExchangeEvent,
    Executed,
    Execution,
    NewAmend,
    NewOrder,
    OrderRecord,
    Rejected,
)
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse, WsSend
from tradingsys.sim.order_lists import NewOrderList
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.venues.binance.errors import WRONG_TIME, parse_error, request_error
from tradingsys.venues.binance.spot import SPOT

__all__ = ["PlainSpot", "middle"]

_MS = 1_000_000
_AHEAD_MS, _RECV_WINDOW_MS = 1_000, 5_000
"""How old the timestamp of a question may be, and how far ahead."""
_TOPICS: dict[type, Topic] = {
    TradesQuery: Topic.EXECUTIONS,
    OpenOrdersQuery: Topic.OPEN_ORDERS,
    ConditionalOrdersQuery: Topic.CONDITIONAL_ORDERS,
    OrderQuery: Topic.ONE_ORDER,
    AmendmentsQuery: Topic.ONE_ORDER,
    IncomeQuery: Topic.CASH,
    BalancesQuery: Topic.ACCOUNT,
}
_NO_LOAN = -3041
_REFUSALS = Rejected | ListRejected | CancelRefused | ChangeRefused
_ENDS = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.REJECTED)


def facts(record: OrderRecord, row: Execution | None = None) -> Order:
    """What a venue says of an order."""
    updated_ms = record.updated_ns // _MS
    terms = Terms(
        record.symbol,
        record.side,
        record.order_type,
        record.qty - record.prevented_qty if record.status.is_open else record.qty,
        record.px,
        record.time_in_force if record.order_type.has_price else None,
        post_only=record.post_only,
        stop_px=record.trigger_px,
        version_ms=updated_ms,
        quote_order_qty=record.quote_qty,
    )
    fill = None if row is None else _fill(row)
    return Order(
        (record.client_order_id,),
        str(record.order_id),
        terms,
        accepted=record.status not in (OrderStatus.PENDING_NEW, OrderStatus.REJECTED),
        venue_cum_qty=record.cum_qty,
        closed=Ended(record.status, updated_ms) if record.status in _ENDS else None,
        fills={fill.exec_id: fill} if fill else {},
        list_id=None if record.list_id < 0 else str(record.list_id),
    )


def _fill(row: Execution) -> Fill:
    return Fill(
        str(row.exec_id),
        row.symbol,
        str(row.order_id),
        row.side,
        row.px,
        row.qty,
        row.ts_ns // _MS,
        row.is_maker,
        row.fee,
        row.fee_asset,
    )


def _as_sent(contingency: Contingency, legs: list[NewOrder]) -> tuple[NewOrder, ...]:
    """Of two orders of which one cancels the other, the exchange is told the one above the market first."""
    pair = pair_of(contingency, legs)
    return tuple(legs) if pair is None else (*legs[:-2], *sorted(pair, key=_waits_at, reverse=True))


def _waits_at(order: NewOrder) -> Decimal:
    return order.trigger_px or order.px or Decimal(0)


def _named(command: CancelOrder | ReplaceOrder) -> dict[str, Any]:
    """Which order is meant: by its number where that is known, as somebody may have given it another name."""
    if command.venue_order_id is None:
        return {"client_order_id": command.client_order_id}
    return {"order_id": int(command.venue_order_id)}


def _balance(wallet: SpotWallet, asset: str) -> Balance:
    if not isinstance(wallet, CrossMarginWallet):
        return Balance(asset, wallet.total(asset))
    return Balance(asset, wallet.total(asset), borrowed=wallet.borrowed_of(asset), interest=wallet.interest_of(asset))


def middle(exchange: SpotExchange, symbol: str) -> Decimal | None:
    """Of the book; None where one side is empty."""
    venue = exchange.venues[symbol]
    best = [venue.price(ticks) for side in Side for ticks, _ in venue.book.levels(side, 1)]
    return sum(best, Decimal(0)) / 2 if len(best) == len(Side) else None


class PlainSpot:
    """Takes the simulator's place: the same calls, with numbers of objects for bytes."""

    def __init__(self, account: str, exchange: SpotExchange) -> None:
        self.exchange = exchange
        self.objects: list[object] = []
        self.loans = 0
        """That were asked for, whatever became of them."""
        self._account = account
        self._streams: list[int] = []

    def protocol(self) -> PlainProtocol:
        """A gateway's side."""
        return PlainProtocol(self.number, self.objects)

    def transfer(self, asset: str, amount: Decimal, now_ns: int) -> bool:
        """Deposit or withdraw, if the exchange lets; nobody is told."""
        return not isinstance(self.exchange.transfer(self._account, asset, amount, now_ns)[0], ChangeRefused)

    def number(self, value: object) -> str:
        """What stands for an object on the wire."""
        self.objects.append(value)
        return str(len(self.objects) - 1)

    def asked(self, request: Request) -> Question:
        """What a question is about."""
        command = self._sent(request)
        query = command.query if isinstance(command, Ask) else None
        return Question(_TOPICS.get(type(query), Topic.OTHER), getattr(query, "symbol", None) or "")

    def refusal(self, reply: Reply) -> Reply:
        """An exchange's refusal, as it is said here."""
        seconds = reply.headers.get("Retry-After")
        error = parse_error(reply.status, reply.body, None if seconds is None else int(seconds) * 1_000)
        return Reply(200, self.number(request_error(SPOT.errors, error, None)[1]).encode())

    def _sent(self, request: Request) -> object:
        return self.objects[int(parse_qs(request.query.decode())["id"][0])]

    # ---- as a simulator

    def tick(self, now_ns: int) -> list[WsOutput]:
        return self.absorb(self.exchange.tick(now_ns), now_ns)

    def place(self, order: NewOrder, now_ns: int) -> tuple[list[ExchangeEvent], list[WsOutput]]:
        events = self.exchange.place(order, now_ns)
        return events, self.absorb(events, now_ns)

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        told = self._told(events, now_ns)
        return [WsSend(conn_id, self.number(report).encode()) for conn_id in self._streams for report in told]

    def _told(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[OrderChanged]:
        told: list[OrderChanged] = []
        for event in events:
            record = getattr(event, "order", None)
            if isinstance(record, OrderRecord) and record.account == self._account:
                row = event.execution if isinstance(event, Executed) else None
                said = facts(record, row)
                if isinstance(event, Amended) and event.amendment is not None:  # it is told by both names
                    names = {*said.client_order_ids, event.amendment.client_order_id}
                    said = structs.replace(said, client_order_ids=tuple(sorted(names)))
                told.append(OrderChanged(said, record.symbol, now_ns // _MS))
        return told

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        return None

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> list[WsOutput]:
        if target.endswith("/user"):
            self._streams.append(conn_id)
        return []

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        return []

    def ws_pong(self, conn_id: int) -> None:
        pass

    def ws_closed(self, conn_id: int) -> None:
        if conn_id in self._streams:
            self._streams.remove(conn_id)

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        params = parse_qs(request.query.decode())
        command, outputs = self._sent(request), self.tick(now_ns)
        stamp_ms = int(params.get("timestamp", ["0"])[0])
        if stamp_ms and not 0 < now_ns // _MS + _AHEAD_MS - stamp_ms < _AHEAD_MS + _RECV_WINDOW_MS:
            value: object = VenueError(WRONG_TIME, "outside of the recvWindow")
        elif isinstance(command, Ask):
            value = self._answer(command.query, now_ns)
        else:
            value, events = self._act(command, now_ns)
            outputs += self.absorb(events, now_ns)
        return Reply(200, self.number(value).encode()), outputs

    # ---- requests

    def _act(self, command: object, now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        """What the request's reply tells, or the reason of a refusal; and what happened."""
        match command:
            case PlaceOrder():
                if self._is_late(command, now_ns):
                    return OrderRejected(WRONG_TIME, "outside of the recvWindow"), []
                events = self.exchange.place(self._order(command), now_ns)
            case PlaceOrderList(contingency, legs):
                if self._is_late(legs[0], now_ns):
                    return OrderRejected(WRONG_TIME, "outside of the recvWindow"), []
                orders = _as_sent(contingency, [self._order(leg) for leg in legs])
                request = NewOrderList(self._account, orders[0].symbol, contingency, orders)
                events = self.exchange.place_list(request, now_ns)
            case CancelOrder():
                events = self.exchange.cancel(self._account, command.symbol, now_ns, **_named(command))
            case ReplaceOrder():
                if now_ns // _MS > command.stamp_ms + command.recv_window_ms:
                    return OrderRejected(WRONG_TIME, "outside of the recvWindow"), []
                amend = NewAmend(
                    self._account,
                    command.symbol,
                    command.side,
                    command.order_qty,
                    command.price,
                    new_client_order_id=command.client_order_id,
                    **_named(command),
                )
                events = self.exchange.amend(amend, now_ns)
            case _:
                raise AssertionError(f"nobody sends that: {command}")
        refused = next((each for each in events if isinstance(each, _REFUSALS)), None)
        if refused is not None:
            return OrderRejected(-2010, str(refused.refusal)), events
        return self._told(events, now_ns), events

    def _is_late(self, command: PlaceOrder, now_ns: int) -> bool:
        return now_ns // _MS > command.stamp_ms + command.recv_window_ms

    def _order(self, command: PlaceOrder) -> NewOrder:
        terms = command.terms
        return NewOrder(
            self._account,
            terms.symbol,
            terms.side,
            terms.order_type,
            terms.order_qty,
            terms.price,
            terms.time_in_force or TimeInForce.GTC,
            post_only=terms.post_only,
            client_order_id=command.client_order_id,
            self_trade_prevention=terms.self_trade_prevention or SelfTradePrevention.EXPIRE_TAKER,
            trigger_px=terms.stop_px,
            quote_qty=terms.quote_order_qty,
            side_effect=terms.side_effect or SideEffect.NO_SIDE_EFFECT,
        )

    # ---- questions

    def _answer(self, query: Query[object], now_ns: int) -> object:
        account, ledger = self._account, self.exchange.ledger
        match query:
            case TimeQuery():
                return now_ns // _MS
            case InstrumentsQuery():
                return VenueRules(tuple(venue.instrument for venue in self.exchange.venues.values()), ())
            case AccountModeQuery():
                return AccountMode(False, False, True, account)
            case BalancesQuery():
                wallet = self.exchange.accounts[account]
                return tuple(_balance(wallet, asset) for asset in wallet.assets)
            case OpenOrdersQuery(symbol):
                return tuple(facts(each) for each in self.exchange.open_orders(account, symbol))
            case OrderQuery(symbol, client_order_id, venue_order_id):
                number = None if venue_order_id is None else int(venue_order_id)
                found = ledger.order(account, symbol, number, client_order_id)
                if found is None or (number is None and found.client_order_id != client_order_id):
                    return None  # an order that was renamed is not known by its former id
                return facts(found)
            case TradesQuery(symbol, from_id, start_ms, limit):
                rows = list(ledger.executions_of(account, symbol, from_id or 0))
                if start_ms is not None:
                    rows = [row for row in rows if row.ts_ns // _MS >= start_ms]
                rows = rows[-limit:] if from_id is None and start_ms is None else rows[:limit]
                return tuple(
                    Order((), str(row.order_id), accepted=True, fills={str(row.exec_id): _fill(row)}) for row in rows
                )
            case IncomeQuery(kind, start_ms, limit):
                charged = (row for row in ledger.interest if row.account == account and row.ts_ns // _MS >= start_ms)
                rows_of = [
                    Income(kind, "", row.asset, -row.interest, str(row.interest_id), row.ts_ns // _MS)
                    for row in charged
                ]
                return tuple(rows_of[:limit])
            case ConditionalOrdersQuery():
                return ()
            case PriceQuery(symbol):
                return Price(middle(self.exchange, symbol), now_ns // _MS)
            case Loan(asset, amount):
                self.loans += 1
                change = self.exchange.borrow if isinstance(query, Borrow) else self.exchange.repay
                refused = [each for each in change(account, asset, amount, now_ns) if isinstance(each, ChangeRefused)]
                return VenueError(_NO_LOAN, str(refused[0].refusal)) if refused else str(len(ledger.loans))
            case AmendmentsQuery(symbol, venue_order_id):
                place = (account, symbol, int(venue_order_id))
                changes = [row for row in ledger.amendments if (row.account, row.symbol, row.order_id) == place]
                return tuple(name for row in changes for name in (row.client_order_id, row.new_client_order_id))
        return TransportError(f"nobody answers that: {type(query).__name__}", sent=True)
