"""Binance's own Python SDK, told by its configuration that Binance is elsewhere, and what its models demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from binance_sdk_margin_trading.margin_trading import MarginTrading
from binance_sdk_spot.spot import Spot
from pydantic import BaseModel

from tests.judges.box import FUTURES, HMAC_KEY, HMAC_SECRET, MARGIN, SPOT, Box, eventually

__all__ = [
    "Listening",
    "assert_complete",
    "by_ed25519",
    "by_hmac",
    "flattened",
    "streams",
    "unset_and_unknown",
    "ws_api",
]

_PATIENCE_MS = 30_000
_KINDS = {FUTURES: DerivativesTradingUsdsFutures, SPOT: Spot}


def by_ed25519(box: Box, **options: Any) -> Any:
    """The SDK with the Ed25519 key, and with ``options`` of all its configurations."""
    return _client(box, options, api_key=box.api_key, private_key=box.private_key)


def by_hmac(box: Box, *, key: str = HMAC_KEY, secret: str = HMAC_SECRET) -> Any:
    """The SDK with the HMAC key."""
    return _client(box, {}, api_key=key, api_secret=secret)


def _client(box: Box, options: dict[str, Any], **credentials: Any) -> Any:
    # Of what is an enum elsewhere the SDK's REST client wants the word.
    words = {name: getattr(value, "value", value) for name, value in options.items()}
    rest = ConfigurationRestAPI(base_path=box.rest, timeout=_PATIENCE_MS, retries=0, **credentials, **words)
    streams = ConfigurationWebSocketStreams(stream_url=box.streams, **options)
    if box.product == MARGIN:
        return MarginTrading(rest, streams)
    ws_api = ConfigurationWebSocketAPI(stream_url=box.ws_api, **credentials, **options)
    return _KINDS[box.product](rest, ws_api, streams)


@asynccontextmanager
async def ws_api(client: Any) -> AsyncIterator[Any]:
    """Its connection to the WS-API, until left."""
    connection = await client.websocket_api.create_connection()
    assert connection is not None, "the SDK says in the log why it could not connect"
    try:
        yield connection
    finally:
        await connection.close_connection()


@asynccontextmanager
async def streams(client: Any) -> AsyncIterator[Any]:
    """Its connections to the streams, until left."""
    connection = await client.websocket_streams.create_connection()
    assert connection is not None, "the SDK says in the log why it could not connect"
    try:
        yield connection
    finally:
        await connection.close_connection()


class Listening:
    """Everything that one stream tells, and no error beside it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.told: list[Any] = []
        self.errors: list[Any] = []
        connection.on_connection("error", self.errors.append)

    async def to(self, name: str, **arguments: Any) -> Listening:
        """Begin."""
        handle = await getattr(self._connection, name)(**arguments)
        handle.on("message", self.told.append)
        return self

    async def heard(self, name: str) -> None:
        """Wait for the first event."""
        await self.until(lambda: self.told, name)

    async def until(self, enough: Callable[[], object], what: str = "enough events") -> None:
        """Wait for what ``enough`` says; an error fails at once."""

        def look() -> bool:
            assert not self.errors, self.errors
            return bool(enough())

        await eventually(what, look)


def unset_and_unknown(answer: object, path: str = "") -> tuple[set[str], set[str]]:
    """Paths of the fields that the SDK's model declares and the answer has not, and of those that it does not know."""
    if isinstance(answer, list):
        found = [unset_and_unknown(each, f"{path}[]") for each in answer]
        return {name for unset, _ in found for name in unset}, {name for _, unknown in found for name in unknown}
    if not isinstance(answer, BaseModel):
        return set(), set()
    chosen = getattr(answer, "actual_instance", None)
    if chosen is not None:
        return unset_and_unknown(chosen, path)
    unset: set[str] = set()
    unknown = {f"{path}.{name}" for name in getattr(answer, "additional_properties", {})}
    for name, field in type(answer).model_fields.items():
        value, place = getattr(answer, name), f"{path}.{field.alias or name}"
        if name == "additional_properties":
            continue
        if value is None:
            unset.add(place)
            continue
        unset_inside, unknown_inside = unset_and_unknown(value, place)
        unset, unknown = unset | unset_inside, unknown | unknown_inside
    return unset, unknown


def assert_complete(answer: object, *, without: Iterable[str] = (), beside: Iterable[str] = ()) -> None:
    """The SDK made a model of it, with every field there is and no other, but for those named."""
    assert isinstance(answer, BaseModel | list), answer
    unset, unknown = unset_and_unknown(answer)
    assert (unset - set(without), unknown - set(beside)) == (set(), set())


def flattened(answer: Any) -> Any:
    """A model as the JSON that it was made of."""
    if isinstance(answer, list):
        return [flattened(each) for each in answer]
    if not isinstance(answer, BaseModel):
        return answer
    chosen = getattr(answer, "actual_instance", None)
    if chosen is not None:
        return flattened(chosen)
    known = {field.alias or name: getattr(answer, name) for name, field in type(answer).model_fields.items()}
    unknown = known.pop("additional_properties", {})
    return {name: flattened(value) for name, value in (known | unknown).items() if value is not None}
