"""Around margin: where assets came from and went, what loans cost, and what the box has none of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from tradingsys.core.enums import Side
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_margin.account import asset_of, eight, page
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.binance_spot.wallets import Wallets, assets_of
from tradingsys.sim.money import CashKind, CashRow
from tradingsys.sim.spot_exchange import margin_name
from tradingsys.venues.binance.messages import margin

__all__ = [
    "available",
    "capital_flow",
    "collateral_ratio",
    "isolated_limit",
    "max_leverage",
    "rate_history",
    "refuse_isolated",
    "refuse_keys",
    "refuse_nothing_small",
    "restricted",
    "small_debts",
    "transfers",
]

_DAY_MS = 24 * 3_600_000
_WEEK_MS = 7 * _DAY_MS
_MOST_DAYS_MS = 30 * _DAY_MS
_OLDEST_MS = 90 * _DAY_MS
_ISOLATED = Fault(400, -11001, "Isolated margin account does not exist.")
_FLOW = {
    CashKind.TRANSFER: "TRANSFER",
    CashKind.BORROW: "BORROW",
    CashKind.REPAY: "REPAY",
    CashKind.FORCED_REPAY: "REPAY_LIQUIDATION",
    CashKind.COMMISSION: "TRADING_COMMISSION",
}
_FLOW_WORDS = frozenset(
    {
        *_FLOW.values(),
        *(f"{side}_{kind}" for side in Side for kind in ("INCOME", "EXPENSE", "LIQUIDATION")),
        "LIQUIDATION_FEE", "OTHER_LIQUIDATION", "SMALL_BALANCE_CONVERT", "COMMISSION_RETURN", "SMALL_CONVERT",
    }
)  # fmt: skip


# --- what happened


def capital_flow(call: Call) -> list[margin.CapitalFlow]:
    """`GET /sapi/v1/margin/capital-flow`: every change of a balance in a week; after an id, else the newest.

    Raises Fault for an isolated pair (-11001), a kind of nobody's (-1130) and for more than a week (-4047).
    """
    given = call.params
    if given.get("symbol"):
        raise _ISOLATED
    kind, asset, from_id = given.get("type"), given.get("asset"), given.maybe_integer("fromId")
    if kind and kind not in _FLOW_WORDS:
        raise malformed("type")
    start_ms, end_ms = _week(call)
    limit = call.limit(500, 1000)
    exchange = call.state.exchange
    rows = [
        margin.CapitalFlow(
            id=number,
            tran_id=row.row_id,
            timestamp=ms(row.ts_ns),
            asset=row.asset,
            type=word,
            amount=eight(row.amount),
        )
        for number, row in enumerate(exchange.ledger.money(call.account), exchange.first_id)
        if start_ms <= ms(row.ts_ns) <= end_ms
        and asset in ("", row.asset)
        and kind in ("", word := _word(call, row))
        and (from_id is None or number > from_id)
    ]
    return rows[-limit:] if from_id is None else rows[:limit]


def _word(call: Call, row: CashRow) -> str:
    if row.kind is CashKind.INSURANCE_CLEAR:
        return "LIQUIDATION_FEE" if row.amount < 0 else "OTHER_LIQUIDATION"
    if row.kind is not CashKind.TRADE:
        return _FLOW[row.kind]
    is_base = call.state.markets[row.symbol].base == row.asset
    side = Side.BUY if is_base is (row.amount > 0) else Side.SELL
    if _is_forced(call, row):
        return f"{side}_LIQUIDATION"
    return f"{side}_{'INCOME' if row.amount > 0 else 'EXPENSE'}"


def _is_forced(call: Call, row: CashRow) -> bool:
    ledger = call.state.exchange.ledger
    execution = ledger.executions_of(row.account, row.symbol, row.exec_id or 0)[0]
    order = ledger.order(row.account, row.symbol, execution.order_id)
    return order is not None and bool(order.forced)


def _week(call: Call) -> tuple[int, int]:
    start_ms, end_ms = call.params.maybe_integer("startTime"), call.params.maybe_integer("endTime")
    if end_ms is None:
        end_ms = call.now_ms if start_ms is None else start_ms + _WEEK_MS
    if start_ms is None:
        start_ms = end_ms - _WEEK_MS
    if not 0 <= end_ms - start_ms <= _WEEK_MS:
        raise Fault(400, -4047, "Time interval must be within 0-7 days")
    return max(start_ms, call.now_ms - _OLDEST_MS), end_ms


def transfers(wallets: Wallets) -> Callable[[Call], margin.TransferRows]:
    """`GET /sapi/v1/margin/transfer`: to and from the account, the newest first."""

    def answer(call: Call) -> margin.TransferRows:
        given = call.params
        if given.get("isolatedSymbol"):
            raise _ISOLATED
        wanted = given.get("type")
        if wanted not in ("", "ROLL_IN", "ROLL_OUT"):
            raise malformed("type")
        start_ms, end_ms = _span(call, _WEEK_MS)
        rows = [
            margin.TransferRow(
                amount=eight(move.amount),
                asset=move.asset,
                status="CONFIRMED",
                timestamp=move.ts_ms,
                tx_id=move.number,
                type=word,
                trans_from=_place(move.kind.partition("_")[0]),
                trans_to=_place(move.kind.partition("_")[2]),
            )
            for move in reversed(wallets.moves)
            if "MARGIN" in move.kind
            and margin_name(move.account) == call.account
            and wanted in ("", word := "ROLL_IN" if move.kind.endswith("_MARGIN") else "ROLL_OUT")
            and given.get("asset") in ("", move.asset)
            and start_ms <= move.ts_ms <= end_ms
        ]
        return margin.TransferRows(rows=list(page(call, rows)), total=len(rows))

    return answer


def _place(name: str) -> str:
    return {"MAIN": "SPOT", "MARGIN": "CROSS_MARGIN", "UMFUTURE": "FUTURE"}[name]


def _span(call: Call, usual_ms: int) -> tuple[int, int]:
    end_ms = call.params.optional_integer("endTime", call.now_ms)
    start_ms = call.params.optional_integer("startTime", end_ms - usual_ms)
    if not 0 <= end_ms - start_ms <= _MOST_DAYS_MS:
        raise Fault(400, -1127, "More than 30 days between startTime and endTime.")
    return start_ms, end_ms


# --- what there is


def rate_history(call: Call) -> list[margin.DailyRate]:
    """`GET /sapi/v1/margin/interestRateHistory`: the rate of every day, always the same, the newest first."""
    asset = asset_of(call)
    start_ms, end_ms = _span(call, _WEEK_MS)
    rate = format(call.state.exchange.hourly_rate(asset) * 24, ".8f")
    last = min(end_ms, call.now_ms) // _DAY_MS
    return [
        margin.DailyRate(asset=asset, daily_interest_rate=rate, timestamp=day * _DAY_MS, vip_level=0)
        for day in range(last, -(start_ms // -_DAY_MS) - 1, -1)
    ]


def collateral_ratio(call: Call) -> list[margin.CollateralRatio]:
    """`GET /sapi/v1/margin/crossMarginCollateralRatio`: every asset counts for all that it is worth."""
    steps = [margin.CollateralStep(min_usd_value="0", discount_rate="1")]
    return [margin.CollateralRatio(collaterals=steps, asset_names=assets_of(call.state))]


def available(call: Call) -> margin.AvailableInventory:
    """`GET /sapi/v1/margin/available-inventory`: at least as much as one account may owe.

    Raises Fault for isolated margin (-11001) and for nobody's kind (-1130).
    """
    kind, exchange = call.params.text("type"), call.state.exchange
    if kind == "ISOLATED":
        raise _ISOLATED
    if kind != "MARGIN":
        raise malformed("type")
    name = margin_name(call.account)
    limits: Iterable[tuple[str, Decimal]] = (
        (asset, exchange.borrowable(name, asset)[1]) for asset in assets_of(call.state)
    )
    return margin.AvailableInventory(
        assets={asset: eight(amount) for asset, amount in limits}, update_time=call.now_ms // 1000
    )


def restricted(_call: Call) -> margin.RestrictedAssets:
    """`GET /sapi/v1/margin/restricted-asset`: none is."""
    return margin.RestrictedAssets(open_long_restricted_asset=[], max_collateral_exceeded_asset=[])


def max_leverage(call: Call) -> margin.Changed:
    """`POST /sapi/v1/margin/max-leverage`: it is what it is for every account of the box.

    Raises Fault (-1130) for another.
    """
    if call.params.maybe_integer("maxLeverage") != call.state.exchange.terms.leverage:
        raise malformed("maxLeverage")
    return margin.Changed(success=True)


# --- what nobody has


def isolated_limit(_call: Call) -> margin.IsolatedLimit:
    """`GET /sapi/v1/margin/isolated/accountLimit`."""
    return margin.IsolatedLimit(enabled_account=0, max_account=0)


def refuse_isolated(_call: Call) -> object:
    """Whatever is about an isolated pair. Raises Fault (-11001)."""
    raise _ISOLATED


def small_debts(_call: Call) -> margin.DebtSaleRows:
    """`GET /sapi/v1/margin/exchange-small-liability-history`: no debt was ever sold."""
    return margin.DebtSaleRows(total=0, rows=[])


def refuse_nothing_small(_call: Call) -> object:
    """`POST /sapi/v1/margin/exchange-small-liability` and `manual-liquidation`: debts are paid back, never sold.

    Raises Fault (-3015).
    """
    raise Fault(400, -3015, "Repay amount exceeds borrow amount.")


def refuse_keys(_call: Call) -> object:
    """Keys that trade on margin only: the box's keys are those of its configuration.

    Raises Fault (-2015).
    """
    raise Fault(401, -2015, "Invalid API-key, IP, or permissions for action.")
