"""One loop for everybody: who sends much waits for those who send little, and keeps nothing waiting without end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import pytest
from picows import WSMsgType

from tests.unit.net.ws_rig import Peers, Recorder, masked, raw_client, scenario, serving
from tradingsys.net import fair_share, ws
from tradingsys.net.fair_share import FairShare, KeptFrame


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
def _hearing_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes at first is too little for the flood that is meant, and would be heard for seconds."""
    monkeypatch.setattr(fair_share, "_LONG_PAUSE_S", fair_share._PAUSE_S)


def said(recorder: Recorder) -> list[bytes]:
    return [data for data, _ in recorder.frames]


@scenario
async def test_who_sends_little_is_heard_before_all_of_who_sends_much() -> None:
    heard_at: list[int] = []
    peers = Peers(lambda _, data: heard_at.append(len(peers.recorders[0].frames)) if data == b"little" else None)
    async with (
        serving(peers, is_fair=True) as server,
        raw_client(server.port) as (_, much),
        raw_client(server.port) as (_, little),
    ):
        words = [b"%d" % number for number in range(600)]
        much.write(b"".join(masked(1, word) for word in words))
        await until(lambda: bool(peers.recorders[0].frames))
        little.write(masked(1, b"little"))
        await until(lambda: len(peers.recorders[0].frames) == len(words))
        assert said(peers.recorders[0]) == words
        assert heard_at[0] < len(words)


@scenario
async def test_large_messages_count_as_many() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True) as server, raw_client(server.port) as (_, writer):
        words = [bytes([number]) * 30_000 for number in range(40)]
        writer.write(b"".join(masked(1, word) for word in words))
        await until(lambda: len(peers.recorders[0].frames) == len(words))
        assert said(peers.recorders[0]) == words


@pytest.mark.parametrize("ends_well", [True, False])
def test_what_was_said_before_leaving_counts(ends_well: bool) -> None:
    @scenario
    async def main() -> None:
        peers = Peers()
        async with serving(peers, is_fair=True) as server, raw_client(server.port) as (_, writer):
            words = [b"%d" % number for number in range(300)]
            goodbye = masked(8, (1000).to_bytes(2, "big")) if ends_well else b""
            writer.write(b"".join(masked(1, word) for word in words) + goodbye)
            await until(lambda: bool(peers.recorders[0].frames))
            writer.transport.abort()
            await peers.recorders[0].until("closed")
            assert said(peers.recorders[0]) == words

    main()


@scenario
async def test_nothing_is_heard_of_a_connection_that_was_cut() -> None:
    peers = Peers(lambda recorder, data: recorder.conn.abort() if recorder.conn and data == b"5" else None)
    async with serving(peers, is_fair=True) as server, raw_client(server.port) as (_, writer):
        writer.write(b"".join(masked(1, b"%d" % number) for number in range(300)))
        await peers.recorders[0].until("closed")
        heard = len(peers.recorders[0].frames)
        await asyncio.sleep(5 * fair_share._PAUSE_S)
        assert len(peers.recorders[0].frames) == heard


@pytest.mark.usefixtures("_hearing_quickly")
@scenario
async def test_a_flood_is_ended_and_nothing_of_it_is_kept() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True, receive_buffer_bytes=128 * 1024) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with raw_client(server.port):  # somebody else, who only listens
            lines = ("GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade")
            more = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "")
            writer.write("\r\n".join([*lines, *more]).encode())
            await reader.readuntil(b"\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(masked(9, b"") * 10_000)
                    await asyncio.wait_for(reader.read(65_536), 20)
            writer.close()
            await peers.recorders[1].until("closed")
            assert peers.recorders[1].reasons == ["closed here: 1008 more messages at once than anybody could mean"]


@scenario
async def test_pongs_that_nobody_reads_are_not_kept() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True, send_buffer_bytes=8_192) as server:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sock, ("127.0.0.1", server.port))
            lines = ("GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade")
            more = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "")
            await loop.sock_sendall(sock, "\r\n".join([*lines, *more]).encode())
            await until(lambda: bool(peers.recorders and peers.recorders[0].conn))
            conn = peers.recorders[0].conn
            assert conn is not None
            for _ in range(20):
                await loop.sock_sendall(sock, masked(9, b"x" * 125) * 50 + masked(1, b"then"))
            await until(lambda: len(peers.recorders[0].frames) == 20)
            assert 0 < conn.pending_bytes < 20_000


