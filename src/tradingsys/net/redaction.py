"""Texts of failures without what must stay secret.

The path of a private stream is a key, and a query carries a signature.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

__all__ = ["origin", "without_address"]

_SEPARATORS = re.compile(r"[/?&=#;]")
_SHORTEST_SECRET = 6
"""Shorter parts of an address, such as ``ws`` or ``v1``, are words."""
_HIDDEN = "…"


def origin(url: str) -> str:
    """Scheme, host and port of an address, which is all that may be told of it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def without_address(text: str, url: str) -> str:
    """``text`` with every part of ``url`` blanked that comes after its host, or between scheme and host."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    told = {user, *user.split(":"), *_SEPARATORS.split(f"{parts.path}?{parts.query}#{parts.fragment}")}
    secrets = {spelled for part in told for spelled in (part, unquote(part)) if len(spelled) >= _SHORTEST_SECRET}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text
