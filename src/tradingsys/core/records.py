"""What must outlive the process: the rows of pos.db and the intents of the journal, as values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.core.ban import BanRecord
from tradingsys.core.enums import OnDisconnect, OrderStatus, TradingState
from tradingsys.core.missing import MissingRecord
from tradingsys.core.order import Closed, Fill, Terms
from tradingsys.core.position import Pair

__all__ = [
    "AccountRecord",
    "AdjustmentRecord",
    "DayRecord",
    "Edit",
    "FillRecord",
    "HaltCause",
    "HaltDuty",
    "HaltRecord",
    "Intent",
    "LedgerKind",
    "LedgerMarkRecord",
    "LedgerRecord",
    "OrderRecord",
    "PerformanceRecord",
    "PositionRecord",
    "PriceRecord",
    "Record",
    "Replace",
    "Saved",
    "Scope",
    "SessionRecord",
    "SymbolRecord",
    "WatermarkRecord",
]


class Intent(Struct, frozen=True):
    """One order, or one amend of an order, about to be sent, as the journal keeps it."""

    client_order_id: str
    session: int
    terms: Terms
    stamp_ms: int
    """The request's own timestamp, venue time."""
    recv_window_ms: int
    revision: int = 0
    """The number of the amend that shall make these terms; 0 is the order itself."""
    presumed_qty: Decimal = Decimal(0)
    """Of an order for an amount of the quote asset: what it may come to, by the best price, but not less than all that
    its session held to reduce.

    Counted until the venue says what it did come to.
    """
    rival: str = ""
    """The other order of its pair, of which the venue cancels one as soon as the other executes."""


class Replace(Struct, frozen=True):
    """An amend that is under way, or whose outcome is in doubt."""

    order_qty: Decimal
    price: Decimal | None
    revision: int
    stamp_ms: int
    recv_window_ms: int


class OrderRecord(Struct, frozen=True):
    """An order as last known; its fills are rows of their own."""

    intent: Intent
    venue_order_id: str | None = None
    terms: Terms | None = None
    """The venue's version of the terms, once known."""
    accepted: bool = False
    venue_cum_qty: Decimal = Decimal(0)
    closed: Closed | None = None
    absent: bool = False
    """Believed never to have reached the venue."""
    status: OrderStatus = OrderStatus.UNKNOWN
    """For readers of the file; never read back."""
    algo_id: str | None = None
    replace: Replace | None = None
    revision: int = 0
    """The number of the last amend that was asked for; not kept, it tells which of them this row knows of."""
    list_id: str | None = None


class FillRecord(Struct, frozen=True):
    """One booked execution. Inserting one that is already there joins the two (a fee may have become known)."""

    fill: Fill
    session: int
    client_order_id: str | None = None
    """None for EXTERNAL fills of orders without an id."""
    epoch: int = 0
    """Which run of the gateway booked it; 0 where that is not known, or nobody's."""
    n: int = 0
    """By which event of that run its session was told, or would have been. Both stay what they were at first."""


class PositionRecord(Struct, frozen=True):
    """The new net position of a session (EXTERNAL included): replaces the row and its basis."""

    session: int
    symbol: str
    net: Decimal


class PerformanceRecord(Struct, frozen=True):
    """What a session's fills below the watermark came to: later ones are added to it when the book is read."""

    session: int
    symbol: str
    net: Decimal
    entry_px: Decimal | None
    """None when flat, or when part of ``net`` was set by an adjustment."""
    realized_pnl: Decimal
    fees: Mapping[str, Decimal]
    """By asset."""
    funding: Mapping[str, Decimal]
    """By asset; all of it, whatever the watermark."""
    adjustments: int
    """So many of its adjustments are counted in."""
    executed: Decimal = Decimal(0)
    """Bought less sold, without fees and adjustments; of symbols that trade assets."""
    quote_flow: Decimal = Decimal(0)
    """Received of the quote asset less paid, before fees; of symbols that trade assets."""
    uncosted: Decimal = Decimal(0)
    unvalued: Decimal = Decimal(0)
    """Both as in `SessionPosition`; of ``unvalued`` all of it, whatever the watermark."""


