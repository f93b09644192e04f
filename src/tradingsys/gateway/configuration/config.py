"""The gateway's configuration file: the original's keys, and a few optional ones."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tradingsys.core.enums import OnDisconnect
from tradingsys.core.errors import ConfigError
from tradingsys.core.secrecy import shown
from tradingsys.gateway.backups import BackupSettings, check_backups
from tradingsys.gateway.configuration.config_keys import unknown_key
from tradingsys.gateway.configuration.port_config import TlsConfig, port_address
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.configuration.session_config import (
    LONGEST_COUNTDOWN_S,
    LimitsConfig,
    SessionConfig,
    check_sessions,
    unknown_key_within,
)
from tradingsys.net.loopback import LOOPBACK
from tradingsys.venues.auth import Signer, load_signer
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.products import PRODUCTS, endpoints
from tradingsys.wire.strict import check_strict

__all__ = [
    "Config",
    "Environment",
    "Urls",
    "addresses",
    "load",
    "local_address",
    "private_key",
    "product_of",
    "signer",
]


class Environment(StrEnum):
    """Which exchange the account is at."""

    LIVE = "live"
    TESTNET = "testnet"
    DEMO = "demo"
    SIM = "sim"


class Urls(Struct, frozen=True, forbid_unknown_fields=True):
    """Addresses that replace the environment's own, each where it is given."""

    rest: str | None = None
    ws_api: str | None = None
    streams: str | None = None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """One gateway. ``apikey``, ``pem`` and ``local`` are the original's keys."""

    apikey: str
    local: str
    """``ws://localhost:8111``: where strategies connect."""
    pem: str | None = None
    """The private key's file, looked up from the working directory, then from the configuration file's own."""
    secret: str | None = None
    """An HMAC secret, instead of ``pem``."""
    environment: Environment = Environment.LIVE
    product: Literal["usdt", "spot"] | None = None
    """The command that runs it; another one is refused."""
    margin: bool = False
    """A spot account's cross margin account instead of its spot wallet."""
    urls: Urls | None = None
    db: str = "pos.db"
    """Where positions are kept, from the working directory."""
    symbols: tuple[str, ...] = ()
    """Accounted for from the first start on, whether or not a strategy subscribes them."""
    durability: Literal["write", "fsync"] = "write"
    """Whether an order is only written to the journal before it is sent, or also synced."""
    recv_window_ms: int = 2_000
    """How long after its timestamp the exchange may still accept an order."""
    engine_margin_ms: int | None = None
    """How much later than that an accepted order may appear at the latest."""
    staleness_ms: int | None = None
    """How old the state may be from which the exchange answers queries."""
    tls: TlsConfig | None = None
    """What lets strategies of other machines in; ``local`` is then ``wss://`` and this machine's name or address."""
    limits: LimitsConfig = LimitsConfig()
    sessions: dict[str, SessionConfig] = {}
    """By number."""
    admit: Literal["all", "configured"] = "all"
    """Which sessions strategies may log in to: those in ``sessions`` only, or any."""
    backups: BackupSettings = BackupSettings()
    countdown_s: int | None = None
    """After how much silence of this gateway the exchange cancels orders where all sessions agreed; None: never."""

    def __repr__(self) -> str:
        return shown(self, "apikey", "secret")


