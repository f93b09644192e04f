"""Recorded messages of the venue as values: books, trades and prices, whoever recorded them.

A recording is lines of ``<receive time in ns> <JSON>``. The JSON is an event as the venue sends it, with or without the
wrapper of a combined connection, or the answer to `GET /depth`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, UnsetType, structs

from tradingsys.core.errors import ConfigError
from tradingsys.core.market import Level
from tradingsys.sim.listed_market import ListedMarket
from tradingsys.venues.binance.depth import DepthChange
from tradingsys.venues.binance.messages import (
    AggTrade,
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    MarkPriceUpdate,
    TradeTick,
)

__all__ = ["BookChange", "BookImage", "Entry", "Prices", "Print", "Recording", "parse"]

Lines = Callable[[], Iterator[bytes]]
MarketT = TypeVar("MarketT", bound=ListedMarket)

_SCANNED_LINES = 20_000
_PARTIAL = re.compile(r"@depth[0-9]+(@|$)")
_SNAPSHOT_STREAM = "@depthSnapshot"


class BookChange(Struct, frozen=True):
    """Changed levels, at this time of the venue (ms)."""

    symbol: str
    ts_ms: int
    change: DepthChange


class BookImage(Struct, frozen=True):
    """The best levels, all there are or as many as somebody wanted. ``source`` tells which kind of message it was."""

    symbol: str
    """Empty when the message does not say it."""
    ts_ms: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    source: str
    update_id: int = 0


class Print(Struct, frozen=True):
    """A public trade, or an aggregate of trades at one price."""

    symbol: str
    ts_ms: int
    px: Decimal
    qty: Decimal
    buyer_is_maker: bool
    source: str


class Prices(Struct, frozen=True):
    """Mark and index price."""

    symbol: str
    mark_px: Decimal
    index_px: Decimal | None


Entry = BookChange | BookImage | Print | Prices


class _Wrapper(Struct):
    stream: str
    data: Raw


_Event = DepthUpdate | BookTicker | AggTrade | TradeTick | MarkPriceUpdate


class _Kind(Struct):
    e: str = ""


_read_wrapper = msgspec.json.Decoder(_Wrapper).decode
_read_kind = msgspec.json.Decoder(_Kind).decode
_read_event = msgspec.json.Decoder(_Event).decode
_read_snapshot = msgspec.json.Decoder(DepthSnapshot).decode
_KINDS = frozenset({"depthUpdate", "bookTicker", "aggTrade", "trade", "markPriceUpdate"})


def parse(line: bytes) -> tuple[int, Entry | None]:
    """The receive time (ns) of a line and what it says; None for messages that no market is made of.

    Raises ValueError for a line that is no recording.
    """
    time, _, raw = line.strip().partition(b" ")
    recv_ns = int(time)
    try:
        if raw.startswith(b'{"stream"'):
            wrapper = _read_wrapper(raw)
            return recv_ns, _entry(bytes(wrapper.data), wrapper.stream)
        return recv_ns, _entry(raw, "")
    except (msgspec.DecodeError, ArithmeticError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _entry(raw: bytes, stream: str) -> Entry | None:
    if raw.startswith(b'{"lastUpdateId"'):
        book = _read_snapshot(raw)
        symbol = stream.removesuffix(_SNAPSHOT_STREAM).upper() if stream.endswith(_SNAPSHOT_STREAM) else ""
        ts_ms = 0 if isinstance(book.ts_event_ms, UnsetType) else book.ts_event_ms
        return BookImage(symbol, ts_ms, book.bids, book.asks, "snapshot", book.last_update_id)
    if _read_kind(raw).e not in _KINDS:
        return None
    match _read_event(raw):
        case DepthUpdate() as event:
            ts_ms = event.ts_sent_ms if isinstance(event.ts_event_ms, UnsetType) else event.ts_event_ms
            if _PARTIAL.search(stream):
                return BookImage(event.symbol, ts_ms, event.bids, event.asks, "partial", event.final_id)
            previous_id = None if isinstance(event.previous_id, UnsetType) else event.previous_id
            change = DepthChange(event.first_id, event.final_id, event.bids, event.asks, previous_id)
            return BookChange(event.symbol, ts_ms, change)
        case BookTicker() as event:
            ts_ms = 0 if isinstance(event.ts_event_ms, UnsetType) else event.ts_event_ms
            bids, asks = [(event.bid_px, event.bid_qty)], [(event.ask_px, event.ask_qty)]
            return BookImage(event.symbol, ts_ms, bids, asks, "bookTicker", event.update_id)
        case AggTrade() as event:
            return _print(event.symbol, event.ts_event_ms, event.px, event.qty, event.buyer_is_maker, "aggTrade")
        case TradeTick() as event:
            if event.trade_kind not in ("MARKET", msgspec.UNSET):
                return None  # the exchange's own: insurance fund and deleveraging
            return _print(event.symbol, event.ts_event_ms, event.px, event.qty, event.buyer_is_maker, "trade")
        case event:
            index_px = None if isinstance(event.index_px, UnsetType) else Decimal(event.index_px)
            return Prices(event.symbol, Decimal(event.mark_px), index_px)


def _print(symbol: str, ts_ms: int, px: str, qty: str, buyer_is_maker: bool, source: str) -> Print | None:
    """Trades at price zero are not trades."""
    price, amount = Decimal(px), Decimal(qty)
    return Print(symbol, ts_ms, price, amount, buyer_is_maker, source) if price and amount else None


class _Contents(Struct):
    """What the beginning of a recording says of a symbol."""

    kinds: Counter[str]
    first_px: Decimal | None = None
    nearest_px: Decimal | None = None
    """For want of a better one: the best of the first changes."""

    @property
    def book_source(self) -> str:
        """The finest record of the book there is: changes, else best levels, else best bid and offer."""
        return next((kind for kind in ("change", "partial", "bookTicker") if self.kinds[kind]), "")

    @property
    def print_source(self) -> str:
        """Trades one by one, else aggregated."""
        return "trade" if self.kinds["trade"] else "aggTrade"


class Recording:
    """A recording that can be read again and again from its beginning."""

    def __init__(self, name: str, lines: Lines, *, symbol: str = "", loop: bool = False) -> None:
        """``lines`` begins anew at each call. ``symbol`` chooses one of several; ``loop`` plays it again at its end.

        Raises ConfigError when nothing in it can be played.
        """
        self.name = name
        self.loop = loop
        self._lines = lines
        self.bad_lines = 0
        """Lines that made no sense, so far."""
        self._is_dense = False
        self._contents = self._scan()
        playable = {each: found for each, found in self._contents.items() if found.first_px and found.book_source}
        if not playable:
            raise ConfigError(
                "holds no recorded market: lines of receive time (ns) and message, with a book, were expected",
                file=name,
                hint="tradingsys record makes such files",
            )
        if symbol and symbol not in playable:
            raise ConfigError(f"does not hold {symbol}, but {', '.join(playable)}", file=name, key="--symbol")
        self.symbols: tuple[str, ...] = (symbol,) if symbol else tuple(playable)

    @property
    def is_of_spot(self) -> bool:
        """Whether it is of a market that trades assets: changes of the book there do not name the one before."""
        return self._is_dense

    def listed(self, markets: Sequence[MarketT]) -> tuple[MarketT, ...]:
        """The markets that are played, at the prices they begin with.

        Raises ConfigError when no market with a recorded symbol is known.
        """
        known = {market.symbol: market for market in markets}
        chosen = [known[symbol] for symbol in self.symbols if symbol in known]
        if not chosen:
            raise ConfigError(
                f"is of {', '.join(self.symbols)}, whose trading rules the simulator does not know",
                file=self.name,
                hint=f"it knows {', '.join(known)}",
            )
        return tuple(structs.replace(each, start_price=self._start_px(each)) for each in chosen)

    def _start_px(self, market: ListedMarket) -> Decimal:
        px = self._contents[market.symbol].first_px
        assert px is not None
        return round(px / market.price.step) * market.price.step

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """What it says, from the beginning, with receive times (ns) that never go back."""
        last_ns = 0
        for line in self._lines():
            try:
                recv_ns, entry = parse(line)
            except ValueError:
                self.bad_lines += 1
                continue
            last_ns = max(last_ns, recv_ns)
            entry = self._owned(entry)
            if entry is not None and self._is_played(entry):
                yield last_ns, entry

    def _owned(self, entry: Entry | None) -> Entry | None:
        """A book that does not say its symbol is the only one's that there is."""
        if isinstance(entry, BookImage) and not entry.symbol:
            changing = [symbol for symbol, found in self._contents.items() if found.kinds["change"]]
            return structs.replace(entry, symbol=changing[0]) if len(changing) == 1 else None
        return entry

    def _is_played(self, entry: Entry) -> bool:
        if entry.symbol not in self.symbols:
            return False
        found = self._contents[entry.symbol]
        match entry:
            case BookChange():
                return True
            case BookImage():
                return entry.source in (found.book_source, "snapshot")
            case Print():
                return entry.source == found.print_source
        return True

    def _scan(self) -> dict[str, _Contents]:
        contents: dict[str, _Contents] = {}
        unnamed_px: Decimal | None = None
        for line in islice(self._lines(), _SCANNED_LINES):
            try:
                _, entry = parse(line)
            except ValueError:
                continue
            if entry is None:
                continue
            if not entry.symbol:
                unnamed_px = unnamed_px or _px_of(entry)
                continue
            found = contents.setdefault(entry.symbol, _Contents(Counter()))
            found.kinds["change" if isinstance(entry, BookChange) else getattr(entry, "source", "")] += 1
            if isinstance(entry, BookChange):
                self._is_dense = self._is_dense or entry.change.previous_id is None
                found.nearest_px = found.nearest_px or _px_of(entry)
            else:
                found.first_px = found.first_px or _px_of(entry)
        for found in contents.values():
            found.first_px = found.first_px or (unnamed_px if found.kinds["change"] else None) or found.nearest_px
        return contents


def _px_of(entry: Entry) -> Decimal | None:
    match entry:
        case BookChange():
            return max((Decimal(px) for px, qty in entry.change.bids if Decimal(qty)), default=None)
        case BookImage():
            return max((Decimal(px) for px, _ in entry.bids), default=None)
        case Print():
            return entry.px
        case _:
            return entry.mark_px
