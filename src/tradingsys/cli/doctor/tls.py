"""Checks of what other machines are shown: the port's certificate and its key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradingsys.cli.doctor.files import is_open_to_others
from tradingsys.cli.doctor.findings import Finding, fine, problem, warning
from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.config import Config
from tradingsys.gateway.configuration.port_config import port_address, remote_door, tls_files
from tradingsys.net.tls import is_made_out_to, names_in, validity_ms

__all__ = ["tls_checks"]

_DAY_MS = 86_400_000
_SOON_DAYS = 14
_RENEW = "have it renewed, and start the gateway again"


def tls_checks(config: Config, path: Path, wall_ms: int) -> Iterator[Finding]:
    """Whether other machines can come in, and would trust what they see; nothing where only this one may."""
    if config.tls is None:
        return
    try:
        host, _ = port_address(config.local, config.tls, path)
        remote_door(host, config.tls, path)
        certificate, key = tls_files(config.tls, path)
        names, (from_ms, until_ms) = names_in(certificate), validity_ms(certificate)
    except ConfigError as error:
        yield problem("tls", str(error), "correct tls and local")
        return
    days = (until_ms - wall_ms) // _DAY_MS
    if is_open_to_others(key):
        yield problem("tls", f"{key}: others on this machine may read it", f"chmod 600 {key}")
    elif not is_made_out_to(names, host):
        told = ", ".join(sorted(names)) or "no name at all"
        yield problem("tls", f"{certificate} is made out to {told}, not to {host}", f"have {host} put into it")
    elif wall_ms < from_ms:
        yield problem("tls", f"{certificate} is not valid yet", "wait, or look at this machine's clock")
    elif until_ms <= wall_ms:
        yield problem("tls", f"{certificate} is no longer valid", _RENEW)
    elif days < _SOON_DAYS:
        yield warning("tls", f"{certificate} is valid for {days} more days", _RENEW)
    else:
        yield fine("tls", f"{config.local}, certificate valid for {days} more days")
