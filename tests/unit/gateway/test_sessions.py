from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.gateway.peers import RecordedPeer
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import instrument
from tradingsys.core.errors import LocalProtocolError
from tradingsys.core.position import SessionPosition
from tradingsys.gateway.clients import local_port
from tradingsys.gateway.clients.sessions import Client, SessionDesk
from tradingsys.wire.messages import ErrorCode, LoginParams
from tradingsys.wire.operator import OperateParams

S = 1_000_000_000


def client(now_ns: int = 0) -> Client:
    return Client(RecordedPeer(), now_ns)


def trading(session: int = 1, instance: str = "a", **more: object) -> LoginParams:
    return LoginParams(session, "test", True, instance=instance, **more)  # type: ignore[arg-type]


def refused(desk: SessionDesk, who: Client, params: LoginParams, now_ns: int = 0) -> int:
    with pytest.raises(LocalProtocolError) as caught:
        desk.login(who, params, now_ns)
    return caught.value.code


def test_every_login_gets_a_higher_number() -> None:
    desk = SessionDesk(7, None)
    first, second = client(), client()
    desk.login(first, trading(1), 0)
    desk.login(second, trading(2), 0)
    assert (first.login, second.login) == (1, 2)
    desk.release(first)
    third = client()
    desk.login(third, trading(1), 0)
    assert third.login == 3


def test_the_same_strategy_takes_its_session_over() -> None:
    desk = SessionDesk(7, None)
    old, new = client(), client()
    desk.login(old, trading(instance="a"), 0)
    desk.login(new, trading(instance="a"), 0)
    assert desk.session(1).owner is new and old.session is None
    assert isinstance(old.peer, RecordedPeer) and old.peer.closed and b"session_closed" in old.peer.sent[-1]


def test_strategies_leave_room_for_operators_and_those_of_one_session_for_others() -> None:
    desk, onlooker = SessionDesk(7, None), LoginParams(1, "test", trading=False)
    onlookers = [client() for _ in range(16)]
    for each in onlookers:
        desk.login(each, onlooker, 0)
    assert refused(desk, client(), onlooker) == ErrorCode.DENIED
    desk.login(onlookers[0], onlooker, 0)
    for session in range(1, 49):
        desk.login(client(), trading(session), 0)
    assert refused(desk, client(), LoginParams(49, "test", trading=False)) == ErrorCode.DENIED
    desk.login(client(), trading(48), 0)
    assert not any(each.is_evicted for each in onlookers)
    for session in range(49, 65):
        desk.login(client(), trading(session), 0)
    assert all(each.is_evicted for each in onlookers), "whoever may do nothing makes room for who trades"
    assert refused(desk, client(), trading(65)) == ErrorCode.DENIED
    assert sum(len(session.listeners) for session in desk.sessions.values()) == 64


def test_an_operator_can_always_come_in() -> None:
    """The one that has been silent longest leaves, and there is room for one more that must show its token first."""
    desk = SessionDesk(7, None)
    operators = [client() for _ in range(7)]
    for at_s, each in enumerate(operators):
        each.heard_ns = at_s * S
        desk.operate(each, OperateParams())
    operators[0].heard_ns = 9 * S
    desk.operate(operators[0], OperateParams())
    newest = client()
    desk.operate(newest, OperateParams())
    assert [each.is_operator for each in operators] == [True, False, *[True] * 5] and newest.is_operator
    gone = operators[1]
    assert isinstance(gone.peer, RecordedPeer) and gone.peer.closed and not gone.peer.sent, "it had no session to lose"
    assert gone.is_stranger, "the port may end it"
    desk.release(newest)
    desk.operate(client(), OperateParams())
    assert sum(each.is_operator for each in operators) == 6, "one that is gone has made room already"
    assert 64 + len(operators) < local_port._MAX_CONNECTIONS


def test_another_strategy_is_refused_while_the_owner_lives() -> None:
    desk = SessionDesk(7, None)
    owner, other = client(), client()
    desk.login(owner, trading(instance="a"), 0)
    assert refused(desk, other, trading(instance="b"), 10 * S) == ErrorCode.DUPLICATE_LOGIN
    assert isinstance(owner.peer, RecordedPeer) and owner.peer.pings == 1
    owner.heard_ns = 11 * S
    desk.tick(15 * S)
    assert desk.session(1).owner is owner and desk.next_deadline_ns is None