class SymbolRecord(Struct, frozen=True):
    """A symbol entered the book: from ``first_trade_id`` on every trade of the account is ours to account for."""

    symbol: str
    first_trade_id: int
    base_asset: str = ""
    """Of a symbol that trades assets; empty for contracts."""
    quote_asset: str = ""

    @property
    def pair(self) -> Pair | None:
        """None for contracts."""
        return Pair(self.base_asset, self.quote_asset) if self.base_asset else None


class WatermarkRecord(Struct, frozen=True):
    """Every trade of the account with a smaller id is booked."""

    symbol: str
    trade_id: int


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


class AdjustmentRecord(Struct, frozen=True):
    """A change of a session's net that is no fill: baseline, an edit by SQL, an operator's correction."""

    session: int
    symbol: str
    delta: Decimal
    why: str
    ts_ms: int


class LedgerKind(StrEnum):
    """Why an asset moved without a trade, in the books of an account that holds assets."""

    BASELINE = "BASELINE"
    """What the account held of an asset when its books began; with a symbol, less what that symbol's history had."""
    TRANSFER = "TRANSFER"
    """A deposit, a withdrawal, a transfer between wallets."""
    INTEREST = "INTEREST"
    """Charged on what was borrowed."""
    ACCEPTED = "ACCEPTED"
    """A difference that a person took note of."""


class LedgerRecord(Struct, frozen=True):
    """Money that moved without a trade, such as funding. ``ext_id`` makes it unique within its kind."""

    session: int
    asset: str
    amount: Decimal
    kind: str
    ext_id: str
    ts_ms: int
    symbol: str = ""


class LedgerMarkRecord(Struct, frozen=True):
    """Every row of this kind that is older is in the ledger."""

    kind: str
    ts_ms: int


class Scope(Struct, frozen=True):
    """Whose orders are meant, and on what: all of the account's unless a session, a symbol or both are named."""

    session: int | None = None
    symbol: str = ""
    """Upper case; empty is every symbol."""

    def covers(self, session: int, symbol: str) -> bool:
        """Whether orders of this session on this symbol are meant."""
        return self.session in (None, session) and self.symbol in ("", symbol)

    def __str__(self) -> str:
        """For people: the account, btcusdt, session 3, session 3 on btcusdt."""
        if self.session is None:
            return self.symbol.lower() or "the account"
        return f"session {self.session}" + (f" on {self.symbol.lower()}" if self.symbol else "")

    @property
    def words(self) -> str:
        """As people type it after a command's name."""
        named = [] if self.session is None else [f"--session {self.session}"]
        return " ".join([self.symbol.lower(), *named] if self.symbol else named) or "--account"


class HaltCause(StrEnum):
    """Why orders are restricted; one scope may be for several causes at once."""

    OPERATOR = "OPERATOR"
    KILL_FILE = "KILL_FILE"
    FORCED = "FORCED"
    """The exchange traded for the account: a liquidation, auto-deleveraging, a settlement."""
    DIFFERENCE = "DIFFERENCE"
    """The books and the account do not agree."""
    UNPROVEN = "UNPROVEN"
    """For long nothing has told whether they do."""
    LIMIT = "LIMIT"
    """A limit was passed that only less trading mends, such as a day's loss."""
    PAUSE = "PAUSE"
    """A limit was passed that some time without orders mends, such as a storm of refusals."""
    CONTRADICTION = "CONTRADICTION"
    """The exchange contradicts itself."""
    STORE = "STORE"
    """What happens cannot be written down."""
    COPIED_BOOK = "COPIED_BOOK"
    """Another gateway uses a copy of this pos.db."""
    ABSENCE = "ABSENCE"
    """A session's strategy has been gone for longer than the session allows."""
    CANCEL = "CANCEL"
    """Nothing is restricted: an operator wants the orders gone that were sent until then."""
    GAP = "GAP"
    """Nobody looked for about as long as the exchange tells what an account did."""
    AUDIT = "AUDIT"
    """What is booked is not what the exchange told when it was asked once more, or pos.db is not sound."""


