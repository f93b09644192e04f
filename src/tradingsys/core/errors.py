"""The one tree of errors.

::

    TradingError
    ├── ConfigError               file, key and a hint how to mend it
    ├── LocalProtocolError        a request that breaks our own wire's rules
    │   └── InvalidOrder          off tick, below lot or notional: nothing was sent
    │       └── LimitExceeded     denied by one of our own limits: which, what it allows, what was observed
    ├── VenueError                the venue said no: code, message
    │   ├── OrderRejected         the order was refused, nothing rests
    │   ├── CancelRejected        the cancel was refused, the order is as it was
    │   ├── ReplaceRejected       the change was refused, the order is as it was
    │   ├── UnknownSymbol         the venue knows no such symbol: said to a question
    │   ├── WrongTime             a question's timestamp was refused; transient
    │   ├── RateLimited           too many requests; transient, see ``retry_after_ms``
    │   ├── Banned                this address is shut out for a while; transient, see ``retry_after_ms``
    │   └── AuthError             key, signature or permission
    ├── TransportError            a socket or HTTP failure; ``sent`` says whether a byte may have left
    ├── StoreError                journal or pos.db; the gateway stops taking risk
    └── InvariantViolation        facts contradict each other; halts the session, keeps the process

Each class says with ``transient`` whether waiting can help and with ``in_doubt`` whether the outcome of the request
that raised it is unknown.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AuthError",
    "Banned",
    "CancelRejected",
    "ConfigError",
    "InvalidOrder",
    "InvariantViolation",
    "LimitExceeded",
    "LocalProtocolError",
    "OrderRejected",
    "RateLimited",
    "ReplaceRejected",
    "StoreError",
    "TradingError",
    "TransportError",
    "UnknownSymbol",
    "VenueError",
    "WrongTime",
]


class TradingError(Exception):
    """Root of every error this system raises on purpose."""

    transient: ClassVar[bool] = False
    in_doubt: bool = False


class ConfigError(TradingError):
    """A configuration file that cannot be used: which file, which key, and how to mend it."""

    def __init__(self, message: str, *, file: str = "", key: str = "", hint: str = "") -> None:
        self.file, self.key, self.hint = file, key, hint
        where = ": ".join(part for part in (file, key) if part)
        super().__init__((f"{where}: " if where else "") + message + (f" ({hint})" if hint else ""))


class LocalProtocolError(TradingError):
    """A request that breaks the rules of the wire between strategy and gateway; ``code`` is the wire's."""

    def __init__(self, message: str, *, code: int = -30003) -> None:
        self.code = code
        super().__init__(message)


class InvalidOrder(LocalProtocolError):
    """An order refused before anything was sent: it breaks the instrument's rules or one of our limits.

    ``for_others``: for the sake of what is open, held or used up by all sessions together, so it is no fault of whoever
    sent it.
    """

    def __init__(self, message: str, *, code: int = -30003, for_others: bool = False) -> None:
        self.for_others = for_others
        super().__init__(message, code=code)


class LimitExceeded(InvalidOrder):
    """An order that one of our own limits denies; ``limit`` is the key of the configuration that sets it.

    So does the exchange's rate limit, as far as we know it: ``limit`` then begins with ``exchange: ``.
    """

    def __init__(
        self, message: str, *, code: int, limit: str, allowed: str, observed: str, for_others: bool = False
    ) -> None:
        self.limit, self.allowed, self.observed = limit, allowed, observed
        super().__init__(message, code=code, for_others=for_others)


class VenueError(TradingError):
    """The venue answered with an error."""

    def __init__(self, code: int, message: str, *, retry_after_ms: int | None = None) -> None:
        self.code, self.message, self.retry_after_ms = code, message, retry_after_ms
        super().__init__(f"{code}: {message}")


class OrderRejected(VenueError):
    """The venue refused the order; nothing rests."""


class CancelRejected(VenueError):
    """The venue refused the cancel; the order is as it was."""


class ReplaceRejected(VenueError):
    """The venue refused to change the order; it is as it was."""


class UnknownSymbol(VenueError):
    """The venue knows no such symbol: its answer to a question."""


class WrongTime(VenueError):
    """The venue took a question for too old, or too early."""

    transient = True


class RateLimited(VenueError):
    """Too many requests; wait ``retry_after_ms``."""

    transient = True


class Banned(VenueError):
    """The venue shut this address out; wait ``retry_after_ms`` and send nothing meanwhile."""

    transient = True


class AuthError(VenueError):
    """The venue refused key, signature or permission."""


class TransportError(TradingError):
    """A request that got no answer; in doubt exactly when a byte of it may have left this machine."""

    transient = True

    def __init__(self, message: str, *, sent: bool) -> None:
        self.in_doubt = sent
        super().__init__(message)


class StoreError(TradingError):
    """Journal or pos.db could not be written or read; no new risk is taken."""


class InvariantViolation(TradingError):
    """Facts that contradict each other, such as one trade id with two prices."""
