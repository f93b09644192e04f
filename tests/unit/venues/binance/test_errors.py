from pathlib import Path
from typing import Any

import pytest

from tests.unit.venues.binance import error_page
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
from tradingsys.venues.binance.errors import (
    ErrorClass,
    HttpError,
    as_markdown,
    classify,
    parse_error,
    request_error,
    retry_after_ms,
)
from tradingsys.venues.binance.limits import limits_of_headers, wait_ms
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, PRODUCTS, SPOT
from tradingsys.venues.binance.usdm import ERRORS, FILTERS


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, -2019, "", ErrorClass.REFUSED),
        (400, -999_999, "a code of next year", ErrorClass.REFUSED),
        (403, 0, "<html>", ErrorClass.REFUSED),
        (410, 0, "", ErrorClass.REFUSED),
        (400, -1021, "", ErrorClass.REFUSED),
        (400, -5028, "", ErrorClass.REFUSED),
        *[(400, code, "", ErrorClass.REFUSED) for code in (-5024, -5025, -5026, -5027, -5029, -5043)],
        (503, 0, "Internal error; unable to process your request. Please try again.", ErrorClass.IN_DOUBT),
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


@pytest.mark.parametrize("product", [SPOT, MARGIN], ids=lambda product: product.name)
@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, -1013, "Filter failure: NOTIONAL", ErrorClass.REFUSED),
        (400, -2010, "Account has insufficient balance for requested action.", ErrorClass.REFUSED),
        (400, -2010, "Duplicate order sent.", ErrorClass.IN_DOUBT),
        (408, 0, "", ErrorClass.IN_DOUBT),
        (409, -2021, "", ErrorClass.IN_DOUBT),
        (400, -1007, "", ErrorClass.IN_DOUBT),
        (503, 0, "Service Unavailable.", ErrorClass.IN_DOUBT),
        (429, -1015, "", ErrorClass.RATE_LIMITED),
        (418, -1003, "", ErrorClass.BANNED),
        (401, -2015, "", ErrorClass.AUTH),
    ],
)
def test_what_an_answer_proves_on_spot_and_margin(
    product: Product, status: int, code: int, message: str, expected: ErrorClass
) -> None:
    assert classify(product.errors, HttpError(status, code, message)) is expected


@pytest.mark.parametrize("code", [-3000, -3044])
@pytest.mark.parametrize("request_kind", [OrderRequest.PLACE, OrderRequest.CANCEL, None])
def test_what_a_busy_or_broken_margin_service_says_proves_nothing(code: int, request_kind: OrderRequest | None) -> None:
    outcome, error = request_error(MARGIN.errors, HttpError(400, code, "?"), request_kind)
    assert (outcome, error.in_doubt) == (Outcome.IN_DOUBT, True)


