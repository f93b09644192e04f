"""How futures say what is not a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tradingsys.sim.faces.binance.faults import NO_CODE
from tradingsys.sim.faces.binance.troubles import Trouble

__all__ = ["FAULTS"]

FAULTS: Mapping[Trouble, tuple[int, int, str]] = MappingProxyType(
    {
        Trouble.TIMEOUT: (
            408,
            -1007,
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        ),
        Trouble.UNKNOWN: (503, NO_CODE, "Unknown error, please check your request or try again later."),
        Trouble.UNAVAILABLE: (503, NO_CODE, "Service Unavailable."),
        Trouble.OVERLOADED: (
            503,
            -1008,
            "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. "
            "Please try again.",
        ),
        Trouble.INTERNAL: (503, -1001, "Internal error; unable to process your request. Please try again."),
    }
)
"""HTTP status, code and message."""
