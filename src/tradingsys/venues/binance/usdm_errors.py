"""The codes that USDⓈ-M futures answer orders, changes, cancels and questions with.

From the exchange's page of error codes (2026-05-28) and its change log; what to do is ours.
"""

from __future__ import annotations

from tradingsys.venues.binance import common_errors
from tradingsys.venues.binance.common_errors import ASKED, BUG, RULES
from tradingsys.venues.binance.error_codes import ErrorClass, ErrorCode, ErrorTable, Retry

__all__ = ["ERRORS"]

_DOUBT, _LIMITED, _AUTH = ErrorClass.IN_DOUBT, ErrorClass.RATE_LIMITED, ErrorClass.AUTH
_REDUCE = "only reduce-only orders are taken: close positions, open none"

_SERVICE = (
    ErrorCode(
        -1008,
        "Request throttled by system-level protection.",
        "the exchange is overloaded and did not act: wait; reduce-only orders and cancels still pass",
        _LIMITED,
        Retry.LATER,
    ),
    ErrorCode(-1011, "This IP cannot access this route.", "use an address that the exchange lets in", retry=Retry.NO),
    ErrorCode(-1013, "INVALID_MESSAGE.", RULES),
    ErrorCode(-1023, "Start time is greater than end time.", BUG),
)

_REQUEST = (
    ErrorCode(-1100, "Illegal characters found in a parameter.", "client ids may have letters, digits and .:/_- only"),
    ErrorCode(-1108, "Invalid asset.", BUG),
    ErrorCode(-1109, "Invalid account.", "open a futures account for this key", retry=Retry.NO),
    ErrorCode(-1110, "Invalid symbolType.", BUG),
    ErrorCode(-1111, "Precision is over the maximum defined for this asset.", "fewer decimals: " + RULES),
    ErrorCode(-1115, "Invalid timeInForce.", "use one that the symbol takes (sub.tif_support)"),
    ErrorCode(-1120, "Invalid interval.", "use an interval from 1m to 1M"),
    ErrorCode(
        -1125,
        "This listenKey does not exist.",
        "nothing: the gateway gets a new one and asks what it missed",
        retry=Retry.NO,
    ),
    ErrorCode(-1126, "This asset is not supported.", BUG),
    ErrorCode(-1136, "Invalid newOrderRespType.", BUG),
)

_PROCESSING = (
    ErrorCode(-2010, "NEW_ORDER_REJECTED", "read the rest of the message"),
    ErrorCode(-2012, "Batch cancel failure.", "look which orders are still open", retry=Retry.LATER),
    ErrorCode(
        -2013,
        "Order does not exist.",
        "right after placing no proof: the gateway asks again; later it means that the order never was or is forgotten",
        retry=Retry.NO,
    ),
    ErrorCode(
        -2015,
        "Invalid API-key, IP, or permissions for action.",
        "check the key, the addresses it may be used from, and that it may trade futures; live and testnet keys differ",
        _AUTH,
        Retry.NO,
    ),
    ErrorCode(-2017, "API Keys are locked on this account.", "unlock them on the exchange's website", _AUTH, Retry.NO),
    ErrorCode(-2018, "Balance is insufficient.", "transfer money to the futures account, or order less"),
    ErrorCode(
        -2019, "Margin is insufficient.", "order less, close something, or transfer money to the futures account"
    ),
    ErrorCode(-2020, "Unable to fill.", "the book has not enough on the other side: order less, or try again later"),
    ErrorCode(-2021, "Order would immediately trigger.", "put the trigger price on the other side of the market"),
    ErrorCode(
        -2022,
        "ReduceOnly Order is rejected.",
        "there is no position to reduce, or open orders reduce it already: compare positions, cancel those orders",
    ),
    ErrorCode(-2023, "User in liquidation mode now.", "stop trading and look at the account", retry=Retry.NO),
    ErrorCode(-2024, "Position is not sufficient.", "the position is smaller than the order"),
    ErrorCode(-2025, "Reach max open order limit.", "cancel open orders first"),
    ErrorCode(-2026, "This OrderType is not supported when reduceOnly.", "leave out reduce-only, or use another type"),
    ErrorCode(
        -2027, "Exceeded the maximum allowable position at current leverage.", "lower the leverage, or order less"
    ),
    ErrorCode(
        -2028, "Leverage is smaller than permitted: insufficient margin balance.", "raise the leverage, or add margin"
    ),
)

