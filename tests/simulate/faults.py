"""How bad this life is: every rate is drawn from the seed within a profile, and many are zero in any one life."""

from __future__ import annotations

from random import Random
from typing import Any

from msgspec import Struct, structs

from tests.simulate.disk_faults import DiskFaults
from tests.simulate.past import HIDES_FOR_S
from tests.simulate.profile import Profile
from tests.simulate.unanswered import Topic
from tests.simulate.world import apart

__all__ = ["ENDPOINTS", "Faults", "Profile"]


ENDPOINTS = ("/order", "/openOrders", "/userTrades", "/myTrades", "/positionRisk", "/account")
_ABOUT_ORDERS = (Topic.ONE_ORDER, Topic.OPEN_ORDERS, Topic.CONDITIONAL_ORDERS)


class Faults(Struct, frozen=True):
    """Probabilities per occasion, except where said otherwise."""

    lose_reply: float = 0.0
    """A reply (HTTP or WS-API) never arrives, although the request did."""
    lose_request: float = 0.0
    """A request never arrives."""
    is_loss_silent: bool = False
    """Nobody notices before the request's time is over."""
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
    margin_ms: int = 0
    """How old answers may be as far as the gateway is told; 0: as in most lives."""
    slower: int = 1
    """So much less often anything happens, as the gateway takes so much longer to be certain of it."""
    fresh: tuple[str, ...] = ()
    """Endings of paths that are always answered from the state of now."""
    lag_ms: float = 0.0
    """Questions about what is ``lagging`` are answered from a state up to so old, whatever margins allow for."""
    lagging: tuple[Topic, ...] = ()
    hide_order: float = 0.0
    """Orders that some questions do not find, for longer than any margin, and for ``hides_for_s`` at the most."""
    hides_for_s: int = HIDES_FOR_S
    answer_unknown: float = 0.0
    """A request about an order is executed, and answered with words that prove nothing, or with none."""
    answer_failed: float = 0.0
    """It is not executed, and the answer says so."""
    refuse_order: float = 0.0
    """The exchange does not take an order: no margin, too many orders."""
    refusals_per_s: float = 0.0
    """Questions of some kind are refused for a while: of one symbol, or of all."""
    refused_for_s: tuple[float, float] = (5.0, 40.0)
    """For how long at the least and at the most."""
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
    clock_ahead_ms: float = 0.0
    """How far ahead of the exchange's clock a gateway believes it to be once it is READY, and knows that it may be so.
    The exchange takes what is stamped less than a second ahead.
    """
    refuse_connection: float = 0.0
    gateway_kills_per_s: float = 0.0
    boot_kills_per_s: float = 0.0
    """The same, of a gateway that is not READY yet."""
    kill_at_send: float = 0.0
    """The gateway dies right before or after the bytes of an order left."""
    asks_every_ms: int = 0
    """How long the gateway waits at the most before it asks again; 0: as on a real machine."""
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
    stalls_per_s: float = 0.0
    """A strategy stops reading for up to some seconds; what is written to it waits, and too much has it closed."""
    repeats: float = 0.0
    """A strategy sends an order a second time under the same key, at once or after it connected anew."""
    rude_clients_per_s: float = 0.0
    """Somebody connects who sends garbage, floods, or claims a session that has an owner."""
    manual_trades_per_s: float = 0.0
    manual_changes_per_s: float = 0.0
    """Somebody cancels orders of sessions by hand, or moves them to another price."""
    fundings_per_s: float = 0.0
    late_income_ms: float = 0.0
    """The cash history shows a row so long after it was booked."""
    liquidations_per_s: float = 0.0
    """Or the exchange takes a part of a position for somebody else who went bankrupt."""
    settles_after_s: float = 0.0
    """When a symbol is delisted: its orders end, and the exchange closes positions; 0: never."""
    transfers_per_s: float = 0.0
    has_rebates: bool = False
    """Makers are paid."""
    amends: float = 0.4
    """How often a strategy with a resting order amends one, rather than send another."""
    bursts: float = 0.0
    """How often a strategy wants two to five things at the same instant."""
    wants_all: bool = False
    """What strategies do not mean to rest is to be executed whole or not at all (FOK): on futures nothing keeps such
    orders from trading with those of other sessions.
    """
    has_limits: bool = False
    """Sessions have limits that they run into all the time."""
    is_copied: bool = False
    """In the end another gateway lives on a copy of the files."""
    foreign_children: bool = False
    """What conditional orders become when triggered has a client id of the exchange's making."""

    edits_at_death: float = 0.0
    """Somebody edits positions by SQL before the gateway is started again."""
    edits_per_s: float = 0.0
    """The same while one runs."""

    disk: DiskFaults = DiskFaults()
    is_letting_up: bool = False
    """Whatever is drawn per second waits."""

    @classmethod
    def draw(cls, rng: Random, profile: Profile = Profile.NORMAL) -> Faults:
        """The faults of one life."""

        own = apart(rng, "bursts and settlements")
        refusals = apart(rng, "questions refused")
        ahead = apart(rng, "clocks ahead")
        whole = apart(rng, "all or nothing")
        lag = apart(rng, "lag")

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
            fresh=tuple(each for each in ENDPOINTS if rng.random() < 0.2),
            answer_unknown=rate(0.1),
            answer_failed=rate(0.05),
            refuse_order=rate(0.03),
            shut_outs_per_s=rate(0.02),
            restarts_per_s=rate(0.02),
            stream_ends_per_s=rate(0.04),
            silences_per_s=rate(0.04),
            replay_events=rate(0.5),
            odd_event=rate(0.05),
            new_field=rate(0.3),
            clock_drift_ppm=rng.uniform(-150, 150),
            wall_clock_off_s=rng.choice((0.0, 0.0, -30.0, 30.0, 3_600.0)),
            clock_stops_per_s=rate(0.03),
            stalls_per_s=rate(0.05),
            repeats=rate(0.1),
            rude_clients_per_s=rate(0.05),
            manual_changes_per_s=rate(0.3),
            transfers_per_s=rate(0.2),
            has_rebates=rng.random() < 0.3,
            has_limits=rng.random() < 0.25,
            is_copied=rng.random() < 0.12,
            disk=DiskFaults.draw(rng, often=profile is Profile.DISK),
            bursts=0.0 if own.random() < 0.35 else own.random() * 0.3,
            settles_after_s=own.uniform(3, 12) if own.random() < 0.12 else 0.0,
            refusals_per_s=refusals.random() * 0.1 if refusals.random() < 0.1 else 0.0,
            wants_all=whole.random() < 0.3,
            clock_ahead_ms=ahead.uniform(100, 990) if ahead.random() < 0.1 else 0.0,
        )
        sharp = structs.replace(normal, shut_outs_per_s=0.0, restarts_per_s=0.0, silences_per_s=0.0)
        more: dict[str, object]
        match profile:
            case Profile.FOCUS:
                normal = sharp
                more = {
                    "kill_at_send": 0.3,
                    "late_order": 0.8,
                    "lose_event": 0.8,
                    "power_cut": rng.choice((0.2, 0.6, 1.0)),
                    "staleness_ms": rng.choice((0.0, 490.0)),
                }
            case Profile.EXTREME:
                normal = sharp
                more = {
                    "kill_at_send": 0.1,
                    "last_instant": 0.7,
                    "lose_event": 1.0,
                    "power_cut": rng.choice((0.3, 1.0)),
                    "restart_ms": 20.0,
                    "staleness_ms": 490.0,
                    "clock_ahead_ms": ahead.choice((0.0, 0.0, 990.0)),
                }
            case Profile.KILLS:
                normal = sharp
                more = {
                    "kill_at_send": 0.25,
                    "boot_kills_per_s": rng.choice((0.4, 0.8)),
                    "late_order": 0.3,
                    "last_instant": 0.8,
                    "power_cut": rng.choice((0.1, 0.2, 0.6)),
                    "restart_ms": 20.0,
                }
            case Profile.LIMITS:
                more = {
                    "has_limits": True,
                    "amends": 0.7,
                    "answer_unknown": 0.4,
                    "lose_event": 0.7,
                    "staleness_ms": 490.0,
                }
            case Profile.REFUSED:
                normal = sharp
                more = {
                    "refusals_per_s": 0.5,
                    "refused_for_s": (20.0, 240.0),
                    "lose_event": rng.choice((0.2, 0.5, 0.9)),
                    "lose_reply": 0.1,
                    "power_cut": rng.choice((0.0, 0.3, 0.7)),
                    "gateway_kills_per_s": rng.choice((0.0, 0.1)),
                }
            case Profile.CUTS:
                normal = structs.replace(_NONE, fundings_per_s=normal.fundings_per_s, disk=DiskFaults(slow_commit=1.0))
                more = {
                    "kill_at_send": 0.5,
                    "last_instant": 1.0,
                    "lose_event": 1.0,
                    "power_cut": 1.0,
                    "boot_kills_per_s": 0.1,
                    "restart_ms": 20.0,
                    "staleness_ms": 490.0,
                    "asks_every_ms": 50,
                    "clock_ahead_ms": ahead.choice((0.0, 990.0, 990.0)),
                }
            case Profile.DISK:
                more = {"power_cut": rng.choice((0.2, 0.5, 1.0)), "gateway_kills_per_s": rng.choice((0.0, 0.1))}
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
            case Profile.VENUE:
                more = {
                    "answer_unknown": 0.3,
                    "answer_failed": 0.1,
                    "refuse_order": 0.05,
                    "shut_outs_per_s": rng.choice((0.0, 0.1)),
                    "restarts_per_s": rng.choice((0.0, 0.1)),
                    "stream_ends_per_s": 0.1,
                    "silences_per_s": rng.choice((0.0, 0.2)),
                    "odd_event": 0.1,
                    "clock_stops_per_s": rng.choice((0.0, 0.1)),
                }
            case Profile.NEIGHBOURS:
                more = {"stalls_per_s": 0.3, "repeats": 0.3, "rude_clients_per_s": 0.4, "half_open": 1.0}
            case Profile.FORGETFUL:
                more = {
                    "hide_order": rng.choice((0.2, 0.6)),
                    "lose_reply": 0.15,
                    "answer_unknown": 0.4,
                    "lose_event": 0.9,
                    "fresh": (),
                    "lag_ms": lag.choice((0.0, 0.0, 5_000.0, 60_000.0)),
                    "lagging": tuple(each for each in _ABOUT_ORDERS if lag.random() < 0.5),
                    "hides_for_s": lag.choice((HIDES_FOR_S, HIDES_FOR_S, 3_600)),
                }
                if lag.random() < 0.4:
                    lag_ms = lag.choice((5_000.0, 20_000.0, 60_000.0))
                    more |= {"lag_ms": lag_ms, "lagging": (Topic.EXECUTIONS,), "hide_order": 0.0}
            case _:
                return normal
        return structs.replace(normal, refuse_connection=normal.refuse_connection / 3, **more)

    def let_up(self) -> Faults:
        """Nothing goes wrong on the way to the exchange and there; the machine stays as it is, and as deaf."""
        return Faults(
            lose_event=self.lose_event,
            clock_drift_ppm=self.clock_drift_ppm,
            wall_clock_off_s=self.wall_clock_off_s,
            restart_ms=self.restart_ms,
            disk=self.disk,
            is_letting_up=True,
            slower=self.slower,
            **self._old_answers(),
        )

    def over(self) -> Faults:
        """Nothing goes wrong any more; an exchange whose answers are older than others' stays so."""
        return Faults(**self._old_answers())

    def _old_answers(self) -> dict[str, Any]:
        if not self.margin_ms:
            return {}
        return {"staleness_ms": self.staleness_ms, "fresh": self.fresh, "margin_ms": self.margin_ms}

    @classmethod
    def none(cls) -> Faults:
        return _NONE


_NONE = Faults()
