"""What a margin account has and owes, and its loans."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import TypeVar

from tradingsys.sim.events import ChangeRefused
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.binance_spot.refusals import LOAN_REFUSALS
from tradingsys.sim.faces.binance_spot.wallets import amount_of, assets_of
from tradingsys.sim.money import LoanKind
from tradingsys.sim.refusals import Refusal
from tradingsys.venues.binance.messages import margin

__all__ = [
    "REFUSALS",
    "account",
    "asset_of",
    "borrow_repay",
    "borrowable",
    "coefficients",
    "eight",
    "interest",
    "loans",
    "page",
    "transferable",
]

T = TypeVar("T")

_ZERO = Decimal(0)
_EIGHT = Decimal("0.00000001")
REFUSALS = {
    **LOAN_REFUSALS,
    Refusal.NO_DEBT: (-3015, "Repay amount exceeds borrow amount."),
    Refusal.CROSS_BALANCE: (-3041, "Balance is not enough"),
    Refusal.IN_LIQUIDATION: (-3004, "Trade not allowed."),
}
_MOST_DAYS_MS = 30 * 24 * 3_600_000


def asset_of(call: Call) -> str:
    """The asset asked for.

    Raises Fault (-3027) for one that is not traded on margin.
    """
    name = call.params.text("asset")
    if name not in assets_of(call.state):
        raise Fault(400, -3027, "Not a valid margin asset.")
    return name


def eight(value: Decimal) -> str:
    """An amount as margin tells it."""
    return format(value.quantize(_EIGHT, ROUND_DOWN), "f")


def account(call: Call) -> margin.Account:
    """`GET /sapi/v1/margin/account`."""
    exchange = call.state.exchange
    wallet = exchange.margin(call.account)
    in_btc, in_usdt = exchange.prices("BTC"), exchange.prices("USDT")
    level = exchange.margin_level(call.account)
    worth, owed = wallet.worth(in_btc), wallet.owed(in_btc)
    return margin.Account(
        created=True,
        borrow_enabled=True,
        margin_level=eight(level),
        collateral_margin_level=eight(level),
        total_asset_of_btc=eight(worth),
        total_liability_of_btc=eight(owed),
        total_net_asset_of_btc=eight(worth - owed),
        total_collateral_value_in_usdt=eight(wallet.worth(in_usdt)),
        total_open_order_loss_in_usdt=eight(_ZERO),
        trade_enabled=not wallet.is_liquidating,
        transfer_in_enabled=True,
        transfer_out_enabled=level > exchange.terms.bars.transfer,
        account_type="MARGIN_1",
        user_assets=[
            margin.UserAsset(
                asset=asset,
                borrowed=eight(wallet.borrowed_of(asset)),
                free=eight(wallet.free_of(asset)),
                interest=eight(wallet.interest_of(asset)),
                locked=eight(wallet.locked_of(asset)),
                net_asset=eight(wallet.net(asset)),
            )
            for asset in dict.fromkeys((*assets_of(call.state), *wallet.assets))
        ],
    )


def coefficients(call: Call) -> margin.TradeCoefficients:
    """`GET /sapi/v1/margin/tradeCoeff`."""
    bars = call.state.exchange.terms.bars
    return margin.TradeCoefficients(
        normal_bar=str(bars.normal), margin_call_bar=str(bars.call), force_liquidation_bar=str(bars.liquidation)
    )


def borrow_repay(call: Call) -> margin.BorrowRepay:
    """`POST /sapi/v1/margin/borrow-repay`.

    Raises Fault for what cannot be borrowed (-3006, -3008) or paid back (-3015, -3041), and for parts of the smallest
    unit (-1111).
    """
    asset, amount, kind = asset_of(call), amount_of(call), call.params.text("type")
    if kind not in ("BORROW", "REPAY"):
        raise malformed("type")
    exchange = call.state.exchange
    act = exchange.borrow if kind == "BORROW" else exchange.repay
    events = act(call.account, asset, amount, call.now_ns)
    first = events[0]
    if isinstance(first, ChangeRefused):
        raise Fault(400, *REFUSALS.get(first.refusal, (-3004, "Trade not allowed.")))
    call.state.happen(events)
    return margin.BorrowRepay(tran_id=exchange.ledger.loans[-1].loan_id)


def borrowable(call: Call) -> margin.Borrowable:
    """`GET /sapi/v1/margin/maxBorrowable`."""
    amount, limit = call.state.exchange.borrowable(call.account, asset_of(call))
    return margin.Borrowable(amount=eight(amount), borrow_limit=eight(limit))


def transferable(call: Call) -> margin.Transferable:
    """`GET /sapi/v1/margin/maxTransferable`."""
    return margin.Transferable(amount=eight(call.state.exchange.transferable(call.account, asset_of(call))))


# --- history, the newest first


def page(call: Call, rows: Sequence[T], usual: int = 10) -> Sequence[T]:
    """The rows of the page that is asked for.

    Raises Fault (-1130) for one too large.
    """
    size = call.params.optional_integer("size", usual)
    if not 1 <= size <= 100:
        raise malformed("size")
    first = (max(1, call.params.optional_integer("current", 1)) - 1) * size
    return rows[first : first + size]


def _window(call: Call) -> tuple[int, int]:
    end_ms = call.params.optional_integer("endTime", call.now_ms)
    start_ms = call.params.optional_integer("startTime", end_ms - _MOST_DAYS_MS)
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    if end_ms - start_ms > _MOST_DAYS_MS:
        raise Fault(400, -1127, "More than 30 days between startTime and endTime.")
    return start_ms, end_ms


def loans(call: Call) -> margin.BorrowRepayRows:
    """`GET /sapi/v1/margin/borrow-repay`."""
    params, wanted = call.params, LoanKind.__members__.get(call.params.text("type"))
    if wanted is None:
        raise malformed("type")
    start_ms, end_ms = _window(call)
    number = params.maybe_integer("txId")
    rows = [
        margin.BorrowRepayRow(
            type="AUTO" if row.order_id else "MANUAL",
            amount=eight(row.amount),
            asset=row.asset,
            interest=eight(row.interest),
            principal=eight(row.principal),
            status="CONFIRMED",
            timestamp=ms(row.ts_ns),
            tx_id=row.loan_id,
        )
        for row in reversed(call.state.exchange.ledger.loans)
        if row.account == call.account
        and row.kind is wanted
        and params.get("asset") in ("", row.asset)
        and number in (None, row.loan_id)
        and start_ms <= ms(row.ts_ns) <= end_ms
    ]
    return margin.BorrowRepayRows(rows=list(page(call, rows)), total=len(rows))


def interest(call: Call) -> margin.InterestRows:
    """`GET /sapi/v1/margin/interestHistory`."""
    start_ms, end_ms = _window(call)
    rows = [
        margin.InterestRow(
            tx_id=row.interest_id,
            interest_accured_time=ms(row.ts_ns),
            asset=row.asset,
            raw_asset=row.asset,
            principal=eight(row.principal),
            interest=format(row.interest, "f"),
            interest_rate=format(row.hourly_rate * 24, ".8f"),
            type="ON_BORROW" if row.is_first else "PERIODIC",
        )
        for row in reversed(call.state.exchange.ledger.interest)
        if row.account == call.account
        and call.params.get("asset") in ("", row.asset)
        and start_ms <= ms(row.ts_ns) <= end_ms
    ]
    return margin.InterestRows(rows=list(page(call, rows)), total=len(rows))
