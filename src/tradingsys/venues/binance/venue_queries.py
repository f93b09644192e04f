"""What is asked of the exchange itself: its time, its rules and past bars."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tradingsys.core.commands import InstrumentsQuery, KlinesQuery, Price, PriceQuery, RateLimit, TimeQuery, VenueRules
from tradingsys.core.instrument import Instrument
from tradingsys.core.market import Kline
from tradingsys.venues.binance import decode, messages
from tradingsys.venues.binance.filters import KNOWN_FILTERS
from tradingsys.venues.binance.limits import rate_limits
from tradingsys.venues.binance.product import Asking
from tradingsys.venues.binance.rest import Call, Security
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.steps import Steps, venue_ms

__all__ = ["book_price", "klines", "mark_price", "rules", "time"]

_NAMED = 5
_UNNEEDED = frozenset(
    {
        "settlePlan",
        "underlyingSubType",
        "permissionSets",
        "maxMoveOrderLimit",
        "triggerProtect",
        # Spot's.
        "permissions",
        "baseCommissionPrecision",
        "quoteCommissionPrecision",
        "opoAllowed",
        "cancelReplaceAllowed",
        "pegInstructionsAllowed",
        "defaultSelfTradePreventionMode",
        "allowedSelfTradePreventionModes",
    }
)


class _Rules(Struct, rename="camel"):
    """The answer, with everything in it that may be of tomorrow left unread."""

    rate_limits: list[Raw]
    symbols: list[Raw]


_read_time = msgspec.json.Decoder(messages.ServerTime).decode
_read_rules = msgspec.json.Decoder(_Rules).decode
# Recordings of this answer write some numbers as text, and the exchange has done so itself.
_read_symbol = msgspec.json.Decoder(messages.Symbol, strict=False).decode
_read_limit = msgspec.json.Decoder(messages.RateLimitRule, strict=False).decode
_read_anything = msgspec.json.Decoder(dict[str, Any]).decode
_read_mark = msgspec.json.Decoder(messages.PremiumIndex).decode
_read_book = msgspec.json.Decoder(messages.BookTickerRow).decode
_HALF = Decimal("0.5")
_read_klines = msgspec.json.Decoder(list[messages.KlineRow]).decode


def time(asking: Asking, _query: TimeQuery) -> Steps[int]:
    """The venue's time, which also sets the clock."""
    answer = yield Call("GET", asking.product.paths.time, security=Security.NONE)
    server_ms = _read_time(answer.body).server_time
    asking.clock.set(server_ms, answer.sent_ns, answer.received_ns)
    return server_ms


def rules(asking: Asking, _query: InstrumentsQuery) -> Steps[VenueRules]:
    """Instruments and limits. What cannot be read is left out, and told as odd.

    Of spot's thousands of symbols hardly one changes from one reading to the next: only what did is read.
    """
    product, odd = asking.product, asking.odd
    answer = yield Call("GET", product.paths.exchange_info, product.rules_params, security=Security.NONE)
    told = _read_rules(answer.body)
    instruments: dict[bytes, Instrument] = {}
    left_out: list[str] = []
    unreadable: list[str] = []
    for raw in told.symbols:
        text = bytes(raw)
        try:
            instruments[text] = asking.known.get(text) or product.instrument(_symbol(raw))
        except messages.UNREADABLE as error:
            left_out.append(str(error))
            unreadable += _name(raw)
    asking.known.clear()
    asking.known.update(instruments)
    if left_out:
        more = f", and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        odd(f"left out {len(left_out)} instruments that cannot be read: {'; '.join(left_out[:_NAMED])}{more}")
    return VenueRules(tuple(instruments.values()), _limits(told.rate_limits, odd), tuple(unreadable))


def klines(asking: Asking, query: KlinesQuery) -> Steps[tuple[Kline, ...]]:
    """Past bars, backwards by as many as one answer has, oldest first."""
    product, now_ms = asking.product, venue_ms(asking.clock, asking.now_ns)
    found: list[Kline] = []
    end_ms = query.end_ms
    while len(found) < query.limit:
        wanted = min(query.limit - len(found), product.klines_at_once)
        until = {} if end_ms is None else {"endTime": end_ms - 1}
        params: Params = {"symbol": query.symbol, "interval": query.interval, **until, "limit": wanted}
        answer = yield Call("GET", product.paths.klines, params, security=Security.NONE)
        rows = sorted(_read_klines(answer.body), key=lambda row: row.open_ms)
        found[:0] = [decode.past_kline(row, query.symbol, query.interval, now_ms) for row in rows]
        if len(rows) < wanted:
            break
        end_ms = rows[0].open_ms
    return tuple(found)


def mark_price(asking: Asking, query: PriceQuery) -> Steps[Price]:
    """The mark price: it moves every second where nobody trades, too, and says when it was made."""
    answer = yield Call("GET", asking.product.paths.price, {"symbol": query.symbol}, security=Security.NONE)
    told = _read_mark(answer.body)
    return Price(decode.positive(told.mark_price), told.time)


def book_price(asking: Asking, query: PriceQuery) -> Steps[Price]:
    """The middle of the book: of the moment, at which the venue tells no time."""
    asked_ms = venue_ms(asking.clock, asking.now_ns)
    answer = yield Call("GET", asking.product.paths.price, {"symbol": query.symbol}, security=Security.NONE)
    told = _read_book(answer.body)
    bid, ask = decode.positive(told.bid_price), decode.positive(told.ask_price)
    return Price((bid + ask) * _HALF if bid and ask else None, asked_ms)


def _symbol(raw: Raw) -> messages.Symbol:
    """A symbol; when it is unreadable, once more without the filters that no order is checked with."""
    try:
        return _read_symbol(raw)
    except messages.UNREADABLE:
        fields = _read_anything(raw)
        filters = fields.get("filters")
        if isinstance(filters, list):
            fields["filters"] = [row for row in filters if isinstance(row, dict) and _is_known(row)]
        needed = {name: value for name, value in fields.items() if name not in _UNNEEDED}
        try:
            return msgspec.convert(needed, messages.Symbol, strict=False)
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(f"{fields.get('symbol', 'one without a name')}: {error}") from None


def _name(raw: Raw) -> list[str]:
    """The symbol, where at least that can be read."""
    with suppress(*messages.UNREADABLE):
        name = _read_anything(raw).get("symbol")
        return [name] if isinstance(name, str) else []
    return []


def _is_known(row: dict[str, Any]) -> bool:
    return row.get("filterType") in KNOWN_FILTERS


def _limits(rows: list[Raw], odd: Callable[[str], None]) -> tuple[RateLimit, ...]:
    readable = []
    for raw in rows:
        try:
            readable.append(_read_limit(raw))
        except messages.UNREADABLE as error:
            odd(f"a rate limit that cannot be read: {error}")
    return rate_limits(readable)
