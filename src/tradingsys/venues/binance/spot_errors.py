"""The codes that spot answers orders, amends, cancels and questions with.

From the exchange's page of errors (2026-07-21); what to do is ours. `CODES` is what margin has in common.
"""

from __future__ import annotations

from tradingsys.venues.binance import common_errors
from tradingsys.venues.binance.common_errors import ASKED, BUG, RULES
from tradingsys.venues.binance.error_codes import ErrorClass, ErrorCode, ErrorTable, Retry

__all__ = ["CODES", "ERRORS", "REMEDIES", "table"]

_DOUBT, _LIMITED, _AUTH = ErrorClass.IN_DOUBT, ErrorClass.RATE_LIMITED, ErrorClass.AUTH
_STREAM = "nothing: the gateway subscribes again and asks what it missed"

_SERVICE = (
    ErrorCode(-1008, "Server is currently overloaded with other requests.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(-1013, "Filter failure, or another rule of the symbol.", RULES),
    ErrorCode(-1034, "Too many concurrent connections.", "wait five minutes", _LIMITED, Retry.LATER),
    ErrorCode(-1193, "WebSocket session not authenticated.", _STREAM, retry=Retry.NO),
    ErrorCode(-1194, "Invalid value for time unit.", BUG),
    ErrorCode(-1209, "The listenToken is invalid.", _STREAM, retry=Retry.NO),
)

_REQUEST = (
    ErrorCode(-1100, "Illegal characters found in a parameter.", "client ids may have letters, digits, - and _ only"),
    ErrorCode(-1108, "A parameter overflowed.", "give a smaller number"),
    ErrorCode(-1111, "Parameter has too much precision.", "fewer decimals; for an order " + RULES),
    ErrorCode(-1115, "Invalid timeInForce.", "use GTC, IOC or FOK"),
    ErrorCode(-1120, "Invalid interval.", "use an interval from 1s to 1M"),
    ErrorCode(-1125, "This listenKey does not exist.", _STREAM, retry=Retry.NO),
    ErrorCode(-1131, "recvWindow must be less than 60000.", "lower `recv_window_ms` in the configuration"),
    ErrorCode(-1134, "strategyType was less than 1000000.", BUG),
    ErrorCode(-1135, "Invalid JSON.", BUG),
    ErrorCode(-1139, "Invalid ticker type.", BUG),
    ErrorCode(-1145, "Invalid cancelRestrictions.", BUG),
    ErrorCode(-1151, "Symbol is present multiple times in the list.", BUG),
    ErrorCode(-1220, "The symbol's status does not match the requested one.", "the symbol does not trade now"),
)

_LISTS = (
    ErrorCode(-1158, "Order type not supported in OCO.", "pair a stop with a limit order or a take-profit"),
    ErrorCode(-1160, "An iceberg order must be GTC.", "leave out the time in force, or the quantity that is shown"),
    ErrorCode(-1165, "A limit order in a buy OCO must be below.", "put the limit order below the market"),
    ErrorCode(-1166, "A limit order in a sell OCO must be above.", "put the limit order above the market"),
    ErrorCode(-1168, "At least one OCO order must be contingent.", "make one of the two a stop"),
    ErrorCode(-1196, "A stop loss order in a buy OCO must be above.", "put the stop above the market"),
    ErrorCode(-1197, "A stop loss order in a sell OCO must be below.", "put the stop below the market"),
    ErrorCode(-1198, "A take profit order in a buy OCO must be below.", "put the take-profit below the market"),
    ErrorCode(-1199, "A take profit order in a sell OCO must be above.", "put the take-profit above the market"),
)

_PROCESSING = (
    ErrorCode(
        -2010,
        "The order was rejected.",
        "by its message: see below",
        says_enough=True,
    ),
    ErrorCode(
        -2013,
        "Order does not exist.",
        "right after placing no proof: the gateway asks again; later it means that the order never was",
        retry=Retry.NO,
    ),
    ErrorCode(
        -2015,
        "Invalid API-key, IP, or permissions for action.",
        "check the key, the addresses it may be used from, and that it may trade; live and testnet keys differ",
        _AUTH,
        Retry.NO,
    ),
    ErrorCode(-2016, "No trading window could be found for the symbol.", "try again later", retry=Retry.LATER),
    ErrorCode(-2021, "Cancel-replace partially failed.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(-2022, "Cancel-replace failed.", "the order is as it was"),
    ErrorCode(
        -2026,
        "Order was canceled or expired with no executed qty over 90 days ago and has been archived.",
        "nothing: it ended without an execution",
        retry=Retry.NO,
    ),
    ErrorCode(
        -2028, "HMAC-SHA-256 API key is not supported.", "use an Ed25519 key: others cannot log on", _AUTH, Retry.NO
    ),
    ErrorCode(
        -2035, "User Data Stream subscription already active.", "nothing: it is so already", retry=Retry.NEEDLESS
    ),
    ErrorCode(-2036, "User Data Stream subscription not active.", _STREAM, retry=Retry.NO),
    ErrorCode(-2038, "Order amend rejected.", "the order is unchanged: cancel it and place another"),
    ErrorCode(-2039, "Client order ID is not correct for this order ID.", BUG),
    ErrorCode(-2042, "Too many subscriptions on this connection.", _STREAM, retry=Retry.NO),
    ErrorCode(-2043, "The symbol has no reference price.", "nothing: its rules are measured with the average price"),
)

_NOT_OFFERED = "the symbol does not take it: order_support() and its other rules tell what it takes"
_NO_LIQUIDITY = "nobody to trade with: try again later, or at a limit price"
_ASK_EXCHANGE = "ask the exchange what the account may do"

REMEDIES = {
    "Account has insufficient balance for requested action.": (
        "order less, or cancel what locks the balance: open orders do, and of a stop and a target together each its "
        "own, unless they are one OCO list; a margin account may borrow, with a side effect"
    ),
    "Order would immediately match and take.": (
        "a post-only order stands behind the other side's best price: price it so, or let it take"
    ),
    "Order would trigger immediately.": (
        "put the trigger on the other side of the market: a stop sells below it and buys above it, a take-profit the "
        "other way round"
    ),
    "The relationship of the prices for the orders is not correct.": (
        "of two that cancel each other and sell, the target is above the market and the stop below it; of two that "
        "buy, the other way round"
    ),
    "Market is closed.": "the symbol does not trade now: try again later",
    "Market orders are not supported for this symbol.": _NOT_OFFERED,
    "Iceberg orders are not supported for this symbol.": _NOT_OFFERED,
    "Stop loss orders are not supported for this symbol.": _NOT_OFFERED,
    "Stop loss limit orders are not supported for this symbol.": _NOT_OFFERED,
    "Take profit orders are not supported for this symbol.": _NOT_OFFERED,
    "Take profit limit orders are not supported for this symbol.": _NOT_OFFERED,
    "Trailing stop orders are not supported for this symbol.": _NOT_OFFERED,
    "OCO orders are not supported for this symbol": _NOT_OFFERED,
    "Quote order qty market orders are not support for this symbol.": _NOT_OFFERED,
    "Price * QTY is zero or less.": "give a price and a quantity above 0",
    "IcebergQty exceeds QTY.": "show a part of the order, not more than all of it",
    "Unsupported order combination": "leave out one of the order's instructions",
    "This action is disabled on this account.": _ASK_EXCHANGE,
    "This account may not place or cancel orders.": _ASK_EXCHANGE,
    "This symbol is not permitted for this account.": "trade another symbol, or ask the exchange to allow this one",
    "This symbol is restricted for this account.": "trade another symbol, or ask the exchange to allow this one",
    "Order book liquidity is less than LOT_SIZE filter minimum quantity.": _NO_LIQUIDITY,
    "Order book liquidity is less than MARKET_LOT_SIZE filter minimum quantity.": _NO_LIQUIDITY,
    "Order book liquidity is less than symbol minimum quantity.": _NO_LIQUIDITY,
}
"""What to do about a refusal by the matching engine (-2010), by its message."""

CODES = (*common_errors.CODES, *_SERVICE, *_REQUEST, *_LISTS, *_PROCESSING)


def table(*codes: ErrorCode) -> ErrorTable:
    """A table of the codes of spot and more, with what spot's statuses and messages prove."""
    return ErrorTable(
        (*CODES, *codes),
        # An order of this id is open: perhaps the one whose answer was lost.
        doubtful_messages=frozenset({"Duplicate order sent."}),
        # 409: half of what was asked for was done. 408: whoever gave up waiting does not know what came of it.
        doubtful_statuses=frozenset({408, 409}),
        remedies=REMEDIES,
    )


ERRORS = table()
"""Where an answer proves nothing the outcome is in doubt: a doubt costs a question, a wrong certainty costs money."""