_FILTERS = (
    ErrorCode(-4000, "Invalid order status.", "the order cannot be changed as it is now"),
    ErrorCode(-4001, "Price less than 0.", "give a positive price"),
    ErrorCode(-4002, "Price greater than max price.", RULES),
    ErrorCode(-4003, "Quantity less than zero.", "give a positive quantity"),
    ErrorCode(-4004, "Quantity less than min quantity.", RULES),
    ErrorCode(-4005, "Quantity greater than max quantity.", "split the order: " + RULES),
    ErrorCode(-4006, "Stop price less than zero.", "give a positive trigger price"),
    ErrorCode(-4007, "Stop price greater than max price.", RULES),
    ErrorCode(-4013, "Price less than min price.", RULES),
    ErrorCode(-4014, "Price not increased by tick size.", "round the price to the symbol's tick (sub.round_price)"),
    ErrorCode(-4015, "Client order id is not valid.", "at most 36 characters"),
    ErrorCode(-4016, "Price is higher than mark price multiplier cap.", "price the buy closer to the mark price"),
    ErrorCode(-4019, "Composite scale too large.", BUG),
    ErrorCode(-4020, "Target strategy invalid for orderType.", "this type of order cannot have that instruction"),
    ErrorCode(-4022, "Market status sent is not valid.", "the symbol does not trade now", retry=Retry.LATER),
    ErrorCode(
        -4023, "Qty not increased by step size.", "round the quantity to the symbol's lot (sub.floor_to_lot_size)"
    ),
    ErrorCode(-4024, "Price is lower than mark price multiplier floor.", "price the sale closer to the mark price"),
    ErrorCode(-4028, "Invalid leverage.", "choose a leverage that the symbol has, in whole numbers"),
    ErrorCode(-4031, "Invalid parameter working type.", "trigger by LAST or MARK"),
    ErrorCode(-4032, "Exceed maximum cancel order size.", "cancel fewer orders at once"),
    ErrorCode(-4045, "Reach max stop order limit.", "cancel conditional orders first: 200 may wait on one account"),
    ErrorCode(-4183, "Price is higher than stop price multiplier cap.", "price the buy closer to its trigger price"),
    ErrorCode(-4184, "Price is lower than stop price multiplier floor.", "price the sale closer to its trigger price"),
    ErrorCode(-4210, "Stop price is higher than price multiplier cap.", "trigger closer to the market"),
    ErrorCode(-4211, "Stop price is lower than price multiplier floor.", "trigger closer to the market"),
)

