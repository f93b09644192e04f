"""What a Binance product does its own way: addresses, paths, costs, filters, error codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from tradingsys.venues.binance.errors import ErrorTable
from tradingsys.venues.binance.filters import FilterDialect

__all__ = ["Endpoints", "Paths", "Product", "Weights"]


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


class Paths(Struct, frozen=True):
    """REST paths."""

    time: str
    exchange_info: str
    order: str
    open_orders: str
    user_trades: str
    positions: str
    balance: str
    position_mode: str
    multi_assets_mode: str
    account_config: str
    listen_key: str
    algo_order: str
    open_algo_orders: str
    all_algo_orders: str
    klines: str
    income: str
    symbol_config: str
    leverage: str
    margin_type: str
    api_restrictions: str
    """On `Endpoints.sapi`."""


class Weights(Struct, frozen=True):
    """Request weight of each call."""

    time: int
    exchange_info: int
    place: int
    replace: int
    cancel: int
    order: int
    all_algo_orders: int
    open_orders: int
    open_orders_of_all: int
    user_trades: int
    positions: int
    account_mode: int
    """All calls that an `AccountModeQuery` takes."""
    balances: int
    income: int
    symbol_settings: int
    change_settings: int
    """One change, and reading it back."""
    permissions: int
    klines: tuple[tuple[int, int], ...]
    """(up to how many bars, weight), ascending."""


class Product(Struct, frozen=True):
    """One product."""

    name: str
    endpoints: Mapping[str, Endpoints]
    """By environment: ``live``, ``testnet``, ``demo``."""
    paths: Paths
    weights: Weights
    filters: FilterDialect
    errors: ErrorTable
    route_of: Callable[[str], str | None]
    """The exchange's name of a stream → the route that carries it, None for no stream of this product."""
    kline_intervals: frozenset[str]
    klines_at_once: int
    """The most bars that one answer has."""
    depth_speeds: frozenset[str]
    """Speeds of partial depth; the empty one is the venue's default."""
    trades_window_ms: int
    """A question for trades by time covers at most so much."""
    trades_kept_ms: int
    """Older trades are not told any more."""
