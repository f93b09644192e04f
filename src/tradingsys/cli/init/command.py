"""What ``tradingsys init`` does."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from tradingsys.cli.exits import OK
from tradingsys.cli.init import answers
from tradingsys.cli.init.keys import check_pem, make_key, write_private
from tradingsys.cli.product import simulator
from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.config import Environment, load, local_address
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.venues.auth import KeyKind

__all__ = ["Given", "run"]

T = TypeVar("T")

_PEM = "private_key.pem"
_SIM_KEY = "sim"
"""The key that every simulator knows, and its secret."""

_Raw = dict[str, object]


class Given(Struct, frozen=True):
    """What the command line says; None is asked for, or with ``yes`` left at its default."""

    environment: str | None = None
    apikey: str | None = None
    pem: Path | None = None
    secret_file: Path | None = None
    new_key: bool = False
    port: int | None = None
    symbols: str | None = None
    db: str | None = None
    yes: bool = False
    force: bool = False
    product: str | None = None


class _EndOfAnswers(ConfigError):
    """Nobody is left to be asked."""


class _Dialog:
    """Asks until the answer is one; every answer may come from the command line instead."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent

    def value(
        self,
        question: str,
        given: str | None,
        default: str | None,
        check: Callable[[str], T],
        *,
        is_secret: bool = False,
    ) -> T:
        """Raises ConfigError for an unusable value where nobody can be asked again."""
        if given is not None or self._silent:
            if given is None and default is None:
                raise ConfigError(f"{question}: missing", hint="give it as an option, or leave --yes out to be asked")
            return check(given if given is not None else default or "")
        while True:
            try:
                return check(self._ask(question, default, is_secret) or default or "")
            except _EndOfAnswers:
                raise
            except ConfigError as error:
                self.say(f"  {error}")

    def say(self, text: str) -> None:
        """To whoever answers."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def _ask(self, question: str, default: str | None, is_secret: bool) -> str:
        prompt = f"{question} [{default}]: " if default else f"{question}: "
        if is_secret and sys.stdin.isatty():
            return getpass.getpass(prompt, stream=sys.stderr).strip()
        sys.stderr.write(prompt)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise _EndOfAnswers(f"{question}: no answer came", hint="answer all questions, or use options and --yes")
        return line.strip()


def run(file: Path | None, given: Given) -> int:
    """Write the configuration; returns the exit code.

    Raises ConfigError for what cannot be used, before anything but a key was written.
    """
    if file is not None:
        _check_place(file, given)
    dialog = _Dialog(silent=given.yes)
    product = dialog.value("Product: usdt (futures), spot or margin", given.product, _named(file), answers.product)
    path = file or Path(answers.FILES[product])
    _check_place(path, given)
    where = dialog.value(
        "Environment: live, testnet, demo or sim",
        given.environment,
        Environment.SIM.value,
        lambda text: answers.environment(text, product),
    )
    config: _Raw = _identity(path, given, where, product, dialog)
    usual_port, usual_db = answers.BESIDE[product]
    port = None if given.port is None else str(given.port)
    chosen = dialog.value("Local port for strategies", port, usual_port, answers.port)
    config["local"] = f"ws://localhost:{chosen}"
    config["product"] = product.command
    if product is ProductName.MARGIN:
        config["margin"] = True
    if where is not Environment.LIVE:
        config["environment"] = where.value
    if where is Environment.SIM:
        config["urls"] = msgspec.to_builtins(simulator(product))
    listed = dialog.value("Symbols to account for from the start, or none", given.symbols, "", answers.symbols)
    if listed:
        config["symbols"] = listed
    db = given.db or usual_db
    if db is not None:
        config["db"] = db
    _write(path, config)
    dialog.say(_next_steps(path, where, product))
    return OK


def _check_place(path: Path, given: Given) -> None:
    if path.exists() and not given.force:
        raise ConfigError("exists", file=str(path), hint="name another file, or replace it with --force")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"there is no directory {path.absolute().parent}", file=str(path))


def _named(path: Path | None) -> str:
    """The product that the file's name tells, else that of most."""
    if path is None:
        return "usdt"
    return next((word for word in ("margin", "spot") if word in path.stem.lower()), "usdt")


def _identity(path: Path, given: Given, where: Environment, product: ProductName, dialog: _Dialog) -> _Raw:
    """API key, and what signs for it."""
    if given.pem is not None and given.secret_file is not None:
        raise ConfigError("give one of them", key="--pem / --secret-file")
    if where is Environment.SIM and not (given.new_key or given.pem or given.secret_file or given.apikey):
        return {"apikey": _SIM_KEY, "secret": _SIM_KEY}
    if given.secret_file is not None:
        secret = _secret(given.secret_file)
        return {"apikey": dialog.value("API key", given.apikey, None, answers.api_key), "secret": secret}
    pem = given.pem or Path(_PEM)
    file = pem if pem.is_absolute() else path.parent / pem
    if given.new_key:
        public = make_key(file)
        dialog.say(
            f"The new private key is in {file}; only you can read it, and nobody else needs it.\n"
            "Give this public key to the exchange (API management: create an API key, self-generated, Ed25519);\n"
            f"allow it to trade {product.trade}, and nothing else:\n"
        )
        sys.stdout.write(public)
        sys.stdout.flush()
        if given.yes and given.apikey is None:
            raise ConfigError(
                "the exchange shows it once it has the public key",
                key="--apikey",
                hint=f"then: tradingsys init {path} --pem={pem} --apikey=…",
            )
    elif given.pem is None and not given.yes:
        pem, file = dialog.value("File with the private key (PEM)", None, _PEM, lambda text: _existing(text, path))
    _warn_of_kind(check_pem(file), dialog)
    return {"apikey": dialog.value("API key", given.apikey, None, answers.api_key), "pem": str(pem)}


def _existing(text: str, config: Path) -> tuple[Path, Path]:
    """A key file as written, and where it is. Raises ConfigError unless it holds a private key."""
    pem = Path(text).expanduser()
    file = pem if pem.is_absolute() or pem.exists() else config.parent / pem
    if not file.exists():
        raise ConfigError(f"there is no file {file}", key="pem", hint="make a key with: tradingsys init --new-key")
    check_pem(file)
    return pem, file


def _secret(path: Path) -> str:
    try:
        secret = path.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path), key="--secret-file") from None
    if not secret:
        raise ConfigError("is empty", file=str(path), key="--secret-file")
    return secret


def _warn_of_kind(kind: KeyKind, dialog: _Dialog) -> None:
    if kind is not KeyKind.ED25519:
        dialog.say(f"  This is an {kind} key. An Ed25519 key logs in once instead of signing each order: --new-key")


def _write(path: Path, config: _Raw) -> None:
    """Whole or not at all, readable by the owner only, and only if the gateway will take it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    write_private(draft, msgspec.json.format(msgspec.json.encode(config), indent=4) + b"\n")
    try:
        local_address(load(draft), draft)
        draft.replace(path)
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(draft), str(path))) from None
    finally:
        draft.unlink(missing_ok=True)


def _next_steps(path: Path, where: Environment, product: ProductName) -> str:
    lines = [f"Wrote {path}."]
    if where is Environment.SIM:
        lines.append("In another terminal: tradingsys sim")
    lines.append(f"Next: tradingsys doctor -c {path}")
    lines.append(f"Then: tradingsys {product.command} -c={path}")
    return "\n".join(lines)
