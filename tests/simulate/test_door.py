"""Who sends much waits, who sends little does not, and nothing is lost of who leaves: with the port's own share."""

from __future__ import annotations

from collections import Counter

from tests.simulate.door import Door
from tests.simulate.world import World, ms, s


class _Port:
    def __init__(self) -> None:
        self.world, self.counts = World(1), Counter[str]()
        self.heard: list[bytes] = []
        self.events: list[str] = []
        self.door = self.another()

    def another(self) -> Door:
        return Door(self.world, self.heard.append, lambda: self.events.append("flooded"), self.counts)


def test_a_flood_is_handed_on_in_turn_and_others_are_heard_meanwhile() -> None:
    port = _Port()
    words, other = [b"%d" % number for number in range(500)], port.another()
    for word in words:
        port.world.after(ms(1), lambda word=word: port.door.arrive(word))  # type: ignore[misc]
    port.world.after(ms(10), lambda: other.arrive(b"little"))
    port.world.run_for(ms(11))
    assert b"little" in port.heard and len(port.heard) < 100
    port.world.run_for(s(1))
    assert [word for word in port.heard if word != b"little"] == words
    assert port.counts["messages that waited for their share"] > 400 and not port.door.wrong


def test_what_was_said_before_leaving_counts_and_then_it_is_gone() -> None:
    port = _Port()
    words = [b"%d" % number for number in range(50)]
    for word in words[:40]:
        port.door.arrive(word)
    port.world.run_for(ms(1))
    for word in words[40:]:
        port.door.arrive(word)
    port.door.finish(lambda: port.events.append(f"gone after {len(port.heard)}"))
    port.world.run_for(s(1))
    assert (port.heard, port.events, port.door.wrong) == (words, ["gone after 50"], [])


def test_who_is_muted_is_heard_no_more_and_more_than_is_kept_is_a_flood() -> None:
    port = _Port()
    for number in range(5_000):
        port.door.arrive(b"%d" % number)
    assert port.events == ["flooded"]
    port.door.arrive(b"more")
    port.door.finish(lambda: port.events.append("gone"))
    port.world.run_for(s(1))
    assert len(port.heard) == 8 and port.events == ["flooded", "gone"]


def test_a_share_that_forgets_or_turns_messages_round_is_noticed() -> None:
    port = _Port()
    for number in range(20):
        port.door.arrive(b"%d" % number)
    port.door._share._kept.rotate(1)
    port.door.finish(lambda: None)
    port.world.run_for(s(1))
    assert port.door.wrong
    port.door = port.another()
    for number in range(20):
        port.door.arrive(b"%d" % number)
    port.world.run_for(ms(1))
    port.door._share._kept.clear()
    port.door._is_paused = False
    port.door.finish(lambda: None)
    assert port.door.wrong == ["the port kept 12 messages of who is gone"]
