"""The files that let a gateway reach a box: a configuration and a key, worthless anywhere else."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tradingsys.core.errors import ConfigError
from tradingsys.sim.faces.binance.params import ApiKey
from tradingsys.sim.server import SimUrls
from tradingsys.venues.auth import HmacSigner, load_signer

__all__ = ["ACCOUNT", "CONFIG_NAME", "public_key", "read_or_make_key", "write_config"]

ACCOUNT = "main"
"""The account that all keys of a box trade for."""

CONFIG_NAME = "usdt.json"
"""Of futures, which names the key for all."""
_PEM_NAME = "private_key.pem"
_LOCAL = "ws://localhost:8111"
_OTHERS: dict[str, dict[str, object]] = {
    "spot.json": {"local": "ws://localhost:8112", "db": "spot.db"},
    "margin.json": {"local": "ws://localhost:8113", "db": "margin.db", "margin": True},
}
"""Configurations beside the one of futures: what they have of their own."""
_ENVIRONMENT = "sim"

_Config = dict[str, object]


def public_key() -> ApiKey:
    """The key that every box knows: name and HMAC secret are both ``sim``."""
    return ApiKey("sim", ACCOUNT, HmacSigner("sim"))


def read_or_make_key(directory: Path) -> ApiKey:
    """The key of the configuration in ``directory``; a new key, written there, when there is none yet.

    Raises ConfigError rather than touch files that may belong to a real account.
    """
    path = directory / CONFIG_NAME
    if path.exists():
        return _read_key(path, _read(path))
    pem_path = directory / _PEM_NAME
    if pem_path.exists():
        raise ConfigError(
            "exists, and may belong to a real account", file=str(pem_path), hint="choose another directory"
        )
    directory.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(pem_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    config: _Config = {
        "apikey": f"sim-{secrets.token_hex(16)}",
        "pem": _PEM_NAME,
        "local": _LOCAL,
        "environment": _ENVIRONMENT,
    }
    _write(path, config)
    return _read_key(path, config)


def write_config(directory: Path, urls: SimUrls) -> Path:
    """Put a box's addresses into the configuration that `read_or_make_key` made, and into those of spot and margin.

    Everything else stays as it is. Raises ConfigError rather than touch a file of a real account.
    """
    path = directory / CONFIG_NAME
    config = _read(path)
    config["urls"] = {"rest": urls.rest, "ws_api": urls.ws_api, "streams": urls.streams}
    _write(path, config)
    of_key: _Config = {name: config[name] for name in ("apikey", "pem", "secret") if name in config}
    for name, own in _OTHERS.items():
        other = directory / name
        given = _read(other) if other.exists() else {"environment": _ENVIRONMENT, **own}
        spot_urls = {"rest": urls.rest, "ws_api": urls.spot_ws_api, "streams": urls.spot_streams}
        _write(other, {**given, **of_key, "urls": spot_urls})
    return path


def _read(path: Path) -> _Config:
    try:
        config = msgspec.json.decode(path.read_bytes(), type=_Config)
    except msgspec.DecodeError as error:
        raise ConfigError(f"is not a JSON object: {error}", file=str(path)) from None
    if config.get("environment") != _ENVIRONMENT:
        raise ConfigError(
            "exists, and is no simulator's configuration", file=str(path), hint="choose another directory"
        )
    return config


def _read_key(path: Path, config: _Config) -> ApiKey:
    name, pem, secret = config.get("apikey"), config.get("pem"), config.get("secret")
    if not isinstance(name, str) or not name:
        raise ConfigError("is missing", file=str(path), key="apikey", hint="remove the file to get a new one")
    if isinstance(secret, str):
        return ApiKey(name, ACCOUNT, load_signer(secret=secret).verifier())
    if not isinstance(pem, str):
        raise ConfigError("is missing", file=str(path), key="pem", hint="remove the file to get a new one")
    try:
        text = (path.parent / pem).read_text("utf-8", "replace")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path.parent / pem)) from None
    try:
        return ApiKey(name, ACCOUNT, load_signer(pem_text=text).verifier())
    except ConfigError as error:
        raise ConfigError(str(error), file=str(path.parent / pem)) from None


def _write(path: Path, config: _Config) -> None:
    """Whole or not at all, for whoever reads it meanwhile."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n")
    partial.replace(path)
