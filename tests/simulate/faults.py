"""How bad this life is: every rate is drawn from the seed within a profile, and many are zero in any one life."""

from __future__ import annotations

from enum import StrEnum
from random import Random

from msgspec import Struct, structs

__all__ = ["Faults", "Profile"]


class Profile(StrEnum):
    """What kind of misfortune a life is about. The rules that carry the most weight need the ones after NORMAL."""

    NORMAL = "normal"
    """A bit of everything."""
    FOCUS = "focus"
    """A crash at every third order, most orders late, most of the account's events lost."""
    EXTREME = "extreme"
    """Orders accepted at the last legal instant, no event ever, answers as old as allowed, back in 20 ms."""
    KILLS = "kills"
    """Deaths of the process right after the bytes left, during the boot and inside the fence."""
    STALE = "stale"
    """Every question is answered from some older state."""
    PEERS = "peers"
    """Strategies' connections break with orders under way, and the gateway notices late."""

    AMENDS = "amends"
    """Orders are amended all the time, most amends are late or lost, and gateways die of them."""

    @classmethod
    def of(cls, seed: int) -> Profile:
        """Two of eight lives are normal ones."""
        return (cls.NORMAL, cls.FOCUS, cls.AMENDS, cls.EXTREME, cls.NORMAL, cls.KILLS, cls.PEERS, cls.STALE)[seed % 8]


