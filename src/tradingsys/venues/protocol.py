"""The contract between the gateway and a venue."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from tradingsys.core.commands import Command, PlaceOrderList
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import TradingError
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import Input, Transmission
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.core.order import Terms
from tradingsys.core.reports import Report
from tradingsys.core.venue_clock import VenueClock

__all__ = ["Cost", "MarketEvent", "MarketProtocol", "Misfit", "Output", "Stream", "VenueProtocol"]

Output = Transmission | Report
"""Something to transmit, or something to know. Perform in order."""


class Cost(Struct, frozen=True):
    """What a command takes from the venue's rate limits."""

    weight: int
    orders: int


class Misfit(Struct, frozen=True):
    """An order is about too little for its venue, or else about too much."""

    is_too_little: bool
    why: str
    """In the venue's words, or with its bound."""


class VenueProtocol(Protocol):
    """Order traffic of one account: several sockets, HTTP and timers, all as values.

    The transport of an order is chosen before it is sent, and never a second one for the same order.
    """

    clock: VenueClock
    account_kind: AccountKind

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `handle` with a `Tick` at the latest."""

    def connect(self, now_ns: int) -> list[Output]:
        """Open order channel and user stream, and keep both open from now on."""

    def handle(self, event: Input, now_ns: int) -> list[Output]:
        """Take what the transport reports."""

    def command(self, command: Command, now_ns: int) -> list[Output]:
        """Take one command; every command ends in exactly one `RequestDone` or `Answer`."""

    def cost(self, command: Command) -> Cost:
        """What ``command`` will cost if sent now."""

    def refusal(self, terms: Terms, instrument: Instrument, reference_px: Decimal | None) -> TradingError | None:
        """Why the venue would refuse these terms, by its own arithmetic; None when it would not.

        ``reference_px`` is the price the venue measures market orders and price bands with; without one those rules
        are left to the venue, and so they are by venues that tell nobody which price that is.
        """

    def misfit(self, terms: Terms, instrument: Instrument, px: Decimal | None) -> Misfit | None:
        """Whether the venue would certainly refuse these terms for how much they are about; None when it may take it.

        ``px`` is the market's, and need not be the one that the venue values orders with; without one only the quantity
        is judged.
        """

    def refused_misfit(
        self, terms: Terms, instrument: Instrument, px: Decimal | None, code: int, message: str
    ) -> Misfit | None:
        """Whether the venue refused these terms for how much they are about: by its words, and ``px`` as above."""

    def list_refusal(self, command: PlaceOrderList) -> TradingError | None:
        """Why the venue has no such list of orders, each of which it would take alone; None when it has."""


class Stream(Struct, frozen=True):
    """A stream of market data in our own words.

    ``kind`` is ``depth``, ``bbo``, ``trade``, ``mark`` or ``kline``; ``arg`` is the interval of a kline, or a depth's
    speed.
    """

    symbol: str
    """Upper case."""
    kind: str
    arg: str = ""


MarketEvent = Depth | BestBidOffer | Trade | Kline | MarkPrice


class MarketProtocol(Protocol):
    """Market data of one venue: stateless decoding on the hot path, and which socket carries which stream."""

    def channel_of(self, stream: Stream) -> str:
        """The channel (one websocket) that carries ``stream``.

        Raises LocalProtocolError (-10004) for a stream the venue does not have.
        """

    def url_of(self, channel: str) -> str:
        """Where to connect a channel."""

    def subscribe(self, streams: Iterable[Stream], request_id: int) -> bytes:
        """The frame that subscribes streams of one channel."""

    def unsubscribe(self, streams: Iterable[Stream], request_id: int) -> bytes:
        """The frame that unsubscribes streams of one channel."""

    def decode(self, data: bytes) -> tuple[Stream, MarketEvent] | None:
        """One frame as an event; None for acknowledgements and anything that is no market data."""

    def announces_shutdown(self, data: bytes) -> bool:
        """Whether a frame that is no market data says that the venue will soon close the connection it came on."""
