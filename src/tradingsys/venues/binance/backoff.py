"""How long to wait before trying again."""

from __future__ import annotations

__all__ = ["Backoff", "Quiet"]

_FIRST_NS = 500_000_000
_LONGEST_NS = 10_000_000_000
_LASTED_NS = 30_000_000_000
_MS_NS = 1_000_000


class Quiet:
    """Until when the exchange wants to be left alone, whichever of our ways it told: all come from one address.

    Who knocks during a ban is banned for longer, and opening a connection to the account is a knock, too; those of
    market data, which the exchange has on hosts of its own, are not held back.
    """

    __slots__ = ("_until_ns",)

    def __init__(self) -> None:
        self._until_ns = 0

    def hold(self, wait_ms: int | None, now_ns: int) -> None:
        """The exchange wants to be left alone for so long; None where it wants no such thing."""
        if wait_ms is not None:
            self._until_ns = max(self._until_ns, now_ns + wait_ms * _MS_NS)

    def soonest(self, at_ns: int) -> int:
        """When the exchange may be asked for something that is due then: not before it wants to be asked again."""
        return max(at_ns, self._until_ns)

    def left_ms(self, now_ns: int) -> int:
        """For how long that is; 0 when it may be asked."""
        return max(0, -((now_ns - self._until_ns) // _MS_NS))


class Backoff:
    """0.5 s, doubling to 10 s; back to the beginning after a connection that lasted half a minute; see `Quiet`, too."""

    __slots__ = ("_delay_ns", "_quiet", "_up_since_ns")

    def __init__(self, quiet: Quiet) -> None:
        self._quiet = quiet
        self._delay_ns = _FIRST_NS
        self._up_since_ns: int | None = None

    def up(self, now_ns: int) -> None:
        """The connection is established."""
        self._up_since_ns = now_ns

    def down(self, now_ns: int) -> int:
        """The connection is gone, or never came to be: when to try again."""
        if self._up_since_ns is not None and now_ns - self._up_since_ns >= _LASTED_NS:
            self._delay_ns = _FIRST_NS
        self._up_since_ns = None
        retry_at_ns = self._quiet.soonest(now_ns + self._delay_ns)
        self._delay_ns = min(2 * self._delay_ns, _LONGEST_NS)
        return retry_at_ns
