"""What strategies ask of the exchange through the gateway: history, money, settings; bounded, and always answered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.gateway.scene import Scene
from tradingsys.core.commands import (
    Balance,
    BalancesQuery,
    KlinesQuery,
    SetLeverage,
    SetMarginType,
    SymbolSettings,
    SymbolSettingsQuery,
)
from tradingsys.core.enums import MarginType
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.market import Kline
from tradingsys.core.reports import AccountChanged, LimitsSeen
from tradingsys.wire.messages import ErrorCode

BAR = Kline(
    "DOGEUSDT", "1m", 0, 1_000, 60_999, "0.6", "0.7", "0.5", "0.65", "10", "6", "4", "2.4", 3, 7, 9, is_closed=False
)  # fmt: skip
KLINES = {"symbol": "dogeusdt", "interval": "1m", "limit": 10}


def test_history_is_passed_on_as_the_exchange_tells_it(scene: Scene) -> None:
    client = scene.client(1, trading=False)
    request = client.request("get_klines", KLINES | {"end_ms": 61_000})
    assert client.reply_to(request) is None and scene.venue.asked[-1] == KlinesQuery("DOGEUSDT", "1m", 10, 61_000)
    scene.answer(KlinesQuery, (BAR,))
    reply = client.reply_to(request)
    assert reply is not None
    assert reply["result"] == [
        {
            "start_ms": 1_000,
            "close_ms": 60_999,
            "open": "0.6",
            "high": "0.7",
            "low": "0.5",
            "close": "0.65",
            "volume": "10",
            "amount": "6",
            "buy_volume": "4",
            "buy_amount": "2.4",
            "trade_count": 3,
            "first_trade_id": 7,
            "last_trade_id": 9,
            "is_closed": False,
        }
    ]


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"limit": 0}, ErrorCode.BAD_REQUEST, "1 to 1500"),
        ({"limit": 1501}, ErrorCode.BAD_REQUEST, "end_ms"),
        ({"limit": "ten"}, ErrorCode.BAD_REQUEST, "limit"),
        ({"interval": "7m"}, ErrorCode.INVALID_STREAM, "one of"),
        ({"interval": "1s"}, ErrorCode.INVALID_STREAM, "1s"),
        ({"symbol": "nosuchusdt"}, ErrorCode.INVALID_SYMBOL, "none of that name"),
        ({"end_ms": -1}, ErrorCode.BAD_REQUEST, "end_ms"),
    ],
)
def test_history_that_there_is_not_is_refused(scene: Scene, changes: dict[str, object], code: int, told: str) -> None:
    client = scene.client()
    got, text = client.error("get_klines", KLINES | changes)
    assert got == code and told in text
    assert not scene.venue.open_asks


def test_balances(scene: Scene) -> None:
    client = scene.client()
    request = client.request("get_balances")
    scene.answer(BalancesQuery, (Balance("USDT", Decimal("10.50"), Decimal("9.1")), Balance("BNB", Decimal(0))))
    reply = client.reply_to(request)
    assert reply is not None and reply["result"] == [
        {"asset": "USDT", "wallet": "10.5", "available": "9.1"},
        {"asset": "BNB", "wallet": "0"},
    ]


def test_everybody_is_told_when_the_money_changes(scene: Scene) -> None:
    clients = [scene.client(1), scene.client(2, trading=False)]
    stranger = scene.client(None)
    scene.says(AccountChanged("DEPOSIT", scene.now_ms(), {"USDT": Decimal("11.25")}, {}))
    for client in clients:
        assert client.pushes("balance") == [{"type": "balance", "balances": [{"asset": "USDT", "wallet": "11.25"}]}]
    assert not stranger.pushes("balance")


def test_settings_of_a_symbol(scene: Scene) -> None:
    client = scene.client()
    for method, params, kind in (
        ("get_settings", {"symbol": "DOGEusdt"}, SymbolSettingsQuery),
        ("set_leverage", {"symbol": "dogeusdt", "leverage": 7}, SetLeverage),
        ("set_margin_type", {"symbol": "dogeusdt", "margin_type": "ISOLATED"}, SetMarginType),
    ):
        request = client.request(method, params)
        scene.answer(kind, SymbolSettings("DOGEUSDT", 7, MarginType.ISOLATED))
        reply = client.reply_to(request)
        assert reply is not None
        assert reply["result"] == {"symbol": "dogeusdt", "leverage": 7, "margin_type": "ISOLATED"}
    assert scene.venue.asked[-2:] == [SetLeverage("DOGEUSDT", 7), SetMarginType("DOGEUSDT", MarginType.ISOLATED)]


def test_the_exchanges_refusal_is_passed_on_word_for_word(scene: Scene) -> None:
    client = scene.client()
    request = client.request("set_leverage", {"symbol": "dogeusdt", "leverage": 500})
    scene.answer(SetLeverage, VenueError(-4028, "Leverage 500 is not valid"))
    reply = client.reply_to(request)
    assert reply is not None and reply["error"] == {"code": -4028, "msg": "Leverage 500 is not valid"}


def test_without_an_answer_a_change_is_in_doubt(scene: Scene) -> None:
    client = scene.client()
    lost = client.request("set_leverage", {"symbol": "dogeusdt", "leverage": 5})
    scene.answer(SetLeverage, TransportError("connection reset", sent=True))
    mute = client.request("get_balances")
    scene.run(16)
    for request, told in ((lost, "ask what is set"), (mute, "waited 15 s; ask again")):
        reply = client.reply_to(request)
        assert reply is not None and reply["error"]["code"] == ErrorCode.DISCONNECTED and told in reply["error"]["msg"]
    scene.answer(BalancesQuery, ())
    assert client.reply_to(mute) == reply, "a late answer is none"


def test_who_does_not_trade_changes_nothing_for_those_who_do(scene: Scene) -> None:
    watcher = scene.client(1, trading=False)
    for method, params in (
        ("set_leverage", {"symbol": "dogeusdt", "leverage": 5}),
        ("set_margin_type", {"symbol": "dogeusdt", "margin_type": "CROSSED"}),
    ):
        assert watcher.error(method, params)[0] == ErrorCode.NON_TRADING
    for method in ("get_klines", "get_balances", "get_settings", "set_leverage", "set_margin_type"):
        assert scene.client(None).error(method, {})[0] == ErrorCode.LOGIN_FIRST


def test_a_client_that_left_meanwhile_harms_nothing(scene: Scene) -> None:
    client, other = scene.client(1), scene.client(2)
    client.request("get_balances")
    client.request("get_klines", KLINES)
    scene.gateway.peer_closed(client.peer)
    told = len(client.peer.sent)
    scene.answer(BalancesQuery, ())
    scene.answer(KlinesQuery, (BAR,))
    assert len(client.peer.sent) == told and not scene.gateway.halting.reason
    assert other.result("get_positions") == []


def test_a_client_has_few_questions_under_way(scene: Scene) -> None:
    client, other = scene.client(1), scene.client(2)
    for _ in range(8):
        client.request("get_balances")
    code, text = client.error("get_balances")
    assert code == ErrorCode.DENIED and "8 questions" in text
    other.request("get_balances")
    for _ in range(9):  # a few at a time, but each in its turn
        scene.answer(BalancesQuery, ())
    client.request("get_balances")
    assert len(scene.venue.open_asks) == 1


def test_that_the_exchange_wants_to_be_left_alone_is_told_once(scene: Scene) -> None:
    for wait_ms in (30_000, 29_500, 31_000, 60_000):
        scene.says(LimitsSeen({}, wait_ms))
    told = [line for line in scene.logged if "left alone" in line]
    assert [line.partition("'seconds': ")[2].rstrip("}") for line in told] == ["30", "60"]


def test_questions_leave_room_for_what_the_gateway_itself_must_ask(scene: Scene) -> None:
    client = scene.client()
    scene.says(LimitsSeen({("weight", 60_000): 1_196}))
    code, text = client.error("get_balances")
    assert code == ErrorCode.DENIED and "try again in" in text and not scene.venue.open_asks
    client.order()
    scene.run(61)
    client.request("get_balances")
    assert scene.venue.open_asks


def test_who_may_not_trade_sets_nothing_for_the_whole_account(scene: Scene) -> None:
    client = scene.client()
    scene.operator().result("op.halt", {"session_id": 1, "symbol": "dogeusdt"})
    for method, wish in (("set_leverage", {"leverage": 3}), ("set_margin_type", {"margin_type": "ISOLATED"})):
        code, text = client.error(method, {"symbol": "dogeusdt"} | wish)
        assert code == ErrorCode.HALTED and "by an operator" in text
        client.request(method, {"symbol": "btcusdt"} | wish)
    assert [type(query) for query in scene.venue.asked[-2:]] == [SetLeverage, SetMarginType]
