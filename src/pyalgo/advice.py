"""What to do about an error answer: one sentence per code, for the log."""

from __future__ import annotations

from tradingsys.wire.messages import ErrorCode

__all__ = ["advice"]

_ADVICE = {
    ErrorCode.LOGIN_FIRST: "the connection was not logged in yet; it will be",
    ErrorCode.DUPLICATE_LOGIN: "stop the other strategy or choose another session_id; trying again meanwhile",
    ErrorCode.INVALID_SYMBOL: "check the spelling, and that this gateway's exchange lists the symbol",
    ErrorCode.INVALID_STREAM: "this gateway's exchange has no such stream",
    ErrorCode.NON_TRADING: "pass trading=True to make_session to trade",
    ErrorCode.DISCONNECTED: "the gateway has no connection to the exchange; it reconnects by itself, try again then",
    ErrorCode.UNDEFINED: "see the gateway's log",
    ErrorCode.INVALID_ORDER: "nothing was sent; correct the order",
    ErrorCode.DENIED: "nothing was sent; the text says what stands in the way",
    ErrorCode.NOT_READY: "nothing was sent; wait until the gateway is ready",
    ErrorCode.BAD_REQUEST: "pyalgo and gateway do not understand each other: install the same version of both",
    ErrorCode.UNAUTHORIZED: "run gateway and strategy as the same user, or pass token= or set PYALGO_TOKEN",
    ErrorCode.STALE_KEY: "the gateway is being asked what became of the order",
    ErrorCode.HALTED: "somebody has to look; until it is lifted only cancels are sent, or what reduces",
    ErrorCode.NO_SUCH_ORDER: "the gateway is being asked what became of the order",
}


def advice(code: int) -> str:
    """What a user can do about an error code; empty when there is nothing to say."""
    return _ADVICE.get(code, "")  # type: ignore[call-overload, no-any-return]
