"""The private key that a configuration names: made here, or checked at once."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tradingsys.core.errors import ConfigError
from tradingsys.venues.auth import KeyKind, load_signer

__all__ = ["check_pem", "make_key", "write_private"]


def make_key(path: Path) -> str:
    """Write a new Ed25519 key to ``path``, readable by its owner only; returns the public half as PEM text.

    Raises ConfigError when there is a file already: a key is never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    try:
        write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except FileExistsError:
        raise ConfigError(
            "exists, and a key is never overwritten",
            file=str(path),
            key="--new-key",
            hint=f"use it with --pem={path}, or name another file with --pem",
        ) from None
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def check_pem(path: Path) -> KeyKind:
    """The kind of the private key in ``path``.

    Raises ConfigError saying what is wrong with it.
    """
    try:
        text = path.read_text("utf-8-sig", "replace")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", file=str(path), key="pem") from None
    try:
        return load_signer(pem_text=text).kind
    except ConfigError as error:
        raise ConfigError(str(error), file=str(path), key="pem") from None


def write_private(path: Path, content: bytes) -> None:
    """A new file that only its owner may read. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
