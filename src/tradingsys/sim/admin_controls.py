"""The operator's hand on the box: its clock, its prices, its connections, its symbols."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN

from msgspec import Struct

from tradingsys.sim.admin_calls import Answer, Box, Handler, Problem, decode, number, text
from tradingsys.sim.faces.binance.connection import Route
from tradingsys.sim.faces.transport import Request

__all__ = ["CONTROLS", "STATUSES"]

STATUSES = (
    "PENDING_TRADING", "TRADING", "PRE_DELIVERING", "DELIVERING", "DELIVERED", "PRE_SETTLE", "SETTLING", "CLOSE",
)  # fmt: skip
"""What a symbol can be; it trades in one of them alone."""

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_LONGEST_S = 366 * 86_400


class _Advance(Struct, frozen=True, forbid_unknown_fields=True):
    seconds: float


class _Price(Struct, frozen=True, forbid_unknown_fields=True):
    symbol: str
    price: str


class _Drop(Struct, frozen=True, forbid_unknown_fields=True):
    """Connections that match everything named; all of them when nothing is."""

    route: Route | None = None
    account: str | None = None
    id: int | None = None


class _Symbol(Struct, frozen=True, forbid_unknown_fields=True):
    symbol: str
    status: str


def _advance(box: Box, request: Request, now_ns: int) -> Answer:
    seconds = decode(request.body, _Advance).seconds
    if not 0 < seconds <= _LONGEST_S:
        raise Problem(400, f"seconds must be above 0 and at most {_LONGEST_S}")
    by_ns = int(seconds * _NS)
    outputs = box.advance(by_ns, now_ns)
    return Answer({"time_ms": (now_ns + by_ns) // _NS_PER_MS}, outputs)


def _price(box: Box, request: Request, now_ns: int) -> Answer:
    body = decode(request.body, _Price)
    symbol = _known_symbol(box, body.symbol)
    instrument = box.exchange.venues[symbol].instrument
    px = number(body.price)
    ticks = int((px / instrument.tick_size).to_integral_value(ROUND_HALF_EVEN))
    if ticks <= 0 or not (instrument.min_price or 0) <= px <= (instrument.max_price or px):
        raise Problem(400, f"{symbol} trades between {instrument.min_price} and {instrument.max_price}")
    try:
        outputs = box.move_price(symbol, ticks, now_ns)
    except LookupError as error:
        raise Problem(409, str(error)) from None
    return Answer({"symbol": symbol, "last_px": text(box.exchange.venues[symbol].last_px)}, outputs)


def _drop(box: Box, request: Request, _now_ns: int) -> Answer:
    body = decode(request.body, _Drop)
    conn_ids = [
        conn.conn_id
        for conn, accounts in box.face.connections()
        if body.route in (None, conn.route)
        and (body.account is None or body.account in accounts)
        and body.id in (None, conn.conn_id)
    ]
    return Answer({"dropped": len(conn_ids)}, box.face.drop(conn_ids))


def _symbol(box: Box, request: Request, now_ns: int) -> Answer:
    body = decode(request.body, _Symbol)
    symbol = _known_symbol(box, body.symbol)
    if body.status not in STATUSES:
        raise Problem(400, f"no status {body.status!r}, one of {', '.join(STATUSES)}")
    outputs = box.absorb(box.exchange.set_status(symbol, body.status, now_ns), now_ns)
    return Answer({"symbol": symbol, "status": body.status}, [*box.face.announce(symbol, now_ns), *outputs])


def _known_symbol(box: Box, given: str) -> str:
    symbol = given.upper()
    if symbol not in box.exchange.venues:
        raise Problem(400, f"no symbol {given!r}; there are {', '.join(box.exchange.venues)}")
    return symbol


CONTROLS: dict[tuple[str, str], Handler] = {
    ("POST", "/admin/advance"): _advance,
    ("POST", "/admin/price"): _price,
    ("POST", "/admin/drop"): _drop,
    ("POST", "/admin/symbol"): _symbol,
}
"""Calls that make things happen."""
