"""What spot and margin accounts hold, owe and get, as core values."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.commands import Balance, Borrowable, Income, MarginState
from tradingsys.core.records import LedgerKind
from tradingsys.core.reports import AccountChanged, AssetMoved, MarginLevel
from tradingsys.venues.binance.decode import decimal
from tradingsys.venues.binance.messages import margin, spot

__all__ = [
    "POSITION_CHANGED",
    "account_position",
    "asset_moved",
    "balances",
    "borrowable",
    "interest",
    "margin_balances",
    "margin_level",
    "margin_state",
]

POSITION_CHANGED = "outboundAccountPosition"
"""The reason of every change of spot's balances: the exchange tells none, only that they changed."""


def account_position(message: spot.OutboundAccountPosition) -> AccountChanged:
    """Balances that may have changed; what open orders lock is in them. Assets have no positions beside."""
    free = {row.asset: decimal(row.free) for row in message.balances}
    wallet = {row.asset: free[row.asset] + decimal(row.locked) for row in message.balances}
    return AccountChanged(POSITION_CHANGED, message.updated_ms, wallet, {}, free)


def asset_moved(message: spot.BalanceUpdate, repeat: int = 0) -> AssetMoved:
    """An asset came or left without a trade.

    The exchange numbers no movement. Asset, clearing time and amount name it here, with ``repeat``, the number of
    events of the same words that its subscription had brought before: so an event that an old and a new subscription
    bring both is one movement, and two equal ones of one millisecond are two. When it was sent is no part of that, as
    each subscription may have a time of its own.
    """
    delta = decimal(message.delta)
    ext_id = f"{message.asset}:{message.cleared_ms}:{format(delta.normalize(), 'f')}"
    again = f":{repeat + 1}" if repeat else ""
    return AssetMoved(message.asset, delta, ext_id + again, message.cleared_ms, repeat)


def balances(message: spot.Account) -> tuple[Balance, ...]:
    """All assets of a spot account."""
    return tuple(
        Balance(row.asset, decimal(row.free) + decimal(row.locked), decimal(row.free)) for row in message.balances
    )


def margin_balances(message: margin.Account) -> tuple[Balance, ...]:
    """All assets of a margin account; what was borrowed is in the wallet, and owed beside."""
    return tuple(
        Balance(
            row.asset,
            decimal(row.free) + decimal(row.locked),
            decimal(row.free),
            borrowed=decimal(row.borrowed),
            interest=decimal(row.interest),
        )
        for row in message.user_assets
    )


def margin_state(account: margin.Account, bars: margin.TradeCoefficients) -> MarginState:
    """How far the account is from liquidation."""
    return MarginState(
        level=decimal(account.margin_level),
        normal_bar=decimal(bars.normal_bar),
        margin_call_bar=decimal(bars.margin_call_bar),
        liquidation_bar=decimal(bars.force_liquidation_bar),
        total_asset_btc=decimal(account.total_asset_of_btc),
        total_liability_btc=decimal(account.total_liability_of_btc),
    )


def margin_level(message: margin.MarginLevelStatusChange) -> MarginLevel:
    """The account's level means something else now."""
    return MarginLevel(decimal(message.level), message.status, message.ts_sent_ms)


def borrowable(message: margin.Borrowable) -> Borrowable:
    """How much more of an asset can be borrowed."""
    return Borrowable(decimal(message.amount), decimal(message.borrow_limit))


def interest(message: margin.InterestRows) -> tuple[Income, ...]:
    """Interest that was charged, as payments, oldest first, each once."""
    told = {row.ext_id: row for row in _payments(message.rows)}
    return tuple(sorted(told.values(), key=lambda one: (one.ts_ms, one.ext_id)))


def _payments(rows: Iterable[margin.InterestRow]) -> Iterable[Income]:
    for row in rows:
        # One charge may be about several assets.
        ext_id = f"{row.tx_id}:{row.raw_asset or row.asset}"
        symbol = row.isolated_symbol or ""
        yield Income(LedgerKind.INTEREST, symbol, row.asset, -decimal(row.interest), ext_id, row.interest_accured_time)
