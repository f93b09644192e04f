"""While the disk of pos.db is nearly full nothing is begun that could not be written down."""

from __future__ import annotations

from tradingsys.core.enums import TradingState
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.host import Host

__all__ = ["DiskSpace"]

_MIB = 1024 * 1024
_ENOUGH = 1.1
"""So much more than the least must be free again."""


class DiskSpace:
    """Restricts the account to orders that reduce, and lifts that when there is room again."""

    def __init__(self, gateway: Host, min_free_mib: int | None) -> None:
        self._gateway, self._min_mib = gateway, min_free_mib

    def look(self) -> None:
        """Compare what is free with what must be: with no limit, any room is enough."""
        halting, free = self._gateway.halting, self._gateway.store.free_bytes()
        is_restricted = any(row.cause is HaltCause.STORE for row in self._gateway.book.halts.of(Scope()))
        min_mib = self._min_mib or 0
        wanted = min_mib * _MIB * (_ENOUGH if is_restricted else 1)
        if free is not None and free < wanted and not is_restricted:
            reason = (
                f"min_free_mib: {free // _MIB} MiB are free on the disk of {self._gateway.db}, needed "
                f"{min_mib} MiB (key limits: account: min_free_mib in the gateway's configuration): make room"
            )
            halting.impose(Scope(), TradingState.REDUCING, HaltCause.STORE, reason)
        elif is_restricted and free is not None and free >= wanted:
            halting.lift(Scope(), HaltCause.STORE, reason="there is room on the disk again")
