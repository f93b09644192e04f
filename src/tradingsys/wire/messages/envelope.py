"""What every message travels in: requests, replies, the codes of refusals."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Raw, Struct

__all__ = [
    "PROTOCOL_VERSION",
    "Cursor",
    "ErrorBody",
    "ErrorCode",
    "Reply",
    "Request",
]

PROTOCOL_VERSION = 1


class ErrorCode(IntEnum):
    """The codes of error replies; the first eight are the original's."""

    LOGIN_FIRST = -10001
    DUPLICATE_LOGIN = -10002
    INVALID_SYMBOL = -10003
    INVALID_STREAM = -10004
    NON_TRADING = -10005
    DISCONNECTED = -30002
    UNDEFINED = -30003
    INVALID_ORDER = -10006
    """Breaks the instrument's rules: nothing was sent."""
    DENIED = -10007
    """Over one of the gateway's own limits: nothing was sent."""
    NOT_READY = -10008
    """The gateway is still finding out what happened before it started."""
    BAD_REQUEST = -10009
    """Not JSON, an unknown method, or parameters of the wrong shape."""
    UNAUTHORIZED = -10010
    """The token is missing or wrong."""
    STALE_KEY = -10011
    """An order key of another epoch or login, or one already used: never sent, only resolved."""
    NO_SUCH_ORDER = -10012
    """The session has no such order."""
    HALTED = -10013
    """No new orders on the symbol, or on any, until an operator resumes it."""


class Request(Struct, frozen=True):
    """Any request; ``params`` is decoded by the method's own type."""

    id: int
    method: str
    params: Raw = Raw(b"null")


class ErrorBody(Struct, frozen=True, omit_defaults=True):
    """Why a request was refused."""

    code: int
    msg: str
    limit: str = ""
    """Of an order that a limit denied (-10007): the limit's key in the gateway's configuration, or which of the
    exchange's limits, after ``exchange: ``."""
    allowed: str = ""
    observed: str = ""


class Reply(Struct, frozen=True, omit_defaults=True):
    """The answer to a request; ``error`` is set or ``result`` is what counts."""

    id: int | None
    result: Raw = Raw(b"null")
    error: ErrorBody | None = None


Cursor = tuple[int, int]
"""(epoch, n): how far a session's events were received; gap-free within an epoch."""
