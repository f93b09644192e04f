"""What all message classes share."""

from __future__ import annotations

from msgspec import DecodeError, Struct, UnsetType

__all__ = ["UNREADABLE", "Level", "Message", "Number", "OptionalBool", "OptionalInt", "OptionalText"]


UNREADABLE = (DecodeError, UnicodeDecodeError, RecursionError)
"""All that reading bytes raises: no such message, or no JSON; text that is no UTF-8; nested without end."""


class Message(Struct, frozen=True, kw_only=True):
    """One JSON object as the venue writes it: keys it does not know are ignored, absent ones stay absent.

    Field order is the order on the wire. Words the venue may extend (statuses, types, reasons) are plain text here, so
    that a new one never breaks parsing; `decode` gives them meaning.
    """


Level = tuple[str, str]
"""(price, quantity)."""

Number = int | float
"""Where the venue writes money as a JSON number: its digits are its text, ``Decimal(str(number))``."""

OptionalText = str | UnsetType
OptionalInt = int | UnsetType
OptionalBool = bool | UnsetType
