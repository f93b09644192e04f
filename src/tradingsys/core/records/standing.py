"""What stands until it changes: sessions and their days, the account, prices."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import OnDisconnect

__all__ = ["AccountRecord", "DayRecord", "PriceRecord", "SessionRecord"]


class SessionRecord(Struct, frozen=True):
    """A session that traded, or asked to."""

    session: int
    name: str
    on_disconnect: OnDisconnect = OnDisconnect.LEAVE
    """What its strategy asked for at its last login."""
    grace_ms: int = 10_000


class AccountRecord(Struct, frozen=True):
    """Whose book this is: the name that the venue itself gives the account."""

    name: str


class DayRecord(Struct, frozen=True):
    """What a session, or all together (None), had earned when the day began (UTC): a restart forgives no loss."""

    session: int | None
    day_ms: int
    """When it began."""
    began_with: Decimal
    """Or what it had when a person let it go on after a loss."""
    best: Decimal
    """The most it had since."""
    cost: Decimal = Decimal(0)
    """What it ever paid in other assets than it traded for, in USDT, each as it was worth then: that is taken off."""


class PriceRecord(Struct, frozen=True):
    """What a symbol traded at last, to within a percent: it may not be listed any more when that is asked for next."""

    symbol: str
    px: Decimal
    quote_asset: str
    """In which that is, and in which it earned."""
