"""What a margin account borrows: each loan is asked for once, and what became of it is told; how near a call is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.gateway.limited_scene import Json, asked_prices, denied, trades_at, used
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.spot_venue import MARKET, SpotVenue
from tradingsys.core.commands import Borrow, Borrowable, BorrowableQuery, MarginStateQuery, Repay
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.reports import MarginLevel
from tradingsys.gateway.configuration.session_config import UNLIMITED, SessionConfig
from tradingsys.oms.procedure import ask
from tradingsys.wire.messages import ErrorCode

LOAN = {"asset": "usdt", "amount": "100"}


def test_a_loan_is_asked_for_once_and_told(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client = scene.client()
    borrowing, repaying = client.request("borrow", LOAN), client.request("repay", LOAN)
    assert venue.asked[-2:] == [Borrow("USDT", Decimal(100)), Repay("USDT", Decimal(100))]
    scene.answer(Borrow, "4711")
    scene.answer(Repay, "4712")
    assert client.reply_to(borrowing) == {"id": borrowing, "result": {"transaction_id": "4711"}}
    assert client.reply_to(repaying) == {"id": repaying, "result": {"transaction_id": "4712"}}
    told = {"asset": "USDT", "amount": "100", "by": "session 1"}
    assert scene.logged[-4:] == [
        f"warning: asked to be borrowed {told}",
        f"warning: asked to be paid back {told}",
        f"warning: borrowed {told | {'transaction': '4711'}}",
        f"warning: paid back {told | {'transaction': '4712'}}",
    ]


def test_who_may_not_trade_borrows_nothing_and_repays(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client, free = scene.client(1), scene.client(2)
    for reducing in (True, False):
        scene.operator().result("op.halt", {"session_id": 1, "reducing": reducing})
        code, text = client.error("borrow", LOAN)
        assert code == ErrorCode.HALTED and "by an operator" in text
    client.request("repay", LOAN)
    assert venue.asked[-1:] == [Repay("USDT", Decimal(100))]
    free.request("borrow", LOAN)
    assert venue.asked[-1:] == [Borrow("USDT", Decimal(100))]
    scene.settings = structs.replace(scene.settings, sessions={2: SessionConfig(trading=False)})
    scene.restart()
    code, text = scene.client(2).error("borrow", LOAN)
    assert code == ErrorCode.DENIED and "key sessions: 2: trading" in text


def test_what_became_of_a_loan_is_in_the_log_even_if_nobody_waits_for_it(margin: tuple[Scene, SpotVenue]) -> None:
    scene, _ = margin
    client = scene.client()
    client.request("borrow", LOAN)
    client.request("borrow", LOAN)
    client.request("borrow", LOAN)
    scene.gateway.peer_closed(client.peer)
    scene.answer(Borrow, VenueError(-3045, "The system does not have enough asset now."))
    assert scene.logged[-1].startswith("warning: not borrowed") and "-3045" in scene.logged[-1]
    scene.answer(Borrow, TransportError("reset by peer", sent=True))
    assert scene.logged[-1].startswith("warning: may or may not be borrowed: look at the balances")
    scene.run(20)
    assert "no answer" in scene.logged[-1]


@pytest.mark.parametrize("sent", [True, False])
def test_a_loan_without_an_answer_is_not_repeated(margin: tuple[Scene, SpotVenue], sent: bool) -> None:
    scene, venue = margin
    client = scene.client()
    request = client.request("borrow", LOAN)
    scene.answer(Borrow, TransportError("reset by peer", sent=sent))
    reply = client.reply_to(request)
    assert reply is not None and reply["error"]["code"] == ErrorCode.DISCONNECTED
    assert ("look at the balances" in reply["error"]["msg"]) is sent
    scene.run(60)
    assert len([query for query in venue.asked if isinstance(query, Borrow)]) == 1


def test_a_loan_that_has_to_wait_for_too_long_is_not_sent(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    for _ in range(12):
        scene.gateway.run(unanswered())
    desk = scene.operator()
    request = desk.request("op.borrow", LOAN)
    scene.run(16)
    reply = desk.reply_to(request)
    assert reply is not None and "was not sent; ask again" in reply["error"]["msg"]
    for _ in range(12):
        scene.answer(BorrowableQuery, Borrowable(Decimal(1), Decimal(2)))
    scene.run(60)
    assert not [query for query in venue.asked if isinstance(query, Borrow)]


async def unanswered() -> None:
    await ask(BorrowableQuery("USDT"))


def test_an_answer_that_proves_nothing_says_where_to_look(margin: tuple[Scene, SpotVenue]) -> None:
    scene, _ = margin
    client = scene.client()
    request = client.request("borrow", LOAN)
    error = VenueError(-1007, "Timeout waiting for response from backend server.")
    error.in_doubt = True
    scene.answer(Borrow, error)
    reply = client.reply_to(request)
    assert reply is not None and reply["error"]["code"] == -1007
    assert "may or may not have been done, and is not repeated: look at the balances" in reply["error"]["msg"]


@pytest.mark.parametrize("amount", ["0", "-1", "1e9", ""])
def test_an_amount_is_a_plain_number(margin: tuple[Scene, SpotVenue], amount: str) -> None:
    client = margin[0].client()
    assert client.error("borrow", {"asset": "USDT", "amount": amount})[0] == ErrorCode.BAD_REQUEST
    assert client.error("repay", {"asset": "U/S", "amount": "1"})[0] == ErrorCode.BAD_REQUEST


def test_an_onlooker_borrows_nothing(margin: tuple[Scene, SpotVenue]) -> None:
    client = margin[0].client(1, trading=False)
    assert client.error("borrow", LOAN)[0] == client.error("repay", LOAN)[0] == ErrorCode.NON_TRADING


@pytest.mark.parametrize(
    ("method", "params"),
    [("borrow", LOAN), ("repay", LOAN), ("get_borrowable", {"asset": "BTC"}), ("get_margin", None)],
)
def test_spot_accounts_have_no_loans(spot: tuple[Scene, SpotVenue], method: str, params: object) -> None:
    code, told = spot[0].client().error(method, params)
    assert code == ErrorCode.BAD_REQUEST and '"margin": true' in told


def test_how_much_more_can_be_borrowed(margin: tuple[Scene, SpotVenue]) -> None:
    scene, _ = margin
    client = scene.client(1, trading=False)
    request = client.request("get_borrowable", {"asset": "btc"})
    scene.answer(BorrowableQuery, Borrowable(Decimal("1.5"), Decimal(60)))
    assert client.reply_to(request) == {"id": request, "result": {"amount": "1.5", "limit": "60"}}


def test_the_level_is_told_with_its_bars(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    venue.level = "2.5"
    told = scene.client(1, trading=False).result("get_margin")
    assert (told["level"], told["margin_call_bar"], told["liquidation_bar"]) == ("2.5", "1.3", "1.1")


def test_a_falling_level_is_told_before_the_exchange_calls(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client = scene.client()
    venue.level = "1.45"
    scene.run(31)
    push = client.pushes("margin")[-1]
    assert (push["level"], push["status"]) == ("1.45", "BELOW_NORMAL")
    assert any(line.startswith("error: margin level 1.45") for line in scene.logged)
    assert "margin level 1.45" in scene.gateway.status().text
    assert "margin level 1.45" in scene.operator().result("op.status")["margin"]
    count = len(client.pushes("margin"))
    scene.run(120)
    assert len(client.pushes("margin")) == count  # once, as long as nothing changes
    venue.level = "2"
    scene.run(31)
    assert client.pushes("margin")[-1]["status"] == "NORMAL"
    assert not scene.gateway.status().text and not scene.operator().result("op.status")["margin"]


def test_the_exchanges_own_warning_is_passed_on(margin: tuple[Scene, SpotVenue]) -> None:
    scene, _ = margin
    client = scene.client()
    scene.says(MarginLevel(Decimal("1.28"), "MARGIN_CALL", 77))
    assert client.pushes("margin")[-1] == {"type": "margin", "level": "1.28", "status": "MARGIN_CALL", "ts_ms": 77}


def test_a_level_that_is_low_after_a_call_stays_told_although_the_exchange_finds_all_well(
    margin: tuple[Scene, SpotVenue],
) -> None:
    scene, venue = margin
    client = scene.client()
    venue.level = "1.45"
    scene.run(31)
    scene.says(MarginLevel(Decimal("1.28"), "MARGIN_CALL", 77))
    scene.says(MarginLevel(Decimal("1.35"), "NORMAL", 78))
    venue.level = "1.35"
    scene.run(31)
    assert client.pushes("margin")[-1]["status"] == "BELOW_NORMAL" and "1.35" in scene.gateway.status().text


def test_a_call_whose_end_nobody_told_is_taken_back(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client = scene.client()
    venue.level = "1.9"
    scene.says(MarginLevel(Decimal("1.28"), "MARGIN_CALL", 77))
    scene.run(62)
    assert client.pushes("margin")[-1]["status"] == "NORMAL" and not scene.gateway.status().text


@pytest.mark.parametrize(
    ("level", "status", "warned"),
    [
        ("1.9", "NORMAL", False),
        ("1.9", "MARGIN_LEVEL_2", True),
        ("2.5", "MARGIN_LEVEL_1", False),
        ("3", "MARGIN_CALL", True),
    ],
)
def test_of_a_word_that_nobody_knows_the_level_decides(
    margin: tuple[Scene, SpotVenue], level: str, status: str, warned: bool
) -> None:
    scene, _ = margin
    scene.says(MarginLevel(Decimal(level), status, 77))
    assert bool(scene.gateway.status().text) is warned


def test_spot_accounts_are_not_asked_for_a_level(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    scene.run(120)
    assert not any(isinstance(query, MarginStateQuery) for query in venue.asked)


def test_futures_accounts_have_no_loans(scene: Scene) -> None:
    assert "margin is for spot" in scene.client().error("borrow", LOAN)[1]


def may_owe(scene: Scene, dollars: int) -> None:
    """The account, from a new start on."""
    account = structs.replace(UNLIMITED.account, max_borrowed=Decimal(dollars))
    scene.settings = structs.replace(scene.settings, limits=structs.replace(UNLIMITED, account=account))
    scene.restart()


def test_strategies_borrow_no_more_than_the_account_may_owe(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    venue.debt_btc = "0.01"
    may_owe(scene, 800)
    client, other = scene.client(1), scene.client(2)
    error = client.ask("borrow", LOAN)["error"]
    assert (error["limit"], error["observed"]) == ("account: max_borrowed", "unknown"), "what a BTC is worth"
    trades_at(scene, "59999", "60001", symbol="BTCUSDT")
    client.request("borrow", LOAN)
    error = other.ask("borrow", LOAN | {"amount": "101"})["error"]
    assert (error["code"], error["allowed"], error["observed"]) == (ErrorCode.DENIED, "800 USDT", "801 USDT")
    assert "key limits: account: max_borrowed" in error["msg"]
    assert [query.amount for query in venue.asked if isinstance(query, Borrow)] == [Decimal(100)]
    assert used(scene, "max_borrowed", None) == [("800", "700", 2)]
    venue.debt_btc = "0.0125"
    scene.run(61)
    assert used(scene, "max_borrowed", None) == [("800", "750", 2)], "what became of it is in what is owed"
    del venue.answers[MarginStateQuery]
    scene.run(150)
    assert other.ask("borrow", {"asset": "USDT", "amount": "1"})["error"]["observed"] == "unknown"
    scene.operator().request("op.borrow", LOAN)
    assert len([query for query in venue.asked if isinstance(query, Borrow)]) == 2, "a person is not held"


def test_what_an_order_borrows_counts_as_large_as_it_could_become(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    venue.debt_btc = "0"
    may_owe(scene, 10)
    trades_at(scene, "0.59999", "0.60001")
    trades_at(scene, "59999", "60001", symbol="BTCUSDT")
    client = scene.client()
    client.order(quantity="15", price="0.6", side_effect="MARGIN_BUY")
    assert denied(client, quantity="15", price="0.6", side_effect="MARGIN_BUY")["limit"] == "account: max_borrowed"
    client.order(quantity="15", price="0.6")


BORROWS: Json = {"quantity": "20", "side_effect": "MARGIN_BUY"}


@pytest.mark.parametrize(
    ("order", "owes"),
    [
        ({"price": "0.9"}, "18 USDT"),
        ({"price": "0.3"}, "12 USDT"),
        (MARKET, "12 USDT"),
        ({**MARKET, "order_type": "STOP_MARKET", "stop_price": "0.9"}, "18 USDT"),
        ({**MARKET, "quantity": "0", "quote_quantity": "18"}, "18 USDT"),
        ({"price": "0.9", "side": "SELL"}, "12 USDT"),
    ],
)
def test_what_a_buy_borrows_counts_at_its_own_price_and_at_the_market_whichever_is_more(
    margin: tuple[Scene, SpotVenue], order: Json, owes: str
) -> None:
    scene, venue = margin
    venue.debt_btc = "0"
    may_owe(scene, 5)
    trades_at(scene, "0.59999", "0.60001")
    trades_at(scene, "59999", "60001", symbol="BTCUSDT")
    assert denied(scene.client(), **BORROWS | order)["observed"] == owes


@pytest.mark.parametrize("order", [MARKET, {"price": "0.1", "side": "SELL"}])
def test_without_any_price_no_order_borrows(margin: tuple[Scene, SpotVenue], order: Json) -> None:
    scene, venue = margin
    venue.debt_btc = "0"
    may_owe(scene, 15)
    trades_at(scene, "59999", "60001", symbol="BTCUSDT")
    client = scene.client()
    asked_prices(scene)
    error = denied(client, **BORROWS | order)
    assert (error["limit"], error["observed"]) == ("account: max_borrowed", "unknown")
    assert "without a price nobody knows how much it would borrow" in error["msg"]
    assert asked_prices(scene) == ["DOGEUSDT"]
    client.order(**BORROWS | order | {"side_effect": None})
    trades_at(scene, "0.59999", "0.60001")
    client.order(**BORROWS | order)
