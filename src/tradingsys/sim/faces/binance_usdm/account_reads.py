"""Answers about an account: balances and positions, in the venue's older and newer form."""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, structs

from tradingsys.core.enums import Side
from tradingsys.matching.account import Account
from tradingsys.matching.margin import liquidation_px, maintenance
from tradingsys.sim.faces.binance.figures import eight_digits, ms, shown_px
from tradingsys.sim.faces.binance_usdm import render
from tradingsys.sim.faces.binance_usdm.account_settings import account_of, max_notional
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.venues.binance import encode
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import (
    AccountAsset,
    AccountInformation,
    AccountPosition,
    AdlQuantile,
    Balance,
    PositionRisk,
)

__all__ = [
    "account",
    "account_status",
    "account_v1",
    "account_v2",
    "adl_quantiles",
    "balances",
    "positions",
    "positions_v2",
]

_ASSET = "USDT"
_QUANTILES = 5
_ZERO = Decimal(0)


def _amount(value: Decimal) -> str:
    return decimal_text(eight_digits(value))


# --- positions


def positions(call: Call) -> list[PositionRisk]:
    """`GET /fapi/v3/positionRisk`: symbols with a position or an open order."""
    mine = account_of(call)
    return [_risk(call, mine, symbol) for symbol in call.symbols() if _concerns(mine, symbol)]


def _concerns(mine: Account, symbol: str) -> bool:
    return bool(
        mine.position(symbol).net or mine.open_notional(symbol, Side.BUY) or mine.open_notional(symbol, Side.SELL)
    )


def _risk(call: Call, mine: Account, symbol: str) -> PositionRisk:
    exchange = call.state.exchange
    venue, held = exchange.venues[symbol], mine.position(symbol)
    mark, asset = venue.mark.px, venue.instrument.margin_asset
    last = next(reversed(exchange.ledger.executions_of(call.account, symbol)), None)
    row = encode.position_risk(
        symbol,
        render.shown_position(held),
        mark_px=mark,
        margin_asset=asset,
        updated_ms=0 if last is None else ms(last.ts_ns),
        leverage=mine.leverage(symbol),
    )
    in_position, total = mine.position_margin(symbol, mark), mine.initial_margin(symbol, mark)
    tiers = {name: each.tiers for name, each in exchange.venues.items()}
    lost_at = liquidation_px(mine, symbol, asset, exchange.marks(), tiers)
    own = mine.isolated.get(symbol, _ZERO)
    return structs.replace(
        row,
        break_even_price=decimal_text(shown_px(exchange.ledger.break_even_px(call.account, symbol))),
        notional=_amount(held.net * mark),
        un_realized_profit=_amount(mine.profit(symbol, mark)),
        liquidation_price=_amount(lost_at) if lost_at else "0",
        isolated_wallet=_amount(own) if own else "0",
        isolated_margin=_amount(own + mine.profit(symbol, mark)) if own else "0",
        initial_margin=_amount(total),
        maint_margin=_amount(maintenance(mine, symbol, mark, venue.tiers)),
        position_initial_margin=_amount(in_position),
        open_order_initial_margin=_amount(total - in_position),
        adl=_quantile(call, symbol, mine),
        bid_notional=decimal_text(mine.open_notional(symbol, Side.BUY)),
        ask_notional=decimal_text(mine.open_notional(symbol, Side.SELL)),
    )


def positions_v2(call: Call) -> list[PositionRisk]:
    """`GET /fapi/v2/positionRisk` and `account.position`: every symbol, held or not."""
    mine = account_of(call)
    return [
        structs.replace(
            _risk(call, mine, symbol),
            leverage=str(mine.leverage(symbol)),
            max_notional_value=max_notional(call, symbol),
            margin_type="isolated" if symbol in mine.isolated else "cross",
            is_auto_add_margin="false",
            margin_asset=UNSET,
            initial_margin=UNSET,
            maint_margin=UNSET,
            position_initial_margin=UNSET,
            open_order_initial_margin=UNSET,
            adl=UNSET,
            bid_notional=UNSET,
            ask_notional=UNSET,
        )
        for symbol in call.symbols()
    ]


def adl_quantiles(call: Call) -> list[AdlQuantile]:
    """`GET /fapi/v1/adlQuantile`: symbols with a position."""
    mine, symbol = account_of(call), call.maybe_symbol()
    return [
        AdlQuantile(symbol=each, adl_quantile={"LONG": 0, "SHORT": 0, "BOTH": _quantile(call, each, mine)})
        for each in mine.held()
        if symbol in (None, each)
    ]


def _quantile(call: Call, symbol: str, mine: Account) -> int:
    """From 0, the last in the queue, to 4."""
    net = mine.position(symbol).net
    if not net:
        return 0
    queue = call.state.exchange.deleveraging_queue(symbol, Side.BUY if net > 0 else Side.SELL)
    return _QUANTILES - 1 - _QUANTILES * queue.index(mine.name) // len(queue)


# --- balances


