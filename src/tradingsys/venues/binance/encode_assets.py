"""What spot and margin accounts hold, owe and get, as Binance's messages: the exchange's role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import UNSET

from tradingsys.core.commands import Balance, Income, MarginState
from tradingsys.core.reports import AccountChanged, AssetMoved, MarginLevel
from tradingsys.venues.binance.encode import decimal_text, to_bytes
from tradingsys.venues.binance.messages import margin, spot

__all__ = [
    "account_position",
    "balance_update",
    "event_frame",
    "external_lock",
    "interest_rows",
    "margin_account",
    "margin_level",
    "server_shutdown",
    "spot_account",
    "stream_terminated",
    "trade_coefficients",
]

_ZERO = Decimal(0)


def account_position(
    report: AccountChanged, *, locked: Mapping[str, Decimal] = {}, sent_ms: int | None = None
) -> spot.OutboundAccountPosition:
    """Balances that may have changed; ``locked`` is what open orders lock of each."""
    rows = [
        spot.AssetBalance(
            asset=asset,
            free=decimal_text(wallet - locked.get(asset, _ZERO)),
            locked=decimal_text(locked.get(asset)),
        )
        for asset, wallet in report.balances.items()
    ]
    return spot.OutboundAccountPosition(
        ts_sent_ms=report.ts_event_ms if sent_ms is None else sent_ms, updated_ms=report.ts_event_ms, balances=rows
    )


def balance_update(moved: AssetMoved, *, sent_ms: int | None = None) -> spot.BalanceUpdate:
    """An asset came or left without a trade."""
    return spot.BalanceUpdate(
        ts_sent_ms=moved.ts_event_ms if sent_ms is None else sent_ms,
        asset=moved.asset,
        delta=decimal_text(moved.delta),
        cleared_ms=moved.ts_event_ms,
    )


def external_lock(asset: str, delta: Decimal, *, ts_event_ms: int) -> spot.ExternalLockUpdate:
    """An asset was locked, or unlocked (negative), outside of trading."""
    return spot.ExternalLockUpdate(
        ts_sent_ms=ts_event_ms, asset=asset, delta=decimal_text(delta), ts_event_ms=ts_event_ms
    )


def stream_terminated(sent_ms: int) -> spot.EventStreamTerminated:
    """A subscription ended."""
    return spot.EventStreamTerminated(ts_sent_ms=sent_ms)


def server_shutdown(sent_ms: int) -> spot.ServerShutdown:
    """The server behind a connection will stop.

    It is sent as it is on raw connections, by `encode.combined` as the stream ``!serverShutdown`` on combined ones, and
    by `event_frame` without a subscription on the WS-API.
    """
    return spot.ServerShutdown(ts_sent_ms=sent_ms)


def event_frame(event: spot.UserEvent, subscription_id: int | None) -> bytes:
    """The bytes of an event on the WS-API."""
    told = UNSET if subscription_id is None else subscription_id
    return to_bytes(spot.UserEventFrame(subscription_id=told, event=event))


def spot_account(
    balances: Iterable[Balance], *, commission: spot.Commission, updated_ms: int, uid: int, can_trade: bool = True
) -> spot.Account:
    """`GET /api/v3/account`; ``commission`` in parts, which the older numbers tell in basis points."""
    return spot.Account(
        maker_commission=_basis_points(commission.maker),
        taker_commission=_basis_points(commission.taker),
        buyer_commission=_basis_points(commission.buyer),
        seller_commission=_basis_points(commission.seller),
        commission_rates=commission,
        can_trade=can_trade,
        can_withdraw=True,
        can_deposit=True,
        brokered=False,
        require_self_trade_prevention=False,
        prevent_sor=False,
        update_time=updated_ms,
        account_type="SPOT",
        balances=[spot.AccountBalance(asset=row.asset, free=_free(row), locked=_locked(row)) for row in balances],
        permissions=["SPOT"],
        uid=uid,
    )


def margin_account(
    balances: Iterable[Balance], state: MarginState, *, collateral_usdt: Decimal, can_trade: bool = True
) -> margin.Account:
    """`GET /sapi/v1/margin/account`."""
    return margin.Account(
        created=True,
        borrow_enabled=True,
        margin_level=decimal_text(state.level),
        collateral_margin_level=decimal_text(state.level),
        total_asset_of_btc=decimal_text(state.total_asset_btc),
        total_liability_of_btc=decimal_text(state.total_liability_btc),
        total_net_asset_of_btc=decimal_text(state.total_asset_btc - state.total_liability_btc),
        total_collateral_value_in_usdt=decimal_text(collateral_usdt),
        total_open_order_loss_in_usdt="0",
        trade_enabled=can_trade,
        transfer_in_enabled=True,
        transfer_out_enabled=True,
        account_type="MARGIN_1",
        user_assets=[
            margin.UserAsset(
                asset=row.asset,
                borrowed=decimal_text(row.borrowed),
                free=_free(row),
                interest=decimal_text(row.interest),
                locked=_locked(row),
                net_asset=decimal_text(row.net),
            )
            for row in balances
        ],
    )


def trade_coefficients(state: MarginState) -> margin.TradeCoefficients:
    """`GET /sapi/v1/margin/tradeCoeff`."""
    return margin.TradeCoefficients(
        normal_bar=decimal_text(state.normal_bar),
        margin_call_bar=decimal_text(state.margin_call_bar),
        force_liquidation_bar=decimal_text(state.liquidation_bar),
    )


def margin_level(told: MarginLevel) -> margin.MarginLevelStatusChange:
    """The account's level means something else now."""
    return margin.MarginLevelStatusChange(
        ts_sent_ms=told.ts_event_ms, level=decimal_text(told.level), status=told.status
    )


def interest_rows(
    payments: Iterable[Income], *, principal: Mapping[str, Decimal], rate: Decimal, kind: str, total: int
) -> margin.InterestRows:
    """`GET /sapi/v1/margin/interestHistory`: payments (negative amounts) whose ids are ``NUMBER:ASSET OWED``.

    ``principal`` is what each payment, by its id, was charged for.
    """
    rows = []
    for payment in payments:
        number, _, owed = payment.ext_id.partition(":")
        rows.append(
            margin.InterestRow(
                tx_id=int(number),
                interest_accured_time=payment.ts_ms,
                asset=payment.asset,
                raw_asset=owed or payment.asset,
                principal=decimal_text(principal.get(payment.ext_id)),
                interest=decimal_text(-payment.amount),
                interest_rate=decimal_text(rate),
                type=kind,
            )
        )
    return margin.InterestRows(rows=rows, total=total)


def _free(row: Balance) -> str:
    return decimal_text(row.wallet if row.available is None else row.available)


def _locked(row: Balance) -> str:
    return decimal_text(_ZERO if row.available is None else row.wallet - row.available)


def _basis_points(rate: str) -> int:
    return int(Decimal(rate) * 10_000)
