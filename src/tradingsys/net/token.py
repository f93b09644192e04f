"""The token of a local port: made by the gateway on first run, found by strategies of the same user by themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import sys
from pathlib import Path

__all__ = ["create_token", "read_token", "session_token", "token_path"]

_BYTES = 32


def token_path(port: int) -> Path:
    """Where the token of ``port`` lies: in the user's own configuration folder."""
    return _config_dir() / "tradingsys" / f"token-{port}"


def read_token(port: int) -> str | None:
    """The token of ``port``, or None when no gateway of this user has made one yet.

    Raises OSError when there is one that cannot be read.
    """
    try:
        return token_path(port).read_text("ascii").strip() or None
    except FileNotFoundError:
        return None


def create_token(port: int) -> str:
    """The token of ``port``, made when there is none: 256 random bits, readable by this user only.

    Raises OSError when it can be neither read nor written.
    """
    path = token_path(port)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    known = read_token(port)
    if known is not None:
        path.chmod(0o600)
        return known
    token = secrets.token_urlsafe(_BYTES)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    # Readers see a whole token or none: it is written beside its place, then moved there.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token + "\n")
    draft.replace(path)
    return token


def session_token(master: str, session: int) -> str:
    """A token that opens one session and nothing else: it follows from the gateway's, and not the other way round."""
    proof = hmac.digest(master.encode(), f"tradingsys session {session}".encode(), hashlib.sha256)
    return f"s{session}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


def _config_dir() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification: a relative path is to be ignored.
    return Path(configured) if configured.startswith("/") else Path.home() / ".config"