@scenario
async def test_a_ping_is_answered_with_what_it_said() -> None:
    async with serving(Peers(), is_fair=True) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(9, b"are you there"))
        assert await reader.readexactly(15) == b"\x8a\x0dare you there"


@scenario
async def test_a_message_has_a_bound_on_its_pieces_too() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True, max_message_bytes=100) as server, raw_client(server.port) as (_, writer):
        writer.write(masked(1, b"", fin=False) + masked(0, b"", fin=False) * 100)
        await peers.recorders[0].until("closed")
        assert "1009" in peers.recorders[0].reasons[0]


@scenario
async def test_a_peer_that_is_muted_is_not_heard_any_more() -> None:
    peers = Peers(lambda recorder, _: recorder.conn.mute() if recorder.conn else None)
    async with serving(peers, is_fair=True) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(1, b"heard") * 100)
        await until(lambda: bool(peers.recorders[0].frames))
        conn = peers.recorders[0].conn
        assert conn is not None
        conn.send(b"told")
        assert await reader.readexactly(6) == b"\x81\x04told"
        writer.write(masked(1, b"more") * 100)
        await asyncio.sleep(5 * fair_share._PAUSE_S)
        # What the first piece had brought within its share was on its way already.
        assert len(peers.recorders[0].frames) <= fair_share._SHARE
        conn.abort()
        await peers.recorders[0].until("closed")


@scenario
async def test_a_server_that_is_not_asked_to_be_fair_hands_everything_on_at_once() -> None:
    peers = Peers()
    async with serving(peers) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(1, b"x") * 600 + masked(9, b"end"))
        assert await reader.readexactly(5) == b"\x8a\x03end"
        assert len(peers.recorders[0].frames) == 600
        assert isinstance(server, ws.Server)


