"""The account's money: balances, what can be borrowed, and how far a margin account is from liquidation."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from pyalgo.phase import to_datetime
from tradingsys.wire.messages import BalanceView, BorrowableView, MarginPush, MarginView

__all__ = ["Balance", "Borrowable", "MarginLevel", "MarginState"]


class Balance(Struct, frozen=True):
    """One asset of the account, which all sessions of a gateway share."""

    asset: str
    wallet: float
    """All there is of it, what open orders lock and what was borrowed included."""
    available: float | None
    """For new positions or orders, as of the last time it was asked for; None when the wallet has changed since."""
    borrowed: float = 0.0
    """In a margin account, without interest."""
    interest: float = 0.0
    """Owed beside what was borrowed."""

    @property
    def net(self) -> float:
        """What is the account's own: without what is owed."""
        return self.wallet - self.borrowed - self.interest

    @classmethod
    def of(cls, view: BalanceView) -> Balance:
        """From the wire."""
        available = None if view.available is None else float(view.available)
        return cls(view.asset, float(view.wallet), available, float(view.borrowed), float(view.interest))


class Borrowable(Struct, frozen=True):
    """How much more of an asset can be borrowed."""

    amount: float
    """By the account's collateral."""
    limit: float
    """By the exchange's own limit."""

    @classmethod
    def of(cls, view: BorrowableView) -> Borrowable:
        """From the wire."""
        return cls(float(view.amount), float(view.limit))


class MarginState(Struct, frozen=True):
    """How far a margin account is from liquidation, as it was when asked."""

    level: float
    """Assets through debts and interest; 999 without debts."""
    normal_bar: float
    """At or below it the exchange lends nothing more."""
    margin_call_bar: float
    """At it the exchange calls for more."""
    liquidation_bar: float
    """At it the exchange sells."""
    total_asset_btc: float
    total_liability_btc: float

    @classmethod
    def of(cls, view: MarginView) -> MarginState:
        """From the wire."""
        bars = (float(view.normal_bar), float(view.margin_call_bar), float(view.liquidation_bar))
        return cls(float(view.level), *bars, float(view.total_asset_btc), float(view.total_liability_btc))


class MarginLevel(Struct, frozen=True):
    """A margin account came close to a margin call or liquidation, or is well again."""

    level: float
    status: str
    """The exchange's word."""
    time: int
    """Unix ms."""

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    @classmethod
    def of(cls, push: MarginPush) -> MarginLevel:
        """From the wire."""
        return cls(float(push.level), push.status, push.ts_ms)
