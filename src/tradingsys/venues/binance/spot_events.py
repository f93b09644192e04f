"""Events of a spot account, and of a margin account, which are the same."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tradingsys.core.reports import Oddity
from tradingsys.venues.binance import decode_assets, decode_spot, words
from tradingsys.venues.binance.events import EventDialect, Word
from tradingsys.venues.binance.messages import spot
from tradingsys.venues.protocol import Output

__all__ = ["EVENTS"]


def _told(event: spot.UserEvent) -> list[Output]:
    match event:
        case spot.ExecutionReport():
            return [decode_spot.execution_report(event)]
        case spot.ListStatus():
            return [*decode_spot.list_status(event)]
        case spot.OutboundAccountPosition():
            return [decode_assets.account_position(event)]
        case spot.ExternalLockUpdate():
            return [
                Oddity(f"{event.delta} {event.asset} of the account were locked (or, negative, unlocked) elsewhere")
            ]
    return []


def _words(event: spot.UserEvent) -> Iterable[Word]:
    if not isinstance(event, spot.ExecutionReport):
        return ()
    return (
        ("execution type", event.execution_type, words.SPOT_EXECUTION_TYPES),
        ("order status", event.order_status, words.SPOT_STATUSES),
        ("order type", event.order_type, words.SPOT_ORDER_TYPES),
    )


EVENTS = EventDialect(
    read=msgspec.json.Decoder(spot.UserEvent).decode,
    told=_told,
    words=_words,
    unused=frozenset(),
)