_LEAST_COUNTDOWN_S = 30
_MAY_BE_A_KEY = re.compile(r"(?as).*(-----|\n)|[\w+/=\s-]{40,}\Z").match
"""Base64 has slashes like a path, but no dot."""
_AS_SHOWN = "copy it as the exchange shows it"
_CHOICES: dict[str, tuple[str, ...]] = {
    "environment": tuple(Environment),
    "durability": ("write", "fsync"),
    "product": ("usdt", "spot"),
    "on_disconnect": tuple(OnDisconnect),
    "admit": ("all", "configured"),
}
_WS_API = {"/ws-fapi/": ProductName.USDM.command, "/ws-api/": ProductName.SPOT.command}
"""In the address of which WS-API, by the command whose exchange has it there."""
_ISOLATED = ("isolated", "isIsolated")
_MARGIN_HINT = "true for the cross margin account, false or left out for spot"


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises ConfigError naming file, key and what to do.
    """
    try:
        raw = path.read_bytes().removeprefix(BOM_UTF8)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror or error}", file=str(path), hint="give the file with -c=FILE"
        ) from None
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_json("it is empty" if not raw.strip() else str(error), path) from None
    try:
        config = msgspec.json.decode(raw, type=Config)
        check_strict(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _explain(error, given, raw, path) from None
    except ValueError as error:
        raise _no_json(str(error), path) from None
    _check(config, path)
    return config


def private_key(config: Config, path: Path) -> str | None:
    """The text of the private key's file, if one is configured.

    Raises ConfigError when there is none to read.
    """
    if config.pem is None:
        return None
    places = dict.fromkeys((Path(config.pem), path.parent / config.pem))
    for place in places:
        if _is_file(place):
            try:
                return place.read_text("utf-8-sig", "replace")  # what is no text is no key, as its reader will say
            except OSError as error:
                raise ConfigError(
                    f"{place} cannot be read: {error.strerror or error}", file=str(path), key="pem"
                ) from None
    if _MAY_BE_A_KEY(config.pem):
        raise ConfigError(
            "names no file, and may be the key itself",
            file=str(path),
            key="pem",
            hint="write it into a file that only you may read, and here that name; an HMAC secret belongs to secret",
        )
    tried = " or ".join(str(place) for place in places)
    raise ConfigError(f"no such file: {tried}", file=str(path), key="pem", hint="the private key in PEM format")


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError:  # no file has a name as long as a key of RSA
        return False


def signer(config: Config, path: Path) -> Signer:
    """What signs this account's requests.

    Raises ConfigError when there is no key, or one that cannot be used.
    """
    text = private_key(config, path)
    try:
        return load_signer(secret=config.secret, pem_text=text)
    except ConfigError as error:
        raise ConfigError(str(error), file=str(path), key="pem" if config.pem else "secret") from None


def product_of(command: str, config: Config, path: Path) -> ProductName:
    """What the account of a configuration trades, as the command (``usdt`` or ``spot``) runs it.

    Raises ConfigError for a combination that there is not.
    """
    ws_api = (config.urls.ws_api if config.urls is not None else None) or ""
    meant = next((owner for part, owner in _WS_API.items() if part in ws_api), command)
    if meant != command:
        # Before a book is made: it would keep the other product from using the file ever after.
        raise ConfigError(
            f"{ws_api!r} is not what tradingsys {command} speaks to",
            file=str(path),
            key="urls: ws_api",
            hint=f"run it with tradingsys {meant} -c={path}",
        )
    if config.product not in (None, command):
        raise ConfigError(
            f"is {config.product}, which tradingsys {command} does not trade",
            file=str(path),
            key="product",
            hint=f"run it with tradingsys {config.product} -c={path}",
        )
    if command == ProductName.SPOT.command:
        if config.countdown_s is not None:
            hint = "take it out, and countdown of its sessions; on_disconnect works on spot too"
            raise ConfigError("only futures have such a countdown", file=str(path), key="countdown_s", hint=hint)
        return ProductName.MARGIN if config.margin else ProductName.SPOT
    if config.margin:
        raise ConfigError(
            "futures have no margin account: margin is for spot",
            file=str(path),
            key="margin",
            hint=f"take it out, or run it with tradingsys spot -c={path}",
        )
    return ProductName.USDM


def addresses(config: Config, product: ProductName) -> Endpoints:
    """Where the exchange is: the environment's addresses, or those that replace them."""
    urls = config.urls or Urls()
    return endpoints(PRODUCTS[product], config.environment, rest=urls.rest, ws_api=urls.ws_api, streams=urls.streams)


def local_address(config: Config, path: Path) -> tuple[str, int]:
    """Host and port that programs of this machine connect to.

    Raises ConfigError for an address that cannot be, or must not be, the port's.
    """
    host, port = port_address(config.local, config.tls, path)
    return (host if config.tls is None else LOOPBACK[0]), port


def _check(config: Config, path: Path) -> None:
    if not config.apikey:
        raise ConfigError("is empty", file=str(path), key="apikey", hint=_AS_SHOWN)
    if not (config.apikey.isascii() and config.apikey.isprintable() and config.apikey == config.apikey.strip()):
        raise ConfigError(
            "has characters that no API key has, or space around it", file=str(path), key="apikey", hint=_AS_SHOWN
        )
    if (config.pem is None) == (config.secret is None):
        raise ConfigError(
            "exactly one of them is needed", file=str(path), key="pem / secret", hint="a key file, or an HMAC secret"
        )
    if config.secret == "":
        raise ConfigError("is empty", file=str(path), key="secret", hint=_AS_SHOWN)
    urls = config.urls
    if config.margin and config.environment in (Environment.TESTNET, Environment.DEMO):
        raise ConfigError(
            f"there is no {config.environment} for margin accounts",
            file=str(path),
            key="environment",
            hint="rehearse with the simulator, which has margin accounts: tradingsys sim --write-config DIR",
        )
    if config.environment is Environment.SIM and not (urls and urls.rest and urls.ws_api and urls.streams):
        raise ConfigError(
            "environment sim needs the simulator's addresses: rest, ws_api and streams",
            file=str(path),
            key="urls",
            hint="tradingsys sim --write-config DIR writes a file that has them",
        )
    if urls:
        _check_url(urls.rest, "rest", "http", path)
        _check_url(urls.ws_api, "ws_api", "ws", path)
        _check_url(urls.streams, "streams", "ws", path)
    if not Path(config.db).name or Path(config.db).is_dir():
        raise ConfigError(f"no file: {config.db!r}", file=str(path), key="db", hint='such as "pos.db"')
    if not Path(config.db).parent.is_dir():
        raise ConfigError(
            f"there is no directory {Path(config.db).parent}",
            file=str(path),
            key="db",
            hint="make it, or name a file in another one",
        )
    if not 1 <= config.recv_window_ms <= 60_000:
        raise ConfigError(f"must be 1 to 60000, not {config.recv_window_ms}", file=str(path), key="recv_window_ms")
    for key in ("engine_margin_ms", "staleness_ms"):
        value = getattr(config, key)
        if value is not None and value < 0:
            raise ConfigError(f"must not be negative, not {value}", file=str(path), key=key)
    check_sessions(config.limits, config.sessions, str(path))
    if config.admit == "configured" and not config.sessions:
        hint = 'name those that may: "sessions": {"3": {}}'
        raise ConfigError("nobody could log in: no session is configured", file=str(path), key="admit", hint=hint)
    _check_countdown(config, path)
    check_backups(config.backups, str(path))


