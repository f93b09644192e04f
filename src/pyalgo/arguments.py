"""What a strategy passes, checked at the door: a mistake is named with its value and with what belongs there."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from contextlib import suppress
from difflib import get_close_matches
from enum import StrEnum
from math import nan
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from tradingsys.core.enums import OnDisconnect
from tradingsys.core.errors import ConfigError, InvalidOrder
from tradingsys.net.loopback import LOOPBACK
from tradingsys.net.tls import client_context
from tradingsys.wire.messages import ErrorCode

__all__ = [
    "Callbacks",
    "NoCallbacks",
    "address",
    "callbacks_of",
    "count",
    "invalid",
    "number",
    "one_of",
    "session_number",
    "ssl_context",
    "switch",
    "symbol_name",
    "when_gone",
    "word",
]

_LONGEST_GRACE_S = 86_400
_LAST_SESSION = 65_535
_ALIKE = 0.8
"""How much two names have in common when one is a slip of the other."""

W = TypeVar("W", bound=StrEnum)


def number(name: str, value: object, is_right: Callable[[float], bool], rule: str) -> float:
    """A number that is as it should be. Raises ValueError with the rule."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = nan
    if not is_right(found):
        raise ValueError(f"{name} is {value!r}: {rule}")
    return found


def count(name: str, value: object, rule: str) -> int:
    """A whole number above 0. Raises ValueError with the rule."""
    try:
        found = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        found = 0
    if found <= 0:
        raise ValueError(f"{name} is {value!r}: {rule}")
    return found


def session_number(value: object) -> int:
    """A session id. Raises ValueError."""
    try:
        found = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        found = -1
    if not 0 <= found <= _LAST_SESSION or isinstance(value, bool):
        raise ValueError(f"session_id is {value!r}: it is a whole number from 0 to {_LAST_SESSION}")
    return found


def when_gone(on_disconnect: object, grace_s: object) -> tuple[OnDisconnect, int]:
    """What becomes of a session when its strategy is gone, and after how many ms. Raises ValueError."""
    try:
        wish = OnDisconnect(on_disconnect)  # type: ignore[arg-type]
    except ValueError:
        raise ValueError(f"on_disconnect is {on_disconnect!r}: it is one of {', '.join(OnDisconnect)}") from None
    rule = f"it is a number of seconds, 0 to {_LONGEST_GRACE_S}"
    return wish, round(number("grace_s", grace_s, lambda s: 0 <= s <= _LONGEST_GRACE_S, rule) * 1_000)


def address(value: object) -> str:
    """A gateway's address. Raises ValueError."""
    scheme = host = ""
    with suppress(ValueError):  # of a port that is no number
        if isinstance(value, str):
            found = urlsplit(value)
            if found.scheme in ("ws", "wss") and found.port != 0:
                scheme, host = found.scheme, found.hostname or ""
    if not host or not isinstance(value, str):
        raise ValueError(f"addr is {value!r}: it looks like ws://localhost:8111, as the gateway's key local")
    if scheme == "ws" and host not in LOOPBACK:
        raise ValueError(f"addr is {value!r}: what is said to another machine needs TLS, as in wss://{host}:8111")
    return value


def ssl_context(
    addr: str, ca: str | Path | None, certificate: str | Path | None, key: str | Path | None
) -> SSLContext | None:
    """What a wss:// address needs; None for any other. Raises ValueError."""
    files = [None if each is None else Path(each) for each in (ca, certificate, key)]
    if not addr.startswith("wss:"):
        if any(files):
            raise ValueError(f"ca, certificate and key are for wss:// addresses, and addr is {addr!r}")
        return None
    if key is not None and certificate is None:
        raise ValueError("key is that of a certificate: give both")
    try:
        return client_context(*files)
    except ConfigError as error:
        raise ValueError(str(error)) from None


def symbol_name(value: object) -> str:
    """A symbol as the gateway writes it, in small letters. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"symbol is {value!r}: it is a text such as 'btcusdt'")
    return value.lower()


def word(kind: type[W], name: str, value: object) -> W:
    """A member of ``kind``, or its text. Raises InvalidOrder."""
    if isinstance(value, kind):
        return value
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        raise invalid(f"{name} is {value!r}, not one of {', '.join(kind)}") from None


def switch(name: str, value: object) -> None:
    """Raises InvalidOrder unless it is True or False."""
    if not isinstance(value, bool):
        raise invalid(f"{name} is {value!r}: it is True or False")


def one_of(what: str, name: str, names: Iterable[str], kind: type[Exception] = TypeError) -> None:
    """Raises ``kind`` for a name that does not exist, with the one that is like it or with those there are.

    As Python does: TypeError for an argument, AttributeError for an attribute.
    """
    known = sorted(names)
    if name not in known:
        near = get_close_matches(name, known, 1, _ALIKE)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise kind(f"there is no {what} {name}: {meant}")


def invalid(message: str) -> InvalidOrder:
    """An order that is not sent."""
    return InvalidOrder(message, code=ErrorCode.INVALID_ORDER)


def callbacks_of(kind: type) -> list[str]:
    """The names of a class that begin with ``on_``."""
    return [each for each in dir(kind) if each.startswith("on_")]


class NoCallbacks:
    """An object that calls nothing back, although one might think so: what is set as ``on_…`` would never be called.

    A subclass's names are its own.
    """

    if not TYPE_CHECKING:  # a type checker that sees this would allow any name

        def __setattr__(self, name: str, value: object) -> None:
            """Raises AttributeError for what looks like a callback."""
            # Only a class that says where callbacks are, itself and not by inheritance, refuses them.
            said = type(self).__dict__.get("_callbacks")
            if said is not None and name.startswith("on_"):
                names, where = said()
                near = get_close_matches(name, sorted(names), 1, _ALIKE)
                meant = near[0] if near else f"one of {', '.join(sorted(names))}"
                what = type(self).__name__
                raise AttributeError(f"{what} has no callback {name}, it would never be called: set {meant} of {where}")
            super().__setattr__(name, value)


class Callbacks:
    """Attributes that begin with ``on_`` are callbacks: one that does not exist would never be called."""

    if not TYPE_CHECKING:  # a type checker that sees this would allow any name

        def __setattr__(self, name: str, value: object) -> None:
            """Raises AttributeError for a callback that does not exist, TypeError for one that cannot be set so."""
            if name.startswith("on_"):
                kind = type(self)
                one_of("callback", name, callbacks_of(kind), AttributeError)
                if getattr(kind, name) is not None:
                    raise TypeError(f"{name} passes on to the subscriptions: set their callbacks, or on_event here")
                if value is not None and not callable(value):
                    raise TypeError(f"{name} is {value!r}: give it a function, without calling it, or None")
            super().__setattr__(name, value)
