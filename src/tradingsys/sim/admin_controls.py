"""The operator's hand on the box: its clock, its prices, its connections, its symbols."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN

from msgspec import Struct

from tradingsys.sim.admin_calls import Answer, Box, Handler, Problem, decode, known_account, number, text
from tradingsys.sim.events import ChangeRefused
from tradingsys.sim.faces.binance.connection import Route
from tradingsys.sim.faces.binance_assets import Face as SpotFace
from tradingsys.sim.faces.transport import Request
from tradingsys.sim.spot_exchange import SpotExchange, margin_name

__all__ = ["CONTROLS", "STATUSES"]

STATUSES = (
    "PENDING_TRADING", "TRADING", "PRE_DELIVERING", "DELIVERING", "DELIVERED", "PRE_SETTLE", "SETTLING", "CLOSE",
)  # fmt: skip
"""What a symbol can be; it trades in one of them alone."""

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_SPOT_STATUSES = ("TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY")
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


class _Deposit(Struct, frozen=True, forbid_unknown_fields=True):
    asset: str
    amount: str
    """Negative is withdrawn."""
    account: str = ""
    margin: bool = False
    """Of the margin account instead of the spot wallet."""


class _Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    pass


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
    statuses = _SPOT_STATUSES if isinstance(box.exchange, SpotExchange) else STATUSES
    if body.status not in statuses:
        raise Problem(400, f"no status {body.status!r}, one of {', '.join(statuses)}")
    outputs = box.absorb(box.exchange.set_status(symbol, body.status, now_ns), now_ns)
    return Answer({"symbol": symbol, "status": body.status}, [*box.face.announce(symbol, now_ns), *outputs])


def _deposit(box: Box, request: Request, now_ns: int) -> Answer:
    body = decode(request.body, _Deposit)
    account, amount = known_account(box, body.account), number(body.amount)
    if not amount:
        raise Problem(400, "amount must not be 0; a negative one is withdrawn")
    if body.margin:
        if not isinstance(box.exchange, SpotExchange):
            raise Problem(400, "margin accounts are spot's: name the product")
        account = margin_name(account)
    events = box.exchange.transfer(account, body.asset.upper(), amount, now_ns)
    if isinstance(events[0], ChangeRefused):
        raise Problem(400, events[0].refusal.value)
    return Answer({"account": account, "asset": body.asset.upper(), "amount": text(amount)}, box.absorb(events, now_ns))


def _shut_down(box: Box, request: Request, now_ns: int) -> Answer:
    decode(request.body, _Nothing)
    if not isinstance(box.face, SpotFace):
        raise Problem(409, "only spot announces that a server stops: name the product")
    outputs = box.face.shut_down(now_ns)
    return Answer({"told": len(outputs)}, outputs)


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
    ("POST", "/admin/deposit"): _deposit,
    ("POST", "/admin/shutdown"): _shut_down,
}
"""Calls that make things happen."""
