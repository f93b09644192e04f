"""Whose orders are restricted, and why."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tradingsys.core.enums import TradingState

__all__ = ["HaltCause", "HaltDuty", "HaltRecord", "Scope"]


class Scope(Struct, frozen=True):
    """Whose orders are meant, and on what: all of the account's unless a session, a symbol or both are named."""

    session: int | None = None
    symbol: str = ""
    """Upper case; empty is every symbol."""

    def covers(self, session: int, symbol: str) -> bool:
        """Whether orders of this session on this symbol are meant."""
        return self.session in (None, session) and self.symbol in ("", symbol)

    def __str__(self) -> str:
        """For people: the account, btcusdt, session 3, session 3 on btcusdt."""
        if self.session is None:
            return self.symbol.lower() or "the account"
        return f"session {self.session}" + (f" on {self.symbol.lower()}" if self.symbol else "")

    @property
    def words(self) -> str:
        """As people type it after a command's name."""
        named = [] if self.session is None else [f"--session {self.session}"]
        return " ".join([self.symbol.lower(), *named] if self.symbol else named) or "--account"


class HaltCause(StrEnum):
    """Why orders are restricted; one scope may be for several causes at once."""

    OPERATOR = "OPERATOR"
    KILL_FILE = "KILL_FILE"
    FORCED = "FORCED"
    """The exchange traded for the account: a liquidation, auto-deleveraging, a settlement."""
    DIFFERENCE = "DIFFERENCE"
    """The books and the account do not agree."""
    UNPROVEN = "UNPROVEN"
    """For long nothing has told whether they do."""
    LIMIT = "LIMIT"
    """A limit was passed that only less trading mends, such as a day's loss."""
    PAUSE = "PAUSE"
    """A limit was passed that some time without orders mends, such as a storm of refusals."""
    CONTRADICTION = "CONTRADICTION"
    """The exchange contradicts itself."""
    STORE = "STORE"
    """What happens cannot be written down."""
    COPIED_BOOK = "COPIED_BOOK"
    """Another gateway uses a copy of this pos.db."""
    ABSENCE = "ABSENCE"
    """A session's strategy has been gone for longer than the session allows."""
    CANCEL = "CANCEL"
    """Nothing is restricted: an operator wants the orders gone that were sent until then."""
    GAP = "GAP"
    """Nobody looked for about as long as the exchange tells what an account did."""
    AUDIT = "AUDIT"
    """What is booked is not what the exchange told when it was asked once more, or pos.db is not sound."""


class HaltDuty(StrEnum):
    """What the gateway itself does while orders are restricted, over restarts too."""

    NOTHING = "NOTHING"
    REDUCE = "REDUCE"
    """Cancel every order that could add to what its session holds; stops that protect it stay."""
    CANCEL = "CANCEL"
    """Cancel every order that would not be let pass now."""
    FLATTEN = "FLATTEN"
    """The same, then trade what each session holds away; once that is done it becomes CANCEL."""


class HaltRecord(Struct, frozen=True):
    """Orders are restricted; `ACTIVE` without a duty lifts what stands for this scope and cause."""

    scope: Scope
    state: TradingState
    reason: str
    ts_ms: int
    """Venue time."""
    cause: HaltCause
    duty: HaltDuty = HaltDuty.NOTHING
    until_ms: int | None = None
    """Venue time at which it is lifted by itself; None: not because of the time."""

    @property
    def stands(self) -> bool:
        """Whether anything is restricted, or to be done."""
        return self.state is not TradingState.ACTIVE or self.duty is not HaltDuty.NOTHING
