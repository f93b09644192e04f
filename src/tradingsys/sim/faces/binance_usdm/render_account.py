"""What happens to an account beside its orders, as the venue's messages."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import UNSET, structs

from tradingsys.core.enums import MarginType
from tradingsys.core.reports import AccountChanged as AccountFacts
from tradingsys.matching.account import Account
from tradingsys.matching.margin import maintenance
from tradingsys.sim.events import AccountChanged, AssetModeChanged, LeverageChanged, MarginCalled
from tradingsys.sim.faces.binance.figures import eight_digits, ms, shown_px
from tradingsys.sim.faces.binance_usdm.render import shown_position
from tradingsys.sim.venue import Venue
from tradingsys.venues.binance import encode, messages
from tradingsys.venues.binance.encode import decimal_text

__all__ = ["account_update", "config_update", "margin_call"]


def account_update(change: AccountChanged, mark_px: Decimal | None) -> messages.AccountUpdate:
    """The balance, and the position if one is concerned, as they are after a change."""
    position = change.position
    symbol = change.symbol
    report = AccountFacts(
        reason=change.reason,
        ts_event_ms=ms(change.ts_ns),
        balances={change.asset: eight_digits(change.wallet)},
        positions={} if position is None else {symbol: position.net},
    )
    shown = {} if position is None else {symbol: shown_position(position)}
    profit = Decimal(0)
    if position is not None and mark_px is not None:
        profit = eight_digits(position.net * (mark_px - position.entry_px))
    message = encode.account_update(
        report,
        balance_changes={change.asset: eight_digits(change.change)} if change.change else {},
        positions=shown,
        unrealized_pnl={symbol: profit},
        symbol=symbol if change.reason == "FUNDING_FEE" else UNSET,
    )
    return structs.replace(message, update=_completed(message.update, change))


def _completed(update: messages.UpdateOfAccount, change: AccountChanged) -> messages.UpdateOfAccount:
    balances = [structs.replace(row, cross_wallet=_text(change.cross_wallet)) for row in update.balances or ()]
    break_even = decimal_text(shown_px(change.break_even_px))
    positions = [structs.replace(row, break_even_px=break_even) for row in update.positions or ()]
    if change.isolated_wallet is not None:
        mine = _text(change.isolated_wallet)
        positions = [structs.replace(row, margin_type="isolated", isolated_wallet=mine) for row in positions]
    return structs.replace(update, balances=balances, positions=positions)


def config_update(change: LeverageChanged | AssetModeChanged) -> messages.AccountConfigUpdate:
    """A setting that changed."""
    at_ms = ms(change.ts_ns)
    if isinstance(change, AssetModeChanged):
        mode = messages.AssetModeChange(multi_assets=change.multi_assets)
        return messages.AccountConfigUpdate(ts_sent_ms=at_ms, ts_event_ms=at_ms, asset_mode=mode)
    leverage = messages.LeverageChange(symbol=change.symbol, leverage=change.leverage)
    return messages.AccountConfigUpdate(ts_sent_ms=at_ms, ts_event_ms=at_ms, leverage=leverage)


def margin_call(call: MarginCalled, account: Account, venues: Mapping[str, Venue]) -> messages.MarginCall:
    """Positions close to liquidation."""
    is_isolated = call.margin_type is MarginType.ISOLATED
    return messages.MarginCall(
        ts_sent_ms=ms(call.ts_ns),
        cross_wallet=UNSET if is_isolated else _text(account.cross_wallet(call.asset)),
        positions=[
            messages.MarginCallPosition(
                symbol=symbol,
                position_side="BOTH",
                qty=decimal_text(account.position(symbol).net),
                margin_type=call.margin_type.value,
                isolated_wallet=_text(account.isolated[symbol]) if symbol in account.isolated else "0",
                mark_px=decimal_text(venues[symbol].mark.px),
                unrealized_pnl=_text(account.profit(symbol, venues[symbol].mark.px)),
                maintenance_margin=_text(maintenance(account, symbol, venues[symbol].mark.px, venues[symbol].tiers)),
            )
            for symbol in call.symbols
        ],
    )


def _text(value: Decimal) -> str:
    return decimal_text(eight_digits(value))
