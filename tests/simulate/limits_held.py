"""At every moment: what sessions hold, send, and have open at the exchange, is within their limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import structs

from tests.simulate.incarnation import Incarnation
from tests.simulate.world import World
from tradingsys.core.commands import Command, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import Contingency, Side
from tradingsys.core.ids import OrderKey, decode_client_order_id
from tradingsys.core.order import Terms
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.configuration.session_config import UNLIMITED, LimitsConfig, SessionConfig
from tradingsys.gateway.kernel import Gateway
from tradingsys.oms.limits import AccountLimits, Limits
from tradingsys.sim.events import OrderRecord
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["FEWER", "SPOT_TIGHT", "TIGHT", "LimitsHeld"]

_PRICES_MOVE = Decimal("1.1")
"""What was within a limit at the price of its moment is worth so much more at another, at most."""
_PRICES_DIFFER = Decimal("1.04")
"""What is within a limit at the price of now is worth so much more at the middle of a symbol's prices, at most."""
_MORE = Decimal("1.3")
"""Than a session may lose: what it holds is valued a moment before or after."""
_A_LOT = Decimal("0.2")
"""What is held in less than the least that can be traded can be ended by a whole one only."""
_ZERO = Decimal(0)
_NS_PER_S = 1_000_000_000
_NS_PER_DAY = 86_400 * _NS_PER_S
TIGHT = structs.replace(
    UNLIMITED,
    max_open_orders=5,
    max_position_notional=Decimal(90),
    # What a position is worth is known only with a price: as young as it must be where nobody says otherwise.
    max_reference_age_s=Limits().max_reference_age_s,
)
"""Limits that strategies run into all the time."""
SPOT_TIGHT = structs.replace(
    TIGHT,
    max_order_notional=Decimal(36),
    max_unexecuted_notional=Decimal(100),
    max_gross_notional=Decimal(120),
    max_orders_per_s=4,
    order_burst=6,
    max_daily_loss=Decimal("0.7"),
    account=AccountLimits(max_gross_notional=Decimal(250), max_open_orders=9, max_leverage=None, min_free_mib=None),
)
"""Where nothing but limits keeps sessions from what they want: all others, too."""
FEWER = SessionConfig(limits={"max_open_orders": 3})
"""What one of the sessions has for its own."""


class _Open(NamedTuple):
    """An order of ours that is open at the exchange."""

    key: OrderKey
    symbol: str
    side: Side
    leaves: Decimal
    pair: int
    """Of two orders of which one cancels the other; -1 for none."""


class _Line(NamedTuple):
    """One session on one symbol, in USDT."""

    net: Decimal
    buys: Decimal
    sells: Decimal

    @property
    def worst(self) -> Decimal:
        return max(self.net + self.buys, self.sells - self.net)


