"""What a Binance product does its own way: addresses, paths, costs, filters, error codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from tradingsys.core.commands import Query
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import ConfigError
from tradingsys.core.instrument import Instrument
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.errors import ErrorTable
from tradingsys.venues.binance.feed import Feed, FeedParts
from tradingsys.venues.binance.filters import FilterDialect
from tradingsys.venues.binance.order_dialect import OrderDialect
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.steps import Steps

__all__ = ["Asking", "Endpoints", "Paths", "Product", "Question", "Weights", "endpoints"]


class Endpoints(Struct, frozen=True):
    """Base addresses, without a slash at the end."""

    rest: str
    """Such as ``https://host``."""
    ws_api: str
    """The whole address of the WS-API."""
    streams: str
    """Such as ``wss://host``: routes and stream names follow."""
    sapi: str | None = None
    """Where the exchange tells what an API key may do; None where it does not."""
    risk_streams: str = ""
    """Where a margin account's warnings come from; such as ``wss://host``."""


class Paths(Struct, frozen=True, kw_only=True):
    """REST paths; empty where the product has no such thing."""

    time: str
    exchange_info: str
    order: str
    open_orders: str
    user_trades: str
    balance: str
    klines: str
    price: str
    api_restrictions: str
    """On `Endpoints.sapi`."""
    income: str = ""
    listen_key: str = ""
    # Contracts.
    positions: str = ""
    position_mode: str = ""
    multi_assets_mode: str = ""
    account_config: str = ""
    algo_order: str = ""
    open_algo_orders: str = ""
    all_algo_orders: str = ""
    symbol_config: str = ""
    countdown: str = ""
    leverage: str = ""
    margin_type: str = ""
    # Assets.
    amend: str = ""
    amendments: str = ""
    order_lists: str = ""
    """Followed by ``/oco``, ``/oto`` or ``/otoco``."""
    # Borrowed assets.
    owner: str = ""
    """Where it is told whose the account is: its own calls do not say."""
    listen_token: str = ""
    loan: str = ""
    borrowable: str = ""
    risk_bars: str = ""


class Weights(Struct, frozen=True, kw_only=True):
    """Request weight of each call; 0 where the product has no such call."""

    time: int
    exchange_info: int
    place: int
    cancel: int
    order: int
    open_orders: int
    open_orders_of_all: int
    user_trades: int
    account_mode: int
    """All calls that an `AccountModeQuery` takes."""
    balances: int
    permissions: int
    klines: tuple[tuple[int, int], ...]
    """(up to how many bars, weight), ascending."""
    price: int
    replace: int = 0
    amendments: int = 0
    place_borrowing: int = 0
    """An order that may borrow."""
    all_algo_orders: int = 0
    positions: int = 0
    income: int = 0
    symbol_settings: int = 0
    change_settings: int = 0
    """One change, and reading it back."""
    countdown: int = 0
    loan: int = 0
    borrowable: int = 0
    margin_state: int = 0

    def of_klines(self, limit: int) -> int:
        """Of so many bars, in as many answers as they take."""
        at_once, full = self.klines[-1]
        answers, rest = divmod(limit, at_once)
        return answers * full + (next(cost for bars, cost in self.klines if rest <= bars) if rest else 0)

    def of_open_orders(self, symbol: str | None) -> int:
        """Of one symbol, or of all."""
        return self.open_orders_of_all if symbol is None else self.open_orders


class Asking(Struct, frozen=True):
    """What a procedure needs to know beside its question."""

    product: Product
    clock: VenueClock
    sapi: str | None
    """As in `Endpoints`."""
    now_ns: int
    odd: Callable[[str], None]
    """Takes what is worth a line in the log."""
    known: dict[bytes, Instrument]
    """What the exchange's rules of symbols were read as the last time, by the exchange's own text of each."""


class Question(Struct, frozen=True):
    """How one kind of question is asked, and what it costs if it takes one answer of each kind that it needs."""

    steps: Callable[[Asking, Any], Steps[object]]
    weight: Callable[[Any], int]


class Product(Struct, frozen=True, kw_only=True):
    """One product."""

    name: str
    account_kind: AccountKind
    endpoints: Mapping[str, Endpoints]
    """By environment: ``live``, ``testnet``, ``demo``."""
    paths: Paths
    weights: Weights
    filters: FilterDialect
    errors: ErrorTable
    orders: OrderDialect
    questions: Mapping[type[Query[Any]], Question]
    lacks: Mapping[type[Query[Any]], str]
    """Questions that this product's accounts cannot be asked: why, and what to do instead."""
    feeds: Callable[[Endpoints, FeedParts], tuple[Feed, ...]]
    """The connections that bring the account's events."""
    has_mark_price: bool
    """Whether the price that market orders and price bands are measured with is told to everybody: spot uses an average
    of its own, which no other price is near enough to."""
    rules_params: Params
    """What the exchange's rules of all symbols are asked for with: to leave out what nobody reads, where it can."""
    instrument: Callable[[messages.Symbol], Instrument]
    """Raises msgspec.ValidationError when a rule that an order needs is missing."""
    route_of: Callable[[str], str | None]
    """The exchange's name of a stream → the route that carries it, None for no stream of this product."""
    stream_path: Callable[[str], str]
    """Route → the path of its combined connection on `Endpoints.streams`."""
    kline_intervals: frozenset[str]
    klines_at_once: int
    """The most bars that one answer has."""
    depth_speeds: frozenset[str]
    """Speeds of partial depth; the empty one is the venue's default."""
    trades_window_ms: int
    """A question for trades by time covers at most so much."""
    trades_kept_ms: int
    """Older trades are not told any more."""
    cash_kept_ms: int | None = None
    """Older rows of the cash history are not told any more; None where it is not read."""

    @property
    def history_ms(self) -> int:
        """How far back all is told that an account did."""
        return min(self.trades_kept_ms, self.cash_kept_ms or self.trades_kept_ms)


def endpoints(
    product: Product,
    environment: str = "live",
    *,
    rest: str | None = None,
    ws_api: str | None = None,
    streams: str | None = None,
) -> Endpoints:
    """The addresses of an environment, each of which an explicit one replaces.

    What an API key may do is asked where ``rest`` says, when that is given: live it may be told by another host, on the
    testnet by none. An account's warnings come from a host of their own where the environment has one, whatever
    ``streams`` says, else from there. An environment that the exchange does not have (such as ``sim``) needs all three.
    Raises ConfigError otherwise.
    """
    base = product.endpoints.get(environment)
    if base is None:
        if not (rest and ws_api and streams):
            raise ConfigError(
                f"environment {environment!r} has no addresses of its own",
                key="environment",
                hint=f"use one of {', '.join(product.endpoints)}, or give the addresses of REST, WS-API and streams",
            )
        base = Endpoints("", "", "")
    return Endpoints(
        (rest or base.rest).rstrip("/"),
        (ws_api or base.ws_api).rstrip("/"),
        (streams or base.streams).rstrip("/"),
        sapi=rest.rstrip("/") if rest else base.sapi,
        risk_streams=(base.risk_streams or streams or "").rstrip("/"),
    )