@pytest.mark.parametrize(
    ("request_kind", "status", "code", "error_type"),
    [
        (OrderRequest.PLACE, 400, -2019, OrderRejected),
        (OrderRequest.CANCEL, 400, -2011, CancelRejected),
        (OrderRequest.REPLACE, 400, -5027, ReplaceRejected),
        (None, 400, -1121, UnknownSymbol),
        (OrderRequest.PLACE, 400, -1121, OrderRejected),
        (None, 400, -1130, VenueError),
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
    assert (error.code, error.in_doubt) == (code, False)
    assert error.message.startswith("why (")
    assert error.retry_after_ms == (500 if error.transient else None)


def test_a_question_of_the_wrong_time_says_nothing_about_what_was_asked() -> None:
    error = request_error(ERRORS, HttpError(400, -1021, "why"), None)[1]
    assert isinstance(error, WrongTime)
    assert error.transient


def test_a_doubt_keeps_what_was_said() -> None:
    outcome, error = request_error(ERRORS, HttpError(503, 0, "Unknown error"), OrderRequest.PLACE)
    assert (outcome, error.code, error.in_doubt) == (Outcome.IN_DOUBT, 503, True)


def test_bodies_that_are_no_errors_are_kept_as_text() -> None:
    assert parse_error(502, b"\xff" * 999).message == "�" * 200
    assert parse_error(502, b"").message == "no explanation"
    codeless = b'{"timestamp":1609300986882,"path":"/fapi/v1/order","msg":"Service Unavailable."}'
    assert parse_error(503, codeless) == HttpError(503, 0, "Service Unavailable.")
    assert parse_error(503, b'{"msg":7}').message == '{"msg":7}'
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
    ("body", "told"),
    [
        (b"<html>bad gateway</html>", "bad gateway"),
        (b"<html><body><h1>Bad Gateway</h1></body></html>", "Bad Gateway"),
        (
            b"<!DOCTYPE html>\r\n<html><head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad "
            b"Gateway</h1></center><hr><center>nginx</center></body></html>",
            "Bad Gateway",
        ),
        (b"<html><head><title> </title><style>p {x}</style></head><p>Sorry &amp; wait<br>a bit", "Sorry & wait a bit"),
        (b"<HTML><TITLE>ERROR: The request could\nnot be met</TITLE>", "ERROR: The request could not be met"),
        (b"<html><script>x < y" + b"y" * 9_999, ""),
        (b"<html></html>", ""),
        (b"<p " + b"<" * 5_000, ""),
    ],
)
def test_of_a_web_page_its_words_are_told(body: bytes, told: str) -> None:
    message = parse_error(502, body).message
    assert message == (f"{told} (a web page, not the exchange's own words)" if told else "no explanation")


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
        (HttpError(429, -1003, ""), {"retry-after": "999999999999999"}, None, 259_200_000),
        (HttpError(418, -1003, "banned until 9999999999999."), {}, 1_790_000_000_000, 259_200_000),
        (HttpError(418, -1003, "banned until 1790000005000."), {"date": "Mon, 21 Sep 2026 14:13:18 GMT"}, None, 7_000),
        (
            HttpError(418, -1003, "banned until 1790000005000."),
            {"date": "Mon, 21 Sep 2026 14:13:18 -0000"},
            None,
            120_000,
        ),
        (HttpError(418, -1003, "banned until 1790000005000."), {"date": "soon"}, 1_790_000_000_000, 5_000),
        (HttpError(418, -1003, "banned until 1790000005000."), {"date": "Mon, 21 Sep 99999 1:1:1 GMT"}, None, 120_000),
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


def test_an_error_says_what_to_do_where_the_exchange_does_not() -> None:
    def told(code: int) -> str:
        return str(request_error(ERRORS, HttpError(400, code, "Words."), OrderRequest.PLACE)[1])

    assert told(-2021) == "-2021: Words. (put the trigger price on the other side of the market)"
    assert told(-4164) == "-4164: Words."
    assert told(-999_999) == "-999999: Words."


@pytest.mark.parametrize("product", ["spot", "margin"])
def test_a_refusal_of_one_code_and_many_messages_says_what_to_do_by_its_message(product: str) -> None:
    def told(message: str) -> str:
        error = HttpError(400, -2010, message)
        return str(request_error(PRODUCTS[product].errors, error, OrderRequest.PLACE)[1])

    post_only = "Order would immediately match and take."
    assert told(post_only).startswith(f"-2010: {post_only} (a post-only order stands behind")
    assert "borrow, with a side effect" in told("Account has insufficient balance for requested action.")
    assert told("Words of next year.") == "-2010: Words of next year."


@pytest.mark.parametrize("path", error_page.PAGES, ids=lambda path: path.name)
def test_the_pages_of_errors_have_the_tables_that_the_code_has(path: Path) -> None:
    page = path.read_text("utf-8")
    assert page == error_page.generated(page, error_page.PAGES[path]), (
        f"docs/{path.name} is out of date: run python -m tests.unit.venues.binance.error_page"
    )


def test_every_code_is_there_once_and_fits_into_a_table() -> None:
    text = as_markdown(ERRORS)
    rows = text.splitlines()[2:]
    codes = [int(row.split("|")[1]) for row in rows]
    assert codes == sorted(set(codes), reverse=True)
    assert all(row.count("|") == 6 for row in rows)
    assert all(known.text and known.todo for known in ERRORS.codes.values())


# The numbers that the documents name for orders, changes, cancels, questions and settings.
DOCUMENTED = """
-1000 -1001 -1003 -1006 -1007 -1008 -1010 -1013 -1014 -1015 -1016 -1020 -1021 -1022 -1100 -1102 -1103 -1104 -1105 -1106
-1111 -1114 -1115 -1116 -1117 -1118 -1121 -1125 -1127 -1128 -1130 -2010 -2011 -2012 -2013 -2014 -2015 -2018 -2019 -2020
-2021 -2022 -2023 -2025 -2026 -2027 -2028 -4015 -4046 -4047 -4048 -4059 -4061 -4062 -4067 -4068 -4105 -4106 -4107 -4109
-4116 -4117 -4118 -4120 -4131 -4140 -4141 -4164 -4168 -4171 -4189 -4192 -4400 -4401 -5021 -5022 -5024 -5025 -5026 -5027
-5028 -5029 -5037 -5038 -5039 -5040 -5041 -5043
"""


def test_every_code_an_order_can_meet_is_known() -> None:
    assert {int(code) for code in DOCUMENTED.split()} <= ERRORS.codes.keys()
    assert {code for code, _ in FILTERS.answers.values()} <= ERRORS.codes.keys()
