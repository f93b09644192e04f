"""ccxt, told by its own documented options that Binance is elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro

from tests.judges.box import HMAC_KEY, HMAC_SECRET, Box

__all__ = ["by_ed25519", "by_hmac", "symbol_of"]


@asynccontextmanager
async def by_hmac(box: Box, *, key: str = HMAC_KEY, secret: str = HMAC_SECRET) -> AsyncIterator[Any]:
    """A client with the HMAC key, until left."""
    async with _open(box, key, secret) as client:
        yield client


@asynccontextmanager
async def by_ed25519(box: Box) -> AsyncIterator[Any]:
    """A client with the Ed25519 key, until left."""
    async with _open(box, box.api_key, box.private_key) as client:
        yield client


def symbol_of(market_id: str) -> str:
    """ccxt's name of a perpetual: ``DOGE/USDT:USDT``."""
    return f"{market_id.removesuffix('USDT')}/USDT:USDT"


@asynccontextmanager
async def _open(box: Box, key: str, secret: str) -> AsyncIterator[Any]:
    # Every other host stays the real one: whoever asks it meets the guard.
    urls: dict[str, Any] = {"fapiData": f"{box.rest}/futures/data"}
    for version, suffix in (("v1", ""), ("v2", "V2"), ("v3", "V3")):
        urls |= {f"fapi{kind}{suffix}": f"{box.rest}/fapi/{version}" for kind in ("Public", "Private")}
    urls["ws"] = {"linear": f"{box.streams}/ws", "ws-api": {"linear": box.ws_api}}
    client = ccxt.pro.binanceusdm(
        {
            "apiKey": key,
            "secret": secret,
            "enableRateLimit": False,
            "urls": {"api": urls},
            "options": {
                # The names and networks of coins are the spot host's, of no interest to futures.
                "fetchCurrencies": False,
                "fetchOpenOrders": {"warnWithoutSymbol": False},
            },
        }
    )
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()
