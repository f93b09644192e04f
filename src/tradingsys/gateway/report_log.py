"""What the venue reports, as lines of the log."""

from __future__ import annotations

from tradingsys.core.instrument import plain
from tradingsys.core.reports import (
    AccountChanged,
    AssetMoved,
    LimitsSeen,
    MarginCall,
    MarginLevel,
    Oddity,
    Report,
    RiskStreamState,
    SettingsChanged,
    TradingState,
    UserStreamState,
)
from tradingsys.gateway.margin_level import is_well, margin_text
from tradingsys.gateway.seams import Log

__all__ = ["log_report"]

_EVERYDAY = ("ORDER", "outboundAccountPosition")
"""Why balances change all the time: of futures, and of assets."""


def log_report(log: Log, report: Report) -> None:
    """Write a line, unless it is everyday's business."""
    match report:
        case UserStreamState(is_up, reason):
            log.info("the account's events arrive" if is_up else "the account's events do not arrive", reason=reason)
        case RiskStreamState(is_up, reason):
            arrive = "arrive" if is_up else "do not arrive"
            log.info(f"the exchange's warnings of the account's margin level {arrive}", reason=reason)
        case TradingState(is_up, via, reason):
            log.info("orders can be sent" if is_up else "orders cannot be sent", via=via, reason=reason)
        case AccountChanged(reason) if reason not in _EVERYDAY:
            log.info("account changed", reason=reason)
        case SettingsChanged(symbol, leverage):
            log.info("leverage of the account changed", symbol=symbol, leverage=leverage)
        case MarginCall(symbols):
            log.error(
                "MARGIN CALL: the exchange may soon close positions by itself; add margin or reduce",
                symbols=", ".join(symbols),
            )
        case MarginLevel(level, status):
            if is_well(report):
                log.info("margin level is well", level=plain(level), status=status)
            else:
                log.error(margin_text(report))
        case AssetMoved(asset, delta):
            log.info("an asset moved without a trade", asset=asset, delta=plain(delta))
        case LimitsSeen(retry_after_ms=int(wait_ms), is_of_orders=True):
            log.warning("too many orders for the exchange: no new ones until then", seconds=-(-wait_ms // 1000))
        case LimitsSeen(retry_after_ms=int(wait_ms)):
            log.warning("the exchange wants to be left alone: nothing is sent until then", seconds=-(-wait_ms // 1000))
        case Oddity(text):
            log.warning("odd message from the exchange", text=text)
