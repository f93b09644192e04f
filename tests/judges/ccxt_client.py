"""ccxt, told by its own documented options that Binance is elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro

from tests.judges.box import FUTURES, HMAC_KEY, HMAC_SECRET, MARGIN, Box

__all__ = ["by_ed25519", "by_hmac", "by_stranger", "name_of", "spot_symbol_of", "symbol_of"]


@asynccontextmanager
async def by_hmac(box: Box, *, key: str = HMAC_KEY, secret: str = HMAC_SECRET) -> AsyncIterator[Any]:
    """A client with the HMAC key, until left."""
    async with _open(box, key, secret) as client:
        yield client


@asynccontextmanager
async def by_stranger(box: Box, *, key: str = HMAC_KEY, secret: str = HMAC_SECRET) -> AsyncIterator[Any]:
    """A client whose key is not good enough for what ccxt reads of spot markets by itself, until left."""
    async with _open(box, key, secret, fetchCurrencies=False, fetchMargins=False) as client:
        yield client


@asynccontextmanager
async def by_ed25519(box: Box) -> AsyncIterator[Any]:
    """A client with the Ed25519 key, until left."""
    async with _open(box, box.api_key, box.private_key) as client:
        yield client


def name_of(box: Box, market_id: str) -> str:
    """ccxt's name of a market of that exchange."""
    return symbol_of(market_id) if box.product == FUTURES else spot_symbol_of(market_id)


def symbol_of(market_id: str) -> str:
    """ccxt's name of a perpetual: ``DOGE/USDT:USDT``."""
    return f"{market_id.removesuffix('USDT')}/USDT:USDT"


def spot_symbol_of(market_id: str) -> str:
    """ccxt's name of a spot market: ``DOGE/USDT``."""
    quote = next(asset for asset in ("USDT", "BTC") if market_id.endswith(asset))
    return f"{market_id.removesuffix(quote)}/{quote}"


@asynccontextmanager
async def _open(box: Box, key: str, secret: str, **more: object) -> AsyncIterator[Any]:
    kind, urls, options = _futures(box) if box.product == FUTURES else _spot(box)
    client = kind(
        {
            "apiKey": key,
            "secret": secret,
            "enableRateLimit": False,
            # Every other host stays the real one: whoever asks it meets the guard.
            "urls": {"api": urls},
            "options": {"fetchOpenOrders": {"warnWithoutSymbol": False}, **options, **more},
        }
    )
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()


def _futures(box: Box) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    urls: dict[str, Any] = {"fapiData": f"{box.rest}/futures/data"}
    for version, suffix in (("v1", ""), ("v2", "V2"), ("v3", "V3")):
        urls |= {f"fapi{kind}{suffix}": f"{box.rest}/fapi/{version}" for kind in ("Public", "Private")}
    urls["ws"] = {"linear": f"{box.streams}/ws", "ws-api": {"linear": box.ws_api}}
    # The names and networks of coins are the spot host's, of no interest to futures.
    return ccxt.pro.binanceusdm, urls, {"fetchCurrencies": False}


def _spot(box: Box) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    urls: dict[str, Any] = dict.fromkeys(("public", "private"), f"{box.rest}/api/v3")
    for version, suffix in (("v1", ""), ("v2", "V2"), ("v3", "V3"), ("v4", "V4")):
        urls[f"sapi{suffix}"] = f"{box.rest}/sapi/{version}"
    # ccxt takes a stream for one of spot where its address has "/stream" in it, as ``wss://stream.binance.com`` has:
    # here a user's name says it.
    streams = box.streams.replace("://", "://stream@")
    urls["ws"] = {"spot": f"{streams}/ws", "ws-api": {"spot": box.ws_api}}
    options: dict[str, Any] = {"fetchMarkets": {"types": ["spot"]}}
    if box.product == MARGIN:
        # It would ask futures for positions.
        options |= {"watchPositions": {"fetchPositionsSnapshot": False}}
        options |= {"defaultType": "margin", "defaultMarginMode": "cross"}
    return ccxt.pro.binance, urls, options
