"""Feeds a parser, and notices what it must not do: raise what is not documented, or take for ever."""

from __future__ import annotations

import signal
import time
import traceback
from types import FrameType

from msgspec import Struct

from tests.fuzz.mutator import Mutator
from tests.fuzz.targets import Target

__all__ = ["Finding", "Outcome", "fuzz"]

_HANG_S = 5
_MAX_FINDINGS = 5
_WORDS = 60
"""Of a refusal's text, so that what it quotes does not count."""


class Finding(Struct, frozen=True):
    """One input that went wrong."""

    data: bytes
    what: str


class Outcome(Struct):
    """What a parser made of so many inputs."""

    runs: int = 0
    refused: int = 0
    longest_s: float = 0.0
    reached: set[object] = set()
    """Different results and refusals: how far the inputs got."""
    findings: list[Finding] = []


class _Hang(BaseException):
    pass


def fuzz(target: Target, runs: int, seed: int) -> Outcome:
    """The same arguments give the same inputs."""
    outcome = Outcome()
    feed = target.prepare()
    name = f"{target.name} {seed}"
    inputs = iter(Mutator(name, target.samples())) if target.inputs is None else target.inputs(name)
    before = _on_alarm() if hasattr(signal, "SIGALRM") else None
    places: set[str] = set()
    try:
        for _ in range(runs):
            data = next(inputs)
            if before is not None:
                signal.alarm(_HANG_S)
            began = time.perf_counter()
            try:
                outcome.reached.add(_kind(feed(data)))
            except target.documented as error:
                outcome.refused += 1
                outcome.reached.add((type(error), str(error)[:_WORDS]))
            except (Exception, _Hang) as error:  # noqa: BLE001 - that is what is looked for
                place = repr(traceback.extract_tb(error.__traceback__)[-1])
                if place not in places and len(outcome.findings) < _MAX_FINDINGS:
                    places.add(place)
                    outcome.findings.append(Finding(data, "".join(traceback.format_exception(error)[-4:])))
            outcome.longest_s = max(outcome.longest_s, time.perf_counter() - began)
            outcome.runs += 1
    finally:
        if before is not None:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
    return outcome


def _kind(result: object) -> object:
    """A tuple says itself what came of an input; of anything else its type counts."""
    return result if isinstance(result, tuple) and all(isinstance(each, str | int) for each in result) else type(result)


def _on_alarm() -> signal._HANDLER:
    def hang(number: int, frame: FrameType | None) -> None:
        raise _Hang(f"no end after {_HANG_S} s")

    return signal.signal(signal.SIGALRM, hang)
