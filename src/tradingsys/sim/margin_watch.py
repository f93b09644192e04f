"""Margin accounts whose debts come near what they have: they are warned, and in the end sold out."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.wallet import floor8
from tradingsys.sim.asset_events import BalanceMoved, MarginLevelChanged, MarginStatus
from tradingsys.sim.asset_judging import market_cost, quoted_lots
from tradingsys.sim.asset_state import UNIT, AssetState
from tradingsys.sim.events import ExchangeEvent, ExpiryReason, NewOrder
from tradingsys.sim.lending import Lending
from tradingsys.sim.money import CashKind
from tradingsys.sim.placing import Placing
from tradingsys.sim.venue import Venue

__all__ = ["FORCED_PREFIX", "MarginWatch"]

FORCED_PREFIX = "autoclose-"

_ZERO = Decimal(0)
_NS_PER_MS = 1_000_000


class MarginWatch:
    """Looks after every cross-margin account."""

    def __init__(self, state: AssetState, placing: Placing, lending: Lending) -> None:
        self._state = state
        self._placing = placing
        self._lending = lending
        self._status: dict[str, MarginStatus] = {}
        self._made = 0

    def level(self, wallet: CrossMarginWallet) -> Decimal:
        """Assets / debts by the prices of now."""
        return wallet.level(self._state.prices())

    def status(self, level: Decimal) -> MarginStatus:
        """What a level means."""
        bars = self._state.terms.bars
        if level <= bars.liquidation:
            return MarginStatus.FORCE_LIQUIDATION
        if level <= bars.call:
            return MarginStatus.MARGIN_CALL
        return MarginStatus.NORMAL if level <= bars.transfer else MarginStatus.EXCESSIVE

    @property
    def is_needed(self) -> bool:
        """Whether anybody owes anything."""
        return any(wallet.owes for wallet in self._state.margins())

    def check(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Warn and sell out whom it concerns at the prices of now."""
        for wallet in self._state.margins():
            self._check(wallet, now_ns, events)

    def _check(self, wallet: CrossMarginWallet, now_ns: int, events: list[ExchangeEvent]) -> None:
        status = self._tell(wallet, now_ns, events)
        if status is MarginStatus.FORCE_LIQUIDATION or wallet.is_liquidating:
            wallet.is_liquidating = True
            self._liquidate(wallet, now_ns, events)
            wallet.is_liquidating = wallet.owes
            self._tell(wallet, now_ns, events)

    def _tell(self, wallet: CrossMarginWallet, now_ns: int, events: list[ExchangeEvent]) -> MarginStatus:
        level = self.level(wallet)
        status = self.status(level)
        if status is not self._status.get(wallet.name, MarginStatus.EXCESSIVE):
            events.append(MarginLevelChanged(wallet.name, level, status, now_ns))
        self._status[wallet.name] = status
        return status

    # --- selling out

    def _liquidate(self, wallet: CrossMarginWallet, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Everything becomes the unit of account, that becomes what is owed, and what is owed is paid."""
        for venue in self._state.venues.values():
            for order_id in list(venue.open_ids.get(wallet.name, ())):
                if order_id in venue.open:
                    self._placing.end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.LIQUIDATION)
            self._state.publish(venue, now_ns, events)
        owed = {asset: wallet.debt(asset) for asset in wallet.debtors}
        self._pay_all(wallet, now_ns, events)
        for asset in list(wallet.assets):
            if asset != UNIT and not wallet.debt(asset):
                self._sell(wallet, asset, now_ns, events)
        self._pay_all(wallet, now_ns, events)
        for asset in list(wallet.debtors):
            if asset != UNIT:
                self._buy(wallet, asset, now_ns, events)
        self._pay_all(wallet, now_ns, events)
        self._settle(wallet, owed, now_ns, events)

    def _pay_all(self, wallet: CrossMarginWallet, now_ns: int, events: list[ExchangeEvent]) -> None:
        for asset in list(wallet.debtors):
            self._lending.pay_back(wallet, asset, wallet.debt(asset), now_ns, events, forced=True)

    def _sell(self, wallet: CrossMarginWallet, asset: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        venue = self._state.venues.get(asset + UNIT)
        if venue is not None:
            lots = int(wallet.free_of(asset) / venue.instrument.lot_size)
            self._trade(wallet, venue, Side.SELL, lots, now_ns, events)

    def _buy(self, wallet: CrossMarginWallet, asset: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """As much as is owed when the fee is taken off, as far as it can be paid."""
        venue = self._state.venues.get(asset + UNIT)
        if venue is None:
            return
        gross = wallet.debt(asset) / (1 - self._state.fees.rate(Side.BUY, is_maker=False))
        lots = int((gross / venue.instrument.lot_size).to_integral_value(ROUND_CEILING))
        request = self._request(wallet, venue, Side.BUY, lots, now_ns)
        free = wallet.free_of(UNIT)
        if market_cost(venue, request, lots) > free:
            lots = min(lots, quoted_lots(venue, request, free, beyond=False))
        self._trade(wallet, venue, Side.BUY, lots, now_ns, events)

    def _trade(
        self, wallet: CrossMarginWallet, venue: Venue, side: Side, lots: int, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        if not lots:
            return
        request = self._request(wallet, venue, side, lots, now_ns)
        order = self._placing.accept(venue, request, lots, None, now_ns, events, forced="liquidation")
        self._placing.trade(venue, order, None, lots, now_ns, events)
        self._state.publish(venue, now_ns, events)

    def _request(self, wallet: CrossMarginWallet, venue: Venue, side: Side, lots: int, now_ns: int) -> NewOrder:
        self._made += 1
        name = f"{FORCED_PREFIX}{now_ns // _NS_PER_MS}{self._made:06d}"
        symbol = venue.instrument.symbol
        return NewOrder(
            wallet.name, symbol, side, OrderType.MARKET, venue.qty(lots), client_order_id=name
        )  # fmt: skip

    def _settle(
        self, wallet: CrossMarginWallet, owed: dict[str, Decimal], now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """The insurance fund takes its fee of what was paid; it pays what the account cannot pay any more."""
        prices = self._state.prices()
        paid = sum((amount - wallet.debt(asset)) * prices.get(asset, _ZERO) for asset, amount in owed.items())
        if not wallet.owes:
            fee = min(floor8(paid * self._state.terms.liquidation_fee), wallet.free_of(UNIT))
            self._insure(wallet, UNIT, -fee, now_ns, events)
        elif self._is_empty(wallet, prices):
            for asset in list(wallet.debtors):
                lacking = max(_ZERO, wallet.debt(asset) - wallet.free_of(asset))
                self._insure(wallet, asset, lacking, now_ns, events)
                self._state.deficits.owe(wallet.name, floor8(lacking * prices.get(asset, _ZERO)))
            self._pay_all(wallet, now_ns, events)

    def _is_empty(self, wallet: CrossMarginWallet, prices: dict[str, Decimal]) -> bool:
        """Whether nothing is left that can be sold for what is owed."""
        for asset in wallet.assets:
            venue = self._state.venues.get(asset + UNIT)
            if asset != UNIT and venue is not None and wallet.free_of(asset) >= venue.instrument.lot_size:
                return False
        return all(
            wallet.free_of(UNIT) < prices.get(asset, _ZERO) * self._lot(asset) for asset in wallet.debtors
        )  # fmt: skip

    def _lot(self, asset: str) -> Decimal:
        venue = self._state.venues.get(asset + UNIT)
        return Decimal(1) if venue is None else venue.instrument.lot_size

    def _insure(
        self, wallet: CrossMarginWallet, asset: str, amount: Decimal, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        if amount:
            wallet.earn(asset, amount)
            self._state.ledger.put_money(wallet.name, CashKind.INSURANCE_CLEAR, asset, amount, now_ns)
            events.append(BalanceMoved(wallet.name, asset, amount, now_ns))
