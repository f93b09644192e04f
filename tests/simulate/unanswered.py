"""Questions that the exchange refuses to answer for seconds or minutes: of some kind or any, of one symbol or all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from math import exp, log
from random import Random

from msgspec import Struct

from tests.simulate.world import World, s
from tradingsys.sim.faces.transport import NO_ANSWER, Reply

__all__ = ["BOOKING", "Manner", "Question", "Refusing", "Topic", "Unanswered", "topic_of"]


class Topic(StrEnum):
    """What is asked about."""

    EXECUTIONS = "executions"
    OPEN_ORDERS = "open orders"
    CONDITIONAL_ORDERS = "conditional orders"
    ONE_ORDER = "one order"
    CASH = "cash history"
    ACCOUNT = "positions and balances"
    OTHER = "anything else"
    """The time, the rules, settings."""


_PATHS = {
    "/userTrades": Topic.EXECUTIONS,
    "/myTrades": Topic.EXECUTIONS,
    "/openOrders": Topic.OPEN_ORDERS,
    "/openAlgoOrders": Topic.CONDITIONAL_ORDERS,
    "/allAlgoOrders": Topic.CONDITIONAL_ORDERS,
    "/order": Topic.ONE_ORDER,
    "/algoOrder": Topic.ONE_ORDER,
    "/order/amendments": Topic.ONE_ORDER,
    "/income": Topic.CASH,
    "/positionRisk": Topic.ACCOUNT,
    "/account": Topic.ACCOUNT,
}
_OF_A_SYMBOL = frozenset({Topic.EXECUTIONS, Topic.CONDITIONAL_ORDERS, Topic.ONE_ORDER})
BOOKING = (Topic.EXECUTIONS, Topic.ONE_ORDER, Topic.CONDITIONAL_ORDERS)
"""What must be told before an execution is booked: it, and whose it is."""
_ALL = frozenset(Topic)


def topic_of(path: str) -> Topic:
    """What a question to this path is about."""
    return next((topic for end, topic in _PATHS.items() if path.endswith(end)), Topic.OTHER)


class Question(Struct, frozen=True):
    """One question."""

    topic: Topic
    symbol: str = ""
    """Empty where it is about all."""


class Manner(StrEnum):
    """How it is refused."""

    CODE = "by a code"
    """400, and a code that proves that it was understood."""
    NO_SYMBOL = "as an unknown symbol"
    PERMISSION = "for want of permission"
    FORBIDDEN = "403"
    """Of a firewall, with a page that is none of the exchange's."""
    BROKEN = "5xx"
    NOBODY_KNOWS = "as timed out inside"
    SILENCE = "by silence"
    """Until whoever asked gives up."""
    LATER = "as too many"
    """429, for a moment each time."""


_REPLIES = {
    Manner.CODE: Reply(400, b'{"code":-1130,"msg":"Data sent for parameter is not valid."}'),
    Manner.NO_SYMBOL: Reply(400, b'{"code":-1121,"msg":"Invalid symbol."}'),
    Manner.PERMISSION: Reply(
        400, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action, request ip: 10.0.0.1"}'
    ),
    Manner.FORBIDDEN: Reply(403, b"<html><head><title>403 Forbidden</title></head><body></body></html>"),
    Manner.BROKEN: Reply(503, b'{"code":-1001,"msg":"Internal error; unable to process your request."}'),
    Manner.NOBODY_KNOWS: Reply(408, b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
    Manner.SILENCE: Reply(NO_ANSWER, b""),
    Manner.LATER: Reply(429, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "2"}),
}
_OF_SOME = frozenset({Manner.NO_SYMBOL, Manner.PERMISSION})
"""The time and the rules are about no symbol and want no permission; without one for the account no gateway starts."""