def test_a_silent_owner_loses_its_session_after_five_seconds() -> None:
    desk = SessionDesk(7, None)
    owner, other = client(), client()
    desk.login(owner, trading(instance="a"), 0)
    refused(desk, other, trading(instance="b"), 10 * S)
    assert desk.next_deadline_ns == 15 * S
    desk.tick(15 * S - 1)
    assert desk.session(1).owner is owner
    desk.tick(15 * S)
    assert desk.session(1).owner is None
    desk.login(other, trading(instance="b"), 16 * S)
    assert desk.session(1).owner is other


def test_an_unnamed_instance_takes_nothing_over() -> None:
    desk = SessionDesk(7, None)
    desk.login(client(), trading(instance=""), 0)
    assert refused(desk, client(), trading(instance="")) == ErrorCode.DUPLICATE_LOGIN


def test_any_number_of_readers_beside_one_owner() -> None:
    desk = SessionDesk(7, None)
    desk.login(client(), trading(), 0)
    for _ in range(3):
        reader = client()
        desk.login(reader, LoginParams(1), 0)
        assert reader.is_logged_in and reader.session is None


@pytest.mark.parametrize("session", [-1, 65_536, 10**12])
def test_session_numbers_have_a_range(session: int) -> None:
    assert refused(SessionDesk(7, None), client(), trading(session)) == ErrorCode.BAD_REQUEST


@pytest.mark.parametrize("token", [None, "", "wrong", "secret "])
def test_without_the_token_nobody_enters(token: str | None) -> None:
    desk = SessionDesk(7, "secret")
    assert refused(desk, client(), trading(token=token)) == ErrorCode.UNAUTHORIZED
    assert refused(desk, client(), LoginParams(1, token=token)) == ErrorCode.UNAUTHORIZED
    desk.login(client(), trading(token="secret"), 0)


def test_another_protocol_version_is_refused() -> None:
    assert refused(SessionDesk(7, None), client(), trading(protocol=99)) == ErrorCode.BAD_REQUEST


def test_a_connection_is_one_session() -> None:
    desk, who = SessionDesk(7, None), client()
    desk.login(who, trading(1), 0)
    assert refused(desk, who, trading(2)) == ErrorCode.BAD_REQUEST


def test_who_gives_up_trading_gives_the_session_back() -> None:
    desk = SessionDesk(7, None)
    owner, other = client(), client()
    desk.login(owner, trading(1), 0)
    desk.login(owner, LoginParams(1, "test", False), 0)
    assert owner.session is None and owner.is_logged_in
    desk.login(other, trading(1, instance="b"), 0)
    assert desk.session(1).owner is other


@pytest.mark.parametrize("name", ["n" * 101, "line\nbreak", "\x1b[31mred"])
def test_names_can_be_shown_to_others(name: str) -> None:
    desk = SessionDesk(7, None)
    assert refused(desk, client(), LoginParams(1, name, True)) == ErrorCode.BAD_REQUEST
    assert refused(desk, client(), LoginParams(1, "n", True, instance=name)) == ErrorCode.BAD_REQUEST


def test_who_comes_back_with_its_cursor_gets_what_it_missed() -> None:
    desk = SessionDesk(7, None)
    session = desk.session(1)
    for net in "123":
        session.push_position("btcusdt", SessionPosition(Decimal(net)))
    missed = session.missed_since((7, 1))
    assert missed is not None and [b'"net":"2"' in missed[0], b'"net":"3"' in missed[1]] == [True, True]
    assert session.missed_since((7, 3)) == []
    assert session.missed_since((6, 1)) is None, "another epoch"
    assert session.missed_since((7, 4)) is None, "from the future"
    assert session.missed_since(None) is None


def test_events_too_old_to_replay_need_a_snapshot() -> None:
    session = SessionDesk(7, None).session(1)
    for _ in range(30_000):
        session.push_position("btcusdt", SessionPosition(Decimal(1)))
    assert session.missed_since((7, 0)) is None
    missed = session.missed_since((7, 29_990))
    assert missed is not None and len(missed) == 10
    known = next(n for n in range(session.n) if session.missed_since((7, n)) is not None)
    longest = session.missed_since((7, known))
    assert longest is not None and 1_400_000 < sum(map(len, longest)) <= 1_572_864, "no longer than a snapshot is"


