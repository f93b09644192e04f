"""Answers about an account: balances, positions, executions, switches and stream keys."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import Side
from tradingsys.matching.account import Account
from tradingsys.sim.events import Execution
from tradingsys.sim.faces.binance_usdm import render
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.faults import Fault, malformed
from tradingsys.sim.faces.binance_usdm.limits import Limits
from tradingsys.sim.faces.binance_usdm.orders import time_window
from tradingsys.sim.faces.binance_usdm.render import eight_digits, ms
from tradingsys.venues.binance import encode
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import (
    AccountConfig,
    Balance,
    CommissionRate,
    ErrorBody,
    Leverage,
    MultiAssetsMode,
    PositionMode,
    PositionRisk,
    RateLimitRule,
    UserTrade,
)

__all__ = [
    "account",
    "account_config",
    "balances",
    "commission_rate",
    "multi_assets_mode",
    "order_rate_limits",
    "position_mode",
    "positions",
    "set_leverage",
    "set_position_mode",
    "symbol_config",
    "user_trades",
]

Row = dict[str, object]

_MAX_LEVERAGE = 125
_MAX_NOTIONAL = "1000000"
_ASSET = "USDT"


def _account(call: Call) -> Account:
    return call.state.exchange.accounts[call.account]


def _amount(value: Decimal) -> str:
    return decimal_text(eight_digits(value))


def user_trades(call: Call) -> list[UserTrade]:
    """`GET /fapi/v1/userTrades`: from a trade id on (inclusive), or within a time window, else the newest of a week."""
    params, symbol = call.params, call.symbol()
    from_id, order_id = params.maybe_integer("fromId"), params.maybe_integer("orderId")
    if from_id is not None and (params.get("startTime") or params.get("endTime")):
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    start_ms, end_ms = time_window(call)
    rows: Sequence[Execution] = [
        row
        for row in call.state.exchange.ledger.executions_of(call.account, symbol, from_id or 0)
        if (from_id is not None or start_ms <= ms(row.ts_ns) <= end_ms) and order_id in (None, row.order_id)
    ]
    limit = call.limit(500, 1000)
    oldest_first = from_id is not None or bool(params.get("startTime"))
    return [render.user_trade(row) for row in (rows[:limit] if oldest_first else rows[-limit:])]


def positions(call: Call) -> list[PositionRisk]:
    """`GET /fapi/v3/positionRisk`: symbols with a position or an open order."""
    exchange, account = call.state.exchange, _account(call)
    rows = []
    for symbol in call.symbols():
        venue = exchange.venues[symbol]
        held = account.position(symbol)
        bids, asks = account.open_notional(symbol, Side.BUY), account.open_notional(symbol, Side.SELL)
        if not (held.net or bids or asks):
            continue
        last = next(reversed(exchange.ledger.executions_of(call.account, symbol)), None)
        row = encode.position_risk(
            symbol,
            render.shown_position(held),
            mark_px=venue.mark.px,
            margin_asset=venue.instrument.margin_asset,
            updated_ms=0 if last is None else ms(last.ts_ns),
            leverage=account.leverage(symbol),
        )
        rows.append(_with_orders(row, account, symbol, venue.mark.px, bids, asks))
    return rows


def _with_orders(
    row: PositionRisk, account: Account, symbol: str, mark_px: Decimal, bids: Decimal, asks: Decimal
) -> PositionRisk:
    held = account.position_margin(symbol, mark_px)
    total = account.initial_margin(symbol, mark_px)
    return structs.replace(
        row,
        notional=_amount(account.position(symbol).net * mark_px),
        un_realized_profit=_amount(account.position(symbol).net * (mark_px - account.position(symbol).entry_px)),
        initial_margin=_amount(total),
        position_initial_margin=_amount(held),
        open_order_initial_margin=_amount(total - held),
        bid_notional=decimal_text(bids),
        ask_notional=decimal_text(asks),
    )


def balances(call: Call) -> list[Balance]:
    """`GET /fapi/v3/balance`."""
    account, marks = _account(call), call.state.exchange.marks()
    return [
        encode.balance(
            asset,
            eight_digits(wallet),
            unrealized_pnl=eight_digits(account.unrealized(marks)),
            available=eight_digits(account.available(asset, marks)),
            updated_ms=call.now_ms,
            alias=f"{account.name}-{call.state.exchange.first_id}",
        )
        for asset, wallet in account.wallet.items()
    ]


def account(call: Call) -> Row:
    """`GET /fapi/v3/account`."""
    held, marks = _account(call), call.state.exchange.marks()
    wallet, profit = held.wallet.get(_ASSET, Decimal(0)), held.unrealized(marks)
    margin = held.total_margin(marks)
    in_positions = sum((held.position_margin(symbol, marks[symbol]) for symbol in held.positions), Decimal(0))
    available = _amount(held.available(_ASSET, marks))
    figures = {
        "initialMargin": _amount(margin),
        "maintMargin": "0.00000000",
        "walletBalance": _amount(wallet),
        "unrealizedProfit": _amount(profit),
        "marginBalance": _amount(wallet + profit),
        "positionInitialMargin": _amount(in_positions),
        "openOrderInitialMargin": _amount(margin - in_positions),
        "crossWalletBalance": _amount(wallet),
        "crossUnPnl": _amount(profit),
    }
    totals: Row = {f"total{name[0].upper()}{name[1:]}": value for name, value in figures.items()}
    free: Row = {"availableBalance": available, "maxWithdrawAmount": available}
    return {
        **totals,
        **free,
        "assets": [{"asset": _ASSET, **figures, **free, "updateTime": call.now_ms}],
        "positions": [_account_position(row) for row in positions(call) if Decimal(row.position_amt)],
    }


def _account_position(row: PositionRisk) -> Row:
    return {
        "symbol": row.symbol,
        "positionSide": row.position_side,
        "positionAmt": row.position_amt,
        "unrealizedProfit": row.un_realized_profit,
        "isolatedMargin": row.isolated_margin,
        "notional": row.notional,
        "isolatedWallet": row.isolated_wallet,
        "initialMargin": row.initial_margin,
        "maintMargin": row.maint_margin,
        "updateTime": row.update_time,
    }


def account_config(call: Call) -> AccountConfig:
    """`GET /fapi/v1/accountConfig`."""
    settings = call.state.settings_of(call.account)
    return AccountConfig(
        fee_tier=0,
        can_trade=True,
        can_deposit=True,
        can_withdraw=False,
        dual_side_position=settings.hedge_mode,
        update_time=0,
        multi_assets_margin=settings.multi_asset,
        trade_group_id=-1,
    )


def symbol_config(call: Call) -> list[Row]:
    """`GET /fapi/v1/symbolConfig`, of one symbol or all."""
    return [
        {
            "symbol": symbol,
            "marginType": "CROSSED",
            "isAutoAddMargin": False,
            "leverage": _account(call).leverage(symbol),
            "maxNotionalValue": _MAX_NOTIONAL,
        }
        for symbol in call.symbols()
    ]


def position_mode(call: Call) -> PositionMode:
    """`GET /fapi/v1/positionSide/dual`."""
    return PositionMode(dual_side_position=call.state.settings_of(call.account).hedge_mode)


def set_position_mode(call: Call) -> ErrorBody:
    """`POST /fapi/v1/positionSide/dual`.

    Raises Fault for no change (-4059), with open orders (-4067) or with a position (-4068).
    """
    call.params.text("dualSidePosition")
    wanted = call.params.flag("dualSidePosition")
    settings = call.state.settings_of(call.account)
    if settings.hedge_mode == wanted:
        raise Fault(400, -4059, "No need to change position side.")
    if call.state.exchange.open_orders(call.account):
        raise Fault(400, -4067, "Position side cannot be changed if there exists open orders.")
    if any(held.net for held in _account(call).positions.values()):
        raise Fault(400, -4068, "Position side cannot be changed if there exists position.")
    settings.hedge_mode = wanted
    return ErrorBody(code=200, msg="success")


def multi_assets_mode(call: Call) -> MultiAssetsMode:
    """`GET /fapi/v1/multiAssetsMargin`."""
    return MultiAssetsMode(multi_assets_margin=call.state.settings_of(call.account).multi_asset)


def set_leverage(call: Call) -> Leverage:
    """`POST /fapi/v1/leverage`."""
    symbol, leverage = call.symbol(), call.params.integer("leverage")
    if not 1 <= leverage <= _MAX_LEVERAGE:
        raise malformed("leverage")
    _account(call).set_leverage(symbol, leverage)
    return Leverage(leverage=leverage, max_notional_value=_MAX_NOTIONAL, symbol=symbol)


def commission_rate(call: Call) -> CommissionRate:
    """`GET /fapi/v1/commissionRate`."""
    fees = call.state.exchange.fees
    return CommissionRate(
        symbol=call.symbol(),
        maker_commission_rate=decimal_text(fees.maker),
        taker_commission_rate=decimal_text(fees.taker),
        rpi_commission_rate=decimal_text(fees.maker),
    )


def order_rate_limits(_call: Call) -> list[RateLimitRule]:
    """`GET /fapi/v1/rateLimit/order`."""
    return Limits.order_rule_statements()
