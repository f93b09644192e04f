"""Sessions and the account: logging in, positions, balances, settings."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.enums import MarginType
from tradingsys.wire.messages.envelope import PROTOCOL_VERSION, Cursor
from tradingsys.wire.messages.orders import OrderView

__all__ = [
    "BalancePush",
    "BalanceView",
    "LeverageParams",
    "LoginParams",
    "LoginResult",
    "MarginTypeParams",
    "PositionPush",
    "PositionView",
    "SessionClosedPush",
    "SettingsView",
    "Snapshot",
    "SnapshotPush",
    "StatusPush",
    "SymbolParams",
]


class LoginParams(Struct, frozen=True, omit_defaults=True):
    """``login``: take the session (``trading``) or only read market data through this connection."""

    session_id: int
    name: str = ""
    trading: bool = False
    protocol: int = PROTOCOL_VERSION
    instance: str = ""
    """Random per strategy process: a reconnect of the same instance takes its session over, another is refused."""
    token: str | None = None
    cursor: Cursor | None = None


class PositionView(Struct, frozen=True, omit_defaults=True):
    """What a session holds of a symbol."""

    symbol: str
    net: str
    unbooked_buy: str = "0"
    """Bought according to the venue, the execution's details still on their way."""
    unbooked_sell: str = "0"
    entry_px: str | None = None
    """Average cost; none when flat, or when part of it was set by an edit."""
    realized_pnl: str = "0"
    """Before fees and funding, in the settlement asset."""
    fees: dict[str, str] = {}
    """Paid, by asset."""
    funding: dict[str, str] = {}
    """Received, by asset."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was ever traded, or all that was left no trace."""
        return self == PositionView(self.symbol, "0")


class Snapshot(Struct, frozen=True):
    """All a strategy that remembers nothing needs: positions, and orders that are open or in doubt."""

    epoch: int
    n: int
    """The cursor to count on from."""
    positions: list[PositionView]
    orders: list[OrderView]


class LoginResult(Struct, frozen=True, omit_defaults=True):
    """``login`` succeeded. Without ``snapshot`` and not ``resumed``, a `SnapshotPush` follows when known."""

    session_id: int
    name: str
    trading: bool
    lineage: str
    epoch: int
    login: int
    """Belongs into every order key of this connection."""
    resumed: bool = False
    """The cursor was known: what was missed follows as pushes, there is no snapshot."""
    snapshot: Snapshot | None = None


class BalanceView(Struct, frozen=True, omit_defaults=True):
    """One asset of the whole account."""

    asset: str
    wallet: str
    available: str | None = None
    """For new positions; none where the venue did not tell."""


class SymbolParams(Struct, frozen=True):
    """``get_settings``: of one symbol."""

    symbol: str


class LeverageParams(Struct, frozen=True):
    """``set_leverage``: of the whole account on a symbol."""

    symbol: str
    leverage: int


class MarginTypeParams(Struct, frozen=True):
    """``set_margin_type``: of the whole account on a symbol."""

    symbol: str
    margin_type: MarginType


class SettingsView(Struct, frozen=True):
    """What the account has set for a symbol."""

    symbol: str
    leverage: int
    margin_type: MarginType


class PositionPush(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="position"):
    """The session's position after a fill (sent before the fill's `OrderPush`), a late fee or funding."""

    epoch: int
    n: int
    symbol: str
    net: str
    entry_px: str | None = None
    realized_pnl: str = "0"
    fees: dict[str, str] = {}
    funding: dict[str, str] = {}


class BalancePush(Struct, frozen=True, tag_field="type", tag="balance"):
    """Assets of the account whose balance changed."""

    balances: list[BalanceView]


class SnapshotPush(Struct, frozen=True, tag_field="type", tag="snapshot"):
    """The gateway became ready: from here on orders are taken."""

    snapshot: Snapshot


class StatusPush(Struct, frozen=True, tag_field="type", tag="status"):
    """The state of the gateway: sent after login and whenever it changes."""

    ready: bool
    trading: bool
    """Whether the venue can be reached for orders."""
    market: bool
    text: str = ""


class SessionClosedPush(Struct, frozen=True, tag_field="type", tag="session_closed"):
    """This connection lost its session, for example to a newer connection of the same instance."""

    reason: str