def balances(call: Call) -> list[Balance]:
    """`GET /fapi/v3/balance`, and v2, which is the same."""
    mine, marks = account_of(call), call.state.exchange.marks()
    return [
        structs.replace(
            encode.balance(
                asset,
                eight_digits(wallet),
                unrealized_pnl=eight_digits(mine.cross_unrealized(marks)),
                available=eight_digits(mine.available(asset, marks)),
                updated_ms=call.now_ms,
                alias=f"{mine.name}-{call.state.exchange.first_id}",
            ),
            cross_wallet_balance=_amount(mine.cross_wallet(asset)),
        )
        for asset, wallet in mine.wallet.items()
    ]


def account(call: Call) -> AccountInformation:
    """`GET /fapi/v3/account`."""
    mine, exchange = account_of(call), call.state.exchange
    marks = exchange.marks()
    wallet, profit, total = mine.wallet.get(_ASSET, _ZERO), mine.unrealized(marks), mine.total_margin(marks)
    in_positions = sum((mine.position_margin(symbol, marks[symbol]) for symbol in mine.held()), _ZERO)
    kept = sum(
        (maintenance(mine, symbol, marks[symbol], exchange.venues[symbol].tiers) for symbol in mine.held()), _ZERO
    )
    available = _amount(mine.available(_ASSET, marks))
    asset = AccountAsset(
        asset=_ASSET,
        wallet_balance=_amount(wallet),
        unrealized_profit=_amount(profit),
        margin_balance=_amount(wallet + profit),
        maint_margin=_amount(kept),
        initial_margin=_amount(total),
        position_initial_margin=_amount(in_positions),
        open_order_initial_margin=_amount(total - in_positions),
        cross_wallet_balance=_amount(mine.cross_wallet(_ASSET)),
        cross_un_pnl=_amount(mine.cross_unrealized(marks)),
        available_balance=available,
        max_withdraw_amount=available,
        update_time=call.now_ms,
    )
    return AccountInformation(
        total_initial_margin=asset.initial_margin,
        total_maint_margin=asset.maint_margin,
        total_wallet_balance=asset.wallet_balance,
        total_unrealized_profit=asset.unrealized_profit,
        total_margin_balance=asset.margin_balance,
        total_position_initial_margin=asset.position_initial_margin,
        total_open_order_initial_margin=asset.open_order_initial_margin,
        total_cross_wallet_balance=asset.cross_wallet_balance,
        total_cross_un_pnl=asset.cross_un_pnl,
        available_balance=available,
        max_withdraw_amount=available,
        assets=[asset],
        positions=[_account_position(_risk(call, mine, symbol)) for symbol in mine.held()],
    )


def _account_position(row: PositionRisk) -> AccountPosition:
    return AccountPosition(
        symbol=row.symbol,
        position_side=row.position_side,
        position_amt=row.position_amt,
        unrealized_profit=row.un_realized_profit,
        isolated_margin=row.isolated_margin,
        notional=row.notional,
        isolated_wallet=row.isolated_wallet,
        initial_margin=row.initial_margin,
        maint_margin=row.maint_margin,
        update_time=row.update_time,
    )


def account_status(call: Call) -> AccountInformation:
    """`v2/account.status` of the WS-API: as v3 of REST, and which assets can be margin."""
    answer = account(call)
    return structs.replace(answer, assets=[structs.replace(row, margin_available=True) for row in answer.assets])


def account_v2(call: Call) -> AccountInformation:
    """`GET /fapi/v2/account`: with the settings, and every symbol."""
    settings = call.state.settings_of(call.account)
    return structs.replace(
        account_v1(call),
        fee_burn=settings.fee_burn,
        positions=[
            structs.replace(row, break_even_price=UNSET) for row in _account_positions_v2(call, account_of(call))
        ],
    )


def account_v1(call: Call) -> AccountInformation:
    """`account.status` of the WS-API."""
    settings = call.state.settings_of(call.account)
    return structs.replace(
        account_status(call),
        fee_tier=0,
        can_trade=True,
        can_deposit=True,
        can_withdraw=True,
        update_time=0,
        multi_assets_margin=settings.multi_asset,
        trade_group_id=-1,
        positions=_account_positions_v2(call, account_of(call)),
    )


def _account_positions_v2(call: Call, mine: Account) -> list[AccountPosition]:
    return [_account_position_v2(call, mine, _risk(call, mine, symbol)) for symbol in call.state.exchange.venues]


def _account_position_v2(call: Call, mine: Account, row: PositionRisk) -> AccountPosition:
    return AccountPosition(
        symbol=row.symbol,
        initial_margin=row.initial_margin,
        maint_margin=row.maint_margin,
        unrealized_profit=row.un_realized_profit,
        position_initial_margin=row.position_initial_margin,
        open_order_initial_margin=row.open_order_initial_margin,
        leverage=str(mine.leverage(row.symbol)),
        isolated=row.symbol in mine.isolated,
        entry_price=row.entry_price,
        break_even_price=row.break_even_price,
        max_notional=max_notional(call, row.symbol),
        bid_notional=row.bid_notional,
        ask_notional=row.ask_notional,
        position_side=row.position_side,
        position_amt=row.position_amt,
        update_time=row.update_time,
    )
