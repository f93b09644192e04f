"""Sessions and the account: logging in, positions, balances, settings."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.enums import MarginType, OnDisconnect, TradingState
from tradingsys.core.secrecy import shown
from tradingsys.wire.messages.envelope import PROTOCOL_VERSION, Cursor
from tradingsys.wire.messages.orders import OrderView

__all__ = [
    "AssetParams",
    "BalancePush",
    "BalanceView",
    "BorrowableView",
    "DurablePush",
    "LeverageParams",
    "LoanParams",
    "LoanResult",
    "LoginParams",
    "LoginResult",
    "MarginPush",
    "MarginTypeParams",
    "MarginView",
    "PositionPush",
    "PositionView",
    "SessionClosedPush",
    "SettingsView",
    "Snapshot",
    "SnapshotPush",
    "StatusPush",
    "SymbolParams",
    "TradingPush",
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
    on_disconnect: OnDisconnect = OnDisconnect.LEAVE
    """What becomes of the session's orders, and of what it holds, when nobody owns it for ``grace_ms``."""
    grace_ms: int = 10_000

    def __repr__(self) -> str:
        return shown(self, "token")


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
    net_executed: str | None = None
    """Of a symbol that trades assets: what was bought less what was sold; ``net`` is that less the fees that these
    executions took in the base asset."""

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
    borrowed: str = "0"
    interest: str = "0"
    """Owed, beside what was borrowed."""


class LoanParams(Struct, frozen=True):
    """``borrow`` and ``repay``: an asset of a margin account."""

    asset: str
    amount: str


class LoanResult(Struct, frozen=True):
    """The venue did it, under this id of its own."""

    transaction_id: str


class AssetParams(Struct, frozen=True):
    """``get_borrowable``: of one asset."""

    asset: str


class BorrowableView(Struct, frozen=True):
    """How much more of an asset can be borrowed: by the account's collateral, and by the venue's limit."""

    amount: str
    limit: str


class MarginView(Struct, frozen=True):
    """``get_margin``: how far the margin account is from liquidation, which comes at ``liquidation_bar``."""

    level: str
    normal_bar: str
    margin_call_bar: str
    liquidation_bar: str
    total_asset_btc: str
    total_liability_btc: str


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
    net_executed: str | None = None


class MarginPush(Struct, frozen=True, tag_field="type", tag="margin"):
    """A margin account comes close to a margin call, or is well again."""

    level: str
    status: str
    """The venue's word."""
    ts_ms: int


class BalancePush(Struct, frozen=True, tag_field="type", tag="balance"):
    """Assets of the account whose balance changed."""

    balances: list[BalanceView]


class SnapshotPush(Struct, frozen=True, tag_field="type", tag="snapshot"):
    """The gateway became ready: from here on orders are taken."""

    snapshot: Snapshot


class DurablePush(Struct, frozen=True, tag_field="type", tag="durable"):
    """Everything up to event ``n`` of the session is written to the gateway's disk, synced.

    Follows every snapshot and every resumed login too, where it counts what these told.
    """

    epoch: int
    n: int


class StatusPush(Struct, frozen=True, tag_field="type", tag="status"):
    """The state of the gateway: sent after login and whenever it changes."""

    ready: bool
    trading: bool
    """Whether the venue can be reached for orders."""
    market: bool
    text: str = ""


class TradingPush(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="trading"):
    """What the session may send: sent after a login if anything is restricted, and whenever it changes."""

    state: TradingState
    """On every symbol that is not named."""
    symbols: dict[str, TradingState] = {}
    """Where less is allowed."""
    text: str = ""
    """Since when, why, and what lifts it."""


class SessionClosedPush(Struct, frozen=True, tag_field="type", tag="session_closed"):
    """This connection lost its session, for example to a newer connection of the same instance."""

    reason: str
