"""Messages between a running gateway and its operator (``tradingsys status``, ``orders``, ``pos``, …).

An operator's connection says ``operate`` with the token first; it holds no session and subscribes nothing. The methods
are ``operate``, ``op.status``, ``op.sessions``, ``op.orders``, ``op.fills``, ``op.positions``, ``op.set_position``,
``op.accept``, ``op.explain`` and ``op.limits``; ``op.halt``, ``op.cancel``, ``op.flatten``, ``op.stopping`` and
``op.resume``; of accounts that hold assets also ``op.assets``, of margin accounts ``op.balances``, ``op.margin``,
``op.borrowable``, ``op.borrow`` and ``op.repay``.
"""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.core.secrecy import shown
from tradingsys.wire.messages import FillView, OrderView, PositionView

__all__ = [
    "AcceptResult",
    "AssetView",
    "ExplainParams",
    "Explanation",
    "GatewayView",
    "HaltParams",
    "HaltView",
    "LimitView",
    "OperateParams",
    "ScopeParams",
    "Selection",
    "SessionAsset",
    "SessionFill",
    "SessionOrder",
    "SessionPositionView",
    "SessionView",
    "SetPositionParams",
    "SetPositionResult",
    "StoppingParams",
    "StoppingView",
    "TradedAway",
]


class OperateParams(Struct, frozen=True, omit_defaults=True):
    """``operate``: become the operator; answered with a `GatewayView`."""

    token: str | None = None
    protocol: int = 1

    def __repr__(self) -> str:
        return shown(self, "token")


class HaltView(Struct, frozen=True):
    """Orders are restricted, and why: the whole account's unless a symbol, a session or both are named."""

    symbol: str
    reason: str
    ts_ms: int
    session_id: int | None = None
    state: str = "HALTED"
    """``REDUCING`` lets orders pass that reduce what their session holds, ``HALTED`` only cancels."""
    cause: str = "OPERATOR"
    """As `HaltCause`, or ``FAULT`` of the gateway's own, which a restart mends."""
    duty: str = "NOTHING"
    """What the gateway does meanwhile: ``REDUCE`` cancels orders that add, ``CANCEL`` orders, ``FLATTEN`` positions."""


class LimitView(Struct, frozen=True):
    """``op.limits``: what a session may do on a symbol or at all, or the account, and how much of it is done."""

    session_id: int | None
    """None: all sessions together."""
    limit: str
    allowed: str
    """Empty where there is no limit."""
    used: str
    """In the same unit; empty where each order is asked about alone."""
    symbol: str = ""
    key: str = ""
    """Where it is set in the configuration."""
    denied: int = 0
    """So many orders were denied by it since the start."""
    percent: int | None = None
    """So much of it is used; None where it is no limit, nothing is used up, or that is not known."""


class GatewayView(Struct, frozen=True):
    """``op.status``: the gateway as it is now."""

    version: str
    environment: str
    account: str
    lineage: str
    epoch: int
    db: str
    ready: bool
    trading: bool
    market: bool
    """Whether market data comes, as far as anybody follows any: see ``streams``."""
    text: str
    uptime_s: int
    sessions: int
    """Sessions with an owner."""
    open_orders: int
    in_doubt: int
    halts: list[HaltView]
    differences: dict[str, str]
    """Σ sessions + EXTERNAL − account, where it is not 0: by symbol, and of accounts that hold assets by asset."""
    product: str = "usdm"
    """``usdm``, ``spot`` or ``margin``."""
    margin: str = ""
    """What a margin account is to be warned of; empty as long as all is well."""
    streams: int = 0
    """Streams of market data that somebody follows; without any there is no connection for them."""
    nearly: list[LimitView] = []
    """Limits of which more than three quarters are used; the fullest first."""
    left_alone_until_ms: int = 0
    """Until when the exchange wants to be left alone, by the clock of the gateway's machine; 0 when it does not."""


class SessionView(Struct, frozen=True):
    """One row of ``op.sessions``. The session number of EXTERNAL is -1."""

    session_id: int
    name: str
    is_connected: bool
    open_orders: int
    in_doubt: int
    positions: int
    """Symbols held."""
    limits: list[LimitView] = []
    """Of which anything is used, the fullest first; empty where no gateway runs."""


class Selection(Struct, frozen=True, omit_defaults=True):
    """``op.orders``, ``op.fills`` and ``op.positions``: which rows, newest first; left out means all."""

    session_id: int | None = None
    symbol: str | None = None
    open_only: bool = True
    """Of orders: only those that may still execute."""
    limit: int = 100


