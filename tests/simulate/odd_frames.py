"""What arrives on the account's stream beside its events: words of another version, broken text, and old news."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from random import Random

from tests.simulate.faults import Faults

__all__ = ["OddFrames"]

_NONSENSE = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b'{"e":"SOMETHING_NEW","E":1780000000000,"zz":{"a":[1,"2",null]}}',
    b'{"e":"ORDER_TRADE_UPDATE"}',
    b'{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{"s":"","X":"","x":"","i":0,"z":"","q":""}}',
    b'{"e":"executionReport","E":1}',
    b'{"subscriptionId":0,"event":{"e":"SOMETHING_NEW"}}',
    b'{"e":"ACCOUNT_UPDATE","E":1,"T":1,"a":{"m":"SOMETHING_NEW","B":[],"P":[]}}',
)
_UNKNOWN_WORDS = ((b'"X":"NEW"', b'"X":"FROZEN"'), (b'"x":"NEW"', b'"x":"THAWED"'), (b'"f":"GTC"', b'"f":"GTX2"'))
_MOST_REPLAYED = 12


class OddFrames:
    """Remembers what the exchange told, and says what nobody expects."""

    def __init__(self, rng: Random, counts: Counter[str]) -> None:
        self._rng = rng
        self._counts = counts
        self._told: deque[bytes] = deque(maxlen=60)

    def of(self, data: bytes, faults: Faults) -> Iterator[bytes]:
        """What arrives for an event: the event, most often."""
        self._told.append(data)
        if self._rng.random() < faults.odd_event:
            yield from self._odd(data)
        elif self._rng.random() < faults.new_field and data.endswith(b"}"):
            self._counts["events with new fields"] += 1
            yield data[:-1] + b',"zz":{"new":[1,"2",null]}}'
        else:
            yield data

    def old(self, faults: Faults) -> list[bytes]:
        """What a new connection begins with: now and then events of long ago, in any order."""
        if not self._told or self._rng.random() >= faults.replay_events:
            return []
        old = self._rng.sample(self._told, min(len(self._told), self._rng.randint(1, _MOST_REPLAYED)))
        self._counts["old events told again"] += len(old)
        return old

    def _odd(self, data: bytes) -> Iterator[bytes]:
        self._counts["events that nobody can read"] += 1
        kind = self._rng.randrange(4)
        if kind == 0:  # half of it: the event is lost
            yield data[: len(data) // 2]
        elif kind == 1:
            yield self._rng.choice(_NONSENSE)
            yield data
        elif kind == 2:
            yield data
            yield self._rng.choice(_NONSENSE)
        else:
            known, unknown = self._rng.choice(_UNKNOWN_WORDS)
            yield data.replace(known, unknown)
