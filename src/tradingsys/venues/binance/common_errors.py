"""The codes that mean the same on spot, margin and futures; what to do is ours."""

from __future__ import annotations

from tradingsys.venues.binance.error_codes import ErrorClass, ErrorCode, Retry

__all__ = ["ASKED", "BUG", "CODES", "RULES"]

_DOUBT, _LIMITED, _AUTH = ErrorClass.IN_DOUBT, ErrorClass.RATE_LIMITED, ErrorClass.AUTH
ASKED = "the gateway asks for the order until it knows; send nothing instead of it"
BUG = "a request that the exchange cannot read: please report it with the log"
RULES = "look at the symbol's rules (sub.tick_size, sub.lot and others)"

CODES = (
    ErrorCode(-1000, "An unknown error occurred while processing the request.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(
        -1001, "Internal error; unable to process your request. Please try again.", ASKED, _DOUBT, Retry.ASK_FIRST
    ),
    ErrorCode(
        -1002, "You are not authorized to execute this request.", "allow the key what it is used for", _AUTH, Retry.NO
    ),
    ErrorCode(-1003, "Too many requests.", "wait as long as the answer says; ask for less", _LIMITED, Retry.LATER),
    ErrorCode(-1006, "An unexpected response was received from the message bus.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(-1007, "Timeout waiting for response from backend server.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(-1010, "ERROR_MSG_RECEIVED.", "read what follows; change the request accordingly"),
    ErrorCode(-1014, "Unsupported order combination.", "leave out one of the order's instructions"),
    ErrorCode(
        -1015,
        "Too many new orders.",
        "the account's order limit is used up: wait for its window",
        _LIMITED,
        Retry.LATER,
    ),
    ErrorCode(-1016, "This service is no longer available.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(-1020, "This operation is not supported.", "the exchange has no such operation", retry=Retry.NO),
    ErrorCode(
        -1021,
        "Timestamp for this request is outside of the recvWindow.",
        "it was not acted upon; if this goes on, set this machine's clock by NTP",
        retry=Retry.LATER,
    ),
    ErrorCode(
        -1022,
        "Signature for this request is not valid.",
        "secret or private key do not belong to the API key: mend `secret` or `pem` in the configuration",
        _AUTH,
        Retry.NO,
    ),
    ErrorCode(-1099, "Not found, unauthenticated, or unauthorized.", "check key and permissions", retry=Retry.NO),
    ErrorCode(-1101, "Too many parameters sent for this endpoint.", BUG),
    ErrorCode(
        -1102, "A mandatory parameter was not sent, was empty/null, or malformed.", "give what the order's type needs"
    ),
    ErrorCode(-1103, "An unknown parameter was sent.", BUG),
    ErrorCode(-1104, "Not all sent parameters were read.", BUG),
    ErrorCode(-1105, "A parameter was empty.", BUG),
    ErrorCode(-1106, "A parameter was sent when not required.", "leave it out for this type of order"),
    ErrorCode(-1112, "No orders on book for symbol.", "nobody to trade with: try again later", retry=Retry.LATER),
    ErrorCode(-1114, "TimeInForce parameter sent when not required.", "leave out the time in force for this type"),
    ErrorCode(-1116, "Invalid orderType.", "use one that the symbol takes (sub.order_support)"),
    ErrorCode(-1117, "Invalid side.", "use BUY or SELL"),
    ErrorCode(-1118, "New client order ID was empty.", BUG),
    ErrorCode(-1119, "Original client order ID was empty.", BUG),
    ErrorCode(-1121, "Invalid symbol.", "the exchange lists no such symbol"),
    ErrorCode(-1122, "Invalid symbol status.", "the symbol does not trade now", retry=Retry.LATER),
    ErrorCode(-1127, "Lookup interval is too big.", "ask for a shorter time"),
    ErrorCode(-1128, "Combination of optional parameters invalid.", "leave out one of the order's instructions"),
    ErrorCode(-1130, "Invalid data sent for a parameter.", "change the value that is named"),
    ErrorCode(
        -2011,
        "Unknown order sent.",
        "nothing to cancel: it filled, ended, or never was; the gateway asks which",
        retry=Retry.NO,
    ),
    ErrorCode(-2014, "API-key format invalid.", "mend `apikey` in the configuration", _AUTH, Retry.NO),
)