class SessionOrder(Struct, frozen=True):
    """One row of ``op.orders``."""

    session_id: int
    order: OrderView


class SessionFill(Struct, frozen=True, omit_defaults=True):
    """One row of ``op.fills``."""

    session_id: int
    symbol: str
    side: str
    fill: FillView
    client_order_id: str | None = None


class SessionPositionView(Struct, frozen=True):
    """One row of ``op.positions``."""

    session_id: int
    position: PositionView


class SetPositionParams(Struct, frozen=True):
    """``op.set_position``: a session's net becomes this; EXTERNAL takes the difference."""

    session_id: int
    symbol: str
    net: str


class SetPositionResult(Struct, frozen=True):
    """What it was and what it is."""

    session_id: int
    symbol: str
    before: str
    after: str
    external: str


class SessionAsset(Struct, frozen=True):
    """What a session (EXTERNAL is -1) holds of an asset; negative is owed."""

    session_id: int
    amount: str


class AssetView(Struct, frozen=True, omit_defaults=True):
    """One row of ``op.assets``: how the account's balance of an asset comes about."""

    asset: str
    sessions: list[SessionAsset]
    """Of all sessions that hold or owe some, EXTERNAL (-1) included."""
    total: str
    account: str | None = None
    """What is the account's own at the exchange: what it holds less what it owes; None when it could not be asked."""
    difference: str | None = None
    """total − account."""
    borrowed: str = "0"
    interest: str = "0"


class AcceptResult(Struct, frozen=True):
    """``op.accept``, whose parameters are an `AssetParams`: so much was booked to EXTERNAL."""

    asset: str
    """Or the symbol, of a futures account."""
    booked: str
    external: str
    """What EXTERNAL has of it now."""


class ExplainParams(Struct, frozen=True):
    """``op.explain``: one symbol."""

    symbol: str


class ScopeParams(Struct, frozen=True, omit_defaults=True):
    """``op.resume``, ``op.cancel`` and ``op.flatten``: this session, this symbol or both; with neither the account.

    ``op.resume`` lifts what was imposed on exactly this.
    """

    session_id: int | None = None
    symbol: str = ""
    reason: str = ""
    """For people: why it is done."""


class HaltParams(Struct, frozen=True, omit_defaults=True):
    """``op.halt``: as in `ScopeParams`; answered when it is on disk."""

    session_id: int | None = None
    symbol: str = ""
    reason: str = ""
    reducing: bool = False
    """Let orders pass that reduce what their session holds."""
    keep_orders: bool = False
    """Cancel nothing."""


class StoppingParams(Struct, frozen=True):
    """``op.stopping``: how far is what was begun under this number."""

    number: int


class TradedAway(Struct, frozen=True):
    """What was sold or bought so that a session holds nothing."""

    session_id: int
    symbol: str
    """Lower case."""
    side: Side
    quantity: str


class StoppingView(Struct, frozen=True, omit_defaults=True):
    """``op.halt``, ``op.cancel``, ``op.flatten`` and ``op.stopping``: how far it is."""

    number: int
    """To ask again; 0 when nothing is to be done."""
    scope: str
    confirmed: bool | None
    """The exchange's own list of open orders shows none that must be gone, and nothing that can be traded is held; null
    where nothing has to be gone: then the exchange is not asked."""
    canceled: int = 0
    """Orders that are gone since."""
    left: list[SessionOrder] = []
    """Orders that are not known to be gone."""
    held: list[str] = []
    """What is still held that is to be traded away, and why; what is less than can be traded stays here."""
    traded: list[TradedAway] = []
    """What was traded away since, and since the gateway started."""
    problem: str = ""
    """Why the exchange has not confirmed it."""
    stands: str = ""
    """What was imposed before and allows less, or does more, than what was asked for now."""


class Explanation(Struct, frozen=True):
    """``op.explain``: how the account's position on a symbol comes about."""

    symbol: str
    positions: list[SessionPositionView]
    """Of every session that ever held it, EXTERNAL (-1) included."""
    total: str
    account: str | None
    """What the exchange says, None when it could not be asked."""
    difference: str | None
    """total − account."""
    open_orders: list[SessionOrder]
    first_trade_id: int
    watermark: int
    adjustments: list[str]
    """Changes without a fill, for people, newest first."""
    halt: str
    assets: list[AssetView] = []
    """Where assets are held: base and quote asset. These are compared with the account, and not the symbol."""
