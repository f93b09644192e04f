"""What an account owes for a liquidation that took more than it had."""

from __future__ import annotations

from tradingsys.sim.asset_state import UNIT
from tradingsys.sim.deficits import DeficitPayment
from tradingsys.sim.events import ChangeRefused
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_margin.account import REFUSALS, eight, page
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.spot_exchange import margin_name

__all__ = ["loan", "repay", "repayments"]

_DAY_MS = 24 * 3_600_000
_USUAL_MS = 7 * _DAY_MS
_OLDEST_MS = 90 * _DAY_MS
_ROWS = 50


def loan(call: Call) -> dict[str, object]:
    """`GET /sapi/v1/margin/liquidation-loan`: in USDT, as the box has no USDC."""
    owed = call.state.exchange.deficit(margin_name(call.account))
    return {
        "asset": UNIT,
        "amount": eight(owed.amount),
        "repaidAmount": eight(owed.repaid),
        "remainingAmount": eight(owed.remaining),
    }


def repay(call: Call) -> dict[str, object]:
    """`POST /sapi/v1/margin/liquidation-loan/repay`: out of the spot wallet.

    Raises Fault for an asset or an amount that cannot be (-1130), for more than is owed (-3015) or there (-3041).
    """
    amount = call.params.decimal("amount")
    if call.params.text("asset") != UNIT:
        raise malformed("asset")
    if amount <= 0:
        raise malformed("amount")
    exchange = call.state.exchange
    events = exchange.repay_deficit(call.account, amount, call.now_ns)
    first = events[0]
    if isinstance(first, ChangeRefused):
        raise Fault(400, *REFUSALS[first.refusal])
    call.state.happen(events)
    return _row(exchange.deficit_payments[-1])


def repayments(call: Call) -> dict[str, object]:
    """`GET /sapi/v1/margin/liquidation-loan/repay-history`: the newest first, of 90 days at most."""
    given = call.params
    end_ms = given.optional_integer("endTime", call.now_ms)
    start_ms = max(given.optional_integer("startTime", end_ms - _USUAL_MS), call.now_ms - _OLDEST_MS)
    rows = [
        _row(payment)
        for payment in reversed(call.state.exchange.deficit_payments)
        if payment.account == margin_name(call.account) and start_ms <= ms(payment.ts_ns) <= end_ms
    ]
    return {"total": len(rows), "rows": list(page(call, rows, _ROWS))}


def _row(payment: DeficitPayment) -> dict[str, object]:
    return {
        "repayId": payment.number,
        "asset": payment.asset,
        "amount": eight(payment.amount),
        "status": "SUCCESS",
        "createTime": ms(payment.ts_ns),
    }
