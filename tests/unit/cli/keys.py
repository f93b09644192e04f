"""Key files of every kind, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

__all__ = ["KINDS", "write_key"]

_Private = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _private(key: _Private, passphrase: bytes | None = None) -> bytes:
    encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


KINDS: dict[str, Callable[[], bytes]] = {
    "ed25519": lambda: _private(ed25519.Ed25519PrivateKey.generate()),
    "rsa": lambda: _private(rsa.generate_private_key(65537, 2048)),
    "ec": lambda: _private(ec.generate_private_key(ec.SECP256R1())),
    "encrypted": lambda: _private(ed25519.Ed25519PrivateKey.generate(), b"passphrase"),
    "public": lambda: (
        ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "empty": lambda: b"",
    "garbage": lambda: b"\xff\x00 no key at all",
}


def write_key(path: Path, kind: str) -> Path:
    path.write_bytes(KINDS[kind]())
    path.chmod(0o600)
    return path
