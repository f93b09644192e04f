"""Each value of a configuration: what is asked, what is taken when nothing is said, and what is no answer."""

from __future__ import annotations

import re
from pathlib import Path

from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.config import Environment
from tradingsys.gateway.configuration.products import ProductName

__all__ = ["BESIDE", "FILES", "api_key", "environment", "port", "product", "symbols"]

FILES = {ProductName.USDM: "usdt.json", ProductName.SPOT: "spot.json", ProductName.MARGIN: "margin.json"}
BESIDE = {
    ProductName.USDM: ("8111", None),
    ProductName.SPOT: ("8112", "spot.db"),
    ProductName.MARGIN: ("8113", "margin.db"),
}
"""Port and book that are taken when nothing is said, so that gateways of several products can stand side by side."""
_PRODUCTS = {"usdt": ProductName.USDM, "spot": ProductName.SPOT, "margin": ProductName.MARGIN}
_MAX_PORT = 65_535
_SYMBOL = re.compile(r"[a-z0-9_]{2,40}", re.ASCII)


def environment(text: str, for_: ProductName) -> Environment:
    """One of the four, where the product is. Raises ConfigError."""
    try:
        found = Environment(text.strip().lower())
    except ValueError:
        raise ConfigError(f"{text!r} is none of {', '.join(Environment)}", key="environment") from None
    if for_ is ProductName.MARGIN and found in (Environment.TESTNET, Environment.DEMO):
        raise ConfigError(f"there is no {found} for margin accounts: rehearse with sim", key="environment")
    return found


def product(text: str) -> ProductName:
    """What to trade. Raises ConfigError."""
    found = _PRODUCTS.get(text.strip().lower())
    if found is None:
        raise ConfigError(f"{text!r} is none of {', '.join(_PRODUCTS)}", key="--product")
    return found


def api_key(text: str) -> str:
    """The key as the exchange shows it. Raises ConfigError."""
    key = text.strip()
    if not key:
        raise ConfigError("is empty", key="apikey", hint="the exchange shows it in its API management")
    if "-----BEGIN" in key or Path(key).suffix == ".pem":
        raise ConfigError("that is a private key or its file, not the API key", key="apikey")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError("has characters that no API key has", key="apikey")
    return key


def port(text: str) -> int:
    """A TCP port. Raises ConfigError."""
    try:
        number = int(text.strip())
    except ValueError:
        number = 0
    if not 1 <= number <= _MAX_PORT:
        raise ConfigError(f"{text!r} is no port between 1 and {_MAX_PORT}", key="local")
    return number


def symbols(text: str) -> tuple[str, ...]:
    """Symbols between commas or spaces, in lower case, each once. Raises ConfigError."""
    found = tuple(dict.fromkeys(re.split(r"[\s,]+", text.strip().lower()))) if text.strip() else ()
    for symbol in found:
        if not _SYMBOL.fullmatch(symbol):
            raise ConfigError(f"{symbol!r} is no symbol", key="symbols", hint="write them like: btcusdt ethusdt")
    return found
