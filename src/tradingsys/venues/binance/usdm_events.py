"""Events of a USDⓈ-M account."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tradingsys.core.reports import Oddity
from tradingsys.venues.binance import decode, decode_account, decode_algo, messages, words
from tradingsys.venues.binance.events import EventDialect, Word
from tradingsys.venues.protocol import Output

__all__ = ["EVENTS"]

_Settings = messages.AccountConfigUpdate


def _told(event: messages.UserEvent) -> list[Output]:
    match event:
        case messages.OrderTradeUpdate():
            return [decode.order_trade_update(event)]
        case messages.TradeLite():
            return [decode.trade_lite(event)]
        case messages.AlgoUpdate():
            return [decode_algo.algo_update(event)]
        case messages.AccountUpdate():
            return [decode.account_update(event)]
        case messages.MarginCall():
            return [decode_account.margin_call(event)]
        case messages.AccountConfigUpdate():
            return _settings(event)
    return []


def _settings(event: _Settings) -> list[Output]:
    if event.leverage:
        return [decode_account.settings_changed(event.leverage)]
    if event.asset_mode:
        mode = "on" if event.asset_mode.multi_assets else "off"
        return [Oddity(f"the account's settings were changed: multi-assets mode is {mode}")]
    return []


def _words(event: messages.UserEvent) -> Iterable[Word]:
    match event:
        case messages.OrderTradeUpdate(order=update):
            return (
                ("execution type", update.execution_type, words.EXECUTION_TYPES),
                ("order status", update.order_status, words.STREAM_STATUSES),
                ("order type", update.order_type, words.STREAM_ORDER_TYPES),
            )
        case messages.AlgoUpdate(order=conditional):
            return (
                ("status of a conditional order", conditional.algo_status, words.ALGO_STATUSES),
                ("type of a conditional order", conditional.order_type, words.ORDER_TYPES),
            )
    return ()


EVENTS = EventDialect(
    read=msgspec.json.Decoder(messages.UserEvent).decode,
    told=_told,
    words=_words,
    unused=frozenset({"STRATEGY_UPDATE", "GRID_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT"}),
)
