"""What the venue tells of the past ends somewhere: whoever was away for about that long may never learn it all."""

from __future__ import annotations

from datetime import UTC, datetime

from tradingsys.core.enums import AccountKind, TradingState
from tradingsys.core.records import HaltCause, Scope
from tradingsys.oms.session_book import SessionBook

__all__ = ["heed_gap"]

_SAFE_PERCENT = 80
_DAY_MS = 86_400_000


def heed_gap(book: SessionBook, now_ms: int, history_ms: int, last_start_ms: int) -> None:
    """Halt the account, for a person to look at, when its books were last complete too long ago.

    Complete they were, at the latest, when the cash history was last read: that is done in turns with everything else,
    and its mark is in pos.db; books of an early format have none, and all that is known is ``last_start_ms``, the
    start before this one. ``history_ms``: how far back the venue tells what the account did.
    """
    complete_ms = min(book.ledger_marks.values(), default=max(book.created_ms, last_start_ms))
    away_ms = now_ms - complete_ms
    is_empty = not (book.symbols or book.assets)
    if is_empty or away_ms * 100 <= history_ms * _SAFE_PERCENT:
        return
    moment = datetime.fromtimestamp(complete_ms // 1000, UTC)
    is_assets = book.kind is AccountKind.ASSETS
    look, accept = ("assets", "pos accept ASSET") if is_assets else ("explain SYMBOL", "pos accept SYMBOL")
    line = book.commands.line
    reason = (
        f"the books were last complete on {moment:%Y-%m-%d %H:%M} UTC, {away_ms // _DAY_MS} days ago, and the exchange "
        f"tells what an account did for {history_ms // _DAY_MS} days: some of it may be lost. Compare books and "
        f"account (`{line(look)}`), put them right (`{line('pos set')}`, `{line(accept)}`), then "
        f"`{line('resume --account')}`"
    )
    book.halts.impose(Scope(), TradingState.HALTED, HaltCause.GAP, reason, now_ms)