class Refusing(Struct):
    """Something is refused, for a time."""

    topics: frozenset[Topic]
    symbol: str
    """Of this one alone, where questions name one; empty: of all."""
    manner: Manner
    until_ns: int
    first_ns: int = 0
    """When a question was refused first; 0: none was."""
    last_ns: int = 0
    has_hidden: bool = False
    """An execution that somebody waited for."""
    has_met_start: bool = False
    """Of a gateway that was READY before this was over."""

    def refuses(self, question: Question) -> bool:
        """Whether this is not answered."""
        if question.topic not in self.topics or (self.symbol and question.symbol != self.symbol):
            return False
        return question.topic not in (Topic.OTHER, Topic.ACCOUNT) or self.manner not in _OF_SOME


class Unanswered:
    """What one exchange refuses to tell now."""

    def __init__(self, world: World, counts: Counter[str]) -> None:
        self.refused: Callable[[Refusing, Question], None] = lambda refusing, question: None
        """Told of each question that is refused."""
        self.total_s = 0.0
        """For how long something was refused until now, all in all."""
        self._world, self._counts = world, counts
        self._all: list[Refusing] = []
        self._ever: list[Refusing] = []

    def begin(self, symbols: Sequence[str], lasts_s: tuple[float, float], rng: Random) -> Refusing:
        """Refuse something, for a time of that span; short ones are as likely as long ones."""
        topics = _draw_topics(rng)
        symbol = rng.choice(symbols) if topics <= _OF_A_SYMBOL and rng.random() < 0.5 else ""
        manners = [each for each in Manner if each is not Manner.NO_SYMBOL or topics <= _OF_A_SYMBOL]
        seconds = exp(rng.uniform(log(lasts_s[0]), log(lasts_s[1])))
        refusing = Refusing(topics, symbol, rng.choice(manners), self._world.now_ns + s(seconds))
        self.add(refusing)
        return refusing

    def add(self, refusing: Refusing) -> None:
        """Refuse this, from now on."""
        seconds = (refusing.until_ns - self._world.now_ns) / 1e9
        self.total_s += seconds
        self._all.append(refusing)
        self._ever.append(refusing)
        what = "everything" if refusing.topics == _ALL else ", ".join(sorted(refusing.topics))
        of = f" of {refusing.symbol}" if refusing.symbol else ""
        self._world.note(f"the exchange refuses to tell {what}{of} for {seconds:.1f} s, {refusing.manner}")

    def lasting(self) -> list[Refusing]:
        """What is refused now."""
        self._all = [each for each in self._all if each.until_ns > self._world.now_ns]
        return self._all

    def was_refused(self, question: Question, within_ns: int) -> bool:
        """Whether this was refused so lately."""
        since_ns = self._world.now_ns - within_ns
        return any(each.last_ns > since_ns and each.refuses(question) for each in self._ever)

    def has_refused(self, within_ns: int) -> bool:
        """Whether anything was refused so lately."""
        return any(each.last_ns > self._world.now_ns - within_ns for each in self._ever)

    def instead(self, question: Question) -> Reply | None:
        """What is answered in the place of the truth; None where it is told."""
        refusing = next((each for each in self.lasting() if each.refuses(question)), None)
        if refusing is None:
            return None
        refusing.first_ns, refusing.last_ns = refusing.first_ns or self._world.now_ns, self._world.now_ns
        self._counts["questions refused"] += 1
        self.refused(refusing, question)
        return _REPLIES[refusing.manner]

    def be_good(self) -> None:
        """Everything is told again."""
        self._all = []


def _draw_topics(rng: Random) -> frozenset[Topic]:
    """Mostly one; seldom all."""
    chance = rng.random()
    if chance < 0.1:
        return _ALL
    if chance < 0.2:
        return _ALL - {Topic.OTHER}
    some = [each for each in Topic if each is not Topic.OTHER]
    weights = [4 if each is Topic.EXECUTIONS else 2 if each is Topic.ONE_ORDER else 1 for each in some]
    return frozenset(rng.choices(some, weights, k=1 if chance < 0.75 else 2))
