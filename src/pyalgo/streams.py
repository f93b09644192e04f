"""The subscriptions of a session, asked for after every login, and the rules of their symbols."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from msgspec import Struct

from pyalgo.product import Product
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import ErrorCode, ProductView, Reply, SymbolsParams

__all__ = ["Ask", "Stream", "Streams", "may_help_to_wait"]


class Stream:
    """One subscription, from the wish for it to its confirmation or refusal."""

    def __init__(self, symbol: str, name: str) -> None:
        self.symbol, self.name = symbol, name
        """``name`` as on the wire, such as ``btcusdt@depth``."""
        self.is_confirmed = False
        self.refusal: LocalProtocolError | None = None


class Ask(Protocol):
    """Sends requests and remembers what to repeat."""

    def query(
        self, method: str, params: Struct | list[str], on_reply: Callable[[Reply], None], *, may_wait: bool = ...
    ) -> None:
        """Send a request that changes nothing; its answer may wait, like a push, until the strategy runs."""

    def retry(self, action: Callable[[], None]) -> None:
        """Do something in a moment, if the connection still stands then."""

    def report(self, error: LocalProtocolError) -> None:
        """Tell the user."""

    def learned(self, product: Product) -> None:
        """The rules of a symbol became known, or known anew."""


class Streams:
    """All streams of a session and all products it has heard of."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.products: dict[str, Product] = {}
        self._by_name: dict[str, Stream] = {}

    def add(self, stream: Stream) -> None:
        """From now on ask for this one too."""
        self._by_name[stream.name] = stream

    def remove(self, name: str) -> bool:
        """Ask for this one no more; returns whether the gateway sends it."""
        stream = self._by_name.pop(name, None)
        return stream is not None and stream.is_confirmed

    def request(self, streams: list[Stream] | None = None) -> None:
        """Ask for ``streams``, by default for all, and for the rules of their symbols."""
        wanted = list(self._by_name.values()) if streams is None else streams
        if wanted:
            self._request_products(sorted({stream.symbol for stream in wanted}))
        # One by one: the gateway refuses a request whole, and one bad stream must not take others along.
        for stream in wanted:
            self._request_stream(stream)

    def forget_confirmations(self) -> None:
        """The connection is gone, and with it what the gateway knew of us."""
        for stream in self._by_name.values():
            stream.is_confirmed, stream.refusal = False, None

    def _request_products(self, symbols: list[str]) -> None:
        self._ask.query("get_products", SymbolsParams(symbols), partial(self._on_products, symbols))

    def _request_stream(self, stream: Stream) -> None:
        self._ask.query("subscribe", [stream.name], partial(self._on_stream, stream))

    def _on_products(self, asked: list[str], reply: Reply) -> None:
        try:
            views = decode_result(reply, list[ProductView])
        except LocalProtocolError as error:
            if may_help_to_wait(error.code):
                self._ask.retry(partial(self._request_products, asked))
            else:
                self._refuse(asked, str(error), error.code)
            return
        for view in views:
            self.products[view.symbol] = product = Product(view)
            self._ask.learned(product)
        unknown = [symbol for symbol in asked if symbol not in self.products]
        why = "the gateway knows no such symbol: it is written like btcusdt, and must be listed there"
        self._refuse(unknown, why, ErrorCode.INVALID_SYMBOL)

    def _on_stream(self, stream: Stream, reply: Reply) -> None:
        if reply.error is None:
            stream.is_confirmed = True
        elif may_help_to_wait(reply.error.code):
            self._ask.retry(partial(self._request_stream, stream))
        else:
            self._refuse_one(stream, reply.error.msg, reply.error.code)

    def _refuse(self, symbols: list[str], message: str, code: int) -> None:
        for stream in self._by_name.values():
            if stream.symbol in symbols:
                self._refuse_one(stream, message, code)

    def _refuse_one(self, stream: Stream, message: str, code: int) -> None:
        if stream.refusal is None:
            stream.refusal = LocalProtocolError(f"{stream.name}: {message}", code=code)
            self._ask.report(stream.refusal)


def may_help_to_wait(code: int) -> bool:
    """Whether the same request may succeed in a moment."""
    return code in (ErrorCode.NOT_READY, ErrorCode.DISCONNECTED)
