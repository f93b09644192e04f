"""A few lives at an exchange whose answers may be a minute old, by a gateway that is configured for that.

All that a gateway has to wait for until it is certain takes so much longer then: so the rest of the world is slower.
"""

from __future__ import annotations

from random import Random

from msgspec import structs

from tests.simulate.faults import ENDPOINTS, Faults
from tests.simulate.past import HIDES_FOR_S
from tests.simulate.world import apart

__all__ = ["with_old_answers"]

_SHARE = 0.025
"""Of lives."""
_MARGINS_MS = (5_000, 20_000, 60_000)
_LESS_MS = 10
"""Than that, the oldest answer is old."""
_FRESH = 0.3
_SLOWER_MS = 2_500
"""What is certain after so long in other lives is so within moments."""


def with_old_answers(faults: Faults, rng: Random) -> Faults:
    """The same, but in a few lives with answers that are older than in any other, each endpoint's or not."""
    own = apart(rng, "old answers")
    if own.random() >= _SHARE:
        return faults
    margin_ms = own.choice(_MARGINS_MS)
    slower = margin_ms // _SLOWER_MS
    return structs.replace(
        faults,
        margin_ms=margin_ms,
        staleness_ms=float(margin_ms - _LESS_MS),
        fresh=tuple(each for each in ENDPOINTS if own.random() < _FRESH),
        slower=slower,
        hides_for_s=min(faults.hides_for_s, HIDES_FOR_S),  # what is denied for minutes after it executed is nobody's
        asks_every_ms=faults.asks_every_ms * slower,
        settles_after_s=faults.settles_after_s * slower,
    )
