"""What a session, and the account, may do at most. None is no limit; amounts are in USDT, percents of a price."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

__all__ = ["AccountLimits", "Limits"]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session's. What is under way, in doubt, or executed and not booked yet counts in full."""

    max_order_notional: Decimal | None = Decimal(100_000)
    """Of one order, at its limit; at market, and of a sale at least, at the reference price."""
    max_order_qty: Decimal | None = None
    """Of one order, in the base asset."""
    max_aggressive_pct: Decimal | None = Decimal(10)
    """How far beyond the reference price an order may buy or sell at once."""
    max_passive_pct: Decimal | None = Decimal(90)
    """How far on its own side of the reference price an order may wait."""
    max_reference_age_s: int | None = 30
    """How old the price may be that orders are measured with: without one only what reduces is sent."""
    max_position_notional: Decimal | None = Decimal(500_000)
    """Of the position in one symbol that all its orders could lead to, long or short."""
    max_gross_notional: Decimal | None = Decimal(1_000_000)
    """Of all its positions together, each as large as it could become."""
    max_unexecuted_notional: Decimal | None = Decimal(1_000_000)
    """Of everything that is under way."""
    max_open_orders: int | None = 500
    max_open_orders_of_symbol: int | None = 200
    max_orders_per_s: int | None = 20
    """Orders and amends, in the long run; cancels do not count."""
    order_burst: int = 100
    """So many may come at once after a pause."""
    max_same_orders: int | None = 20
    """Orders of one symbol, side, price and quantity within a second."""
    max_executions: int | None = 5_000
    """Within ``executions_window_s``: then the session is halted until a person resumes it."""
    executions_window_s: int = 600
    max_rejections: int | None = 100
    """Within ``rejections_window_s``, ours and the exchange's: then the session is halted for a minute."""
    rejections_window_s: int = 10
    max_orders_between_executions: int | None = None
    """Orders and amends without any execution: then the session is halted until a person resumes it."""
    max_daily_loss: Decimal | None = Decimal(10_000)
    """Since midnight UTC, with fees and funding: then the session only reduces; at twice that it is halted."""
    max_drawdown: Decimal | None = None
    """From the day's best, as above."""
    block_in_doubt: bool = False
    """Whether an order in doubt keeps others of its side from being sent on its symbol."""


class AccountLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All sessions' together."""

    max_gross_notional: Decimal | None = Decimal(2_000_000)
    max_unexecuted_notional: Decimal | None = None
    max_open_orders: int | None = None
    max_orders_per_s: int | None = None
    """Orders and amends of all sessions, in the long run."""
    order_burst: int = 100
    max_daily_loss: Decimal | None = None
    """Of all sessions since midnight UTC, gains set off: then all only reduce; at twice that all are halted."""
    max_drawdown: Decimal | None = None
    """From the day's best, as above."""
    max_borrowed: Decimal | None = None
    """Of a margin account: what it owes, with what a session asks to borrow."""
    max_leverage: int | None = 20
    """That a strategy may set; it is the whole account's on a symbol."""
    min_free_mib: int | None = 200
    """Of the disk that pos.db is on: with less only what reduces is sent."""
