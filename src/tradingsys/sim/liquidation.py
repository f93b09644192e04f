"""Accounts that cannot keep their positions lose them: to the book, to the insurance fund, to who earned most."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from tradingsys.core.enums import MarginType, OrderStatus, OrderType, Side, TimeInForce
from tradingsys.matching.account import Account
from tradingsys.matching.margin import Health, bankruptcy_px, cross_health, isolated_health, maintenance
from tradingsys.sim.contract_holdings import ContractHoldings
from tradingsys.sim.events import ExchangeEvent, ExpiryReason, MarginCalled, NewOrder
from tradingsys.sim.money import CashKind
from tradingsys.sim.placing import Placing
from tradingsys.sim.state import INSURANCE, State
from tradingsys.sim.venue import Venue

__all__ = ["ADL_ID", "LIQUIDATION_PREFIX", "Liquidation"]

LIQUIDATION_PREFIX = "autoclose-"
ADL_ID = "adl_autoclose"

_ZERO = Decimal(0)
_DIGITS = Decimal("0.00000001")
_CALL_RATIO = Decimal("0.8")
"""An account is warned when its maintenance margin is this part of what it has."""
_NS_PER_MS = 1_000_000


class Liquidation:
    """Looks after the margin of every account that is not the house's."""

    def __init__(self, state: State, placing: Placing, holdings: ContractHoldings) -> None:
        self._state = state
        self._placing = placing
        self._holdings = holdings
        self._warned: set[tuple[str, str]] = set()
        """(account, isolated symbol or empty)."""
        self._made = 0

    def check(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Warn and liquidate whom it concerns at the mark prices of now."""
        for account in self._state.traders():
            held = list(account.held())
            for symbol in (symbol for symbol in held if symbol in account.isolated):
                venue = self._state.venues[symbol]
                health = isolated_health(account, symbol, venue.mark.px, venue.tiers)
                if self._is_lost(account, health, (symbol,), symbol, now_ns, events):
                    self._liquidate(account, [venue], health.balance, now_ns, events)
            crossed = tuple(symbol for symbol in held if symbol not in account.isolated)
            if crossed:
                asset = self._state.venues[crossed[0]].instrument.margin_asset
                health = cross_health(account, asset, self._state.marks(), self._state.tiers())
                if self._is_lost(account, health, crossed, "", now_ns, events):
                    venues = [self._state.venues[symbol] for symbol in crossed]
                    self._liquidate(account, venues, health.balance, now_ns, events)

    def _is_lost(
        self,
        account: Account,
        health: Health,
        symbols: tuple[str, ...],
        isolated: str,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> bool:
        key = (account.name, isolated)
        if health.required < health.balance * _CALL_RATIO:
            self._warned.discard(key)
        elif key not in self._warned:
            self._warned.add(key)
            asset = self._state.venues[symbols[0]].instrument.margin_asset
            margin_type = MarginType.ISOLATED if isolated else MarginType.CROSSED
            events.append(MarginCalled(account.name, asset, margin_type, symbols, now_ns))
        return health.is_lost

    def _liquidate(
        self, account: Account, venues: list[Venue], balance: Decimal, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """Close positions that share ``balance``."""
        asset = venues[0].instrument.margin_asset
        isolated = [venue.instrument.symbol for venue in venues if venue.instrument.symbol in account.isolated]
        floor = account.cross_wallet(asset) if isolated else _ZERO
        for venue in venues:
            for order_id in list(venue.open_ids.get(account.name, ())):
                self._placing.end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.LIQUIDATION)
        needs = [maintenance(account, v.instrument.symbol, v.mark.px, v.tiers) for v in venues]
        value = _ZERO
        for venue, need in zip(venues, needs, strict=True):
            share = balance * need / sum(needs)
            value += self._close(venue, account, share, now_ns, events) * venue.liquidation_fee
        self._charge(account, asset, min(value, max(_ZERO, account.cross_wallet(asset) - floor)), now_ns, events)
        missing = floor - account.cross_wallet(asset)
        if missing > 0:
            self._charge(account, asset, -missing, now_ns, events)
        for venue in venues:
            self._state.publish(venue, now_ns, events)

    def _close(
        self, venue: Venue, account: Account, balance: Decimal, now_ns: int, events: list[ExchangeEvent]
    ) -> Decimal:
        """Sell or buy back a position at no worse than the price that uses up ``balance``; returns its value."""
        symbol = venue.instrument.symbol
        net = account.position(symbol).net
        side = Side.SELL if net > 0 else Side.BUY
        px = bankruptcy_px(net, venue.mark.px, balance) / venue.instrument.tick_size
        ticks = max(1, int(px.to_integral_value(ROUND_CEILING if side is Side.SELL else ROUND_FLOOR)))
        lots = venue.lots(abs(net)) or 0
        request = self._order(account, venue, side, abs(net), ticks, now_ns)
        order = self._placing.accept(venue, request, lots, ticks, now_ns, events, forced="liquidation")
        self._placing.trade(venue, order, ticks, lots, now_ns, events)
        rest = abs(account.position(symbol).net)
        if rest:
            self._take_over(venue, account, side, rest, ticks, now_ns, events)
        return abs(net) * venue.price(ticks)

    def _order(
        self, account: Account, venue: Venue, side: Side, qty: Decimal, ticks: int, now_ns: int, client_id: str = ""
    ) -> NewOrder:
        self._made += 1
        return NewOrder(
            account.name,
            venue.instrument.symbol,
            side,
            OrderType.LIMIT,
            qty,
            venue.price(ticks),
            TimeInForce.IOC,
            reduce_only=True,
            client_order_id=client_id or f"{LIQUIDATION_PREFIX}{now_ns // _NS_PER_MS}{self._made:06d}",
        )

    def _take_over(
        self,
        venue: Venue,
        account: Account,
        side: Side,
        rest: Decimal,
        ticks: int,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        """What the book did not take, at the same price: no public trade."""
        px = venue.price(ticks)
        request = self._order(account, venue, side, rest, ticks, now_ns)
        order = self._placing.accept(venue, request, venue.lots(rest) or 0, ticks, now_ns, events, forced="liquidation")
        asset = venue.instrument.margin_asset
        fund = self._fund(asset)
        takers: Iterable[tuple[Account, Decimal]] = self._deleveraged(venue, side, rest)
        if fund.wallet[asset] >= rest * px * venue.liquidation_fee and fund.wallet[asset] > 0:
            takers = [(fund, rest)]
        for taker, qty in takers:
            trade_id = venue.trade_id()
            if taker.is_house:
                taker.fill(venue.instrument.symbol, side.opposite, qty, px, _ZERO, asset)
            else:
                self._give_up(venue, taker, side.opposite, qty, ticks, trade_id, now_ns, events)
            self._placing.execute(venue, order.order_id, trade_id, px, qty, now_ns, events, fee=_ZERO)
        if order.order_id in venue.open:
            self._placing.end(venue, order.order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.LIQUIDATION)

    def deleverage(
        self, venue: Venue, account: Account, qty: Decimal, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """Let an account give up so much of its position at the mark price, as if somebody opposite were lost."""
        symbol = venue.instrument.symbol
        side = Side.SELL if account.position(symbol).net > 0 else Side.BUY
        ticks = max(1, int((venue.mark.px / venue.instrument.tick_size).to_integral_value(ROUND_HALF_EVEN)))
        self._give_up(venue, account, side, qty, ticks, venue.trade_id(), now_ns, events)
        asset = venue.instrument.margin_asset
        self._fund(asset).fill(symbol, side.opposite, qty, venue.price(ticks), _ZERO, asset)

    def _give_up(
        self,
        venue: Venue,
        account: Account,
        side: Side,
        qty: Decimal,
        ticks: int,
        trade_id: int,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        request = self._order(account, venue, side, qty, ticks, now_ns, ADL_ID)
        lots = venue.lots(qty) or 0
        order = self._placing.accept(venue, request, lots, ticks, now_ns, events, forced="auto-deleveraging")
        self._placing.execute(venue, order.order_id, trade_id, venue.price(ticks), qty, now_ns, events, fee=_ZERO)
        self._holdings.traded(venue, account.name, now_ns, events)

    def _deleveraged(self, venue: Venue, side: Side, rest: Decimal) -> list[tuple[Account, Decimal]]:
        """Who must give up how much: those with the most profit and leverage first."""
        takers: list[tuple[Account, Decimal]] = []
        for account in self.queue(venue, side):
            qty = min(rest, abs(account.position(venue.instrument.symbol).net))
            takers.append((account, qty))
            rest -= qty
            if not rest:
                break
        return takers

    def queue(self, venue: Venue, side: Side) -> list[Account]:
        """Accounts whose position is of this side's direction, first to be deleveraged first."""
        symbol, mark = venue.instrument.symbol, venue.mark.px

        def rank(account: Account) -> tuple[Decimal, str]:
            value = abs(account.position(symbol).net * mark)
            return (-account.profit(symbol, mark) / value * account.leverage(symbol), account.name)

        same = [each for each in self._state.accounts.values() if each.position(symbol).net * -side.sign < 0]
        return sorted(same, key=rank)

    def insurance(self) -> dict[str, Decimal]:
        """What the insurance fund has, by asset."""
        assets = {venue.instrument.margin_asset: None for venue in self._state.venues.values()}
        return {asset: self._fund(asset).wallet[asset] for asset in assets}

    def _fund(self, asset: str) -> Account:
        fund = self._state.accounts.get(INSURANCE)
        if fund is None:
            fund = self._state.accounts[INSURANCE] = Account(INSURANCE, is_house=True)
        fund.wallet.setdefault(asset, self._state.options.insurance)
        return fund

    def _charge(self, account: Account, asset: str, amount: Decimal, now_ns: int, events: list[ExchangeEvent]) -> None:
        """The fund takes its fee, or (negative) pays what the account lost beyond what it had."""
        amount = amount.quantize(_DIGITS, ROUND_HALF_EVEN)
        if not amount:
            return
        account.earn(asset, -amount)
        self._fund(asset).wallet[asset] += amount
        reason = CashKind.INSURANCE_CLEAR
        self._state.ledger.put_money(account.name, reason, asset, -amount, now_ns)
        events.append(self._state.account_changed(account, asset, now_ns, reason.value, change=-amount))
