"""The simulator's spot segment in a life: its symbols, its face, and how old the state is that it answers from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from msgspec import structs

from tests.simulate.life import ACCOUNT, signer
from tests.simulate.past import HIDES_FOR_S, delay_ns, is_hidden_by_age
from tradingsys.sim.events import ChangeRefused, ExchangeEvent, Execution, NewOrder, OrderRecord
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse
from tradingsys.sim.simulator import Product, Simulator
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.sim.spot_markets import SpotMarket, load_spot_markets
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.spot import SPOT

__all__ = ["URLS", "SpotPast", "WireSpot", "balances_at", "markets"]

URLS = Endpoints("http://sim", "ws://sim/ws-api/v3", "ws://sim", sapi="http://sim")


def markets() -> list[SpotMarket]:
    """Symbols that share their assets, with prices and quantities of one size."""
    known = {market.symbol: market for market in load_spot_markets()}
    doge = known["DOGEUSDT"]
    return [
        doge,
        structs.replace(doge, symbol="ADAUSDT", base="ADA", start_price=Decimal("0.75")),
        structs.replace(doge, symbol="ADADOGE", base="ADA", quote="DOGE", start_price=Decimal("1.25")),
        known["BNBUSDT"],
    ]


def balances_at(exchange: SpotExchange, account: str, then_ns: int) -> dict[str, Decimal]:
    """What the account had of its own, from the ledger alone."""
    held: dict[str, Decimal] = {}
    for asset, amount in _changes(exchange, account, 0, then_ns):
        held[asset] = held.get(asset, Decimal(0)) + amount
    return held


def _changes(
    exchange: SpotExchange, account: str, after_ns: int, until_ns: int | None = None
) -> Iterator[tuple[str, Decimal]]:
    """What changed of its own meanwhile, latest first."""
    ledger = exchange.ledger
    for row in reversed(ledger.executions):
        if row.ts_ns <= after_ns:
            break
        if row.account == account and (until_ns is None or row.ts_ns <= until_ns):
            yield row.base_asset, row.qty * row.side.sign
            yield row.quote_asset, -row.quote_qty * row.side.sign
            yield row.fee_asset, -row.fee
    for _, cash in reversed(ledger._moves):
        if cash.ts_ns <= after_ns:
            break
        if (cash.account, cash.kind) == (account, "TRANSFER") and (until_ns is None or cash.ts_ns <= until_ns):
            yield cash.asset, cash.amount
    for charged in reversed(ledger.interest):
        if charged.ts_ns <= after_ns:
            break
        if charged.account == account and (until_ns is None or charged.ts_ns <= until_ns):
            yield charged.asset, -charged.interest


class SpotPast:
    """Remembers every version of every order, so that a question can be answered as of some instant before."""

    def __init__(self, exchange: SpotExchange, account: str) -> None:
        self._exchange = exchange
        self._account = account
        self._versions: dict[tuple[str, int], list[OrderRecord]] = {}
        put_order = exchange.ledger.put_order

        def put(order: OrderRecord) -> None:
            put_order(order)
            self._versions.setdefault((order.symbol, order.order_id), []).append(order)

        exchange.ledger.put_order = put  # type: ignore[method-assign]

    @contextmanager
    def shown(
        self, now_ns: int, age_ns: int, staleness_ns: int, hides: float = 0.0, hides_for_s: int = HIDES_FOR_S
    ) -> Iterator[None]:
        """Within this, the exchange answers as if it were ``age_ns`` ago, and ``hides`` so many of its young orders,
        for ``hides_for_s`` at the most. With a negative staleness history too is what it was then.
        """
        exchange, ledger = self._exchange, self._exchange.ledger
        wallet, then_ns = exchange.accounts[self._account], now_ns - age_ns
        order, executions_of, free, locked = ledger.order, ledger.executions_of, wallet.free, wallet.locked

        def past_order(*args: object, **kwargs: object) -> OrderRecord | None:
            found = order(*args, **kwargs)  # type: ignore[arg-type]
            return None if found is None or is_hidden(found) else self._as_of(found, then_ns)

        def is_hidden(record: OrderRecord) -> bool:
            return is_hidden_by_age(record.order_id, now_ns - record.created_ns, hides, hides_for_s)

        def past_open_orders(name: str, symbol: str | None = None) -> list[OrderRecord]:
            symbols = ledger.symbols(name) if symbol is None else [symbol]
            shown = (row for each in symbols for row in ledger.orders(name, each) if not is_hidden(row))
            past = (self._as_of(record, then_ns) for record in shown)
            return [record for record in past if record is not None and record.status.is_open]

        def past_executions(name: str, symbol: str, from_id: int = 0) -> Sequence[Execution]:
            rows = executions_of(name, symbol, from_id)
            if staleness_ns < 0:
                return [row for row in rows if row.ts_ns <= then_ns]
            return [row for row in rows if row.ts_ns + delay_ns(row, staleness_ns) <= now_ns]

        ledger.order = past_order  # type: ignore[method-assign]
        ledger.executions_of = past_executions  # type: ignore[assignment,method-assign]
        exchange.open_orders = past_open_orders  # type: ignore[assignment,method-assign]
        # What is owed now, it had then beside what was its own.
        past = {asset: wallet.total(asset) for asset in wallet.assets}
        for asset, amount in _changes(exchange, self._account, then_ns):
            past[asset] -= amount
        wallet.free, wallet.locked = past, {}
        try:
            yield
        finally:
            wallet.free, wallet.locked = free, locked
            for name in ("order", "executions_of"):
                vars(ledger).pop(name)
            vars(exchange).pop("open_orders")

    def _as_of(self, record: OrderRecord, then_ns: int) -> OrderRecord | None:
        versions = self._versions[record.symbol, record.order_id]
        return next((each for each in reversed(versions) if each.updated_ns <= then_ns), None)


class WireSpot:
    """The box as spot clients reach it."""

    def __init__(self, now_ns: int, deposits: dict[str, Decimal]) -> None:
        self._box = Simulator(
            now_ns=now_ns,
            accounts={ACCOUNT: {}},
            keys=[ApiKey("key", ACCOUNT, signer().verifier())],
            flow=None,
            markets=(),
            spot_markets=markets(),
            spot_accounts={ACCOUNT: deposits},
            orders_per_minute=100_000,
        )
        self._box.parts.pop(Product.FUTURES)  # nobody is there: its time need not pass
        self.exchange, self.face = self._box.spot_exchange, self._box.spot_face

    def protocol(self) -> BinanceProtocol:
        """A gateway's side."""
        return BinanceProtocol(SPOT, URLS, "key", signer())

    def transfer(self, asset: str, amount: Decimal, now_ns: int) -> bool:
        """Deposit or withdraw, if the exchange lets; nobody is told."""
        return not isinstance(self.exchange.transfer(ACCOUNT, asset, amount, now_ns)[0], ChangeRefused)

    def tick(self, now_ns: int) -> list[WsOutput]:
        return self._box.tick(now_ns)

    def place(self, order: NewOrder, now_ns: int) -> tuple[list[ExchangeEvent], list[WsOutput]]:
        return self._box.place(order, now_ns, Product.SPOT)

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        return self.face.absorb(events, now_ns)

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        return self._box.http(request, now_ns)

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        return self._box.ws_refusal(target, now_ns, Product.SPOT)

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> list[WsOutput]:
        return self._box.ws_open(conn_id, target, now_ns, Product.SPOT)

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        return self._box.ws_frame(conn_id, data, now_ns)

    def ws_pong(self, conn_id: int) -> None:
        self._box.ws_pong(conn_id)

    def ws_closed(self, conn_id: int) -> None:
        self._box.ws_closed(conn_id)
