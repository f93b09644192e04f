"""What sessions, and all of them together, lose: who loses too much only reduces, or is halted.

What is known counts always. Prices that nobody told since the start are waited for, but not for long: then what was
known last counts in their place, and what nobody ever knew is left out, and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from tradingsys.core.enums import TradingState
from tradingsys.core.records import DayRecord, HaltCause, HaltDuty, Scope
from tradingsys.gateway.guarded import Guarded
from tradingsys.gateway.host import Host
from tradingsys.gateway.limits.valuing import Valuing
from tradingsys.gateway.market.prices import FRESH_S
from tradingsys.oms.day_loss import DayLoss
from tradingsys.oms.limit_checks import ACCOUNT
from tradingsys.oms.limits import AccountLimits

__all__ = ["Losses", "restrict"]

_DAY_MS = 86_400_000
_PATIENT_LOOKS = 30
"""A minute of them."""
_ZERO = Decimal(0)
_LOST = {"max_daily_loss": "lost since midnight UTC", "max_drawdown": "lost from the day's best"}


def restrict(
    gateway: Host, scope: Scope, cause: HaltCause, state: TradingState, key: str, reason: str, until_ms: int | None
) -> None:
    """A limit was passed: what adds to a position is canceled, but not for a pause."""
    duty = HaltDuty.NOTHING if cause is HaltCause.PAUSE else HaltDuty.REDUCE
    text = f"{reason} (key {key} in the gateway's configuration)"
    gateway.halting.impose(scope, state, cause, text, duty, until_ms)


class Losses:
    """Looks after each day, one session's and the account's."""

    def __init__(
        self,
        gateway: Host,
        valuing: Valuing,
        keep_fresh: Callable[[Iterable[str], int], None],
        account: AccountLimits,
        record: DayRecord | None,
    ) -> None:
        """``keep_fresh`` asks for prices; ``record`` is what is kept of the account's day."""
        self.account = DayLoss(None, account, record)
        """Of all sessions together."""
        self.is_account_judged = False
        self._gateway, self._valuing, self._keep_fresh = gateway, valuing, keep_fresh

    def judge(self, session: int, guarded: Guarded) -> None:
        """One session, as things are now."""
        if not (guarded.day.is_limited or self.account.is_limited):
            return
        self._value(session, guarded)
        if guarded.earned is None:
            return
        self._keep(guarded.day.earned(guarded.earned.amount, self._now_ms(), guarded.earnings.cost))
        self._act_on(guarded.day, Scope(session), guarded.key)

    def judge_account(self, sessions: Mapping[int, Guarded]) -> None:
        """All of them together, once each was judged."""
        if not self.account.is_limited:
            return
        known = [guarded.earned.amount for guarded in sessions.values() if guarded.earned is not None]
        self.is_account_judged = len(known) == len(sessions)
        if self.is_account_judged:
            self._keep(self.account.earned(sum(known, _ZERO), self._now_ms()))
            self._act_on(self.account, Scope(), lambda limit: f"limits: {ACCOUNT}{limit}")

    def value_edit(self, session: int, symbol: str) -> None:
        """A person changed what a session holds: what it loses with that counts from this moment on, or from when its
        price is told. With an older price it would lose, or gain, by the edit itself.
        """
        gateway = self._gateway
        px = self._valuing.px_now(symbol)
        if px is not None:
            gateway.book.value_edits(session, symbol, px)
        elif symbol in gateway.instruments:
            self._keep_fresh((symbol,), FRESH_S)

    def forgive(self, day: DayLoss) -> None:
        """A person lets go on who lost too much."""
        self._keep(day.forgive())

    def _value(self, session: int, guarded: Guarded) -> None:
        book = self._gateway.book
        for symbol in book.exposure.lines.get(session, ()):
            if book.position(session, symbol).unvalued:
                self.value_edit(session, symbol)
        earned = guarded.earnings.total(self._valuing.holdings(session), self._valuing.rate)
        guarded.lacking_looks = guarded.lacking_looks + 1 if earned.lacks else 0
        if guarded.lacking_looks >= _PATIENT_LOOKS:
            holdings = self._valuing.holdings(session, as_known_last=True)
            earned = guarded.earnings.total(holdings, self._valuing.last_rate)
            if earned.lacks and guarded.lacking_looks == _PATIENT_LOOKS:
                self._tell_what_lacks(session, earned.lacks)
        elif earned.lacks and guarded.earned is None:
            return
        guarded.earned = earned

    def _tell_what_lacks(self, session: int, symbols: Iterable[str]) -> None:
        """Once each time: nothing stops these losses."""
        self._gateway.log.warning(
            "what a session lost is not known in full: of these symbols no price was ever known, or of what they are "
            "paid with, and limits of losses count all else",
            session=session,
            symbols=" ".join(symbols).lower(),
        )

    def _act_on(self, day: DayLoss, scope: Scope, key_of: Callable[[str], str]) -> None:
        verdict = day.verdict()
        if verdict is None:
            return
        name = verdict.limit if scope.session is not None else ACCOUNT + verdict.limit
        who = "" if scope.session is not None else " by all sessions together"
        what = f"{verdict.observed:.2f} USDT were {_LOST[verdict.limit]}{who}, allowed {verdict.allowed:f} USDT"
        now_ms, is_over_soon = self._now_ms(), verdict.state is TradingState.REDUCING
        until_ms = now_ms - now_ms % _DAY_MS + _DAY_MS if is_over_soon else None
        key, reason = key_of(verdict.limit), f"{name}: {what}"
        restrict(self._gateway, scope, HaltCause.LIMIT, verdict.state, key, reason, until_ms)

    def _now_ms(self) -> int:
        return self._gateway.venue.venue_ms()

    def _keep(self, record: DayRecord | None) -> None:
        if record is not None:
            self._gateway.book.keep_day(record)
