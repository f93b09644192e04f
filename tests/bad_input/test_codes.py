"""Every code that the exchange may answer an order, a cancel, an amend or a question with, over real sockets.

What the strategy is told is what docs/errors.md and docs/errors-spot.md say: refused with the exchange's code and what
to do, or in doubt until the exchange, asked for the order, has told the truth. Nothing else stops.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.bad_input.exchange import Loop
from tests.bad_input.launcher import Launcher
from tests.bad_input.table_codes import CODES, STATUSES, TRIED, CodeRow
from tests.bad_input.venue_place import ACCOUNTS, VenuePlace

FIRST_QTY = 1_000
KLINES = {"symbol": "dogeusdt", "interval": "1m", "limit": 5}
OCO = (
    {"price": "0.7"},
    {"order_type": "STOP_MARKET", "stop_price": "0.5", "price": None, "time_in_force": None},
)
CODES_OF_LOANS = {-3006, -3007, -3008, -3012, -3013, -3014, -3015, -3016, -3041, -1003, -1022, -2015}
# They say that there is no such order, or no longer, which is an answer and no failure.
ANSWERS = {"usdt": {-2013}, "spot": {-2013, -2026}, "margin": {-2013, -2026}}


@pytest.fixture(scope="module", params=list(ACCOUNTS))
def account(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def place(
    account: str, loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VenuePlace]:
    folder = tmp_path_factory.mktemp("codes") / "gateway"
    folder.mkdir()
    # Absence is proven the sooner the less late an exchange may act and answer.
    margins = {} if account == "usdt" else {"engine_margin_ms": 500, "staleness_ms": 300}
    place = VenuePlace(loop, launcher, folder, account, loop.exchange(), **margins)
    yield place
    assert place.gateway.stop() == 0
    assert "Traceback" not in place.gateway.err and "HALT" not in place.gateway.err


def words_of(row: CodeRow, place: VenuePlace) -> list[str]:
    """What a refusal must tell: the exchange's words, and what to do where these do not say it."""
    return [row.text] if place.words.errors.codes[row.code].says_enough else [row.text, row.todo]


def assert_answers(place: VenuePlace, row: CodeRow, told: dict[str, Any]) -> None:
    """To what is no order: nobody asks for it until it is known."""
    wanted = [row.text, "ask again"] if row.in_doubt else words_of(row, place)
    assert told["code"] == row.code
    assert [word for word in wanted if word not in told["msg"]] == [], told
    assert "the gateway asks for the order" not in told["msg"]


def assert_trades(place: VenuePlace) -> None:
    client_order_id = place.line.order(**place.words.resting)
    place.line.order_that("rests", client_order_id, lambda order: order["status"] == "NEW")
    place.line.result("cancel", {"client_order_id": client_order_id})
    place.line.order_that("is canceled", client_order_id, lambda order: order["status"] == "CANCELED")
    assert place.gateway.code is None


def test_the_page_has_all_codes(account: str) -> None:
    rows = CODES[account]
    assert {row.code for row in rows} == set(ACCOUNTS[account].errors.codes) and len(rows) > 60


def test_orders(place: VenuePlace, account: str) -> None:
    line = place.line
    sent = {}
    for number, row in enumerate(TRIED[account]):
        quantity = str(FIRST_QTY + number)
        place.refusals["place", quantity] = (400, row.code, row.text)
        sent[line.order(quantity=quantity)] = row
    for client_order_id, row in sent.items():
        if row.in_doubt:
            line.order_that("is in doubt", client_order_id, lambda order: order["status"] == "UNKNOWN")
            continue
        order = line.order_that("is refused", client_order_id, lambda order: order["status"] == "REJECTED")
        assert order["code"] == row.code
        assert [word for word in words_of(row, place) if word not in order["reason"]] == [], order
    for client_order_id, row in sent.items():
        if row.in_doubt:  # the exchange, asked again and again, does not know it
            line.order_that("never arrived", client_order_id, lambda order: order["status"] == "ABSENT")
        else:
            assert not any(order["status"] == "UNKNOWN" for order in line.orders(client_order_id))
    place.refusals.clear()
    assert place.open_orders() == []
    assert_trades(place)


