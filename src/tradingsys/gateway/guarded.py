"""One session, as the limits see it."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.records import DayRecord
from tradingsys.oms.day_loss import DayLoss
from tradingsys.oms.earnings import Earned, Earnings
from tradingsys.oms.limits import Limits
from tradingsys.oms.pace import Pace

__all__ = ["Fault", "Guarded"]


class Fault(Struct, frozen=True):
    """Why a session is to be halted: for a pause, or until a person resumes it."""

    limit: str
    reason: str
    is_pause: bool = False


class Guarded:
    """One session and what is known of its pace and its day."""

    def __init__(self, session: int, limits: Limits, own: frozenset[str], record: DayRecord | None) -> None:
        self.limits, self.pace = limits, Pace(limits)
        self.day = DayLoss(session, limits, record)
        self.earnings = Earnings(record.cost) if record is not None else Earnings()
        self.earned: Earned | None = None
        """As it was known last; None as long as prices that are known soon are waited for."""
        self.lacking_looks = 0
        """How often in a row something was missing in it."""
        self.fault: Fault | None = None
        """To be acted upon."""
        self.storm_ns: int | None = None
        """When its last storm of rejections was."""
        self.denials: dict[str, int] = {}
        """By limit, since the start."""
        self.told_ns: dict[str, int] = {}
        self._session, self._own = session, own

    def key(self, limit: str) -> str:
        """Where a limit is set."""
        if limit == "trading":
            return f"sessions: {self._session}: trading"
        return f"sessions: {self._session}: limits: {limit}" if limit in self._own else f"limits: {limit}"
