"""The operator's hand on chaos: what it did, and when it does something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from tradingsys.sim.admin_calls import Answer, Box, Handler, Problem, Row, decode
from tradingsys.sim.chaos.dice import Dice
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import EPISODES, PROFILES, Profile
from tradingsys.sim.faces.transport import Request, WsOutput

__all__ = ["calls", "summary"]


class Controlled(Protocol):
    """Chaos, as its operator sees it."""

    profile: Profile
    seed: int
    is_on: bool
    counts: Counter[Fault]
    dice: Dice

    @property
    def lasting(self) -> Mapping[Fault, int]:
        """What lasts now, and until when."""

    def start(self, profile: Profile, seed: int) -> list[WsOutput]:
        """Begin anew."""

    def stop(self) -> list[WsOutput]:
        """Let everything be as it should."""

    def resume(self) -> None:
        """Go on after `stop`."""

    def happen(self, fault: Fault) -> None:
        """Let something happen now."""


class _Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not named stays as it is."""

    on: bool | None = None
    profile: str | None = None
    seed: int | None = None
    now: Fault | None = None


def calls(chaos: Controlled) -> dict[tuple[str, str], Handler]:
    """What can be asked about it."""

    def get(_box: Box, _request: Request, _now_ns: int) -> Answer:
        return Answer(_row(chaos))

    def post(_box: Box, request: Request, _now_ns: int) -> Answer:
        wish = decode(request.body, _Wish)
        if wish.profile is not None and wish.profile not in PROFILES:
            raise Problem(400, f"no profile {wish.profile!r}; there are {', '.join(PROFILES)}")
        if wish.now is not None and wish.now not in EPISODES:
            raise Problem(400, f"{wish.now} does not happen at a time; there are {', '.join(EPISODES)}")
        if wish.on is False and wish.now is not None:
            raise Problem(400, "nothing happens while it is off: leave out on or now")
        outputs: list[WsOutput] = []
        if wish.profile is not None or wish.seed is not None:
            profile = chaos.profile if wish.profile is None else PROFILES[wish.profile]
            outputs += chaos.start(profile, chaos.seed if wish.seed is None else wish.seed)
        if wish.on is True:
            chaos.resume()
        if wish.on is False:
            outputs += chaos.stop()
        if wish.now is not None:
            chaos.happen(wish.now)
        return Answer(_row(chaos), outputs)

    return {("GET", "/admin/chaos"): get, ("POST", "/admin/chaos"): post}


def _row(chaos: Controlled) -> Row:
    return {
        "profile": chaos.profile.name,
        "seed": chaos.seed,
        "on": chaos.is_on,
        "counts": {str(fault): count for fault, count in sorted(chaos.counts.items())},
        "events": dict(sorted(chaos.dice.thrown.items())),
        "lasting": [str(fault) for fault in chaos.lasting],
    }


def summary(chaos: Controlled) -> str:
    """What it did, in one line; nothing when it did nothing."""
    told = ", ".join(f"{count} {fault}" for fault, count in sorted(chaos.counts.items()))
    return f"chaos {chaos.profile.name}, seed {chaos.seed}: {told}" if told else ""
