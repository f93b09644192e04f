"""A gateway that believes the exchange's clock to be ahead of what it is, and knows by how much it may be wrong.

Half of a round trip is what nobody knows of the exchange's time, and two clocks part with the hours: where questions
are slow on their way there, and answers quick on their way back, a gateway comes to be so far ahead. It sends on, and
the exchange takes what it sends, as long as that is less than a second. No life lasts for hours: here a gateway knows
no better from READY on, and later answers do not mend it, as they tell it nothing that is more certain.
"""

from __future__ import annotations

from tests.simulate.world import ms
from tradingsys.core.venue_clock import VenueClock

__all__ = ["believe_ahead", "late_ns"]

_MORE_MS = 1
"""Time is told in whole ms."""


def believe_ahead(clock: VenueClock, true_ns: int, now_ns: int, by_ms: float) -> None:
    """It is ahead of the exchange's ``true_ns`` at this monotonic instant, and may be by what it knows."""
    clock._offset_ns = true_ns - now_ns + ms(by_ms)
    clock._uncertainty_ns = ms(by_ms + _MORE_MS)
    clock._set_ns = now_ns


def late_ns(ahead_ms: float) -> int:
    """How long a question about the time is on its way there, so that its answer is no better than what is believed."""
    return ms(2 * (ahead_ms + _MORE_MS))
