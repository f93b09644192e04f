"""Order traffic of one account: the order channel, the account's stream and REST, as one pure protocol."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import count

from msgspec import structs

from tradingsys.core.commands import (
    Ask,
    CancelOrder,
    Command,
    PlaceOrderList,
)
from tradingsys.core.deadlines import earliest
from tradingsys.core.errors import InvalidOrder, OrderRejected, TradingError, TransportError
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import Closed, Frame, HttpFailed, HttpReply, Input, Opened, Tick
from tradingsys.core.order import Terms
from tradingsys.core.reports import (
    EventMissed,
    Oddity,
    OrderChanged,
    OrderRequest,
    Outcome,
    RequestDone,
    TradingState,
    UserStreamState,
)
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.auth import Signer
from tradingsys.venues.binance import amounts, order_results, trade_channel
from tradingsys.venues.binance.errors import HttpError
from tradingsys.venues.binance.feed import FeedParts
from tradingsys.venues.binance.filters import broken_rule, status_refusal, what_to_do
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderWay
from tradingsys.venues.binance.product import Endpoints, Product
from tradingsys.venues.binance.queries import Questions, weight
from tradingsys.venues.binance.rest import Arrived, Call, Rest, Result
from tradingsys.venues.binance.stream_watch import StreamWatch
from tradingsys.venues.binance.trade_channel import TradeChannel
from tradingsys.venues.protocol import Cost, Misfit, Output

__all__ = ["BinanceProtocol"]


class BinanceProtocol:
    """A `VenueProtocol` for one account of one product.

    Requests about orders go by the WS-API while its connection is in use, otherwise by REST; the way is chosen before
    anything is sent, and nothing is ever sent twice. Questions go by REST. Commands need no connection, but all except
    `TimeQuery` and `InstrumentsQuery` need the venue's time (`clock`), which answering a `TimeQuery` sets; placing and
    replacing carry their own.

    Addresses and frames that this hands out contain the API key, signatures and the listen key: do not log them.
    """

    def __init__(self, product: Product, endpoints: Endpoints, api_key: str, signer: Signer) -> None:
        self.clock = VenueClock()
        self.account_kind = product.account_kind
        self._product = product
        self._rest = Rest(endpoints.rest, api_key, signer, self.clock)
        self._questions = Questions(product, self._rest, self.clock, endpoints.sapi)
        ids = count(1)
        next_id = partial(next, ids)
        self._feeds = product.feeds(endpoints, FeedParts(self._rest, self.clock, api_key, signer, next_id))
        self._feed_of = {channel: feed for feed in self._feeds for channel in feed.channels}
        self._trade = TradeChannel(
            endpoints.ws_api, api_key, signer, self.clock, product.errors, product.orders, next_id, self._rest.ban
        )
        self._watch = StreamWatch()
        self._is_told = False
        """Whether the account's events reach us."""
        self._reported: TradingState | None = None

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `handle` with a `Tick` at the latest."""
        feeds = [feed.next_deadline_ns for feed in self._feeds]
        return earliest((self._trade.next_deadline_ns, self._watch.next_deadline_ns, *feeds))

    def connect(self, now_ns: int) -> list[Output]:
        """Open order channel and account's stream, and keep both open from now on."""
        coming = [output for feed in self._feeds for output in feed.connect(now_ns)]
        return self._with_state([*self._trade.connect(now_ns), *coming])

    def handle(self, event: Input, now_ns: int) -> list[Output]:
        """Take what the transport reports. Never raises for anything the exchange sends."""
        match event:
            case HttpReply() | HttpFailed():
                outputs = self._rest.done(event, now_ns)
                outputs += self._trade.clock_may_be_set(now_ns)
                outputs += [output for feed in self._feeds for output in feed.clock_may_be_set(now_ns)]
            case Tick():
                outputs = self._trade.tick(now_ns)
                outputs += [output for feed in self._feeds for output in feed.tick(now_ns)]
                outputs += self._check_stream(now_ns)
            case Opened(trade_channel.CHANNEL):
                outputs = self._trade.opened(now_ns)
            case Frame(trade_channel.CHANNEL, data):
                outputs = self._trade.frame(data, now_ns)
            case Closed(trade_channel.CHANNEL, reason):
                outputs = self._trade.closed(reason, now_ns)
            case _:
                outputs = self._feed(event, now_ns)
                self._note_told(outputs, now_ns)
                return self._with_state(outputs)
        self._note_accepted(outputs, now_ns)
        return self._with_state(outputs)

    def _note_accepted(self, outputs: list[Output], now_ns: int) -> None:
        for output in outputs:
            match output:
                case RequestDone(name, OrderRequest.PLACE, Outcome.ACCEPTED) if self._is_told:
                    self._watch.accepted(name, now_ns)
                case UserStreamState():
                    self._stream_changed(output)

    def _note_told(self, outputs: list[Output], now_ns: int) -> None:
        for output in outputs:
            match output:
                case OrderChanged(order):
                    self._watch.told(order.client_order_ids, now_ns)
                case UserStreamState():
                    self._stream_changed(output)

    def _stream_changed(self, state: UserStreamState) -> None:
        self._is_told = state.is_up
        self._watch.forget()

    def _check_stream(self, now_ns: int) -> list[Output]:
        """An order that the stream did not tell of: what else it missed must be read."""
        has_missed, is_dead = self._watch.tick(now_ns)
        outputs: list[Output] = [EventMissed()] if has_missed else []
        if is_dead:
            reason = "it is connected and brings nothing"
            outputs += [Oddity(f"the account's stream: {reason}; it is opened anew")]
            outputs += [output for feed in self._feeds for output in feed.restart(reason)]
        return outputs

    def _feed(self, event: Opened | Frame | Closed, now_ns: int) -> list[Output]:
        feed = self._feed_of.get(event.channel)
        if feed is None:
            return [Oddity(f"something on an unknown channel: {event.channel}")]
        match event:
            case Opened(channel):
                return feed.opened(channel, now_ns)
            case Frame(channel, data):
                return feed.frame(channel, data, now_ns)
            case Closed(channel, reason):
                return feed.closed(channel, reason, now_ns)

    def command(self, command: Command, now_ns: int) -> list[Output]:
        """Take one command; every command ends in exactly one `RequestDone` or `Answer`."""
        if isinstance(command, Ask):
            return self._questions.start(command, now_ns)
        if isinstance(command, CancelOrder) and not self.clock.is_set:
            error = TransportError("the venue's time is not known yet", sent=False)
            return order_results.unanswered(command, error)
        stamp_ms = self.clock.now_ms(now_ns) if self.clock.is_set else 0
        try:
            way = self._product.orders.way(command, stamp_ms)
        except InvalidOrder as reason:
            return order_results.ended(command, Outcome.NOT_SENT, reason)
        return self._send(command, way, now_ns)

    def cost(self, command: Command) -> Cost:
        """What ``command`` will cost if sent now; a question that needs more answers than usual costs more."""
        if isinstance(command, Ask):
            return Cost(weight(self._product, command.query), 0)
        return self._product.orders.cost(command, not self._trade.in_use)

    def refusal(self, terms: Terms, instrument: Instrument, reference_px: Decimal | None) -> TradingError | None:
        """Why these terms would be refused, by the exchange's own arithmetic; None when they would not.

        Whether an order that only reduces is taken of a symbol that does not trade is left to the exchange; so are
        rules that are measured with a price which nobody but the exchange knows (spot).
        """
        if not instrument.is_trading:
            if not (terms.reduce_only or terms.close_position):
                return status_refusal(self._product.filters, instrument)
            instrument = structs.replace(instrument, is_trading=True)
        unsaid = self._product.orders.unsayable(terms)
        if unsaid is not None:
            return unsaid
        filters, errors = self._product.filters, self._product.errors
        mark_px = reference_px if self._product.has_mark_price else None
        broken = broken_rule(filters, instrument, terms, mark_px=mark_px)
        if broken is None:
            return None
        rule, bound = broken
        code, message = filters.answers[rule]
        return OrderRejected(code, errors.explain(code, message.replace("{}", bound), what_to_do(filters, rule, bound)))

    def misfit(self, terms: Terms, instrument: Instrument, px: Decimal | None) -> Misfit | None:
        """Whether the exchange would certainly refuse these terms for how much they are about."""
        return amounts.misfit(self._product.filters, instrument, terms, px)

    def refused_misfit(
        self, terms: Terms, instrument: Instrument, px: Decimal | None, code: int, message: str
    ) -> Misfit | None:
        """Whether it refused these terms for how much they are about."""
        return amounts.refused_misfit(self._product.filters, instrument, terms, px, code, message)

    def list_refusal(self, command: PlaceOrderList) -> TradingError | None:
        """Why the exchange has no such list; None when it has."""
        return self._product.orders.unsayable_command(command)

    def _send(self, command: OrderCommand, way: OrderWay, now_ns: int) -> list[Output]:
        if self._trade.in_use:
            return self._trade.send(command, way.ws_method, way.params, now_ns)

        def ended(result: Result, _now_ns: int) -> list[Output]:
            match result:
                case Arrived(body):
                    return order_results.answered(self._product.orders, command, body)
                case HttpError():
                    return order_results.refused(self._product.errors, command, result)
            return order_results.unanswered(command, result)

        return self._rest.call(Call(way.http_method, way.path, way.params), ended, now_ns)

    def _with_state(self, outputs: list[Output]) -> list[Output]:
        state = self._trade.state
        if state is None or state == self._reported:
            return outputs
        self._reported = state
        return [*outputs, state]
