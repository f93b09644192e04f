"""Requests about the market: products, subscriptions, history."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.commands import KlinesQuery
from tradingsys.core.errors import LocalProtocolError, StoreError
from tradingsys.core.market import Kline
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, known_instrument, require_login
from tradingsys.gateway.market.stream_names import parse_stream
from tradingsys.gateway.requests.questions import ask_for
from tradingsys.gateway.views.product_views import ProductViews
from tradingsys.venues.protocol import Stream
from tradingsys.wire.codec import decode_params, encode_error, encode_reply
from tradingsys.wire.messages import ErrorCode, KlinesParams, KlineView, Request, SymbolsParams

__all__ = ["MarketRequests", "wanted_symbols"]

_MAX_BARS = 1_500
"""What Binance futures answer at most."""


class MarketRequests:
    """``get_products``, ``subscribe``, ``unsubscribe``, ``get_klines``."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway
        self._products = ProductViews()
        self._waiting: list[tuple[Client, list[Stream]]] = []
        """Subscriptions that are not confirmed yet."""
        self.methods: dict[str, Method] = {
            "get_products": self._get_products,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "get_klines": self._get_klines,
        }

    def _get_products(self, client: Client, request: Request) -> None:
        views = self._products.encoded(self._gateway.instruments, wanted_symbols(request))
        client.peer.write(encode_reply(request.id, views))

    def _subscribe(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        streams = self._streams(client, request)
        gateway.market.check_room(client, streams)
        if client.session is None:
            self._confirm(client, request.id, streams)
            return
        symbols = sorted({stream.symbol for stream in streams})
        new = [symbol for symbol in symbols if symbol not in gateway.book.symbols]
        unpriced = gateway.limiting.unpriced(client.session.id, symbols)
        if not new and not unpriced:
            self._confirm(client, request.id, streams)
            return
        self._waiting.append((client, streams))
        for symbol in unpriced:
            gateway.limiting.reading.ask(symbol)
        gateway.run(self._enter_then_confirm(client, request.id, streams, new, unpriced))

    async def _enter_then_confirm(
        self, client: Client, request_id: int, streams: list[Stream], new: list[str], unpriced: list[str]
    ) -> None:
        if new:
            await self._gateway.recovery.enter_symbols(new)
            try:
                self._gateway.flush()
            except StoreError as error:
                self._gateway.fail(error)
                return
        # Who waits for the answer, and sends orders then, has a price that they can be measured with.
        await self._gateway.limiting.reading.expect(unpriced)
        self._confirm_again(client, request_id, streams)

    def _confirm_again(self, client: Client, request_id: int, streams: list[Stream]) -> None:
        """Unless the client is gone, or others of its requests were confirmed meanwhile and left no room."""
        self._waiting = [each for each in self._waiting if each[1] is not streams]
        if client.peer not in self._gateway.clients:
            return
        try:
            self._gateway.market.check_room(client, streams)
        except LocalProtocolError as error:
            client.peer.write(encode_error(request_id, error.code, str(error)))
        else:
            self._confirm(client, request_id, streams)

    def _confirm(self, client: Client, request_id: int, streams: list[Stream]) -> None:
        client.peer.write(encode_reply(request_id))
        for stream in streams:
            self._gateway.market.subscribe(client, stream)

    def _unsubscribe(self, client: Client, request: Request) -> None:
        unwanted = self._streams(client, request)
        for asker, streams in self._waiting:
            if asker is client:
                streams[:] = [stream for stream in streams if stream not in unwanted]
        for stream in unwanted:
            self._gateway.market.unsubscribe(client, stream)
        client.peer.write(encode_reply(request.id))

    def _get_klines(self, client: Client, request: Request) -> None:
        require_login(client)
        params = decode_params(request, KlinesParams)
        instrument = known_instrument(self._gateway, params.symbol)
        self._gateway.market.check(Stream(instrument.symbol, "kline", params.interval))
        if not 1 <= params.limit <= _MAX_BARS:
            raise LocalProtocolError(
                f"limit must be 1 to {_MAX_BARS}, not {params.limit}: for more, ask again with end_ms set to the "
                "oldest start_ms",
                code=ErrorCode.BAD_REQUEST,
            )
        if params.end_ms is not None and params.end_ms <= 0:
            raise LocalProtocolError("end_ms is ms since 1970", code=ErrorCode.BAD_REQUEST)
        query = KlinesQuery(instrument.symbol, params.interval, params.limit, params.end_ms)
        ask_for(self._gateway, client, request.id, query, _kline_views)

    def _streams(self, client: Client, request: Request) -> list[Stream]:
        require_login(client)
        streams = [parse_stream(text) for text in decode_params(request, list[str])]
        for stream in streams:
            known_instrument(self._gateway, stream.symbol)
            self._gateway.market.check(stream)
        return streams


def wanted_symbols(request: Request) -> set[str]:
    """The symbols that a request names, in upper case; none means all.

    Raises LocalProtocolError (-10009) for parameters of another shape.
    """
    if bytes(request.params) == b"null":
        return set()
    try:
        symbols = decode_params(request, SymbolsParams).symbols
    except LocalProtocolError:
        symbols = decode_params(request, list[str])
    return {symbol.upper() for symbol in symbols}


def _kline_views(bars: Iterable[Kline]) -> list[KlineView]:
    return [
        KlineView(
            bar.open_ms,
            bar.close_ms,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.quote_volume,
            bar.buy_volume,
            bar.buy_quote_volume,
            bar.trade_count,
            bar.first_trade_id,
            bar.last_trade_id,
            bar.is_closed,
        )
        for bar in bars
    ]