class HaltDuty(StrEnum):
    """What the gateway itself does while orders are restricted, over restarts too."""

    NOTHING = "NOTHING"
    REDUCE = "REDUCE"
    """Cancel every order that could add to what its session holds; stops that protect it stay."""
    CANCEL = "CANCEL"
    """Cancel every order that would not be let pass now."""
    FLATTEN = "FLATTEN"
    """The same, then trade what each session holds away; once that is done it becomes CANCEL."""


class HaltRecord(Struct, frozen=True):
    """Orders are restricted; `ACTIVE` without a duty lifts what stands for this scope and cause."""

    scope: Scope
    state: TradingState
    reason: str
    ts_ms: int
    """Venue time."""
    cause: HaltCause
    duty: HaltDuty = HaltDuty.NOTHING
    until_ms: int | None = None
    """Venue time at which it is lifted by itself; None: not because of the time."""

    @property
    def stands(self) -> bool:
        """Whether anything is restricted, or to be done."""
        return self.state is not TradingState.ACTIVE or self.duty is not HaltDuty.NOTHING


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


Record = (
    OrderRecord
    | FillRecord
    | PositionRecord
    | PerformanceRecord
    | SymbolRecord
    | WatermarkRecord
    | SessionRecord
    | AccountRecord
    | AdjustmentRecord
    | LedgerRecord
    | LedgerMarkRecord
    | HaltRecord
    | DayRecord
    | PriceRecord
    | MissingRecord
    | BanRecord
)


class Edit(Struct, frozen=True):
    """A row of ``positions`` that a user changed while the gateway was stopped: "net is this now"."""

    session: int
    symbol: str
    basis: Decimal
    """What we last wrote."""
    edited: Decimal
    edited_from: Decimal | None = None
    """The basis then, where the row was edited while the gateway ran, and fills moved it afterwards."""

    @property
    def conflict(self) -> bool:
        """Whether nobody knows what "net is this now" meant."""
        return self.edited_from is not None


class Saved(Struct, frozen=True):
    """Everything the book remembers, read once at boot after the journal was replayed into it."""

    lineage: str
    created_ms: int
    last_epoch: int
    """0 for a new book."""
    first_epoch_after_cut: int
    """Only of keys of this and later epochs does "not in the journal" prove "never sent"."""
    journal_proven: bool
    """Whether the journal is provably complete: the last death was of the process, not of the machine."""
    max_recv_window_ms: int
    """The largest recvWindow this book ever sent with."""
    orders: tuple[OrderRecord, ...]
    fills: tuple[FillRecord, ...]
    positions: tuple[PositionRecord, ...]
    symbols: tuple[SymbolRecord, ...]
    watermarks: tuple[WatermarkRecord, ...]
    sessions: tuple[SessionRecord, ...]
    edits: tuple[Edit, ...] = ()
    account: str = ""
    """As in `AccountRecord`; empty before the venue told it."""
    performance: tuple[PerformanceRecord, ...] = ()
    adjustments: tuple[AdjustmentRecord, ...] = ()
    """In the order in which they were made: those not counted in ``performance``, and those after the ledger mark."""
    ledger: tuple[LedgerRecord, ...] = ()
    """From the mark of its kind on: rows that will be read again."""
    ledger_marks: tuple[LedgerMarkRecord, ...] = ()
    halts: tuple[HaltRecord, ...] = ()
    ledger_totals: Mapping[tuple[int, str], Decimal] = {}
    """Of all rows, those before the marks too, by session and asset."""
    is_new: bool = False
    """The lineage was drawn when the book was opened: no order anywhere carries it."""
    days: tuple[DayRecord, ...] = ()
    """Of each session the last one."""
    first_epoch: int = 0
    """The oldest; 0 where none has begun."""
    prices: tuple[PriceRecord, ...] = ()
    missing: MissingRecord = MissingRecord()
    ban: BanRecord | None = None
    """For how long the venue wanted to be left alone when it said so last."""
