import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.errors import ConfigError
from tradingsys.venues.auth import HmacSigner, KeyKind, Signer, load_signer, load_verifier

VECTORS = SHARED / "data" / "signing" / "published_vectors.json"


@requires_shared
def test_published_signatures_are_reproduced() -> None:
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_bytes())
    assert len(vectors) > 20
    assert {vector["alg"] for vector in vectors} == {"HMAC-SHA256-hex", "Ed25519-base64"}
    for vector in vectors:
        if "secret" in vector:
            signer = load_signer(secret=vector["secret"])
        else:
            lines = ("-----BEGIN PRIVATE KEY-----", vector["private_key_pkcs8_b64"], "-----END PRIVATE KEY-----")
            signer = load_signer(pem_text="\n".join(lines))
        assert signer.sign(vector["message"].encode()) == vector["signature"], vector["source"]
        assert signer.verifier().verify(vector["message"].encode(), vector["signature"])


def test_hexadecimal_digits_may_be_upper_case() -> None:
    signer = load_signer(secret="s3cret")
    assert signer.verifier().verify(b"payload", signer.sign(b"payload").upper())


def pem_of(key: Any) -> str:
    encoded: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded.decode()


@cache
def pems() -> dict[KeyKind, str]:
    return {
        KeyKind.ED25519: pem_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
        KeyKind.RSA: pem_of(rsa.generate_private_key(65537, 2048)),
    }


def signer_of(kind: KeyKind) -> Signer:
    return load_signer(secret="s3cret") if kind is KeyKind.HMAC else load_signer(pem_text=pems()[kind])


@pytest.mark.parametrize("kind", list(KeyKind))
@settings(max_examples=25, deadline=None)
@given(payload=st.binary(max_size=80), other=st.binary(max_size=80))
def test_a_signature_fits_exactly_its_bytes(kind: KeyKind, payload: bytes, other: bytes) -> None:
    signer = signer_of(kind)
    assert signer.kind is kind
    assert signer.verifier().kind is kind
    signature = signer.sign(payload)
    assert signer.verifier().verify(payload, signature)
    assert signer.verifier().verify(other, signature) == (other == payload)


@pytest.mark.parametrize("kind", list(KeyKind))
@pytest.mark.parametrize("nonsense", ["", "not base64!", "AAAA", "é"])
def test_nonsense_is_no_signature(kind: KeyKind, nonsense: str) -> None:
    assert not signer_of(kind).verifier().verify(b"payload", nonsense)


@pytest.mark.parametrize("kind", [KeyKind.RSA, KeyKind.ED25519])
def test_the_exchange_needs_only_the_public_half(kind: KeyKind) -> None:
    private = serialization.load_pem_private_key(pems()[kind].encode(), None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert load_verifier(public_pem=public.decode()).verify(b"payload", signer_of(kind).sign(b"payload"))


@pytest.mark.parametrize("kind", list(KeyKind))
def test_no_key_shows_in_a_repr(kind: KeyKind) -> None:
    assert repr(signer_of(kind)) in {"HmacSigner()", "RsaSigner()", "Ed25519Signer()"}


def test_keys_that_cannot_be_used_are_refused_without_being_quoted() -> None:
    elliptic = pem_of(ec.generate_private_key(ec.SECP256R1()))
    broken = pems()[KeyKind.ED25519].replace("MC4", "XXX")
    for kwargs in ({}, {"secret": "a", "pem_text": "b"}, {"secret": ""}, {"pem_text": elliptic}, {"pem_text": broken}):
        with pytest.raises(ConfigError) as failure:
            load_signer(**kwargs)
        assert "MC4" not in str(failure.value)
        assert "XXX" not in str(failure.value)
    for wrong in ({}, {"public_pem": elliptic}, {"secret": "a", "public_pem": "b"}):
        with pytest.raises(ConfigError):
            load_verifier(**wrong)


def test_the_wrong_kind_of_pem_is_called_by_its_name() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for pem, told in ((encrypted, "passphrase"), (public, "public key"), (b"", "no private key")):
        with pytest.raises(ConfigError, match=told):
            load_signer(pem_text=pem.decode())


def test_hmac_signer_is_its_own_verifier() -> None:
    assert isinstance(signer_of(KeyKind.HMAC).verifier(), HmacSigner)
