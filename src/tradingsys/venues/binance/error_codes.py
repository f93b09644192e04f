"""What is known of an error code: what it proves, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum, auto

from msgspec import Struct

__all__ = ["ErrorClass", "ErrorCode", "ErrorTable", "Retry", "as_markdown", "remedies_as_markdown"]


class ErrorClass(Enum):
    """What an error answer proves."""

    REFUSED = auto()
    """Not acted upon."""
    IN_DOUBT = auto()
    """Perhaps acted upon: ask before anything else."""
    RATE_LIMITED = auto()
    """Not acted upon; wait."""
    BANNED = auto()
    """Not acted upon; this address is shut out."""
    AUTH = auto()
    """Not acted upon; key, signature or permission."""


class Retry(StrEnum):
    """Whether the same request may be sent again."""

    NO = "no"
    CHANGED = "changed"
    """Not as it is."""
    LATER = "later"
    ASK_FIRST = "ask first"
    """Only when the exchange, asked for it, does not know the order."""
    NEEDLESS = "needless"
    """What was asked for is so already."""


class ErrorCode(Struct, frozen=True):
    """One code of one product."""

    code: int
    text: str
    """The exchange's own words, or the beginning of them."""
    todo: str
    """What to do, for whoever sent the request."""
    verdict: ErrorClass = ErrorClass.REFUSED
    retry: Retry = Retry.CHANGED
    says_enough: bool = False
    """Whether the exchange's words alone tell what to do."""


class ErrorTable:
    """A product's codes. A code that is nowhere here means what its HTTP status means."""

    def __init__(
        self,
        codes: Iterable[ErrorCode],
        *,
        proven_failures: frozenset[int] = frozenset(),
        proven_failure_messages: frozenset[str] = frozenset(),
        doubtful_messages: frozenset[str] = frozenset(),
        doubtful_statuses: frozenset[int] = frozenset(),
        remedies: Mapping[str, str] | None = None,
    ) -> None:
        self.codes = {known.code: known for known in codes}
        self.proven_failures = proven_failures
        """Codes that prove a failure even with a 5xx status."""
        self.proven_failure_messages = proven_failure_messages
        """Messages that prove a failure even with a 5xx status."""
        self.doubtful_messages = doubtful_messages
        """Messages that prove nothing, whatever their code and status."""
        self.doubtful_statuses = doubtful_statuses
        """Statuses below 500 that prove nothing."""
        self.remedies = remedies or {}
        """What to do, by the exchange's message, where one code says many things."""

    def verdict(self, code: int) -> ErrorClass | None:
        """What a code proves by itself; None when that depends on the status."""
        known = self.codes.get(code)
        return None if known is None or known.verdict is ErrorClass.REFUSED else known.verdict

    def explain(self, code: int, message: str, todo: str = "") -> str:
        """The exchange's words, and what to do where they do not tell it; ``todo`` when more is known than the code."""
        known = self.codes.get(code)
        todo = todo or self.remedies.get(message, "")
        if not todo and (known is None or known.says_enough):
            return message
        return f"{message} ({todo or (known.todo if known else '')})"


def as_markdown(table: ErrorTable) -> str:
    """The codes as a Markdown table, from -1000 on."""
    rows = [
        f"| {known.code} | {known.text} | {_doubt(known)} | {known.retry.value} | {known.todo} |"
        for known in sorted(table.codes.values(), key=lambda known: -known.code)
    ]
    head = ["| code | the exchange says | in doubt? | retry? | what to do |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def remedies_as_markdown(table: ErrorTable) -> str:
    """What to do by the exchange's message, as a Markdown table."""
    rows = [f"| {message} | {todo} |" for message, todo in table.remedies.items()]
    return "\n".join(["| the exchange says | what to do |", "|---|---|", *rows]) + "\n"


def _doubt(known: ErrorCode) -> str:
    return "**yes**" if known.verdict is ErrorClass.IN_DOUBT else "no"
