"""Signing requests, and checking signatures in the exchange's role. No key ever shows in a repr or an error."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tradingsys.core.errors import ConfigError

__all__ = [
    "Ed25519Signer",
    "Ed25519Verifier",
    "HmacSigner",
    "KeyKind",
    "RsaSigner",
    "RsaVerifier",
    "Signer",
    "Verifier",
    "load_signer",
    "load_verifier",
]


class KeyKind(StrEnum):
    """The kinds of API key."""

    HMAC = "HMAC"
    RSA = "RSA"
    ED25519 = "ED25519"


class Verifier(Protocol):
    """Checks signatures."""

    @property
    def kind(self) -> KeyKind:
        """Which kind of key."""

    def verify(self, payload: bytes, signature: str) -> bool:
        """Whether ``signature`` was made of exactly these bytes."""


class Signer(Protocol):
    """Signs requests."""

    @property
    def kind(self) -> KeyKind:
        """Which kind of key."""

    def sign(self, payload: bytes) -> str:
        """The signature as text: hexadecimal for HMAC, base64 for the others."""

    def verifier(self) -> Verifier:
        """What the exchange holds of this key."""


class HmacSigner:
    """HMAC-SHA256 with a shared secret; signer and verifier in one."""

    __slots__ = ("_secret",)

    kind = KeyKind.HMAC

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def __repr__(self) -> str:
        return "HmacSigner()"

    def sign(self, payload: bytes) -> str:
        """64 hexadecimal digits."""
        return hmac.new(self._secret, payload, hashlib.sha256).hexdigest()

    def verify(self, payload: bytes, signature: str) -> bool:
        """Whether the signature fits; upper or lower case."""
        return hmac.compare_digest(self.sign(payload).encode(), signature.lower().encode())

    def verifier(self) -> Verifier:
        """The secret is shared: the same object."""
        return self


class RsaSigner:
    """RSASSA-PKCS1-v1_5 with SHA-256."""

    __slots__ = ("_key",)

    kind = KeyKind.RSA

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "RsaSigner()"

    def sign(self, payload: bytes) -> str:
        """Base64."""
        return base64.b64encode(self._key.sign(payload, PKCS1v15(), SHA256())).decode()

    def verifier(self) -> Verifier:
        """The public half."""
        return RsaVerifier(self._key.public_key())


class Ed25519Signer:
    """Ed25519, the kind that can log a session on."""

    __slots__ = ("_key",)

    kind = KeyKind.ED25519

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Ed25519Signer()"

    def sign(self, payload: bytes) -> str:
        """Base64."""
        return base64.b64encode(self._key.sign(payload)).decode()

    def verifier(self) -> Verifier:
        """The public half."""
        return Ed25519Verifier(self._key.public_key())


class RsaVerifier:
    """Checks signatures of `RsaSigner`."""

    __slots__ = ("_key",)

    kind = KeyKind.RSA

    def __init__(self, key: RSAPublicKey) -> None:
        self._key = key

    def verify(self, payload: bytes, signature: str) -> bool:
        """Whether the base64 signature fits."""
        return _fits(signature, lambda raw: self._key.verify(raw, payload, PKCS1v15(), SHA256()))


class Ed25519Verifier:
    """Checks signatures of `Ed25519Signer`."""

    __slots__ = ("_key",)

    kind = KeyKind.ED25519

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def verify(self, payload: bytes, signature: str) -> bool:
        """Whether the base64 signature fits."""
        return _fits(signature, lambda raw: self._key.verify(raw, payload))


def load_signer(secret: str | None = None, pem_text: str | None = None) -> Signer:
    """The signer for an HMAC secret or for an unencrypted private key in PEM text (Ed25519 or RSA).

    Raises ConfigError for none, both, or a key that cannot be used.
    """
    if (secret is None) == (pem_text is None):
        raise ConfigError("give either a secret or a pem, not both and not none")
    if secret is not None:
        if not secret:
            raise ConfigError("the secret is empty")
        return HmacSigner(secret)
    try:
        key = load_pem_private_key((pem_text or "").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The cause is left out on purpose: its text might quote the key.
        raise ConfigError(
            _what_it_is(pem_text or ""), hint="expected an unencrypted PKCS#8 PEM, Ed25519 or RSA"
        ) from None
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    if isinstance(key, RSAPrivateKey):
        return RsaSigner(key)
    raise ConfigError(f"a key of kind {type(key).__name__} cannot sign here", hint="use Ed25519 or RSA")


def _what_it_is(pem_text: str) -> str:
    if "ENCRYPTED" in pem_text:
        return "the private key is encrypted; write it without a passphrase: openssl pkey -in FILE -out NEWFILE"
    if "PUBLIC KEY" in pem_text:
        return "this is the public key, the half that the exchange gets; the private one is needed here"
    return "no private key that can be read"


def load_verifier(secret: str | None = None, public_pem: str | None = None) -> Verifier:
    """The verifier for a shared secret or for a public key in PEM text.

    Raises ConfigError for none, both, or a key that cannot be used.
    """
    if (secret is None) == (public_pem is None):
        raise ConfigError("give either a secret or a public key, not both and not none")
    if secret is not None:
        return HmacSigner(secret)
    try:
        key = load_pem_public_key((public_pem or "").encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError("no public key that can be read", hint="expected a PEM, Ed25519 or RSA") from None
    if isinstance(key, Ed25519PublicKey):
        return Ed25519Verifier(key)
    if isinstance(key, RSAPublicKey):
        return RsaVerifier(key)
    raise ConfigError(f"a key of kind {type(key).__name__} cannot be used here", hint="use Ed25519 or RSA")


def _fits(signature: str, check: Callable[[bytes], None]) -> bool:
    raw = _unbase64(signature)
    if raw is None:
        return False
    try:
        check(raw)
    except InvalidSignature:
        return False
    return True


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
