"""The limits of sessions and of the account: the last that is asked before an order leaves, out of a strategy's reach.

What is over a limit is refused, never delayed. What less trading alone can mend restricts the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import SideEffect, TradingState
from tradingsys.core.errors import InvalidOrder, LimitExceeded, LocalProtocolError
from tradingsys.core.order import Terms
from tradingsys.core.records import HaltCause, Scope
from tradingsys.core.reports import OrderRequest, Outcome, RequestDone
from tradingsys.gateway.configuration.session_config import LimitsConfig, SessionConfig, limits_of
from tradingsys.gateway.guarded import Fault, Guarded
from tradingsys.gateway.host import Host
from tradingsys.gateway.limits.borrowing import DEBTS_IN, Borrowing, most_borrowed
from tradingsys.gateway.limits.disk_space import DiskSpace
from tradingsys.gateway.limits.losses import Losses, restrict
from tradingsys.gateway.limits.price_reading import PriceReading
from tradingsys.gateway.limits.valuing import Valuing
from tradingsys.gateway.market.prices import FRESH_S
from tradingsys.oms.earnings import Earned
from tradingsys.oms.effects import OrderNews
from tradingsys.oms.limit_checks import ACCOUNT, Asked, Denial, Proposed, Reference, check
from tradingsys.oms.pace import Rate
from tradingsys.oms.procedure import until
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import ErrorCode

__all__ = ["Limiting"]

_NS_PER_S = 1_000_000_000
_LOOK_NS = 2 * _NS_PER_S
_PAUSE_MS = 60_000
"""How long a first storm of rejections stops a session."""
_FORGIVEN_NS = 3_600 * _NS_PER_S
"""After so long without another a storm is a first one again."""
_TOLD_NS = 10 * _NS_PER_S
"""Of denials by one limit of one session the log has one in so long."""
_ZERO = Decimal(0)


class Limiting:
    """Asks before orders and amends, listens to what becomes of them, and looks after each session's day."""

    def __init__(self, gateway: Host, defaults: LimitsConfig, sessions: Mapping[int, SessionConfig]) -> None:
        self.account = defaults.account
        self.rate = Rate(self.account.max_orders_per_s, self.account.order_burst)
        """At which all sessions together send."""
        self.sessions: dict[int, Guarded] = {}
        self._gateway, self._defaults, self._configured = gateway, defaults, sessions
        self._days = {record.session: record for record in gateway.store.saved.days}
        self.valuing = Valuing(gateway.market.prices, gateway.instruments, gateway.book, gateway.now_ns)
        self.reading = PriceReading(gateway)
        self.losses = Losses(gateway, self.valuing, self.reading.keep_fresh, defaults.account, self._days.get(None))
        self.debts = Borrowing(self.account.max_borrowed, self.valuing.last_rate)
        self._disk = DiskSpace(gateway, defaults.account.min_free_mib)

    def guarded(self, session: int) -> Guarded:
        """A session, with the limits that hold for it."""
        found = self.sessions.get(session)
        if found is None:
            found = self.sessions[session] = self.shown(session)
            if not self._gateway.book.exposure.lines.get(session):
                self.losses.judge(session, found)  # its day begins before its first order
        return found

    def shown(self, session: int) -> Guarded:
        """The same, of one that nobody looks after as long as it has done nothing."""
        found = self.sessions.get(session)
        if found is None:
            config = self._configured.get(session)
            own = frozenset(config.limits) if config is not None else frozenset[str]()
            found = Guarded(session, limits_of(self._defaults, config), own, self._days.get(session))
            if not self._gateway.book.exposure.lines.get(session):
                found.earned = Earned(_ZERO)
        return found

    def may_trade(self, session: int) -> bool:
        """Whether the configuration lets it."""
        config = self._configured.get(session)
        return config is None or config.trading

    def unpriced(self, session: int, symbols: Iterable[str]) -> list[str]:
        """Of these symbols, and of what they are paid with, those without a price that a session's orders could be
        measured with."""
        max_age_s = self.guarded(session).limits.max_reference_age_s
        if max_age_s is None:
            return []
        unusable = [symbol for symbol in symbols if self.valuing.reference(symbol, max_age_s).problem]
        return list(dict.fromkeys(each for symbol in unusable for each in self.valuing.needed(symbol)))

    # ---- before something is sent

    def account_change(self, session: int, symbol: str = "") -> None:
        """A strategy is about to change what is the whole account's: debts, leverage, the margin type of a symbol.

        Raises LimitExceeded when the session may not trade, LocalProtocolError (-10013) when it is restricted.
        """
        if not self.may_trade(session):
            key = self.shown(session).key("trading")
            raise LimitExceeded(
                f"denied by trading: the session may change nothing (key {key} in the gateway's configuration)",
                code=ErrorCode.DENIED,
                limit="trading",
                allowed="false",
                observed="true",
            )
        fault = self._gateway.halting.fault
        why = f"halted: {fault}" if fault else self._gateway.book.halts.why(session, symbol)
        if why:
            raise LocalProtocolError(why, code=ErrorCode.HALTED)

    def leverage(self, wanted: int) -> None:
        """A strategy is about to set the account's leverage on a symbol. Raises LimitExceeded."""
        most = self.account.max_leverage
        if most is not None and wanted > most:
            raise LimitExceeded(
                f"denied by {ACCOUNT}max_leverage: {wanted}, allowed {most} (key limits: {ACCOUNT}max_leverage in the "
                "gateway's configuration)",
                code=ErrorCode.DENIED,
                limit=f"{ACCOUNT}max_leverage",
                allowed=str(most),
                observed=str(wanted),
            )

    def borrow(self, session: int, asset: str, amount: Decimal) -> None:
        """A strategy is about to borrow for the account. Raises LimitExceeded."""
        now_ns = self._gateway.now_ns()
        denial = self.debts.denial(asset, amount, now_ns)
        if denial is not None:
            for pair in self.valuing.pairs(asset):
                self.reading.ask(pair)
            self._deny(session, asset, denial, now_ns, what="a loan")
        self.debts.asked(asset, amount, now_ns)

    def order(
        self,
        session: int,
        prepared: Sequence[tuple[PlaceOrder, Terms]],
        presumed_qty: Decimal = _ZERO,
        rivals: Mapping[str, str] | None = None,
        first: Terms | None = None,
    ) -> None:
        """New orders of one request are about to be sent; ``presumed_qty`` and ``rivals`` are as in `Intent`.

        With ``first`` the others wait until that one is executed.

        Raises LimitExceeded.
        """
        counted: dict[str, Decimal] = {}
        orders: list[Proposed] = []
        for command, terms in prepared:
            qty = counted[command.client_order_id] = terms.order_qty or presumed_qty
            other = counted.get((rivals or {}).get(command.client_order_id, ""), _ZERO)
            after = first if terms is not first else None
            orders.append(Proposed(terms, qty, max(_ZERO, qty - other), after))
        self._ask(Asked.of(session, orders[0].terms.symbol, tuple(orders)))

    def amend(self, order: TrackedOrder, amended: Terms) -> None:
        """An order is about to be changed. Raises LimitExceeded."""
        qty = amended.order_qty - order.facts.cum_qty
        adds = max(_ZERO, qty - order.worst_leaves_qty)
        before = order.known_terms
        only_shrinks = not adds and before is not None and (before.price, None) == (amended.price, amended.price_match)
        proposed = Proposed(amended, qty, adds)
        self._ask(Asked.of(order.session, order.symbol, (proposed,), is_new=False), only_pace=only_shrinks)

    def _ask(self, asked: Asked, *, only_pace: bool = False) -> None:
        gateway, guarded = self._gateway, self.guarded(asked.session)
        now_ns, count = gateway.now_ns(), len(asked.orders)
        if guarded.fault is not None:
            self._act_on(asked.session, guarded)
            raise InvalidOrder(gateway.book.halts.why(asked.session, asked.symbol), code=ErrorCode.HALTED)
        if not self.may_trade(asked.session):
            denial: Denial | None = Denial("trading", "false", "true", "the session may not send orders")
        else:
            denial = guarded.pace.check(asked, now_ns) or self.rate.check(count, now_ns, f"{ACCOUNT}max_orders_per_s")
        if denial is None and not only_pace:
            reference = self.valuing.reference(asked.symbol, guarded.limits.max_reference_age_s)
            denial = check(guarded.limits, self.account, asked, gateway.book.exposure, reference)
            if denial is None:
                denial = self._auto_borrows(asked, reference, now_ns)
            if denial is not None and reference.problem:
                self._ask_for_prices(asked.symbol)
        if denial is not None:
            self._deny(asked.session, asked.symbol, denial, now_ns)
        guarded.pace.passed(asked, now_ns)
        self.rate.passed(count, now_ns)
        most = guarded.limits.max_orders_between_executions
        if most is not None and guarded.pace.since_execution >= most:
            reason = f"{most} orders and amends were sent, and nothing was executed"
            guarded.fault = Fault("max_orders_between_executions", reason)

    def _auto_borrows(self, asked: Asked, reference: Reference, now_ns: int) -> Denial | None:
        """An order may borrow what is lacking to place it. No account that lends has amends."""
        borrowing = [each for each in asked.orders if each.terms.side_effect is SideEffect.MARGIN_BUY]
        if not borrowing or not asked.is_new:
            return None
        amount = most_borrowed(borrowing, reference)
        denial = self.debts.denial("USDT", amount, now_ns)
        if denial is None and amount is not None:
            self.debts.asked("USDT", amount, now_ns)
        return denial

    def _ask_for_prices(self, symbol: str) -> None:
        for each in self.valuing.needed(symbol):
            self.reading.ask(each)

    def _deny(self, session: int, symbol: str, denial: Denial, now_ns: int, *, what: str = "an order") -> None:
        """Raises LimitExceeded, and writes some of them down."""
        guarded, limit = self.guarded(session), denial.limit
        key = guarded.key(limit)
        guarded.denials[limit] = guarded.denials.get(limit, 0) + 1
        if now_ns - guarded.told_ns.get(limit, -_TOLD_NS) >= _TOLD_NS:
            guarded.told_ns[limit] = now_ns
            self._gateway.log.warning(
                f"{what} was denied by a limit",
                session=session,
                symbol=symbol,
                limit=limit,
                allowed=denial.allowed,
                observed=denial.observed,
                reason=denial.reason,
                so_far=guarded.denials[limit],
            )
        allowed = f", allowed {denial.allowed}" if limit != "trading" else ""
        raise LimitExceeded(
            f"denied by {limit}: {denial.reason}{allowed} (key {key} in the gateway's configuration)",
            code=ErrorCode.DENIED,
            limit=limit,
            allowed=denial.allowed,
            observed=denial.observed,
            for_others=limit.startswith(ACCOUNT),
        )

    # ---- what becomes of it

    def executed(self, news: OrderNews) -> None:
        """Something was executed, perhaps: what the boot finds out is not the strategy's pace."""
        if not self._gateway.is_ready:
            return
        guarded = self.guarded(news.order.session)
        now_ns = self._gateway.now_ns()
        for _ in news.new_fills:
            guarded.pace.since_execution = 0
            if not guarded.pace.executions.note(now_ns):
                continue
            most, width_s = guarded.limits.max_executions, guarded.limits.executions_window_s
            guarded.fault = Fault("max_executions", f"{most} executions within {width_s} s")

    def answered(self, report: RequestDone) -> None:
        """The exchange answered to an order or an amend, perhaps with a refusal."""
        if report.outcome is Outcome.REFUSED and report.request is not OrderRequest.CANCEL:
            order = self._gateway.book.order(report.client_order_id)
            if order is not None:
                self.refused(order.session)

    def refused(self, session: int) -> None:
        """A request of the session was refused, by us or by the exchange."""
        guarded, now_ns = self.guarded(session), self._gateway.now_ns()
        is_halted = guarded.fault or self._gateway.book.halts.state(session, "") is TradingState.HALTED
        if not is_halted and guarded.pace.rejections.note(now_ns):
            is_first = guarded.storm_ns is None or now_ns - guarded.storm_ns > _FORGIVEN_NS
            guarded.storm_ns = now_ns
            most, width_s = guarded.limits.max_rejections, guarded.limits.rejections_window_s
            reason = f"{most} orders were refused within {width_s} s"
            reason += ": it is halted for a minute" if is_first else ", again within the hour"
            guarded.fault = Fault("max_rejections", reason, is_pause=is_first)

    # ---- as time goes by

    async def watch(self) -> None:
        """Keep valuing what sessions hold, and restrict those that lose too much."""
        wait_ns = 0
        while True:
            await until(self._gateway.now_ns() + wait_ns)
            self.look()
            wait_ns = _LOOK_NS

    def look(self) -> None:
        """Do what is due."""
        now_ns = self._gateway.now_ns()
        self.valuing.refresh()
        self._keep_prices_fresh()
        self._disk.look()
        self._lift_what_is_over()
        for session in sorted(self._gateway.book.exposure.lines.keys() | self.sessions.keys()):
            guarded = self.guarded(session)
            guarded.pace.tidy(now_ns)
            if guarded.fault is not None:
                self._act_on(session, guarded)
            self.losses.judge(session, guarded)
        self.losses.judge_account(self.sessions)

    def read_prices(self) -> None:
        """The gateway is starting: sessions may go on with what they have as soon as it is ready."""
        for session in self._gateway.book.exposure.lines:
            self.guarded(session)
        self._keep_prices_fresh()

    def _keep_prices_fresh(self) -> None:
        """Of what is followed, held, or has orders open, and of what sessions earned and paid in."""
        ages = [each.limits.max_reference_age_s or FRESH_S for each in self.sessions.values()]
        lines = [each for lines in self._gateway.book.exposure.lines.values() for each in lines.items()]
        in_use = self._gateway.market.symbols | {symbol for symbol, line in lines if line.net or line.under_way}
        needed = {each for symbol in in_use for each in self.valuing.needed(symbol)}
        assets = {asset for guarded in self.sessions.values() for asset in guarded.earnings.assets}
        if self.account.max_borrowed is not None:
            assets.add(DEBTS_IN)
        needed.update(pair for asset in assets for pair in self.valuing.pairs(asset))
        self.reading.keep_fresh(needed & self._gateway.instruments.keys(), min(ages, default=FRESH_S))

    def _lift_what_is_over(self) -> None:
        now_ms = self._gateway.venue.venue_ms()
        for row in self._gateway.book.halts:
            if row.until_ms is not None and now_ms >= row.until_ms:
                self._gateway.halting.lift(row.scope, row.cause)

    def resumes(self, scope: Scope) -> None:
        """A person is about to let a session, or all, go on: where a limit stopped it, it may do as much again."""
        stopped_by = {row.cause for row in self._gateway.book.halts.of(scope)}
        if scope.symbol or HaltCause.LIMIT not in stopped_by:
            return
        if scope.session is None:
            self.losses.forgive(self.losses.account)
            return
        guarded = self.guarded(scope.session)
        guarded.fault = None
        guarded.pace.executions.clear()
        guarded.pace.since_execution = 0
        guarded.pace.rejections.clear()
        self.losses.forgive(guarded.day)

    def _act_on(self, session: int, guarded: Guarded) -> None:
        fault, guarded.fault = guarded.fault, None
        if fault is None:
            return
        guarded.pace.rejections.clear()
        until_ms = self._gateway.venue.venue_ms() + _PAUSE_MS if fault.is_pause else None
        cause, reason = HaltCause.PAUSE if fault.is_pause else HaltCause.LIMIT, f"{fault.limit}: {fault.reason}"
        key, state = guarded.key(fault.limit), TradingState.HALTED
        restrict(self._gateway, Scope(session), cause, state, key, reason, until_ms)
