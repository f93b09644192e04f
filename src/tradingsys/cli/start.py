"""The commands ``tradingsys init``, ``tradingsys doctor`` and ``tradingsys token``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradingsys.cli.doctor import command as doctor_command
from tradingsys.cli.init import command as init_command
from tradingsys.cli.options import AsJson, ConfigOption
from tradingsys.cli.product import Command
from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.gateway.configuration.config import load, local_address
from tradingsys.net.token import create_token, session_token

__all__ = ["doctor", "init", "token"]

_Switch = Annotated[bool, Parameter(negative="")]
_DEFAULT = Path("usdt.json")


def doctor(*, config: ConfigOption = None, product: Command | None = None, json: AsJson = False) -> int:
    """Check everything a gateway needs, one line each: ok, warning or PROBLEM, with what to do about it.

    The exchange is asked, but no order is sent and nothing is changed. The exit code is 0 without problems.

    Parameters
    ----------
    config:
        The gateway's configuration file; usdt.json unless named.
    product:
        The command that will run the gateway: usdt or spot; what the file, its name or its book tell unless named.
    json:
        Print the findings as JSON.
    """
    return doctor_command.run(config or _DEFAULT, product, as_json=json)


def token(*, session: int, config: ConfigOption = None) -> int:
    """Print a token that opens one session of a gateway and nothing else, to be given to whoever runs its strategy.

    It follows from the gateway's own token and is the same each time; it ends with that one, when the gateway's token
    file is removed and the gateway started again.

    Parameters
    ----------
    session:
        The session's number.
    config:
        The gateway's configuration file; usdt.json unless named.
    """
    path = config or _DEFAULT
    _, port = local_address(load(path), path)
    if not 0 <= session <= MAX_SESSION:
        raise ConfigError(f"must be 0 to {MAX_SESSION}, not {session}", key="--session")
    try:
        sys.stdout.write(session_token(create_token(port), session) + "\n")
    except OSError as error:
        raise ConfigError(f"cannot be read or made: {error.strerror or error}", file=str(error.filename)) from None
    return 0


def init(
    file: Path | None = None,
    *,
    environment: str | None = None,
    product: str | None = None,
    apikey: str | None = None,
    pem: Path | None = None,
    secret_file: Path | None = None,
    new_key: _Switch = False,
    port: int | None = None,
    symbols: str | None = None,
    db: str | None = None,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="")] = False,
    force: _Switch = False,
) -> int:
    """Write a gateway's configuration, asking for what the command line does not say; each answer is checked at once.

    The file can be read by you only. An existing one is not touched without --force, an existing key never.

    Parameters
    ----------
    file:
        The configuration to write; usdt.json, spot.json or margin.json unless named.
    environment:
        live, testnet, demo or sim.
    product:
        usdt (USDⓈ-M futures), spot or margin (the cross margin account).
    apikey:
        The API key, as the exchange shows it.
    pem:
        File with the private key.
    secret_file:
        File with an HMAC secret, instead of --pem; the exchange calls such keys deprecated.
    new_key:
        Make an Ed25519 key, in the file that --pem names or private_key.pem, and print the public half to give to the
        exchange.
    port:
        Where strategies connect on this machine.
    symbols:
        Symbols to account for from the first start on, between commas.
    db:
        The file that keeps positions; pos.db unless named.
    yes:
        Ask nothing: take what the options say, and defaults.
    force:
        Replace an existing file.
    """
    given = init_command.Given(environment, apikey, pem, secret_file, new_key, port, symbols, db, yes, force, product)
    return init_command.run(file, given)
