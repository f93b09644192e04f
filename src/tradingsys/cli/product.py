"""Which product a configuration file is for: only the command that runs its gateway says it for certain."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import apsw

from tradingsys.cli.simulator import SIMULATOR
from tradingsys.core.errors import TradingError
from tradingsys.gateway.configuration.config import Config, Urls, product_of
from tradingsys.gateway.configuration.products import ProductName, product_of_book
from tradingsys.store.meta import meta
from tradingsys.store.read import reading

__all__ = ["Command", "meant_product", "simulator", "told_by_book"]

Command = Literal["usdt", "spot"]
"""The commands that run a gateway."""

_WS_API = {"/ws-fapi/v1": ProductName.USDM, "/ws-api/v3": ProductName.SPOT}
_WORDS = {"spot": ProductName.SPOT, "margin": ProductName.SPOT, "usdt": ProductName.USDM, "futures": ProductName.USDM}


def meant_product(config: Config, path: Path, command: Command | None) -> ProductName:
    """The product that ``command`` would trade; without one, what the file, its name or its book tell.

    Raises ConfigError for a combination that there is not.
    """
    if command is None:
        is_spot = config.margin or _guess(config, path) is not ProductName.USDM
        command = config.product or ("spot" if is_spot else "usdt")
    return product_of(command, config, path)


def simulator(product: ProductName) -> Urls:
    """Where a simulator is that was started without options: the websockets of spot have a port of their own."""
    if product is ProductName.USDM:
        return SIMULATOR
    return Urls(rest=SIMULATOR.rest, ws_api="ws://localhost:8102/ws-api/v3", streams="ws://localhost:8102")


def _guess(config: Config, path: Path) -> ProductName:
    ws_api = (config.urls.ws_api if config.urls is not None else None) or ""
    for end, product in _WS_API.items():
        if ws_api.rstrip("/").endswith(end):
            return product
    for word, product in _WORDS.items():
        if word in path.stem.lower():
            return product
    return product_of_book(told_by_book(Path(config.db), "account"))[0] or ProductName.USDM


def told_by_book(db: Path, key: str) -> str:
    """What the book says of itself; empty where it does not, or cannot be read."""
    try:
        with reading(db) as conn:
            return meta(conn, key) or ""
    except (TradingError, apsw.Error, OSError):
        return ""
