"""Every message between a strategy and the gateway.

A request is ``{"id", "method", "params"}``; each gets exactly one reply, ``{"id", "result"}`` or
``{"id", "error": {"code", "msg"}}``. Everything else the gateway sends is a push with a ``type``. Prices and quantities
are decimal text as the venue printed it; symbols are lower case, as strategies write them.
"""

from __future__ import annotations

from tradingsys.wire.messages.account import (
    AssetParams,
    BalancePush,
    BalanceView,
    BorrowableView,
    DurablePush,
    LeverageParams,
    LoanParams,
    LoanResult,
    LoginParams,
    LoginResult,
    MarginPush,
    MarginTypeParams,
    MarginView,
    PositionPush,
    PositionView,
    SessionClosedPush,
    SettingsView,
    Snapshot,
    SnapshotPush,
    StatusPush,
    SymbolParams,
    TradingPush,
)
from tradingsys.wire.messages.envelope import (
    PROTOCOL_VERSION,
    Cursor,
    ErrorBody,
    ErrorCode,
    Reply,
    Request,
)
from tradingsys.wire.messages.market import (
    DepthPush,
    KlinePush,
    KlinesParams,
    KlineView,
    MarkPush,
    ProductView,
    Range,
    SymbolsParams,
    TradePush,
)
from tradingsys.wire.messages.orders import (
    AmendParams,
    CancelParams,
    FillsParams,
    FillsResult,
    FillView,
    OrderListParams,
    OrderListResult,
    OrderParams,
    OrderPush,
    OrderResult,
    OrderView,
    RequestFailedPush,
    ResolveItem,
    ResolveParams,
    ResolveResult,
)

__all__ = [
    "PROTOCOL_VERSION",
    "AmendParams",
    "AssetParams",
    "BalancePush",
    "BalanceView",
    "BorrowableView",
    "CancelParams",
    "Cursor",
    "DepthPush",
    "DurablePush",
    "ErrorBody",
    "ErrorCode",
    "FillView",
    "FillsParams",
    "FillsResult",
    "KlinePush",
    "KlineView",
    "KlinesParams",
    "LeverageParams",
    "LoanParams",
    "LoanResult",
    "LoginParams",
    "LoginResult",
    "MarginPush",
    "MarginTypeParams",
    "MarginView",
    "MarkPush",
    "OrderListParams",
    "OrderListResult",
    "OrderParams",
    "OrderPush",
    "OrderResult",
    "OrderView",
    "PositionPush",
    "PositionView",
    "ProductView",
    "Push",
    "Range",
    "Reply",
    "Request",
    "RequestFailedPush",
    "ResolveItem",
    "ResolveParams",
    "ResolveResult",
    "SessionClosedPush",
    "SettingsView",
    "Snapshot",
    "SnapshotPush",
    "StatusPush",
    "SymbolParams",
    "SymbolsParams",
    "TradePush",
    "TradingPush",
]

Push = (
    DepthPush
    | KlinePush
    | TradePush
    | MarkPush
    | OrderPush
    | PositionPush
    | DurablePush
    | BalancePush
    | MarginPush
    | RequestFailedPush
    | SnapshotPush
    | StatusPush
    | TradingPush
    | SessionClosedPush
)