def test_lists(place: VenuePlace, account: str) -> None:
    """Both orders are told the same, and are in doubt both."""
    if account == "usdt":
        return  # nothing of the kind is ever sent
    line = place.line
    sent = []
    for number, row in enumerate(TRIED[account]):
        quantity = str(FIRST_QTY + number)
        place.refusals["list", quantity] = (400, row.code, row.text)
        legs = [line.order_params(**leg, side="SELL", quantity=quantity) for leg in OCO]
        names = line.result("order_list", {"contingency": "OCO", "orders": legs})["client_order_ids"]
        sent += [(name, row) for name in names]
    for client_order_id, row in sent:
        if row.in_doubt:
            line.order_that("is in doubt", client_order_id, lambda order: order["status"] == "UNKNOWN")
            continue
        order = line.order_that("is refused", client_order_id, lambda order: order["status"] == "REJECTED")
        assert order["code"] == row.code
        assert [word for word in words_of(row, place) if word not in order["reason"]] == [], order
    for client_order_id, row in sent:
        if row.in_doubt:
            line.order_that("never arrived", client_order_id, lambda order: order["status"] == "ABSENT")
    place.refusals.clear()
    assert place.open_orders() == []
    assert_trades(place)


def test_cancels(place: VenuePlace, account: str) -> None:
    line = place.line
    resting, venue_order_id = place.resting(**place.words.resting)
    for row in TRIED[account]:
        place.refusals["cancel", venue_order_id] = (400, row.code, row.text)
        since, questions = len(line.messages), place.questions
        line.result("cancel", {"client_order_id": resting})
        if row.in_doubt:  # asked for, it is open, so that the next cancel may be sent
            line.wait_for("a question", partial(_more_than, place, questions))
            time.sleep(0.1)
        else:
            told = place.failure(resting, since)
            assert (told["method"], told["code"]) == ("cancel", row.code)
            assert [word for word in words_of(row, place) if word not in told["reason"]] == [], told
        assert len(place.open_orders()) == 1
    place.refusals.clear()
    line.result("cancel", {"client_order_id": resting})
    line.order_that("is canceled", resting, lambda order: order["status"] == "CANCELED")
    assert_trades(place)


def test_amends(place: VenuePlace, account: str) -> None:
    if not place.words.amended:
        return  # nothing of the kind is ever sent
    line = place.line
    shared, shared_id = place.resting(**place.words.resting)
    doubtful = []
    for row in TRIED[account]:
        order, venue_order_id = place.resting(**place.words.resting) if row.in_doubt else (shared, shared_id)
        place.refusals["amend", venue_order_id] = (400, row.code, row.text)
        since = len(line.messages)
        line.wait_for("room for an amend", partial(_amends, place, order))
        if row.in_doubt:
            doubtful.append(order)
            continue
        told = place.failure(order, since)
        assert (told["method"], told["code"]) == ("amend", row.code)
        assert [word for word in words_of(row, place) if word not in told["reason"]] == [], told
    resting = place.words.resting
    open_orders = place.open_orders()
    assert {Decimal(row["price"]) for row in open_orders} == {Decimal(resting["price"])}
    assert {Decimal(row["qty"]) for row in open_orders} == {Decimal(resting["quantity"])}
    place.refusals.clear()
    for order in (shared, *doubtful):  # not until it can no longer act, and is asked for, may the next one be sent
        line.wait_for("the end of doubt", partial(_amends, place, order))
        line.order_that("is amended", order, partial(_is_amended, place))
        line.result("cancel", {"client_order_id": order})
        line.order_that("is canceled", order, lambda order: order["status"] == "CANCELED")
    assert_trades(place)


