"""What a session, or all together, lost today: since midnight UTC, and from the day's best."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import TradingState
from tradingsys.core.records import DayRecord
from tradingsys.oms.limits import AccountLimits, Limits

__all__ = ["DayLoss", "Verdict"]

_DAY_MS = 86_400_000
_ZERO = Decimal(0)


class Verdict(Struct, frozen=True):
    """What a loss comes to."""

    state: TradingState
    limit: str
    allowed: Decimal
    observed: Decimal


class DayLoss:
    """Results through the day: one session's, or without a session those of all together."""

    def __init__(self, session: int | None, limits: Limits | AccountLimits, record: DayRecord | None) -> None:
        """``record`` is what is kept of an earlier run."""
        self._session, self._limits = session, limits
        self._record = record
        self._earned = record.began_with if record is not None else _ZERO

    def earned(self, amount: Decimal, now_ms: int, cost: Decimal = _ZERO) -> DayRecord | None:
        """Earnings since ever, open positions valued, are this now, with ``cost`` taken off for what was paid in
        other assets. Returns what is to be kept, if that changed.
        """
        day_ms = now_ms - now_ms % _DAY_MS
        before, self._earned = self._record, amount
        if before is None or before.day_ms < day_ms:
            self._record = DayRecord(self._session, day_ms, amount, amount, cost)
            return self._record
        if amount <= before.best and cost == before.cost:
            return None
        self._record = structs.replace(before, best=max(before.best, amount), cost=cost)
        return self._record if self._limits.max_drawdown is not None or cost != before.cost else None

    def forgive(self) -> DayRecord | None:
        """A person let them go on: as much may be lost again, from when the earnings are known next. Returns what is to
        be kept.
        """
        if self._record is not None:
            self._record = structs.replace(self._record, day_ms=0, began_with=self._earned, best=self._earned)
        return self._record

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to judge."""
        return self._limits.max_daily_loss is not None or self._limits.max_drawdown is not None

    @property
    def loss(self) -> Decimal:
        """Since the day began; 0 after a gain."""
        return max(_ZERO, self._record.began_with - self._earned) if self._record is not None else _ZERO

    @property
    def drawdown(self) -> Decimal:
        """From the day's best."""
        return max(_ZERO, self._record.best - self._earned) if self._record is not None else _ZERO

    def verdict(self) -> Verdict | None:
        """The worse of what loss and drawdown ask for; None as long as both are small enough."""
        verdicts = [
            Verdict(TradingState.HALTED if observed >= 2 * allowed else TradingState.REDUCING, limit, allowed, observed)
            for limit, allowed, observed in (
                ("max_daily_loss", self._limits.max_daily_loss, self.loss),
                ("max_drawdown", self._limits.max_drawdown, self.drawdown),
            )
            if allowed is not None and observed >= allowed
        ]
        return max(verdicts, key=lambda verdict: verdict.state.severity, default=None)
