"""Events about the risk of a cross-margin account."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tradingsys.venues.binance import decode_assets
from tradingsys.venues.binance.events import EventDialect, Word
from tradingsys.venues.binance.messages import margin
from tradingsys.venues.protocol import Output

__all__ = ["RISK_EVENTS"]


def _told(event: margin.RiskEvent) -> list[Output]:
    """Debts are told by balances, which are asked for: what changed of one tells nothing that could be added up."""
    return [decode_assets.margin_level(event)] if isinstance(event, margin.MarginLevelStatusChange) else []


def _words(_event: margin.RiskEvent) -> Iterable[Word]:
    return ()


RISK_EVENTS = EventDialect(
    read=msgspec.json.Decoder(margin.RiskEvent).decode,
    told=_told,
    words=_words,
    unused=frozenset(),
)