def _check_countdown(config: Config, path: Path) -> None:
    """Raises ConfigError for half of it, too: somebody relies on it, and it would never run."""
    agreed = next((name for name, session in config.sessions.items() if session.countdown), None)
    if config.countdown_s is None:
        if agreed is not None:
            key, hint = f"sessions: {agreed}: countdown", 'such as "countdown_s": 60, beside sessions'
            raise ConfigError("needs countdown_s too", file=str(path), key=key, hint=hint)
        return
    if not _LEAST_COUNTDOWN_S <= config.countdown_s <= LONGEST_COUNTDOWN_S:
        text = f"must be {_LEAST_COUNTDOWN_S} to {LONGEST_COUNTDOWN_S}, not {config.countdown_s}"
        raise ConfigError(text, file=str(path), key="countdown_s")
    if agreed is None:
        hint = '"sessions": {"3": {"countdown": true}}, each that may lose its orders so'
        raise ConfigError("no session agrees to it", file=str(path), key="countdown_s", hint=hint)


def _check_url(url: str | None, name: str, scheme: str, path: Path) -> None:
    """Raises ConfigError for what is no address, and for plain text to anywhere but this machine."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in (scheme, f"{scheme}s") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or brackets that are no IPv6 address
        is_address = False
    if not is_address or not url.isascii() or any(letter.isspace() for letter in url):
        raise ConfigError(
            f"not an address: {url!r}", file=str(path), key=f"urls: {name}", hint=f"it begins with {scheme}s://"
        )
    if parts.scheme == scheme and parts.hostname not in LOOPBACK:
        raise ConfigError(
            f"{url!r} is not encrypted", file=str(path), key=f"urls: {name}", hint=f"it must begin with {scheme}s://"
        )


def _no_json(what: str, path: Path) -> ConfigError:
    hint = "plain text in UTF-8; tradingsys init writes such a file by asking"
    return ConfigError(f"is no JSON: {what}", file=str(path), hint=hint)


def _explain(error: Exception, given: object, raw: bytes, path: Path) -> ConfigError:
    if not isinstance(given, dict):
        return ConfigError(
            f"is no JSON object, but begins with {raw[:1].decode(errors='replace')!r}",
            file=str(path),
            hint='write it like {"apikey": …, "pem": …, "local": …}',
        )
    unknown = unknown_key(given, Config, "") or unknown_key(given.get("urls"), Urls, "urls: ")
    unknown = unknown or unknown_key(given.get("tls"), TlsConfig, "tls: ")
    unknown = unknown or unknown_key(given.get("backups"), BackupSettings, "backups: ") or unknown_key_within(given)
    if unknown is not None:
        name, hint = unknown
        if name in _ISOLATED:
            return _no_isolated(name, path)
        return ConfigError("unknown key", file=str(path), key=name, hint=hint)
    if not isinstance(given.get("margin", False), bool):
        return _no_such_margin(given["margin"], path)
    key = next((key for key in _CHOICES if f"{key}`" in str(error)), None)
    hint = f"one of {', '.join(_CHOICES[key])}" if key else "docs/configuration.md describes every key"
    what, _, where = str(error).partition(" - at `")
    return ConfigError(what, file=str(path), key=_named(where), hint=hint)


def _named(where: str) -> str:
    """The key that msgspec means: ``$.urls.rest`` is urls: rest."""
    return where.strip("$.`").replace("[...]", "").replace(".", ": ")


def _no_such_margin(value: object, path: Path) -> ConfigError:
    if value == "isolated":
        return _no_isolated("margin", path)
    return ConfigError(
        f"must be true or false, not {msgspec.json.encode(value).decode()[:40]}",
        file=str(path),
        key="margin",
        hint=_MARGIN_HINT,
    )


def _no_isolated(key: str, path: Path) -> ConfigError:
    return ConfigError(
        "isolated margin is not offered: each pair there is an account of its own, whose debts and collateral no "
        "book of this gateway could prove",
        file=str(path),
        key=key,
        hint=f'"margin": {_MARGIN_HINT}',
    )
