"""What an error answer proves: whether the exchange acted, and whether waiting can help.

The same number means different things on different products, so each product has its own `ErrorTable`. Where an answer
proves nothing the outcome is in doubt: a doubt costs a question, a wrong certainty costs money.
"""

from __future__ import annotations

import html
import re
from contextlib import suppress

import msgspec
from msgspec import Struct

from tradingsys.core.errors import (
    AuthError,
    Banned,
    CancelRejected,
    OrderRejected,
    RateLimited,
    ReplaceRejected,
    UnknownSymbol,
    VenueError,
    WrongTime,
)
from tradingsys.core.reports import OrderRequest, Outcome
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.error_codes import ErrorClass, ErrorTable, as_markdown

__all__ = [
    "WRONG_TIME",
    "ErrorClass",
    "ErrorTable",
    "HttpError",
    "as_markdown",
    "classify",
    "parse_error",
    "request_error",
    "retry_after_ms",
]

WRONG_TIME = -1021
"""The request's timestamp is not within its window of the exchange's time."""
UNKNOWN_SYMBOL = -1121
_TOO_MANY_ORDERS = -1015
"""Of the account, whoever sends them: anything else may be asked all the same."""


class _Codeless(Struct):
    msg: str


_PAGE_BYTES = 4_096
_SHOWN_CHARACTERS = 200
_TITLE = re.compile(r"<title[^<>]*>\s*([^<\s][^<]*)", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style|head)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>?")

_body_decoder = msgspec.json.Decoder(messages.ErrorBody)
_codeless_decoder = msgspec.json.Decoder(_Codeless)


class HttpError(Struct, frozen=True):
    """An error answer of any transport; WS-API replies have the status that HTTP would have."""

    status: int
    code: int
    """0 when the body names none."""
    message: str
    retry_after_ms: int | None = None

    @property
    def is_of_orders(self) -> bool:
        """Whether only new orders are too many: cancels and questions may be sent."""
        return self.code == _TOO_MANY_ORDERS

    @property
    def ban_ms(self) -> int | None:
        """For how long nothing at all may be sent; None where anything may."""
        return None if self.is_of_orders else self.retry_after_ms


def parse_error(status: int, body: bytes, retry_after_ms: int | None = None) -> HttpError:
    """An error answer's status and body; a body that is no error object is kept as text.

    What stands before the exchange proper answers without a code.
    """
    try:
        parsed = _body_decoder.decode(body)
    except messages.UNREADABLE:
        with suppress(*messages.UNREADABLE):
            return HttpError(status, 0, _codeless_decoder.decode(body).msg, retry_after_ms)
        return HttpError(status, 0, _readable(status, body) or "no explanation", retry_after_ms)
    return HttpError(status, parsed.code, parsed.msg, retry_after_ms)


def _readable(status: int, body: bytes) -> str:
    """What a body that is no error object says to a person: of a web page its title, or else its words."""
    text = body[:_PAGE_BYTES].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        words = title[1] if title else _TAG.sub(" ", _UNSEEN.sub(" ", text))
        # Such pages repeat the status, which is told before the text.
        text = " ".join(html.unescape(words).split()).removeprefix(str(status)).strip()
        text = text and f"{text} (a web page, not the exchange's own words)"
    return text[:_SHOWN_CHARACTERS]


def retry_after_ms(detail: messages.ErrorDetail, now_ms: int | None = None) -> int | None:
    """How long to wait, from the two instants in a rate limit's error body, or from the venue's time now."""
    if not isinstance(detail.retry_after, int):
        return None
    base = detail.server_time if isinstance(detail.server_time, int) else now_ms
    return None if base is None else max(0, detail.retry_after - base)


def classify(table: ErrorTable, error: HttpError) -> ErrorClass:
    """What an error answer proves about the request it answers."""
    by_code = table.verdict(error.code)
    if error.status == 418:
        return ErrorClass.BANNED
    if by_code is ErrorClass.IN_DOUBT or error.message in table.doubtful_messages:
        return ErrorClass.IN_DOUBT
    if error.status == 429 or by_code is ErrorClass.RATE_LIMITED:
        return ErrorClass.RATE_LIMITED
    if by_code is ErrorClass.AUTH or error.status == 401:
        return ErrorClass.AUTH
    if error.status >= 500:
        is_proven = error.code in table.proven_failures or error.message in table.proven_failure_messages
        return ErrorClass.REFUSED if is_proven else ErrorClass.IN_DOUBT
    # A redirect was not followed, and who sent it may not have been the exchange.
    if error.status < 400 or error.status in table.doubtful_statuses:
        return ErrorClass.IN_DOUBT
    return ErrorClass.REFUSED


_REFUSALS = {
    OrderRequest.PLACE: OrderRejected,
    OrderRequest.REPLACE: ReplaceRejected,
    OrderRequest.CANCEL: CancelRejected,
}
_OF_QUESTIONS = {UNKNOWN_SYMBOL: UnknownSymbol, WRONG_TIME: WrongTime}


def request_error(table: ErrorTable, error: HttpError, request: OrderRequest | None) -> tuple[Outcome, VenueError]:
    """How a request ended that got an error answer; ``request`` is None for a query.

    The error's message is the exchange's, with what to do where that does not tell it. What to do about doubt is told
    of orders alone: only for them does somebody ask until it is over.
    """
    verdict = classify(table, error)
    code, wait_ms = error.code or error.status, error.retry_after_ms
    is_order = request is not None or verdict is not ErrorClass.IN_DOUBT
    message = table.explain(error.code, error.message) if is_order else error.message
    match verdict:
        case ErrorClass.RATE_LIMITED:
            return Outcome.REFUSED, RateLimited(code, message, retry_after_ms=wait_ms)
        case ErrorClass.BANNED:
            return Outcome.REFUSED, Banned(code, message, retry_after_ms=wait_ms)
        case ErrorClass.AUTH:
            return Outcome.REFUSED, AuthError(code, message)
        case ErrorClass.REFUSED:
            if request is None:
                return Outcome.REFUSED, _OF_QUESTIONS.get(code, VenueError)(code, message)
            return Outcome.REFUSED, _REFUSALS[request](code, message)
        case ErrorClass.IN_DOUBT:
            failure = VenueError(code, message)
            failure.in_doubt = True
            return Outcome.IN_DOUBT, failure
