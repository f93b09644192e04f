"""How long who sends much waits between turns, and for what: by a clock that the tests turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from picows import WSMsgType

from tradingsys.net.fair_share import FairShare, KeptFrame


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


def test_a_burst_is_heard_at_once_and_a_flood_takes_half_a_hundredth_of_the_time() -> None:
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
        assert 0.0025 < peer.used_s - before < 0.01
    assert peer.late and peer.is_paused


def test_nobody_waits_for_more_than_two_frames_of_a_flood_at_a_time() -> None:
    """Or for two times two, as the last ones are handed on and more is read."""
    peer = Driven(lambda _: 0.000_02)
    for _ in range(100):
        peer.send(*[b"flood"] * 100)
    peer.run(1.9)
    at_once = [len(list(same)) for at_s, same in itertools.groupby(at_s for at_s, _ in peer.heard) if at_s > 0.5]
    assert max(at_once) <= 4 and at_once.count(2) > 0.95 * len(at_once) and len(at_once) > 120


def test_large_frames_of_a_flood_count_as_many() -> None:
    peer = Driven(lambda _: 0.000_02)
    peer.send(*[b"flood"] * 600, *[b"f" * 10_000] * 100)
    peer.run(1)
    at_s = [at_s for at_s, word in peer.heard if len(word) > 5][:20]
    assert all(later - sooner > 0.0224 for sooner, later in itertools.pairwise(at_s)) and len(at_s) > 5


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