class Driven:
    """A connection whose clock, processor and loop are in the test's hands."""

    def __init__(self, cost_s: Callable[[bytes], float], forgiven: bytes = b"") -> None:
        self.now_s, self.used_s = 0.0, 0.0
        self.heard: list[tuple[float, bytes]] = []
        self.late: list[bytes] = []
        self.is_paused: bool = False
        self._cost_s, self._forgiven = cost_s, forgiven
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._unread: list[bytes] = []
        self.share = FairShare(self, self._take, lambda: None, self, lambda: self.used_s)

    def arrive(self, *words: bytes) -> None:
        """All at once."""
        for word in words:
            if self.share.is_spent(len(word)):
                self.share.keep(KeptFrame(WSMsgType.TEXT, True, False, word, 0))
            else:
                self._take(KeptFrame(WSMsgType.TEXT, True, False, word, 0))
                self.share.handled()

    def send(self, *words: bytes) -> None:
        """In the kernel until it is read: all that is there by then in one piece, if it is no flood."""
        self._unread += words
        self._soon_read()

    def run(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self._later and min(at_s for at_s, _ in self._later) <= end_s:
            self._later.sort(key=lambda each: each[0])
            self.now_s, call = self._later.pop(0)
            call()
        self.now_s = end_s

    @property
    def words(self) -> list[bytes]:
        return [word for _, word in self.heard]

    def _take(self, frame: KeptFrame) -> None:
        self.used_s += self._cost_s(frame.payload)
        if frame.payload == self._forgiven:
            self.share.forgive()
        self.heard.append((self.now_s, frame.payload))
        if self.share.is_late:
            self.late.append(frame.payload)

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False
        self._soon_read()

    def _soon_read(self) -> None:
        self._later.append((self.now_s, self._read))

    def _read(self) -> None:
        if self._unread and not self.is_paused:
            words, self._unread = self._unread[:1_000], self._unread[1_000:]
            self.arrive(*words)
            self._soon_read()

    def is_closing(self) -> bool:
        return False

    def call_soon(self, callback: Callable[[], None], /) -> None:
        self._later.append((self.now_s, callback))

    def call_later(self, delay: float, callback: Callable[[], None], /) -> None:
        self._later.append((self.now_s + delay, callback))

    def time(self) -> float:
        return self.now_s


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def test_a_turn_is_over_when_it_took_its_time_and_not_only_after_eight_frames() -> None:
    peer = Driven(lambda _: 0.0004)
    peer.arrive(*numbered(8))
    assert len(peer.heard) == 3 and peer.is_paused
    peer.run(0.002)
    assert len(peer.heard) == 6
    peer.run(0.002)
    assert peer.words == numbered(8) and not peer.is_paused


def test_turns_of_the_loop_that_take_little_each_are_turns_of_their_own() -> None:
    peer = Driven(lambda _: 0.0006)
    for word in numbered(20):
        peer.arrive(word)
        assert not peer.is_paused
        peer.run(0.1)
    assert peer.words == numbered(20)


@pytest.mark.parametrize(("cost_s", "a_second"), [(0.0012, 13.9), (0.002, 5), (0.004, 1.25), (0.1, 1)])
def test_what_is_dear_is_repaid_by_waiting_and_the_more_the_dearer_it_is(cost_s: float, a_second: float) -> None:
    """Sent one after the other, each when the last was answered: nothing is late then, and nothing is refused."""
    peer = Driven(lambda _: cost_s)
    while peer.now_s < 20:
        if not peer.is_paused:
            peer.arrive(b"dear")
        peer.run(0.01)
    later = [at_s for at_s, _ in peer.heard if at_s >= 2]
    assert 0.85 * a_second < len(later) / 18 < 1.15 * a_second
    assert not peer.late


def test_a_burst_is_heard_at_once_and_a_flood_takes_a_hundredth_of_the_time() -> None:
    """Also while all that it says has been said too long ago."""
    peer = Driven(lambda _: 0.000_02)
    peer.arrive(*numbered(400))
    peer.run(0.15)
    assert len(peer.words) == 400 and not peer.is_paused
    for _ in range(500):
        peer.send(*[b"flood"] * 100)
    peer.run(1)
    for _ in range(10):
        before = peer.used_s
        peer.run(1)
        assert 0.005 < peer.used_s - before < 0.02
    assert peer.late and peer.is_paused


def test_who_orders_as_fast_as_may_be_after_a_burst_is_no_flood() -> None:
    peer = Driven(lambda _: 0.0011, forgiven=b"order")
    peer.send(*[b"order"] * 400)
    for _ in range(100):
        peer.send(*[b"order"] * 20)
        peer.run(0.1)
    assert not peer.late and len(peer.words) > 2_300


def test_two_hundred_orders_a_second_never_wait() -> None:
    peer = Driven(lambda _: 0.0006)
    for _ in range(2_000):
        peer.arrive(b"order")
        assert not peer.is_paused
        peer.run(0.005)


def test_what_is_forgiven_is_not_repaid_and_the_next_one_is() -> None:
    peer = Driven(lambda _: 0.01, forgiven=b"order")
    for _ in range(400):
        peer.arrive(b"order")
        assert not peer.is_paused
        peer.run(0.005)
    peer.arrive(b"dear", b"dear", b"waits")
    assert peer.is_paused and b"waits" not in peer.words


def answer_later(peer: Driven, took_s: float, size: int = 0) -> None:
    with peer.share.charged():
        peer.used_s += took_s
        peer.share.answered(size)


def test_an_answer_that_is_given_later_is_repaid_like_one_that_is_given_at_once() -> None:
    at_once, later = Driven(lambda _: 0.005), Driven(lambda _: 0.0)
    for _ in range(2):
        at_once.arrive(b"dear")
        later.arrive(b"dear")
        answer_later(later, 0.004, 200_000)
        at_once.run(0)
    assert later.share._repaid_s == pytest.approx(at_once.share._repaid_s) == pytest.approx(2.0)
    for peer in (at_once, later):
        peer.arrive(b"next")
        peer.run(0.9)
        assert b"next" not in peer.words
        peer.run(0.2)
        assert peer.words[-1] == b"next"


def test_whoever_asks_for_later_answers_in_a_loop_has_a_small_part_of_the_time() -> None:
    peer, asked = Driven(lambda _: 0.0), 0
    while peer.now_s < 60:
        peer.send(b"page")
        while len(peer.heard) == asked:
            peer.run(0.001)
        asked += 1
        answer_later(peer, 0.005)
        peer.run(0.001)
    assert peer.used_s < 60 * 0.02 and not peer.late


def test_an_answer_that_came_in_its_requests_own_turn_after_all_is_repaid_once() -> None:
    peer = Driven(lambda _: 0.0)
    peer.share._hand_on = lambda _: answer_later(peer, 0.002, 1_000)
    assert not peer.share.is_spent(1)
    peer.share._hand_on(KeptFrame(WSMsgType.TEXT, True, False, b"", 0))
    peer.share.handled()
    assert peer.share._repaid_s == pytest.approx(0.2, rel=0.01)


def test_an_answer_that_fails_is_repaid_too() -> None:
    peer = Driven(lambda _: 0.0)
    with pytest.raises(ValueError, match="too much"), peer.share.charged():
        peer.used_s += 0.002
        raise ValueError("too much")
    assert peer.share._repaid_s == pytest.approx(0.2)


def test_what_has_waited_for_two_seconds_is_late_and_handed_on_to_be_refused() -> None:
    peer = Driven(lambda word: 0.1 if word == b"dear" else 0.0)
    peer.arrive(*[b"dear"] * 2, *[b"waits"] * 50, *[b"dear"] * 2, *[b"late"] * 50)
    peer.run(0.9)
    assert peer.is_paused and peer.words == [b"dear"] * 2
    peer.run(0.2)
    assert peer.words == [b"dear"] * 2 + [b"waits"] * 50 + [b"dear"] and not peer.late
    peer.run(0.85)
    assert len(peer.words) == 53
    peer.run(0.2)
    assert peer.words[53:] == [b"dear"] + [b"late"] * 50 and peer.late == [b"late"] * 50
    assert not peer.share.is_late


def test_what_waited_where_nobody_had_read_it_is_late_too() -> None:
    peer = Driven(lambda _: 0.1 if not peer.share.is_late else 0.0)
    for word in (b"first", b"second", b"third"):
        peer.send(*[b"dear"] * 4, word)
    peer.run(4)
    assert [word for word in peer.words if word != b"dear"] == [b"first", b"second", b"third"]
    assert {b"second", b"third"} <= {*peer.late}
    assert not peer.is_paused and not peer.share.is_late


def test_who_asks_again_as_soon_as_he_was_answered_is_never_late() -> None:
    peer = Driven(lambda _: 0.1)
    for answers in range(20):
        peer.send(b"dear")
        while len(peer.heard) == answers:
            peer.run(0.0001)
    assert peer.now_s > 10 and not peer.late


def test_who_asks_for_more_and_more_is_told_that_it_is_late_and_heard_again_when_it_has_caught_up() -> None:
    peer = Driven(lambda _: 0.1 if not peer.share.is_late else 0.0)
    peer.arrive(*numbered(60))
    peer.run(2.5)
    assert peer.words == numbered(60) and peer.late == numbered(60)[-len(peer.late) :] and len(peer.late) >= 50
    assert not peer.is_paused and not peer.share.is_late
    peer.run(2)
    peer.arrive(b"again")
    assert peer.words[-1] == b"again" and b"again" not in peer.late


def test_a_large_answer_is_dear_and_what_is_written_unasked_is_not() -> None:
    peer = Driven(lambda _: 0.0)
    for _ in range(1_000):
        peer.share.answered(400_000)
    assert not peer.share.is_spent(1)
    peer.share.answered(400_000)
    peer.share.handled()
    assert peer.share._repaid_s == pytest.approx(0.2)


def test_what_others_of_the_machine_took_is_nobodys_debt() -> None:
    """The time is the processor's: a thread that was not let run while it handled a message has used none."""
    peer = Driven(lambda _: 0.0)
    for word in numbered(8):
        peer.now_s += 5.0  # the machine did something else
        peer.arrive(word)
    assert peer.words == numbered(8) and not peer.is_paused
