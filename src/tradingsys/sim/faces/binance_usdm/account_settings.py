"""What an account sets: leverage, margin types, margin of positions, modes; and what it may do."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import MarginType
from tradingsys.matching.account import Account
from tradingsys.sim.events import AssetModeChanged, ChangeRefused, ExchangeEvent, Refusal
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.refusals import refused
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import (
    AccountConfig,
    Bracket,
    CommissionRate,
    Done,
    FeeBurn,
    Leverage,
    LeverageBrackets,
    MultiAssetsMode,
    PositionMarginAdjusted,
    PositionMode,
    RateLimitRule,
    SymbolConfig,
    TradingStatus,
)

__all__ = [
    "account_config",
    "account_of",
    "adjust_position_margin",
    "brackets",
    "commission_rate",
    "fee_burn",
    "max_notional",
    "multi_assets_mode",
    "order_rate_limits",
    "position_mode",
    "set_fee_burn",
    "set_leverage",
    "set_margin_type",
    "set_multi_assets_mode",
    "set_position_mode",
    "symbol_config",
    "trading_status",
]

_DONE = Done(code=200, msg="success")
_ADD, _TAKE = 1, 2


def account_of(call: Call) -> Account:
    """Who asks, as the exchange knows them."""
    return call.state.exchange.accounts[call.account]


def max_notional(call: Call, symbol: str) -> str:
    """The largest position that the account may have at its leverage."""
    return decimal_text(call.state.exchange.venues[symbol].tiers.cap(account_of(call).leverage(symbol)))


def _perform(call: Call, events: list[ExchangeEvent], detail: str = "") -> ExchangeEvent:
    """What was done; raises Fault for what was refused."""
    call.state.happened += events
    first = events[0]
    if isinstance(first, ChangeRefused):
        raise refused(first.refusal, detail)
    return first


# --- per symbol


def set_leverage(call: Call) -> Leverage:
    """`POST /fapi/v1/leverage`.

    Raises Fault for one that does not exist (-4028), that the position (-2027) or the margin (-2028) does not allow,
    or that would reduce that of an isolated position (-4161).
    """
    symbol, leverage = call.symbol(), call.params.integer("leverage")
    _perform(call, call.state.exchange.set_leverage(call.account, symbol, leverage, call.now_ns), str(leverage))
    return Leverage(leverage=leverage, max_notional_value=max_notional(call, symbol), symbol=symbol)


def set_margin_type(call: Call) -> Done:
    """`POST /fapi/v1/marginType`.

    Raises Fault for no change (-4046), with open orders (-4047) or a position (-4048), in multi-assets mode (-4168).
    """
    symbol = call.symbol()
    kind = words.MARGIN_TYPES.get(call.params.text("marginType"))
    if kind is None:
        raise malformed("marginType")
    is_isolated = symbol in account_of(call).isolated
    if is_isolated == (kind is MarginType.ISOLATED):
        raise Fault(400, -4046, "No need to change margin type.")
    if kind is MarginType.ISOLATED and call.state.settings_of(call.account).multi_asset:
        raise Fault(400, -4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
    if call.state.exchange.open_conditions(call.account, symbol):
        raise refused(Refusal.OPEN_ORDERS)
    _perform(call, call.state.exchange.set_margin_type(call.account, symbol, kind, call.now_ns))
    return _DONE


def adjust_position_margin(call: Call) -> PositionMarginAdjusted:
    """`POST /fapi/v1/positionMargin`.

    Raises Fault for a crossed position (-4049), none (-4054), too much (-4050, -4051) or nothing (-4055).
    """
    symbol, amount, kind = call.symbol(), call.params.decimal("amount"), call.params.integer("type")
    if kind not in (_ADD, _TAKE):
        raise malformed("type")
    if amount <= 0:
        raise Fault(400, -4055, "Amount must be positive.")
    signed = amount if kind == _ADD else -amount
    _perform(call, call.state.exchange.move_margin(call.account, symbol, signed, call.now_ns))
    return PositionMarginAdjusted(
        amount=_number(amount), code=200, msg="Successfully modify position margin.", type=kind
    )


def symbol_config(call: Call) -> list[SymbolConfig]:
    """`GET /fapi/v1/symbolConfig`, of one symbol or all."""
    mine = account_of(call)
    return [
        SymbolConfig(
            symbol=symbol,
            margin_type="ISOLATED" if symbol in mine.isolated else "CROSSED",
            is_auto_add_margin=False,
            leverage=mine.leverage(symbol),
            max_notional_value=max_notional(call, symbol),
        )
        for symbol in call.symbols()
    ]


def brackets(call: Call) -> list[LeverageBrackets]:
    """`GET /fapi/v1/leverageBracket`, of one symbol or all; a list in either case."""
    return [
        LeverageBrackets(
            symbol=symbol,
            brackets=[
                Bracket(
                    bracket=row.number,
                    initial_leverage=row.leverage,
                    notional_cap=_number(row.cap),
                    notional_floor=_number(row.floor),
                    maint_margin_ratio=_number(row.ratio),
                    cum=_number(row.deduction),
                )
                for row in call.state.exchange.venues[symbol].tiers.rows
            ],
        )
        for symbol in call.symbols()
    ]


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def commission_rate(call: Call) -> CommissionRate:
    """`GET /fapi/v1/commissionRate`."""
    fees = call.state.exchange.fees
    return CommissionRate(
        symbol=call.symbol(),
        maker_commission_rate=decimal_text(fees.maker),
        taker_commission_rate=decimal_text(fees.taker),
        rpi_commission_rate=decimal_text(fees.maker),
    )


# --- of the account


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


def position_mode(call: Call) -> PositionMode:
    """`GET /fapi/v1/positionSide/dual`."""
    return PositionMode(dual_side_position=call.state.settings_of(call.account).hedge_mode)


def set_position_mode(call: Call) -> Done:
    """`POST /fapi/v1/positionSide/dual`.

    Raises Fault for no change (-4059), with open orders (-4067) or with a position (-4068).
    """
    call.params.text("dualSidePosition")
    wanted = call.params.flag("dualSidePosition")
    settings, exchange = call.state.settings_of(call.account), call.state.exchange
    if settings.hedge_mode == wanted:
        raise Fault(400, -4059, "No need to change position side.")
    if exchange.open_orders(call.account) or exchange.open_conditions(call.account):
        raise Fault(400, -4067, "Position side cannot be changed if there exists open orders.")
    if list(account_of(call).held()):
        raise Fault(400, -4068, "Position side cannot be changed if there exists position.")
    settings.hedge_mode = wanted
    return _DONE


def multi_assets_mode(call: Call) -> MultiAssetsMode:
    """`GET /fapi/v1/multiAssetsMargin`."""
    return MultiAssetsMode(multi_assets_margin=call.state.settings_of(call.account).multi_asset)


def set_multi_assets_mode(call: Call) -> Done:
    """`POST /fapi/v1/multiAssetsMargin`: told, and without effect, as the box knows one asset.

    Raises Fault for no change (-4171), with isolated symbols (-4167) or open orders (-4170).
    """
    call.params.text("multiAssetsMargin")
    wanted = call.params.flag("multiAssetsMargin")
    settings = call.state.settings_of(call.account)
    if settings.multi_asset == wanted:
        text = "Adjusted asset mode is currently set and does not need to be adjusted repeatedly."
        raise Fault(400, -4171, text)
    if wanted and account_of(call).isolated:
        text = "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode."
        raise Fault(400, -4167, text)
    if call.state.exchange.open_orders(call.account):
        raise Fault(400, -4170, "Unable to adjust Multi-Assets Mode with open orders in USDⓈ-M Futures.")
    settings.multi_asset = wanted
    call.state.happened.append(AssetModeChanged(call.account, wanted, call.now_ns))
    return _DONE


def fee_burn(call: Call) -> FeeBurn:
    """`GET /fapi/v1/feeBurn`."""
    return FeeBurn(fee_burn=call.state.settings_of(call.account).fee_burn)


def set_fee_burn(call: Call) -> Done:
    """`POST /fapi/v1/feeBurn`."""
    call.params.text("feeBurn")
    call.state.settings_of(call.account).fee_burn = call.params.flag("feeBurn")
    return _DONE


def order_rate_limits(call: Call) -> list[RateLimitRule]:
    """`GET /fapi/v1/rateLimit/order`."""
    return call.state.limits.order_rule_statements()


def trading_status(call: Call) -> TradingStatus:
    """`GET /fapi/v1/apiTradingStatus`: nobody comes near the rules about behaviour here."""
    call.maybe_symbol()
    return TradingStatus(indicators={}, update_time=call.now_ms)
