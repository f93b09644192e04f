"""The codes that a margin account has beside spot's, from the exchange's page of errors; what to do is ours."""

from __future__ import annotations

from tradingsys.venues.binance import spot_errors
from tradingsys.venues.binance.error_codes import ErrorClass, ErrorCode, Retry

__all__ = ["ERRORS"]

_LEVEL = "raise the margin level first: transfer collateral, or pay debts back"
_BORROW = "`tradingsys margin ASSET -c FILE` and `session.borrowable` tell how much can be borrowed"

_UNSURE = "look at the balances before asking again: it may have been done"

_ACCOUNT = (
    ErrorCode(-3000, "Internal server error.", _UNSURE, ErrorClass.IN_DOUBT, Retry.ASK_FIRST),
    ErrorCode(-3003, "Margin account does not exist.", "open a cross-margin account for this key", retry=Retry.NO),
    ErrorCode(-3004, "Trade not allowed.", "the exchange does not let this account trade", retry=Retry.NO),
    ErrorCode(-3005, "Transferring out not allowed.", _LEVEL),
    ErrorCode(-3020, "Transfer out amount exceeds max amount.", "transfer less"),
    ErrorCode(-3021, "Margin account are not allowed to trade this trading pair.", "trade it on the spot account"),
    ErrorCode(-3022, "You account's trading is banned.", "ask the exchange", retry=Retry.NO),
    ErrorCode(-3023, "You can't transfer out/place order under current margin level.", _LEVEL),
    ErrorCode(-3027, "Not a valid margin asset.", "this asset cannot be borrowed or held on margin"),
    ErrorCode(-3028, "Not a valid margin pair.", "trade it on the spot account"),
    ErrorCode(-3037, "PNL is clearing. Wait a second.", "try again in some seconds", retry=Retry.LATER),
    ErrorCode(-3038, "Listen key not found.", "nothing: the gateway gets a new one", retry=Retry.NO),
    ErrorCode(-3041, "Balance is not enough.", "order less, borrow, or transfer assets to the margin account"),
    ErrorCode(-3067, "Cross margin: the risk of the order is too high.", _LEVEL),
)

_LOANS = (
    ErrorCode(-3006, "Your borrow amount has exceed maximum borrow amount.", "borrow less: " + _BORROW),
    ErrorCode(-3007, "You have pending transaction, please try again later.", "wait some seconds", retry=Retry.LATER),
    ErrorCode(-3008, "Borrow not allowed.", "the exchange does not lend this asset to this account", retry=Retry.NO),
    ErrorCode(-3010, "Repay not allowed. Repay amount exceeds borrow amount.", "pay back no more than is owed"),
    ErrorCode(-3012, "Borrow is banned for this asset.", "borrow another asset", retry=Retry.NO),
    ErrorCode(-3013, "Borrow amount less than minimum borrow amount.", "borrow more"),
    ErrorCode(-3014, "Borrow is banned for this account.", "ask the exchange", retry=Retry.NO),
    ErrorCode(-3015, "Repay amount exceeds borrow amount.", "pay back no more than is owed"),
    ErrorCode(-3016, "Repay amount less than minimum repay amount.", "pay back more"),
    ErrorCode(-3024, "The unpaid debt is too small after this repayment.", "pay back all of it"),
    ErrorCode(-3036, "This account is not allowed to repay.", "ask the exchange", retry=Retry.NO),
    ErrorCode(-3044, "System busy.", _UNSURE, ErrorClass.IN_DOUBT, Retry.ASK_FIRST),
    ErrorCode(-3045, "The system does not have enough asset now.", "borrow less, or later", retry=Retry.LATER),
)

ERRORS = spot_errors.table(*_ACCOUNT, *_LOANS)
