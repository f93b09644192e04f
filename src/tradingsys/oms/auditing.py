"""Whether what was booked is what the exchange tells when it is asked again, long after the event."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.instrument import plain
from tradingsys.core.order import Fill, FillKey

__all__ = ["compare"]


def compare(told: Iterable[Fill], booked: Iterable[Fill], since_ms: int, until_ms: int) -> dict[FillKey, str]:
    """What is wrong, by execution: of those that the venue tells up to ``until_ms``, and of those that were booked in
    that span.

    Of both sides all others may be given too: what is younger may not be told everywhere, what is older no more.
    """
    theirs, ours = {fill.key: fill for fill in told}, {fill.key: fill for fill in booked}
    wrong: dict[FillKey, str] = {}
    for key, fill in theirs.items():
        if fill.ts_event_ms > until_ms:
            continue  # its event, which has the fee, may be on its way
        if key not in ours:
            wrong[key] = f"{_told(fill)} is not booked"
        elif _facts(fill) != _facts(ours[key]):
            wrong[key] = f"{_told(fill)} is booked as {_told(ours[key])}"
    for key, fill in ours.items():
        if key not in theirs and since_ms <= fill.ts_event_ms <= until_ms:
            wrong[key] = f"{_told(fill)} is booked, and the exchange does not tell it"
    return wrong


def _facts(fill: Fill) -> tuple[object, ...]:
    return (fill.side, fill.last_px, fill.last_qty, fill.charge)


def _told(fill: Fill) -> str:
    asset, fee = fill.charge or ("", None)
    cost = "fee unknown" if fee is None else f"fee {plain(fee)} {asset}"
    what = f"{fill.side.lower()} {plain(fill.last_qty)} at {plain(fill.last_px)}, {cost}"
    return f"trade {fill.exec_id} of order {fill.venue_order_id} ({what})"