_SETTINGS = (
    ErrorCode(-4046, "No need to change margin type.", "nothing: it is so already", retry=Retry.NEEDLESS),
    ErrorCode(-4047, "Margin type cannot be changed if there exists open orders.", "cancel the symbol's orders first"),
    ErrorCode(-4048, "Margin type cannot be changed if there exists position.", "close the symbol's position first"),
    ErrorCode(-4050, "Cross balance insufficient.", "add margin"),
    ErrorCode(-4051, "Isolated balance insufficient.", "add margin to the isolated position"),
    ErrorCode(-4056, "Invalid api key type.", "use a key of another type", retry=Retry.NO),
    ErrorCode(-4059, "No need to change position side.", "nothing: it is so already", retry=Retry.NEEDLESS),
    ErrorCode(-4060, "Invalid position side.", "set the account to one-way mode"),
    ErrorCode(
        -4061, "Order's position side does not match user's setting.", "set the account to one-way mode; start again"
    ),
    ErrorCode(-4062, "Invalid or improper reduceOnly value.", "set the account to one-way mode; start again"),
    ErrorCode(-4067, "Position side cannot be changed if there exists open orders.", "cancel all orders first"),
    ErrorCode(-4068, "Position side cannot be changed if there exists position.", "close all positions first"),
    ErrorCode(
        -4161,
        "Leverage reduction is not supported in Isolated Margin Mode with open positions.",
        "close the position first",
    ),
    ErrorCode(
        -4167, "Unable to adjust to Multi-Assets mode under isolated-margin mode.", "set all symbols to crossed margin"
    ),
    ErrorCode(-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.", "use single-asset mode"),
    ErrorCode(-4169, "Unable to adjust Multi-Assets Mode with insufficient margin balance.", "add margin first"),
    ErrorCode(-4170, "Unable to adjust Multi-Assets Mode with open orders.", "cancel all orders first"),
    ErrorCode(-4171, "Adjusted asset mode is currently set.", "nothing: it is so already", retry=Retry.NEEDLESS),
    ErrorCode(-4172, "Unable to adjust Multi-Assets Mode with a negative wallet balance.", "balance the wallet first"),
    ErrorCode(
        -4202, "Intermediate Personal Verification is required for adjusting leverage over 20x.", "use 20 at most"
    ),
    ErrorCode(-4203, "More than 20x leverage is available one month after account registration.", "use 20 at most"),
    ErrorCode(-4205, "More than 20x leverage is available some days after registration.", "use 20 at most"),
    ErrorCode(-4206, "Users in your location can only access a maximum leverage.", "use less leverage"),
    ErrorCode(-4208, "Current symbol leverage cannot exceed 20 with position limit adjustment.", "use 20 at most"),
    ErrorCode(-4209, "Current symbol max leverage limit.", "use the leverage that is named, or less"),
    ErrorCode(-4403, "The leverage can only up to 10x in your region.", "use the leverage that is named, or less"),
)

_REGIMES = (
    ErrorCode(-4082, "Invalid number of batch place orders.", "at most five orders at once"),
    ErrorCode(-4083, "Fail to place batch orders.", ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(-4084, "Method is not allowed currently.", "try again when the exchange offers it", retry=Retry.LATER),
    ErrorCode(-4087, "User can only place reduce only order.", _REDUCE),
    ErrorCode(
        -4088,
        "User can not place order currently.",
        "ask the exchange's support why the account is restricted",
        retry=Retry.LATER,
    ),
    ErrorCode(-4105, "Symbol is under position risk control, only reduce-only order is allowed.", _REDUCE),
    ErrorCode(
        -4106, "Symbol is under position risk control, buy order can only works with reduce-only.", "reduce shorts only"
    ),
    ErrorCode(
        -4107, "Symbol is under position risk control, sell order can only works with reduce-only.", "reduce longs only"
    ),
    ErrorCode(-4109, "Inactive account.", "transfer any amount to the futures account to activate it", _AUTH, Retry.NO),
    ErrorCode(-4116, "clientOrderId is duplicated.", "perhaps this very order: " + ASKED, _DOUBT, Retry.ASK_FIRST),
    ErrorCode(
        -4117,
        "Stop order is triggering.",
        "it becomes an ordinary order this moment: cancel it as that",
        retry=Retry.LATER,
    ),
    ErrorCode(
        -4118,
        "ReduceOnly Order Failed. Please check your existing position and open orders.",
        "cancel open orders of the same side, then try again",
    ),
    ErrorCode(
        -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.", BUG
    ),
    ErrorCode(
        -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.", "use a limit order"
    ),
    ErrorCode(-4135, "Invalid activation price.", "BUY: below the market; SELL: above it; on the symbol's tick"),
    ErrorCode(-4137, "Quantity must be zero with closePosition equals true.", "leave out the quantity"),
    ErrorCode(-4138, "Reduce only must be true with closePosition equals true.", "leave out reduce-only"),
    ErrorCode(-4139, "Order type can not be market if it's unable to cancel.", "use a limit order"),
    ErrorCode(
        -4140, "Invalid symbol status for opening position.", "the symbol takes no new positions now", retry=Retry.LATER
    ),
    ErrorCode(-4141, "Symbol is closed.", "the symbol will not trade again", retry=Retry.NO),
    ErrorCode(
        -4142,
        "Take profit or stop order will be triggered immediately.",
        "put the trigger price on the other side of the market",
    ),
    ErrorCode(-4144, "Invalid pair.", "the exchange lists no such symbol"),
    ErrorCode(
        -4164,
        "Order's notional must be no smaller than the minimum (unless you choose reduce only).",
        "order more",
        says_enough=True,
    ),
    ErrorCode(-4165, "Invalid time interval.", "ask for a shorter time"),
    ErrorCode(-4189, "Restricted account permission: can only place reduceOnly order on the symbol.", _REDUCE),
    ErrorCode(
        -4192,
        "Trade forbidden due to Cooling-off Period.",
        "wait until the period that you set is over",
        retry=Retry.LATER,
    ),
    ErrorCode(
        -4400,
        "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed.",
        _REDUCE,
        retry=Retry.LATER,
    ),
    ErrorCode(
        -4401, "Risk Control Rules of large position holding violated, only reduceOnly order is allowed.", _REDUCE
    ),
    ErrorCode(-4402, "This feature is currently not available in your region.", "trade another symbol", retry=Retry.NO),
    ErrorCode(
        -4531, "The account is being moved to another margin system.", "wait; it takes minutes", retry=Retry.LATER
    ),
)

_EXECUTION = (
    ErrorCode(
        -5021,
        "The FOK order could not be filled immediately and has been rejected.",
        "as ordered: try again, or use IOC",
    ),
    ErrorCode(
        -5022,
        "The Post Only order could not be executed as maker and was rejected.",
        "as ordered: price it further away",
    ),
    ErrorCode(
        -5024,
        "Symbol is not in trading status. Order amendment is not permitted.",
        "the order is unchanged: cancel it, or wait",
        retry=Retry.LATER,
    ),
    ErrorCode(
        -5025, "Only limit order is supported.", "the order is unchanged: cancel it and place another", retry=Retry.NO
    ),
    ErrorCode(
        -5026,
        "Exceed maximum modify order limit.",
        "the order is unchanged and cannot be changed again: cancel it and place another",
        retry=Retry.NO,
    ),
    ErrorCode(-5027, "No need to modify the order.", "the order is as asked for already", retry=Retry.NEEDLESS),
    ErrorCode(
        -5028,
        "Timestamp for this request is outside of the ME recvWindow.",
        "it came too late and was not acted upon: try again",
        retry=Retry.LATER,
    ),
    ErrorCode(
        -5029,
        "Order's notional must be no smaller than the minimum.",
        "the order is unchanged: ask for more, or cancel it",
    ),
    ErrorCode(-5037, "Invalid price match.", "use OPPONENT or QUEUE, alone or with _5, _10 or _20"),
    ErrorCode(-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT.", "leave out the price match"),
    ErrorCode(-5039, "Invalid self trade prevention mode.", "use NONE, EXPIRE_TAKER, EXPIRE_MAKER or EXPIRE_BOTH"),
    ErrorCode(
        -5040,
        "The goodTillDate timestamp must be greater than the current time plus 600 seconds.",
        "choose a later time",
        says_enough=True,
    ),
    ErrorCode(-5041, "No depth matches this BBO order.", "the book has no such level: give a price instead"),
    ErrorCode(
        -5043,
        "A pending modification already exists for this order.",
        "the order is unchanged: wait for the other change",
        retry=Retry.LATER,
    ),
)

ERRORS = ErrorTable(
    (*common_errors.CODES, *_SERVICE, *_REQUEST, *_PROCESSING, *_FILTERS, *_SETTINGS, *_REGIMES, *_EXECUTION),
    proven_failure_messages=frozenset({"Service Unavailable."}),
    # 408: the back end did not answer in time, which does not mean that it did not act.
    doubtful_statuses=frozenset({408}),
)
"""Where an answer proves nothing the outcome is in doubt: a doubt costs a question, a wrong certainty costs money."""
