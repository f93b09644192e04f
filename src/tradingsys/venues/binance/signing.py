"""Signed requests, in both roles: how they are written, and how they are checked on the bytes received."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote_plus

from tradingsys.venues.auth import Signer, Verifier

__all__ = ["Params", "parse_query", "query_text", "sign_query", "sign_ws_params", "verify_query", "verify_ws_params"]

Params = Mapping[str, str | int | bool]

_SIGNATURE = "signature"


def query_text(params: Params) -> str:
    """Percent-encoded ``name=value`` pairs in the order given."""
    return "&".join(f"{name}={quote(_text(value), safe='')}" for name, value in params.items())


def sign_query(signer: Signer, params: Params) -> str:
    """A query whose signature, last, covers exactly the bytes before it."""
    text = query_text(params)
    return f"{text}{'&' if text else ''}{_SIGNATURE}={quote(signer.sign(text.encode()), safe='')}"


def verify_query(verifier: Verifier, query: str, body: str = "") -> bool:
    """Whether a request as received is signed: the query and the body behind it, without the signature itself.

    The signature may stand anywhere in either; text that was not percent-encoded is refused.
    """
    if not (query.isascii() and body.isascii()):
        return False
    parts = [[pair for pair in text.split("&") if pair] for text in (query, body)]
    found = [pair for pairs in parts for pair in pairs if pair.startswith(f"{_SIGNATURE}=")]
    if len(found) != 1:
        return False
    payload = "".join("&".join(pair for pair in pairs if pair != found[0]) for pairs in parts)
    # Base64's plus sign may arrive unencoded, where a form would mean a space.
    signature = unquote_plus(found[0].partition("=")[2].replace("+", "%2B"))
    return verifier.verify(payload.encode(), signature)


def parse_query(query: str, body: str = "") -> dict[str, str]:
    """Parameters of a request; where the query and the body name the same one, the query's counts."""
    params: dict[str, str] = {}
    for text in (body, query):
        for pair in text.split("&"):
            name, equals, value = pair.partition("=")
            if equals:
                params[unquote_plus(name)] = unquote_plus(value)
    return params


def sign_ws_params(signer: Signer, params: Params) -> dict[str, str | int | bool]:
    """Parameters of a WS-API request with their signature: sorted by name, not percent-encoded."""
    return {**params, _SIGNATURE: signer.sign(_ws_payload(params))}


def verify_ws_params(verifier: Verifier, params: Params) -> bool:
    """Whether the parameters of a WS-API request are signed."""
    signature = params.get(_SIGNATURE)
    unsigned = {name: value for name, value in params.items() if name != _SIGNATURE}
    return isinstance(signature, str) and verifier.verify(_ws_payload(unsigned), signature)


def _ws_payload(params: Params) -> bytes:
    return "&".join(f"{name}={_text(params[name])}" for name in sorted(params)).encode()


def _text(value: str | int | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
