"""How bad this life is: every rate is drawn from the seed, and many are zero in any one life."""

from __future__ import annotations

from random import Random

from msgspec import Struct

__all__ = ["Faults"]


class Faults(Struct, frozen=True):
    """Probabilities per occasion, except where said otherwise."""

    lose_reply: float
    """A reply (HTTP or WS-API) never arrives, although the request did."""
    lose_request: float
    """A request never arrives."""
    cut_connection: float
    """A venue connection breaks at a message, losing what is in flight on it."""
    duplicate_event: float
    """An event of the account's stream arrives twice."""
    late_event: float
    """An event of the account's stream arrives after later ones."""
    lose_event: float
    """An event of the account's stream never arrives."""
    late_request: float
    """A request is on its way for up to some seconds."""
    refuse_connection: float
    gateway_kills_per_s: float
    kill_at_send: float
    """The gateway dies right before or after the bytes of an order left."""
    strategy_kills_per_s: float
    drops_per_s: float
    """Breaks between strategies and gateway."""
    power_cut: float
    """Of gateway deaths: the unsynced tail of the journal is lost as well."""
    manual_trades_per_s: float

    @classmethod
    def draw(cls, rng: Random) -> Faults:
        def rate(highest: float) -> float:
            return 0.0 if rng.random() < 0.35 else rng.random() * highest

        return cls(
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
        )

    @classmethod
    def none(cls) -> Faults:
        return cls(*([0.0] * len(cls.__struct_fields__)))