def _amends(place: VenuePlace, client_order_id: str) -> bool:
    """Whether an amend could be sent."""
    return "error" not in place.line.ask("amend", {"client_order_id": client_order_id, **place.words.amended})


def _is_amended(place: VenuePlace, order: dict[str, object]) -> bool:
    return place.words.amended.items() <= order.items()


def _more_than(place: VenuePlace, questions: int) -> bool:
    return place.questions > questions


def test_questions_of_strategies(place: VenuePlace, account: str) -> None:
    for row in TRIED[account]:
        place.refusals["klines", ""] = (400, row.code, row.text)
        assert_answers(place, row, place.line.ask("get_klines", KLINES)["error"])
    place.refusals.clear()
    assert place.line.result("get_klines", KLINES)
    assert_trades(place)


def test_loans(place: VenuePlace, account: str) -> None:
    """What is open is said to be, with where to look; nothing is asked for twice."""
    if account != "margin":
        return  # there are none
    line, loan = place.line, {"asset": "usdt", "amount": "5"}
    # Each weighs much; the rest is tried with questions.
    chosen = [row for row in CODES[account] if row.in_doubt or row.code in CODES_OF_LOANS]
    assert len(chosen) > 15
    for number, row in enumerate(chosen):
        place.refusals["loans", ""] = (400, row.code, row.text)
        told = line.ask(("borrow", "repay")[number % 2], loan)["error"]
        assert_answers(place, row, told)
        assert ("look at the balances before you ask again" in told["msg"]) is row.in_doubt, told
        assert_answers(place, row, line.ask("get_borrowable", {"asset": "usdt"})["error"])
    place.refusals.clear()
    assert place.exchange.admin(f"loans?product={place.segment}") == []
    assert line.result("borrow", loan)["transaction_id"]
    assert line.result("repay", loan)["transaction_id"]
    assert_trades(place)


def test_questions_of_the_gateway(place: VenuePlace, account: str) -> None:
    """An order whose answer was lost, with the question for it refused: asked on, until the truth is told."""
    line = place.line
    sent = []
    rows = [row for row in TRIED[account] if row.code not in ANSWERS[account]]
    for number, row in enumerate(rows):
        quantity = str(FIRST_QTY + number)
        place.lost[quantity] = (400, -1007, "Timeout waiting for response from backend server.")
        place.refusals["ask", quantity] = (400, row.code, row.text)
        sent.append(line.order(quantity=quantity))
    for client_order_id in sent:
        line.order_that("is found", client_order_id, lambda order: order["status"] == "NEW")
        told = [order["status"] for order in line.orders(client_order_id)]
        assert "UNKNOWN" in told and "ABSENT" not in told and "REJECTED" not in told
    assert place.asked >= set(sent)
    place.lost.clear()
    for client_order_id in sent:
        line.result("cancel", {"client_order_id": client_order_id})
        line.order_that("is canceled", client_order_id, lambda order: order["status"] == "CANCELED")
    place.refusals.clear()
    assert_trades(place)


def test_answers_without_a_known_code(place: VenuePlace, account: str) -> None:
    sent = {}
    for number, row in enumerate(STATUSES):
        status, message, _ = row
        place.refusals["place", str(700 + number)] = (status, 0, message)
        sent[place.line.order(quantity=str(700 + number))] = row
    for client_order_id, (status, message, in_doubt) in sent.items():
        if account in in_doubt:
            place.line.order_that("is in doubt", client_order_id, lambda order: order["status"] == "UNKNOWN")
            place.line.order_that("never arrived", client_order_id, lambda order: order["status"] == "ABSENT")
        else:
            order = place.line.order_that("is refused", client_order_id, lambda order: order["status"] == "REJECTED")
            assert order["code"] == status and message in order["reason"]
    place.refusals.clear()
    assert_trades(place)
