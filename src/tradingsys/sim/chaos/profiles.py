"""Named sets of faults with their rates."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from tradingsys.sim.chaos.faults import Fault

__all__ = ["EPISODES", "PROFILES", "Episode", "Profile", "Rates"]

Rates = Mapping[Fault, float]
"""How much of all events meets a fault, from 0 to 1; together at most 1."""

Span = tuple[float, float]
"""At least and at most."""


class Episode(Struct, frozen=True):
    """Something that happens at a time, or for a time: seconds of the exchange's clock."""

    fault: Fault
    every_s: Span
    """From the end of one to the beginning of the next."""
    lasts_s: Span = (0, 0)


class Profile(Struct, frozen=True):
    """What goes wrong, and how often."""

    name: str
    about: str
    """In one line."""
    orders: Rates = {}
    """Of requests that place, change or cancel."""
    reads: Rates = {}
    """Of all other requests."""
    account: Rates = {}
    """Of events of accounts."""
    market: Rates = {}
    """Of events of the public market."""
    answers_late_ms: Span = (300, 3_000)
    reads_late_ms: Span = (50, 1_000)
    account_late_ms: Span = (50, 800)
    market_late_ms: Span = (50, 800)
    stale_ms: int = 120
    """How old a stale answer may be."""
    queries_late_ms: int = 0
    """Orders and executions are not found by queries until they are so old.

    A stale answer may be one that did not find them: together that is how far the truth may be behind. Gateways expect
    at most 250 ms of a simulator, unless told otherwise.
    """
    splits: float = 0.0
    """Of matches of accounts."""
    episodes: tuple[Episode, ...] = ()


EPISODES: Mapping[Fault, Episode] = MappingProxyType(
    {
        each.fault: each
        for each in (
            Episode(Fault.SILENCE, (20, 60), (35, 60)),
            Episode(Fault.SOCKET_END, (10, 40)),
            Episode(Fault.STREAM_END, (20, 60)),
            Episode(Fault.TOO_MANY, (15, 45), (2, 8)),
            Episode(Fault.BAN, (40, 120), (10, 30)),
            Episode(Fault.REFUSAL, (10, 60), (5, 240)),
            Episode(Fault.CLOCK_STEP, (5, 15)),
            Episode(Fault.RESTART, (20, 60), (1, 6)),
        )
    }
)
"""As profiles have them unless they say otherwise."""


def _episodes(*faults: Fault, rarer: float = 1.0) -> tuple[Episode, ...]:
    return tuple(_rarer(EPISODES[fault], rarer) for fault in faults)


def _rarer(episode: Episode, times: float) -> Episode:
    least, most = episode.every_s
    return Episode(episode.fault, (least * times, most * times), episode.lasts_s)


_CALM = Profile("calm", "nothing goes wrong")
_LOSSY = Profile(
    "lossy",
    "events are lost, doubled, swapped and late",
    account={Fault.EVENT_LOST: 0.04, Fault.EVENT_TWICE: 0.08, Fault.EVENT_SWAPPED: 0.08, Fault.EVENT_LATE: 0.08},
    market={Fault.MARKET_LOST: 0.01, Fault.MARKET_TWICE: 0.02, Fault.MARKET_SWAPPED: 0.01, Fault.MARKET_LATE: 0.02},
)
_SLOW = Profile(
    "slow",
    "answers are late, or never come though the order is live",
    orders={Fault.ANSWER_LATE: 0.25, Fault.ANSWER_MISSING: 0.04, Fault.ANSWER_TIMEOUT: 0.04},
    reads={Fault.READ_LATE: 0.3},
    account={Fault.EVENT_LATE: 0.1},
    market={Fault.MARKET_LATE: 0.02},
)
_FLAKY = Profile(
    "flaky",
    "5xx with and without the order live, connections cut in the middle",
    orders={
        Fault.ANSWER_UNKNOWN: 0.04,
        Fault.ANSWER_DROPPED: 0.03,
        Fault.REQUEST_CUT: 0.03,
        Fault.UNAVAILABLE: 0.03,
        Fault.OVERLOADED: 0.03,
        Fault.INTERNAL: 0.03,
    },
    reads={Fault.READ_BROKEN: 0.15},
)
_STALE = Profile(
    "stale",
    "new orders are unknown for a while, history comes late, answers repeat an older state",
    orders={Fault.ANSWER_UNKNOWN: 0.05, Fault.ANSWER_TIMEOUT: 0.05},
    reads={Fault.READ_STALE: 0.5, Fault.READ_LATE: 0.2},
    account={Fault.EVENT_LATE: 0.2},
    queries_late_ms=120,
)
_SILENT = Profile(
    "silent",
    "open websockets say nothing, streams end, 24 hours are over",
    episodes=_episodes(Fault.SILENCE, Fault.SOCKET_END, Fault.STREAM_END),
)
_BANNED = Profile("banned", "429 and 418 for a while", episodes=_episodes(Fault.TOO_MANY, Fault.BAN))
_REFUSING = Profile(
    "refusing", "questions of one kind, or of all, are refused for minutes", episodes=_episodes(Fault.REFUSAL)
)
_CLOCK = Profile(
    "clock", "the exchange's clock steps back and forth by up to two seconds", episodes=_episodes(Fault.CLOCK_STEP)
)
_PARTIAL = Profile("partial", "orders fill in many small parts", splits=1.0)
_RESTART = Profile("restart", "all websockets go away and come back", episodes=_episodes(Fault.RESTART))


def _milder(rates: Rates) -> dict[Fault, float]:
    return {fault: rate / 2 for fault, rate in rates.items()}


_STORM = Profile(
    "storm",
    "all of that, each at a moderate rate",
    orders=_milder({**_SLOW.orders, **_FLAKY.orders}),
    reads=_milder({Fault.READ_LATE: 0.2, Fault.READ_STALE: 0.2, Fault.READ_BROKEN: 0.1}),
    account=_milder(_LOSSY.account),
    market=_milder(_LOSSY.market),
    queries_late_ms=100,
    splits=0.3,
    episodes=(
        *_episodes(*(fault for fault in EPISODES if fault is not Fault.REFUSAL), rarer=3.0),
        Episode(Fault.REFUSAL, (60, 240), (2, 30)),
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        each.name: each
        for each in (
            _CALM, _LOSSY, _SLOW, _FLAKY, _STALE, _SILENT, _BANNED, _REFUSING, _CLOCK, _PARTIAL, _RESTART, _STORM,
        )
    }
)  # fmt: skip
"""By name."""
