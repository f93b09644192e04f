"""Error answers of the venue, by the reason that causes them."""

from __future__ import annotations

from msgspec import UNSET

from tradingsys.venues.binance.messages import ErrorBody, ErrorDetail

__all__ = ["NO_CODE", "Fault", "illegal", "malformed", "missing"]


NO_CODE = 0
"""Of errors that come from before the exchange proper."""


class Fault(Exception):
    """A request answered with an error: HTTP status, the venue's code and message.

    ``wait`` is (server time, when to come back) in ms, for rate limits.
    """

    def __init__(
        self, status: int, code: int, message: str, wait: tuple[int, int] | None = None, data: object = None
    ) -> None:
        """``data`` is told beside code and message."""
        self.status, self.code, self.message, self.wait, self.data = status, code, message, wait, data
        super().__init__(f"{code}: {message}")

    def body(self, *, detailed: bool = False) -> ErrorBody | dict[str, object]:
        """The JSON body; WS-API replies carry more detail than HTTP ones."""
        if self.data is not None:
            return {"code": self.code, "msg": self.message, "data": self.data}
        data = ErrorDetail(server_time=self.wait[0], retry_after=self.wait[1]) if detailed and self.wait else UNSET
        return ErrorBody(code=self.code, msg=self.message, data=data)


def missing(name: str) -> Fault:
    """A mandatory parameter that is absent or makes no sense."""
    return Fault(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def malformed(name: str) -> Fault:
    """A parameter that makes no sense."""
    return Fault(400, -1130, f"Data sent for parameter '{name}' is not valid.")


def illegal(name: str, legal: str) -> Fault:
    """A parameter with forbidden characters."""
    return Fault(400, -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")