class Faults(Struct, frozen=True):
    """Probabilities per occasion, except where said otherwise."""

    lose_reply: float = 0.0
    """A reply (HTTP or WS-API) never arrives, although the request did."""
    lose_request: float = 0.0
    """A request never arrives."""
    cut_connection: float = 0.0
    """A venue connection breaks at a message, losing what is in flight on it."""
    duplicate_event: float = 0.0
    """An event of the account's stream arrives twice."""
    late_event: float = 0.0
    """An event of the account's stream arrives after later ones."""
    lose_event: float = 0.0
    """An event of the account's stream never arrives."""
    late_request: float = 0.0
    """A request is on its way for up to some seconds."""
    late_order: float = 0.0
    """The same, of what places, amends or cancels orders."""
    last_instant: float = 0.0
    """A request about an order arrives when its recvWindow ends, and is acted on when the engine's margin ends."""
    staleness_ms: float = 0.0
    """Questions about orders, trades and positions are answered from a state up to so old."""
    fresh: tuple[str, ...] = ()
    """Endings of paths that are always answered from the state of now."""
    hide_order: float = 0.0
    """Orders that some questions do not find for up to 20 s, which is more than any exchange is known for."""
    answer_unknown: float = 0.0
    """A request about an order is executed, and answered with words that prove nothing, or with none."""
    answer_failed: float = 0.0
    """It is not executed, and the answer says so."""
    refuse_order: float = 0.0
    """The exchange does not take an order: no margin, too many orders."""
    shut_outs_per_s: float = 0.0
    """Whoever asks is told to come back later (429), or is banned (418)."""
    restarts_per_s: float = 0.0
    """The exchange ends all connections, and answers nothing for some seconds."""
    stream_ends_per_s: float = 0.0
    """The account's stream ends, as when its key expires."""
    silences_per_s: float = 0.0
    """Connections that look open and carry nothing, until somebody notices."""
    replay_events: float = 0.0
    """A new connection begins with events of long ago."""
    odd_event: float = 0.0
    """An event is broken, or comes with words that nobody knows, or beside something that is no event."""
    new_field: float = 0.0
    """An event has fields that nobody knows."""
    clock_drift_ppm: float = 0.0
    """How much faster the gateway's clock runs than the exchange's."""
    wall_clock_off_s: float = 0.0
    """How wrong the gateway's time of day is."""
    clock_stops_per_s: float = 0.0
    """The gateway's clock falls behind, by 0.1 to 30 s, as when its machine was suspended."""
    refuse_connection: float = 0.0
    gateway_kills_per_s: float = 0.0
    boot_kills_per_s: float = 0.0
    """The same, of a gateway that is not READY yet."""
    kill_at_send: float = 0.0
    """The gateway dies right before or after the bytes of an order left."""
    restart_ms: float = 0.0
    """How soon it starts again; 0: sometimes soon, sometimes later."""
    strategy_kills_per_s: float = 0.0
    drops_per_s: float = 0.0
    """Breaks between strategies and gateway."""
    slow_message: float = 0.0
    """A strategy's message is on its way for up to some seconds, and those behind it with it."""
    half_open: float = 0.0
    """Of these breaks: the gateway notices seconds later, and what was sent before still arrives."""
    power_cut: float = 0.0
    """Of gateway deaths: the unsynced tail of the journal is lost as well."""
    manual_trades_per_s: float = 0.0
    fundings_per_s: float = 0.0
    late_income_ms: float = 0.0
    """The cash history shows a row so long after it was booked."""
    liquidations_per_s: float = 0.0
    amends: float = 0.4
    """How often a strategy with a resting order amends one, rather than send another."""
    foreign_children: bool = False
    """What conditional orders become when triggered has a client id of the exchange's making."""

    @classmethod
    def draw(cls, rng: Random, profile: Profile = Profile.NORMAL) -> Faults:
        """The faults of one life."""

        def rate(highest: float) -> float:
            return 0.0 if rng.random() < 0.35 else rng.random() * highest

        normal = cls(
            lose_reply=rate(0.15),
            lose_request=rate(0.10),
            cut_connection=rate(0.01),
            duplicate_event=rate(0.3),
            late_event=rate(0.3),
            lose_event=rate(0.2),
            late_request=rate(0.2),
            refuse_connection=rate(0.3),
            gateway_kills_per_s=rate(0.15),
            kill_at_send=rate(0.02),
            strategy_kills_per_s=rate(0.1),
            drops_per_s=rate(0.2),
            power_cut=rng.choice((0.0, 0.0, 0.3, 1.0)),
            manual_trades_per_s=rate(0.5),
            slow_message=rate(0.05),
            half_open=rate(0.8),
            fundings_per_s=rate(0.6),
            late_income_ms=rng.choice((0.0, 0.0, 300.0, 5_000.0, 40_000.0)),
            liquidations_per_s=0.0 if rng.random() < 0.7 else 0.15,
            foreign_children=rng.random() < 0.5,
        )
        match profile:
            case Profile.FOCUS:
                more = {
                    "kill_at_send": 0.3,
                    "late_order": 0.8,
                    "lose_event": 0.8,
                    "power_cut": rng.choice((0.2, 0.6, 1.0)),
                    "staleness_ms": rng.choice((0.0, 490.0)),
                }
            case Profile.EXTREME:
                more = {
                    "kill_at_send": 0.1,
                    "last_instant": 0.7,
                    "lose_event": 1.0,
                    "power_cut": rng.choice((0.3, 1.0)),
                    "restart_ms": 20.0,
                    "staleness_ms": 490.0,
                }
            case Profile.KILLS:
                more = {
                    "kill_at_send": 0.25,
                    "boot_kills_per_s": rng.choice((0.4, 0.8)),
                    "late_order": 0.3,
                    "last_instant": 0.8,
                    "power_cut": rng.choice((0.1, 0.2, 0.6)),
                    "restart_ms": 20.0,
                }
            case Profile.STALE:
                more = {"staleness_ms": 490.0, "cut_connection": rng.random() * 0.03, "power_cut": 0.5}
            case Profile.PEERS:
                more = {
                    "slow_message": 0.3,
                    "half_open": 1.0,
                    "drops_per_s": 1.0,
                    "strategy_kills_per_s": rng.choice((0.0, 0.2)),
                }
            case Profile.AMENDS:
                more = {
                    "amends": 0.9,
                    "lose_reply": 0.15,
                    "cut_connection": 0.02,
                    "late_order": 0.3,
                    "last_instant": 0.3,
                    "kill_at_send": rng.choice((0.0, 0.03)),
                    "gateway_kills_per_s": rng.choice((0.0, 0.3)),
                    "restart_ms": 20.0,
                    "power_cut": rng.choice((0.0, 0.0, 0.3)),
                }
            case _:
                return normal
        return structs.replace(normal, refuse_connection=normal.refuse_connection / 3, **more)

    @classmethod
    def none(cls) -> Faults:
        return cls()
