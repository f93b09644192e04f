from typing import Any

import pytest

from tradingsys.core.errors import AuthError, Banned, CancelRejected, OrderRejected, RateLimited, VenueError
from tradingsys.core.reports import OrderRequest, Outcome
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.errors import (
    ErrorClass,
    HttpError,
    classify,
    parse_error,
    request_error,
    retry_after_ms,
)
from tradingsys.venues.binance.limits import limits_of_headers, wait_ms
from tradingsys.venues.binance.usdm import ERRORS


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, -2019, "", ErrorClass.REFUSED),
        (400, -999_999, "a code of next year", ErrorClass.REFUSED),
        (403, 0, "<html>", ErrorClass.REFUSED),
        (410, 0, "", ErrorClass.REFUSED),
        (400, -1021, "", ErrorClass.REFUSED),
        (400, -5028, "", ErrorClass.REFUSED),
        (408, 0, "", ErrorClass.IN_DOUBT),
        (302, 0, "", ErrorClass.IN_DOUBT),
        (400, -1000, "", ErrorClass.IN_DOUBT),
        (400, -1001, "", ErrorClass.IN_DOUBT),
        (400, -1006, "", ErrorClass.IN_DOUBT),
        (400, -1007, "", ErrorClass.IN_DOUBT),
        (400, -4116, "", ErrorClass.IN_DOUBT),
        (503, 0, "Unknown error, please check your request or try again later.", ErrorClass.IN_DOUBT),
        (503, 0, "Service Unavailable.", ErrorClass.REFUSED),
        (503, 0, "<h1>Service Unavailable.</h1>", ErrorClass.IN_DOUBT),
        (503, -1008, "Request throttled by system-level protection.", ErrorClass.RATE_LIMITED),
        (500, -2019, "", ErrorClass.IN_DOUBT),
        (502, 0, "", ErrorClass.IN_DOUBT),
        (504, 0, "", ErrorClass.IN_DOUBT),
        (429, -1003, "", ErrorClass.RATE_LIMITED),
        (400, -1015, "", ErrorClass.RATE_LIMITED),
        (418, -1003, "", ErrorClass.BANNED),
        (401, -2015, "", ErrorClass.AUTH),
        (400, -1022, "", ErrorClass.AUTH),
    ],
)
def test_what_an_answer_proves_on_futures(status: int, code: int, message: str, expected: ErrorClass) -> None:
    assert classify(ERRORS, HttpError(status, code, message)) is expected


@pytest.mark.parametrize(
    ("request_kind", "status", "code", "error_type"),
    [
        (OrderRequest.PLACE, 400, -2019, OrderRejected),
        (OrderRequest.CANCEL, 400, -2011, CancelRejected),
        (None, 400, -1121, VenueError),
        (OrderRequest.PLACE, 429, -1003, RateLimited),
        (OrderRequest.PLACE, 418, -1003, Banned),
        (OrderRequest.PLACE, 401, -2014, AuthError),
    ],
)
def test_refusals_have_their_own_classes(
    request_kind: OrderRequest | None, status: int, code: int, error_type: type[VenueError]
) -> None:
    outcome, error = request_error(ERRORS, HttpError(status, code, "why", 500), request_kind)
    assert outcome is Outcome.REFUSED
    assert type(error) is error_type
    assert (error.code, error.message, error.in_doubt) == (code, "why", False)
    assert error.retry_after_ms == (500 if error.transient else None)


def test_a_doubt_keeps_what_was_said() -> None:
    outcome, error = request_error(ERRORS, HttpError(503, 0, "Unknown error"), OrderRequest.PLACE)
    assert (outcome, error.code, error.in_doubt) == (Outcome.IN_DOUBT, 503, True)


def test_bodies_that_are_no_errors_are_kept_as_text() -> None:
    assert parse_error(502, b"<html>bad gateway</html>") == HttpError(502, 0, "<html>bad gateway</html>")
    assert parse_error(502, b"\xff" * 999).message == "�" * 200
    assert parse_error(502, b"").message == "no explanation"
    assert parse_error(400, b'{"code":-1121,"msg":"Invalid symbol.","new":1}') == HttpError(
        400, -1121, "Invalid symbol."
    )


def test_how_long_to_wait() -> None:
    detail = messages.ErrorDetail(server_time=1_000, retry_after=4_000)
    assert retry_after_ms(detail) == 3_000
    assert retry_after_ms(messages.ErrorDetail(retry_after=4_000), 3_500) == 500
    assert retry_after_ms(messages.ErrorDetail(retry_after=4_000)) is None
    assert retry_after_ms(messages.ErrorDetail()) is None


@pytest.mark.parametrize(
    ("error", "headers", "now_ms", "expected"),
    [
        (HttpError(400, -2019, ""), {"retry-after": "3"}, None, None),
        (HttpError(429, -1003, ""), {"retry-after": "3"}, None, 3_000),
        (HttpError(429, -1003, "", 250), {"retry-after": "3"}, None, 250),
        (HttpError(429, -1003, ""), {}, 1_790_000_059_000, 41_000),
        (HttpError(429, -1003, ""), {"retry-after": "soon"}, None, 60_000),
        (HttpError(418, -1003, "banned until 1790000005000."), {}, 1_790_000_000_000, 5_000),
        (HttpError(418, -1003, "banned"), {}, None, 120_000),
    ],
)
def test_the_wait_is_what_the_exchange_says_or_its_next_window(
    error: HttpError, headers: dict[str, str], now_ms: int | None, expected: int | None
) -> None:
    assert wait_ms(error, headers, now_ms) == expected


def test_headers_without_counts_tell_nothing() -> None:
    assert limits_of_headers({"content-type": "x", "x-mbx-used-weight-1m": "many"}, None) is None
    told: Any = limits_of_headers({"x-mbx-order-count-1d": "5", "x-mbx-order-count-2h": "6"}, None)
    assert told.used == {("orders", 86_400_000): 5, ("orders", 7_200_000): 6}
