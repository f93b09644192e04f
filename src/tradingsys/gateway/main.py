"""``tradingsys usdt`` and ``tradingsys spot``: read the configuration, say who we are, run."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from tradingsys.core.command_line import CommandLine
from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.gateway.configuration.config import (
    Config,
    Environment,
    addresses,
    load,
    local_address,
    product_of,
    signer,
)
from tradingsys.gateway.configuration.port_config import port_address, remote_door
from tradingsys.gateway.configuration.products import ProductName, book_name
from tradingsys.gateway.log import FieldLog
from tradingsys.gateway.ordering.orders import OrderSettings
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.gateway.shell import Shell, ShellSettings
from tradingsys.net import log, loop
from tradingsys.net.token import create_token
from tradingsys.oms.recovery import Margins
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.filters import shows_old_rules
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.products import PRODUCTS

__all__ = ["run"]

_SHARED_MEMORY = Path("/dev/shm")
_UNLISTED = -1121
_SYMBOL_CLOSED = {
    ProductName.USDM: {_UNLISTED, -4141},
    ProductName.SPOT: {_UNLISTED},
    ProductName.MARGIN: {_UNLISTED, -3021, -3053},
}
"""Refusals that show that a symbol does not trade any more, or is gone, beside those of its filters."""
_PUBLIC = "sim"
"""Key and secret of every simulator: everybody knows them, and the log has the word for other things."""
_OURS_ALONE = 0o077
"""What a gateway writes tells what an account holds and does."""
_SIM_ENGINE_MS = 250
_SIM_STALENESS_MS = 250


def run(config_path: Path, level: str, scan: Sequence[str] = (), *, command: str = "usdt") -> int:
    """Run the gateway of one account, as ``usdt`` or ``spot``; returns the exit code.

    Raises ConfigError when the configuration cannot be used.
    """
    config = load(config_path)
    product = product_of(command, config, config_path)
    host, port = local_address(config, config_path)
    remote = remote_door(port_address(config.local, config.tls, config_path)[0], config.tls, config_path)
    keys = signer(config, config_path)
    for secret in {config.apikey, config.secret or ""} - {_PUBLIC}:
        log.hide(secret)
    os.umask(_OURS_ALONE)
    try:
        token = create_token(port)
        log.hide(token)
        handle = log.setup(product.log, level, Path("log"))
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be written: {error.strerror or error}",
            hint="log/ in the working directory and tradingsys/ in your configuration folder must be writable",
        ) from None
    _leave_no_core()
    logger = FieldLog(logging.getLogger("tradingsys.gateway"))
    try:
        logger.info(_banner(config, product))
        urls = addresses(config, product)
        shell = Shell(
            ShellSettings(
                host,
                port,
                Path(config.db),
                book_name(product, config.environment),
                _ticket_dir(),
                secrets.randbits(30),
                remote,
            ),
            _settings(config, product, token, scan, CommandLine(("-c", str(config_path)))),
            lambda: BinanceProtocol(PRODUCTS[product], urls, config.apikey, keys),
            BinanceMarket(PRODUCTS[product], urls),
            logger,
        )
        loop.run(shell.run())
    except TradingError as error:
        if level == "off":
            raise
        logger.error(f"stopped: {error}")
        return 2 if isinstance(error, ConfigError) else 1
    finally:
        handle.close()
    return 0


def _leave_no_core() -> None:
    """A crash writes no memory, with the keys in it, to disk; where there is no such thing, nothing is to be done."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _settings(
    config: Config, product: ProductName, token: str, scan: Sequence[str], commands: CommandLine
) -> GatewaySettings:
    known = Margins()
    if config.environment is Environment.SIM:
        known = Margins(engine_ms=_SIM_ENGINE_MS, staleness_ms=_SIM_STALENESS_MS)
    margins = Margins(
        engine_ms=known.engine_ms if config.engine_margin_ms is None else config.engine_margin_ms,
        staleness_ms=known.staleness_ms if config.staleness_ms is None else config.staleness_ms,
    )
    return GatewaySettings(
        OrderSettings(config.recv_window_ms, sync_each=config.durability == "fsync"),
        margins,
        commands=commands,
        symbols=tuple(symbol.upper() for symbol in config.symbols),
        scan=tuple(symbol.upper() for symbol in scan),
        token=token,
        product=product,
        environment=config.environment,
        db=config.db,
        shows_old_rules=lambda code, message: (
            code in _SYMBOL_CLOSED[product] or shows_old_rules(PRODUCTS[product].filters, code, message)
        ),
        limits=config.limits,
        sessions={int(name): session for name, session in config.sessions.items()},
        admits_all=config.admit == "all",
        countdown_s=config.countdown_s,
        backups=config.backups,
        history_ms=PRODUCTS[product].history_ms,
        asks_key_rights=True,
        is_live=config.environment is Environment.LIVE,
    )


def _banner(config: Config, product: ProductName) -> str:
    where = "LIVE" if config.environment is Environment.LIVE else config.environment.value
    # The key's end is enough to tell accounts apart; the key itself is never shown.
    return f"{where}: {product.label}, account of API key …{config.apikey[-4:]}, books in {config.db}"


def _ticket_dir() -> Path | None:
    """Memory that survives this process but no power cut: only Linux says where that is."""
    if sys.platform != "linux":
        return None
    private = os.environ.get("XDG_RUNTIME_DIR", "")
    place = Path(private) if private.startswith("/") else _SHARED_MEMORY
    return place if place.is_dir() else None
