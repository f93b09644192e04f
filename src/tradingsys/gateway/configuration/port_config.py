"""The keys ``local`` and ``tls`` of a configuration file: where strategies connect, and from which machines."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from tradingsys.core.errors import ConfigError
from tradingsys.gateway.clients.local_port import RemoteDoor
from tradingsys.net.loopback import LOOPBACK
from tradingsys.net.tls import names_in, server_context

__all__ = ["TlsConfig", "port_address", "remote_door", "tls_files"]
_EXAMPLE = "write it like ws://localhost:8111"
_REMOTE = (
    "for strategies on this machine write ws://localhost and the port; for others wss:// with the name or address of "
    "this machine that they use, and a tls section with certificate and key"
)


class TlsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """What the port shows to other machines; files are looked up as ``pem`` is."""

    certificate: str
    """In PEM format, with those of its authorities after it."""
    key: str
    """Its private key, unencrypted."""
    clients: str | None = None
    """The authorities of the certificates that strategies must show; without it they show none."""


def port_address(local: str, tls: TlsConfig | None, path: Path) -> tuple[str, int]:
    """Host and port that strategies connect to; a host that is not loopback is reached by TLS only.

    Raises ConfigError for anything else, with what to write.
    """
    try:
        parts = urlsplit(local)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is none, or brackets that are no IPv6 address
        parts, host, port = urlsplit(""), "", None
    is_address = parts.scheme in ("ws", "wss") and bool(host) and bool(port) and local.isascii()
    if not is_address or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise _wrong(f"not an address with a port: {local!r}", path, _EXAMPLE)
    assert port is not None
    _check_host(host, path)
    if host in LOOPBACK and (parts.scheme == "wss" or tls is not None):
        raise _wrong(f"{host} is this machine only, which needs no TLS", path, _REMOTE)
    if host not in LOOPBACK and (parts.scheme == "ws" or tls is None):
        raise _wrong(
            f"{host} can be reached from other machines, and whoever reaches this port can trade", path, _REMOTE
        )
    return host, port


def remote_door(host: str, tls: TlsConfig | None, path: Path) -> RemoteDoor | None:
    """What lets other machines in; None where only this one is.

    Raises ConfigError for files that cannot be used.
    """
    if tls is None:
        return None
    _check_reach(host, path)
    certificate, key = tls_files(tls, path)
    try:
        context = server_context(certificate, key, None if tls.clients is None else _place(tls.clients, path))
        return RemoteDoor(host, context, names_in(certificate) | {host})
    except ConfigError as error:
        raise ConfigError(str(error), file=str(path), key="tls") from None


def tls_files(tls: TlsConfig, path: Path) -> tuple[Path, Path]:
    """Certificate and key, where they are."""
    return _place(tls.certificate, path), _place(tls.key, path)


def _check_host(host: str, path: Path) -> None:
    """Raises ConfigError for an address that does not say which one of this machine's is meant."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host.strip("0123456789.xabcdef") == "" and host[:1].isdigit():
            # inet_aton takes "127.1", "0x7f000001" and "2130706433" for addresses, other programs take other ones.
            raise _wrong(f"{host} is an address of an unusual form", path, "write all four numbers of it") from None
        return
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        raise _wrong(f"{host} is {mapped} in another form", path, f"write {mapped}")
    if address.is_unspecified:
        raise _wrong(f"{host} is every address of this machine: it can be reached from other machines", path, _REMOTE)
    if address.is_loopback and host not in LOOPBACK:
        raise _wrong(f"{host} is this machine only", path, _EXAMPLE)
    if address.is_multicast:
        raise _wrong(f"{host} is no machine's address", path, _REMOTE)


def _check_reach(host: str, path: Path) -> None:
    """Raises ConfigError for a name that leads nowhere, or to this machine only."""
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise _wrong(f"{host} is no name that leads anywhere: {error.strerror or error}", path, _REMOTE) from None
    if all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found):
        raise _wrong(f"{host} leads to {', '.join(sorted(found))} here, which is this machine only", path, _REMOTE)


def _wrong(text: str, path: Path, hint: str) -> ConfigError:
    return ConfigError(text, file=str(path), key="local", hint=hint)


def _place(name: str, path: Path) -> Path:
    """From the working directory, then from the configuration file's own."""
    return next((place for place in (Path(name), path.parent / name) if place.is_file()), Path(name))
