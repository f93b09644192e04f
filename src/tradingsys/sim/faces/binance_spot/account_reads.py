"""Asking for what an account has, pays and may do."""

from __future__ import annotations

from tradingsys.core.enums import Side
from tradingsys.matching.fees import SpotFees
from tradingsys.sim.faces.binance_spot import exchange_info
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import RateLimitRule, spot

__all__ = ["account", "commission", "my_filters", "order_rate_limits", "uid"]

_BPS = 10_000
_ZERO = "0.00000000"


def uid(call: Call) -> int:
    """The account's number: another one whenever the box was started anew, whose accounts are new too."""
    return call.state.exchange.first_id + list(call.state.exchange.accounts).index(call.account)


def rates(fees: SpotFees) -> spot.Commission:
    """What is paid as a part of the value."""
    return spot.Commission(
        maker=decimal_text(fees.maker),
        taker=decimal_text(fees.taker),
        buyer=decimal_text(fees.buyer),
        seller=decimal_text(fees.seller),
    )


def account(call: Call) -> spot.Account:
    """`GET /api/v3/account` and `account.status`."""
    wallet, fees = call.state.exchange.accounts[call.account], call.state.exchange.fees
    omits_zero = call.params.flag("omitZeroBalances")
    assets = dict.fromkeys(
        (*wallet.assets, *(name for market in call.state.markets.values() for name in (market.base, market.quote)))
    )
    return spot.Account(
        maker_commission=int(fees.rate(Side.BUY, is_maker=True) * _BPS),
        taker_commission=int(fees.rate(Side.BUY, is_maker=False) * _BPS),
        buyer_commission=int(fees.buyer * _BPS),
        seller_commission=int(fees.seller * _BPS),
        commission_rates=rates(fees),
        can_trade=True,
        can_withdraw=False,
        can_deposit=False,
        brokered=False,
        require_self_trade_prevention=False,
        prevent_sor=False,
        update_time=call.state.updated_ms.get(call.account, 0),
        account_type="SPOT",
        balances=[
            spot.AccountBalance(
                asset=asset,
                free=_eight(wallet.free_of(asset)),
                locked=_eight(wallet.locked_of(asset)),
            )
            for asset in assets
            if not omits_zero or wallet.total(asset)
        ],
        permissions=["SPOT"],
        uid=uid(call),
    )


def _eight(value: object) -> str:
    return format(value, ".8f")


def commission(call: Call) -> spot.AccountCommission:
    """`GET /api/v3/account/commission` and `account.commission`."""
    symbol, fees = call.symbol(), call.state.exchange.fees
    nothing = spot.Commission(maker=_ZERO, taker=_ZERO, buyer=_ZERO, seller=_ZERO)
    return spot.AccountCommission(
        symbol=symbol,
        standard_commission=rates(fees),
        special_commission=nothing,
        tax_commission=nothing,
        discount=discount(call),
    )


def discount(call: Call) -> spot.Discount:
    """What fees are multiplied with when they are paid in another asset."""
    fees = call.state.exchange.fees
    return spot.Discount(
        enabled_for_account=call.state.exchange.accounts[call.account].burns_bnb,
        enabled_for_symbol=True,
        discount_asset=fees.discount_asset,
        discount=_eight(fees.discount),
    )


def order_rate_limits(call: Call) -> list[RateLimitRule]:
    """`GET /api/v3/rateLimit/order` and `account.rateLimits.orders`: limits and what is used of them."""
    return call.state.limits.order_rules(call.account, call.now_ms)


def my_filters(call: Call) -> spot.AccountFilters:
    """`GET /api/v3/myFilters` and `myFilters`: of assets, the account's own, which the operator set."""
    market, exchange = call.state.markets[call.symbol()], call.state.exchange
    own = ((asset, exchange.asset_limits.get((call.account, asset))) for asset in (market.base, market.quote))
    return spot.AccountFilters(
        exchange_filters=exchange_info.exchange_filters(exchange.limits),
        symbol_filters=exchange_info.symbol_filters(market),
        asset_filters=[
            spot.AssetFilter(filter_type="MAX_ASSET", asset=asset, limit=_eight(most))
            for asset, most in own
            if most is not None
        ],
    )
