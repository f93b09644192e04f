"""What may still be sent, by session and symbol, until a person or a proof lifts it: over restarts too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import structs

from tradingsys.core.command_line import CommandLine
from tradingsys.core.enums import TradingState
from tradingsys.core.records import HaltCause, HaltDuty, HaltRecord, Scope
from tradingsys.oms.effects import Effect, Halt, Save

__all__ = ["Halts", "by_operator", "printable", "wanted"]

_DUTIES = tuple(HaltDuty)
_LONGEST_REASON = 200


def printable(reason: str) -> str:
    """What a person gave as a reason, as it may be shown to anybody anywhere."""
    return "".join(filter(str.isprintable, reason))[:_LONGEST_REASON].strip()


def by_operator(reason: str) -> str:
    """The same, of what a person imposed."""
    return ": ".join(filter(None, ["by an operator", printable(reason)]))


def wanted(*, reducing: bool, keep_orders: bool) -> tuple[TradingState, HaltDuty]:
    """What a person asks for who halts: what may still be sent, and what becomes of the orders that are open."""
    state, duty = (TradingState.REDUCING, HaltDuty.REDUCE) if reducing else (TradingState.HALTED, HaltDuty.CANCEL)
    return state, HaltDuty.NOTHING if keep_orders else duty


class Halts:
    """Restrictions of orders by scope and cause; what follows goes to ``effects``."""

    def __init__(self, saved: Iterable[HaltRecord], effects: list[Effect], commands: CommandLine) -> None:
        self._effects = effects
        self._commands = commands
        self.changes = 0
        """How often anything changed."""
        self._rows: dict[tuple[Scope, HaltCause], HaltRecord] = {(row.scope, row.cause): row for row in saved}

    def __iter__(self) -> Iterator[HaltRecord]:
        """Those in force, oldest first."""
        return iter(tuple(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, scope: Scope) -> list[HaltRecord]:
        """Those of exactly this scope, whatever the cause."""
        return [row for row in self._rows.values() if row.scope == scope]

    def impose(
        self,
        scope: Scope,
        state: TradingState,
        cause: HaltCause,
        reason: str,
        ts_ms: int,
        duty: HaltDuty = HaltDuty.NOTHING,
        until_ms: int | None = None,
    ) -> bool:
        """Allow no more than ``state`` in the scope; False when that stands for this cause already.

        What stands keeps its reason and its time, unless the new one allows less, does more or lasts longer, or an
        operator or an audit gives another reason. Nothing but lifting it lets it allow more, do less or end sooner,
        unless the new one allows less.
        """
        known = self._rows.get((scope, cause))
        if known is not None:
            until_ms = _end_ms(state, until_ms, known)
            state = max(state, known.state, key=lambda each: each.severity)
            duty = max(duty, known.duty, key=_DUTIES.index)
        record = HaltRecord(scope, state, reason, ts_ms, cause, duty, until_ms)
        if known is not None and not _replaces(record, known):
            return False
        self._keep(record)
        self._effects.append(Halt(record))
        return True

    def lift(self, scope: Scope, ts_ms: int, cause: HaltCause | None = None) -> bool:
        """Lift what was imposed on exactly this scope, for one cause or all; False when there is nothing.

        Whoever lifts all that restricts does not end a cancel that somebody waits for: only where nothing else stands.
        """
        lifted = [row for row in self.of(scope) if cause in (None, row.cause)]
        if cause is None:
            lifted = [row for row in lifted if row.cause is not HaltCause.CANCEL] or lifted
        for row in lifted:
            self._keep(HaltRecord(scope, TradingState.ACTIVE, "", ts_ms, row.cause))
        return bool(lifted)

    def flattened(self, row: HaltRecord) -> HaltRecord:
        """What each session held in its scope is traded away: what it comes to hold afterwards is left to it."""
        now = structs.replace(row, duty=HaltDuty.CANCEL)
        if self._rows.get((row.scope, row.cause)) == row:
            self._keep(now)
        return now

    def forced(self, symbol: str, what: str, ts_ms: int) -> None:
        """The exchange traded for the account: nobody may go on as if nothing had happened."""
        name = symbol.lower()
        reason = (
            f"the exchange itself traded {name} for the account ({what}), booked to EXTERNAL: look at the "
            f"account, put the sessions right (`{self._commands.line('pos show')}`), then "
            f"`{self._commands.line(f'resume {name}')}`"
        )
        self.impose(Scope(symbol=symbol), TradingState.HALTED, HaltCause.FORCED, reason, ts_ms)

    def of_session(self, session: int) -> list[HaltRecord]:
        """Those that restrict a session anywhere."""
        return [row for row in self._restrictions() if row.scope.session in (None, session)]

    def state(self, session: int, symbol: str) -> TradingState:
        """What a session may send on a symbol: the worst of all that match."""
        binding = self.binding(session, symbol) if self._rows else None
        return binding.state if binding is not None else TradingState.ACTIVE

    def binding(self, session: int, symbol: str) -> HaltRecord | None:
        """Of those that match, the one that allows least: of several the oldest."""
        matching = (row for row in self._restrictions() if row.scope.covers(session, symbol))
        return max(matching, key=lambda row: row.state.severity, default=None)

    def why(self, session: int, symbol: str) -> str:
        """What restricts a session on a symbol, since when and why, and what lifts it; empty when nothing does."""
        row = self.binding(session, symbol) if self._rows else None
        return self.told(row) if row is not None else ""

    def told(self, row: HaltRecord) -> str:
        """One of them, for people."""
        since = _instant(row.ts_ms)
        if row.until_ms is not None:
            since += f" until {_instant(row.until_ms)}"
        lifts = self._commands.line(f"resume {row.scope.words}")
        advice = "" if lifts in row.reason else f" (`{lifts}` lifts it)"
        return f"{row.scope} is {row.state.lower()} since {since} UTC: {row.reason}{advice}"

    def _restrictions(self) -> Iterator[HaltRecord]:
        return (row for row in self._rows.values() if row.state is not TradingState.ACTIVE)

    def _keep(self, record: HaltRecord) -> None:
        place = record.scope, record.cause
        if record.stands:
            self._rows[place] = record
        else:
            del self._rows[place]
        self.changes += 1
        self._effects.append(Save(record))


def _replaces(new: HaltRecord, known: HaltRecord) -> bool:
    if new.cause is HaltCause.CANCEL:
        return True  # what was sent since then is to be gone, too
    if new.cause in (HaltCause.OPERATOR, HaltCause.AUDIT):
        return (new.state, new.duty, new.reason) != (known.state, known.duty, known.reason)
    return (new.state, new.duty, new.until_ms) != (known.state, known.duty, known.until_ms)


def _end_ms(state: TradingState, until_ms: int | None, known: HaltRecord) -> int | None:
    """When what allows less of both is over; of two that allow the same, when the later one is."""
    if state is not known.state:
        return until_ms if state.severity > known.state.severity else known.until_ms
    return None if until_ms is None or known.until_ms is None else max(until_ms, known.until_ms)


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
