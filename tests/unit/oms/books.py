"""What the tests of order management share: an empty book and ways to say things to it."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.records import Intent, Saved
from tradingsys.oms.effects import Effect
from tradingsys.oms.session_book import Incarnation, SessionBook

LINEAGE = "abcde"
EPOCH = 1_700_000_000_000
SYMBOL = "DOGEUSDT"
T = TypeVar("T")


def saved(**changes: object) -> Saved:
    empty = dict[str, object](
        lineage=LINEAGE,
        created_ms=EPOCH - 1_000,
        last_epoch=0,
        first_epoch_after_cut=0,
        journal_proven=False,
        max_recv_window_ms=0,
        orders=(),
        fills=(),
        positions=(),
        symbols=(),
        watermarks=(),
        sessions=(),
    )
    return Saved(**(empty | changes))  # type: ignore[arg-type]


def empty_book() -> SessionBook:
    book = SessionBook(saved())
    book.begin(Incarnation(LINEAGE, EPOCH, EPOCH, EPOCH + 10_000))
    book.enter_symbol(SYMBOL, 100, Decimal(0), EPOCH)
    book.take_effects()
    return book


def client_id(session: int, seq: int, epoch: int = EPOCH, lineage: str = LINEAGE) -> str:
    return encode_client_order_id(OrderKey(session, lineage, epoch, 1, seq))


def intent(session: int, seq: int, side: Side = Side.BUY, qty: str = "10") -> Intent:
    terms = Terms(SYMBOL, side, OrderType.LIMIT, Decimal(qty), Decimal("0.6"), TimeInForce.GTC)
    return Intent(client_id(session, seq), session, terms, EPOCH, 2_000)


def fill(trade_id: int, venue_order_id: str, qty: str, side: Side = Side.BUY, *, fee: str | None = None) -> Fill:
    return Fill(
        str(trade_id),
        SYMBOL,
        venue_order_id,
        side,
        Decimal("0.6"),
        Decimal(qty),
        EPOCH + trade_id,
        fee=None if fee is None else Decimal(fee),
        fee_asset=None if fee is None else "USDT",
    )


def facts(of: Fill | None = None, *, client_order_id: str | None = None, venue_order_id: str = "1") -> Order:
    return Order(
        (client_order_id,) if client_order_id else (),
        venue_order_id,
        accepted=True,
        fills={of.exec_id: of} if of else {},
    )


def kinds(effects: list[Effect], kind: type[T]) -> list[T]:
    return [effect for effect in effects if isinstance(effect, kind)]