class LimitsHeld:
    """Of one life; ``worths`` of one unit of each symbol, in USDT."""

    def __init__(
        self,
        world: World,
        exchange: Exchange | SpotExchange,
        account: str,
        worths: Mapping[str, Decimal],
        limits: LimitsConfig,
        own: Mapping[int, SessionConfig] | None = None,
    ) -> None:
        self.wrong: dict[str, str] = {}
        """What was sent and should not have been, and when."""
        self.is_blind = False
        """The exchange hides from gateways what it is asked about."""
        self._world, self._exchange, self._account, self._worths = world, exchange, account, worths
        self._limits, self._own = limits, own or {}
        self.stopped = 0
        """Sessions that lost too much."""
        self._began_ns = world.now_ns
        self._read = 0
        self._keys: dict[tuple[str, int], OrderKey | None] = {}
        """Of orders, as they were named first."""
        self._nets: dict[tuple[str, int, str], Decimal] = {}
        self._sent_ns: dict[int, list[int]] = {}

    # ---- what is sent

    def begin(self, incarnation: Incarnation) -> None:
        """Another gateway is there, which remembers no pace."""
        self._sent_ns.clear()
        gateway = incarnation.gateway
        send = gateway.venue.send

        def sent(command: Command) -> None:
            match command:
                case PlaceOrder(name, terms):
                    self._paced(name, 1)
                    self._sized(name, terms, gateway.book.net)
                case PlaceOrderList(_, orders):
                    self._paced(orders[0].client_order_id, len(orders))
                    for each in orders:
                        self._sized(each.client_order_id, each.terms, gateway.book.net)
                case ReplaceOrder(name):
                    self._paced(name, 1)
                    self.amended(command)
                case _:
                    pass
            send(command)

        gateway.venue.send = sent  # type: ignore[method-assign]

    def _paced(self, name: str, count: int) -> None:
        key, per_s = decode_client_order_id(name), self._limits.max_orders_per_s
        if key is None or per_s is None:
            return
        sent = self._sent_ns.setdefault(key.session, [])
        sent += [self._world.now_ns] * count
        for before, at_ns in enumerate(sent):
            more = len(sent) - before - self._limits.order_burst
            if more > (self._world.now_ns - at_ns) * per_s / _NS_PER_S + 1:  # clocks are not all as fast
                self._say(f"session {key.session} sent {len(sent) - before} orders within a time for {more} less")
                return

    def _sized(self, name: str, terms: Terms, net: Callable[[int, str], Decimal]) -> None:
        key, most = decode_client_order_id(name), self._limits.max_order_notional
        if key is None or most is None or -net(key.session, terms.symbol) * terms.side.sign >= terms.order_qty:
            return
        worth = self._worths[terms.symbol] * terms.order_qty
        if worth > most * _PRICES_MOVE:
            self._say(f"session {key.session} sent {name} of {worth} USDT, and may {most}")

    def amended(self, command: ReplaceOrder) -> None:
        """What an amend asks for counts as soon as it is sent, if it is more than there was."""
        key, most = decode_client_order_id(command.client_order_id), self._limits.max_position_notional
        if key is None or most is None or self.is_blind:
            return
        orders = [order for order in self._open() if order.key.lineage == key.lineage]
        own = next((order for order in orders if order.key == key), None)
        record = None if own is None else self._record(command)
        if own is None or record is None or command.order_qty <= record.qty:
            return
        line = self._lines(key.lineage, orders)[key.session, own.symbol]
        more = (command.order_qty - record.qty) * self._worths[own.symbol]
        worst = more + (line.net + line.buys if own.side is Side.BUY else line.sells - line.net)
        if worst > most * _PRICES_DIFFER:
            name = command.client_order_id
            self._say(f"session {key.session} amends {name}, could come to hold {worst:.2f} USDT, and may {most}")

    def _record(self, command: ReplaceOrder) -> OrderRecord | None:
        """The order as it is at the exchange."""
        if command.venue_order_id is None:
            return None
        return self._exchange.ledger.order(self._account, command.symbol, int(command.venue_order_id))

    def _say(self, what: str) -> None:
        self.wrong.setdefault(what, f"{self._world.at(self._world.now_ns):.4f}")

    # ---- what is open, and could be held

    def beyond(self, lineage: str) -> Iterator[str]:
        """Sessions with more orders, or that could come to hold more, than they may."""
        orders = [order for order in self._open() if order.key.lineage == lineage]
        counts = Counter(order.key.session for order in orders)
        for session, count in counts.items():
            most = self._most_orders(session)
            if most is not None and count > most:
                yield f"session {session} has {count} open orders, and may have {most}"
        account = self._limits.account
        if account.max_open_orders is not None and len(orders) > account.max_open_orders:
            yield f"the account has {len(orders)} open orders, and may have {account.max_open_orders}"
        lines = self._lines(lineage, orders)
        yield from self._too_large(lines)
        sums: dict[int, Decimal] = {}
        for (session, _), line in lines.items():
            sums[session] = sums.get(session, _ZERO) + line.worst
        for session, worst in sums.items():
            yield from self._too_much_under_way(session, lines)
            yield from _above(f"session {session}", worst, self._limits.max_gross_notional)
        yield from _above("the account", sum(sums.values(), _ZERO), account.max_gross_notional)

    def at_rest(self, gateway: Gateway, lost: Mapping[int, Decimal]) -> Iterator[str]:
        """Whoever ``lost`` so much is stopped, and who is stopped has nothing open that adds.

        Who was stopped may have lost as much at an instant that is over: that nobody is for less is told by a scene
        (``small_losses``). What was lost on another day counts no longer.
        What is lost is as much as the exchange's ledger says, but for fees that the gateway may not know the worth of.
        """
        most, lineage = self._limits.max_daily_loss, gateway.book.lineage
        lines = self._lines(lineage, [order for order in self._open() if order.key.lineage == lineage])
        for session, amount in lost.items():
            stops = [row for row in gateway.book.halts.of(Scope(session)) if row.cause is HaltCause.LIMIT]
            self.stopped += bool(stops)
            is_of_today = self._world.now_ns // _NS_PER_DAY == self._began_ns // _NS_PER_DAY
            if is_of_today and most is not None and amount > most * _MORE and not stops:
                yield f"session {session} lost {amount:.2f} USDT, may lose {most}, and goes on"
            if stops:
                for (each, symbol), line in lines.items():
                    if each == session and line.worst > abs(line.net) * _PRICES_MOVE + _A_LOT:
                        yield f"session {session} is stopped, and could come to hold more {symbol}: {line}"

    def _too_large(self, lines: Mapping[tuple[int, str], _Line]) -> Iterator[str]:
        most = self._limits.max_position_notional
        for (session, symbol), line in lines.items():
            # What only reduces may be larger than what is held: the gateway counts it on its own side alone.
            for under_way, worst in ((line.buys, line.net + line.buys), (line.sells, line.sells - line.net)):
                if under_way:
                    yield from _above(f"session {session} on {symbol}", worst, most)

    def _too_much_under_way(self, session: int, lines: Mapping[tuple[int, str], _Line]) -> Iterator[str]:
        own = [line for (each, _), line in lines.items() if each == session]
        # What reduces is never refused for that, and comes to no more than what is held.
        most, held = self._limits.max_unexecuted_notional, sum((abs(line.net) for line in own), _ZERO)
        under_way = sum((line.buys + line.sells for line in own), _ZERO)
        if most is not None and under_way > (most + held) * _PRICES_MOVE:
            yield f"session {session} has {under_way:.2f} USDT under way and holds {held:.2f}, and may have {most}"

    def _most_orders(self, session: int) -> int | None:
        own = self._own.get(session)
        most: int | None = self._limits.max_open_orders if own is None else own.limits["max_open_orders"]
        return most

    def _lines(self, lineage: str, orders: list[_Open]) -> dict[tuple[int, str], _Line]:
        self._learn()
        lines = {
            (session, symbol): _Line(net * self._worths[symbol], _ZERO, _ZERO)
            for (of, session, symbol), net in self._nets.items()
            if of == lineage
        }
        pairs: dict[int, Decimal] = {}
        for key, symbol, side, leaves, pair in orders:
            # Of two of which one cancels the other the larger counts.
            more = leaves if pair < 0 else max(_ZERO, leaves - pairs.get(pair, _ZERO))
            if pair >= 0:
                pairs[pair] = pairs.get(pair, _ZERO) + more
            line = lines.get((key.session, symbol), _Line(_ZERO, _ZERO, _ZERO))
            worth = more * self._worths[symbol]
            lines[key.session, symbol] = (
                line._replace(buys=line.buys + worth) if side is Side.BUY else line._replace(sells=line.sells + worth)
            )
        return lines

    # ---- the exchange's ledger

    def _open(self) -> Iterator[_Open]:
        exchange = self._exchange
        for order in exchange.open_orders(self._account):
            key = self._key(order.symbol, order.order_id)
            if key is not None:
                leaves = order.qty - order.cum_qty - order.prevented_qty
                yield _Open(key, order.symbol, order.side, leaves, self._pair(order.list_id, order.order_id))
        if isinstance(exchange, SpotExchange):
            return
        for condition in exchange.open_conditions(self._account):
            key, terms = decode_client_order_id(condition.client_algo_id), condition.terms
            if key is not None:
                yield _Open(key, terms.symbol, terms.side, terms.qty, -1)

    def _pair(self, list_id: int, order_id: int) -> int:
        if list_id < 0:
            return -1
        record = self._exchange.ledger.lists[list_id]
        is_one = record.contingency is Contingency.OCO or record.legs[0].order_id != order_id
        return list_id if is_one and record.contingency is not Contingency.OTO else -1

    def _key(self, symbol: str, order_id: int) -> OrderKey | None:
        """Whose it is, whatever somebody named it since."""
        place, ledger = (symbol, order_id), self._exchange.ledger
        if place not in self._keys:
            record = ledger.order(self._account, symbol, order_id)
            if record is None:
                return None
            parent = ledger.conditions.get(record.algo_id)
            first = (each for each in ledger.amendments if (each.symbol, each.order_id) == place)
            name = next(first, record).client_order_id if parent is None else parent.client_algo_id
            self._keys[place] = decode_client_order_id(name)
        return self._keys[place]

    def _learn(self) -> None:
        """What was executed since."""
        rows = self._exchange.ledger.executions
        for row in rows[self._read :]:
            key = self._key(row.symbol, row.order_id) if row.account == self._account else None
            if key is not None:
                place = (key.lineage, key.session, row.symbol)
                taken = row.fee if row.fee_asset == row.base_asset else _ZERO
                self._nets[place] = self._nets.get(place, _ZERO) + row.qty * row.side.sign - taken
        self._read = len(rows)


def _above(who: str, worst: Decimal, most: Decimal | None) -> Iterator[str]:
    if most is not None and worst > most * _PRICES_MOVE:
        yield f"{who} could come to hold {worst:.2f} USDT, and may {most}"