def test_too_many_subscriptions(scene: Scene) -> None:
    client, other = scene.client(1, trading=False), scene.client(2, trading=False)
    scene.gateway.market.subscribe = lambda *_: None  # type: ignore[method-assign]  # none of them is opened
    intervals = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
    kinds = ["depth", "depth:100ms", "depth:500ms", "bbo", "trade", *(f"kline:{each}" for each in intervals)]
    for number in range(20):
        scene.gateway.instruments[f"S{number}USDT"] = instrument(f"S{number}USDT")
    many = [f"s{number}usdt@{kind}" for number in range(20) for kind in kinds]
    code, text = client.error("subscribe", many)
    assert code == ErrorCode.DENIED and "256 streams" in text and "unsubscribe" in text
    client.result("subscribe", many[:256])
    other.result("subscribe", many[:256])


def test_what_was_passed_over_is_told_by_a_snapshot() -> None:
    session = SessionDesk(5, None).session(1)
    session.push_position("btcusdt", SessionPosition(Decimal(1)))
    before = (5, session.n)
    session.pass_over()
    assert session.missed_since(before) is None
    after = (5, session.n)
    assert session.missed_since(after) == []
    session.push_position("btcusdt", SessionPosition(Decimal(2)))
    assert session.missed_since(before) is None and len(session.missed_since(after) or ()) == 1


def test_where_configured_sessions_are_admitted_a_number_is_no_way_to_new_limits() -> None:
    desk = SessionDesk(7, None, {3: None})
    desk.login(client(), trading(3), 0)
    for params in (trading(4), LoginParams(4, "test", trading=False)):
        with pytest.raises(LocalProtocolError) as caught:
            desk.login(client(), params, 0)
        assert caught.value.code == ErrorCode.DENIED and 'add "4": {} to sessions' in str(caught.value)
    assert 4 not in desk.sessions


def test_a_session_is_logged_in_to_twenty_times_at_once_and_then_twice_a_second() -> None:
    """Each may cost a snapshot, on a connection that there is or on a new one."""
    desk, onlooker = SessionDesk(7, None), LoginParams(1, "test", trading=False)
    who = client()
    for _ in range(20):
        desk.login(who, onlooker, 10 * S)
    assert refused(desk, who, onlooker, 10 * S) == refused(desk, client(), onlooker, 10 * S) == ErrorCode.DENIED
    assert who.is_logged_in, "it is told what it was told before"
    desk.login(client(), LoginParams(2, "test", trading=False), 10 * S)
    desk.login(who, onlooker, 10 * S + S // 2)
    assert refused(desk, who, onlooker, 10 * S + S // 2) == ErrorCode.DENIED


def test_neither_who_looks_on_nor_who_is_refused_keeps_the_owner_out() -> None:
    desk, onlooker = SessionDesk(7, None), LoginParams(1, "test", trading=False)
    owner, other = client(), client()
    desk.login(owner, trading(instance="a"), 0)
    for _ in range(40):
        refused(desk, other, trading(instance="b"))
    for _ in range(20):
        desk.login(other, onlooker, 0)
    again = client()
    desk.login(again, trading(instance="a"), 0)
    assert desk.session(1).owner is again
    for _ in range(18):
        desk.login(client(), trading(instance="a"), 0)
    last = desk.session(1).owner
    assert refused(desk, client(), trading(instance="a")) == ErrorCode.DENIED
    assert desk.session(1).owner is last, "who is refused takes nobody's place"


def test_who_has_not_read_what_the_last_login_told_is_told_nothing_more() -> None:
    desk, onlooker = SessionDesk(7, None), LoginParams(1, "test", trading=False)
    who = client()
    desk.login(who, onlooker, 0)
    assert isinstance(who.peer, RecordedPeer)
    who.peer.pending_bytes = 10**6
    assert refused(desk, who, onlooker) == ErrorCode.DENIED and who.is_logged_in
    desk.login(client(), onlooker, 0)
    who.peer.pending_bytes = 0
    desk.login(who, onlooker, 0)


def test_a_burst_an_hour_is_no_flood_however_long_it_goes_on_and_a_thousand_within_a_minute_are() -> None:
    one, now_ns = client(), 3_600 * S
    for _ in range(300):
        spoken = [one.may_speak(now_ns) for _ in range(405)]
        assert spoken.count(False) == 5 and not one.is_flooding
        now_ns += 3_600 * S
    assert [one.may_speak(now_ns) for _ in range(1_400)].count(False) == 1_000 and not one.is_flooding
    assert not one.may_speak(now_ns) and one.is_flooding
