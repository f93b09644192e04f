"""TLS for the local port and for those who connect to it: TLS 1.3, certificates from files."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from tradingsys.core.errors import ConfigError

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["client_context", "is_made_out_to", "names_in", "server_context", "validity_ms"]

_PEM = "a file in PEM format"


def server_context(certificate: Path, key: Path, clients: Path | None = None) -> ssl.SSLContext:
    """What a server shows; with ``clients``, only those with a certificate of these authorities get in.

    Raises ConfigError naming the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load_chain(context, certificate, key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        _trust(context, clients)
    return context


def client_context(ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """What a client trusts (``ca``; without one, what this machine trusts) and what it shows when asked.

    ``ca`` may be the server's own certificate. Raises ConfigError naming the file.
    """
    context = ssl.create_default_context() if ca is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if ca is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        _trust(context, ca)
    if certificate is not None:
        _load_chain(context, certificate, certificate if key is None else key)
    return context


def names_in(certificate: Path) -> frozenset[str]:
    """The host names and addresses that a certificate is made out to, in lower case.

    Raises ConfigError for a file that is none.
    """
    from cryptography import x509

    first = _first(certificate)
    try:
        found = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    except ValueError as error:
        raise _unusable(certificate, error) from None
    addresses = found.get_values_for_type(x509.IPAddress)
    return frozenset({*(name.lower() for name in found.get_values_for_type(x509.DNSName)), *map(str, addresses)})


def is_made_out_to(names: frozenset[str], host: str) -> bool:
    """Whether clients accept a certificate with these ``names`` from who they call ``host``, in lower case."""
    try:
        return str(ipaddress.ip_address(host)) in names
    except ValueError:
        return host in names or f"*.{host.partition('.')[2]}" in names


def validity_ms(certificate: Path) -> tuple[int, int]:
    """From and until when a certificate is valid, in ms since 1970. Raises ConfigError for a file that is none."""
    first = _first(certificate)
    begin, end = first.not_valid_before_utc, first.not_valid_after_utc
    return round(begin.timestamp() * 1_000), round(end.timestamp() * 1_000)


def _first(certificate: Path) -> x509.Certificate:
    from cryptography import x509  # a tenth of a command's start, and few have certificates

    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise _unusable(certificate, error) from None


def _load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        # Without a password of ours OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        missing = next((path for path in (certificate, key) if not path.is_file()), None)
        raise _unusable(missing or certificate, error, f"with {key} as its key, unencrypted") from None


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(authorities)
    except (OSError, ValueError) as error:
        raise _unusable(authorities, error) from None


def _unusable(path: Path, error: Exception, more: str = "") -> ConfigError:
    text = getattr(error, "strerror", None) or str(error)
    return ConfigError(
        f"cannot be used{' ' * bool(more)}{more}: {text}", file=str(path), hint=f"certificates and keys: {_PEM}"
    )
