"""Whether an order is within the limits: decided from what a session could come to hold, and from the market.

An order that can only reduce what its session holds is never refused for its size or for what the session holds, and
at market not for the number of open orders either: a session can always get out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import OrderType, PriceMatch, Side, TimeInForce
from tradingsys.core.instrument import plain
from tradingsys.core.order import Terms
from tradingsys.oms.exposure import Exposure, Line
from tradingsys.oms.limits import AccountLimits, Limits

__all__ = ["ACCOUNT", "Asked", "Denial", "Proposed", "Reference", "check"]

_ZERO = Decimal(0)
_PERCENT = Decimal(100)
_POSITIONS = "all positions of the session could come to"
_ORDERS = "the session's orders under way would come to"
_ALL_POSITIONS = "the positions of all sessions could come to"
_ALL_ORDERS = "the orders under way of all sessions would come to"
_AMOUNTS = ("max_order_notional", "max_position_notional", "max_gross_notional", "max_unexecuted_notional")
_OPPONENTS = frozenset(each for each in PriceMatch if each.startswith("OPPONENT"))
"""They take what is on the other side of the book, up to some level of it."""
ACCOUNT = "account: "
"""Before the name of a limit that holds for all sessions together."""

Level = tuple[Decimal, Decimal]
"""Price and quantity."""


class Reference(Struct, frozen=True):
    """What an order is measured with."""

    px: Decimal | None
    """The middle of the book, else the mark price, else the last trade's."""
    rate: Decimal = Decimal(1)
    """What one unit of the symbol's quote asset is worth, in USDT; 0 if that was never known."""
    problem: str = ""
    """Why it is of no use."""
    worth: Decimal = _ZERO
    """Of one unit of the symbol, in USDT, as it was last known; 0 if it never was."""
    levels: Callable[[Side], Sequence[Level]] = lambda _: ()
    """What an order of this side would trade with, best first, as far as it is known."""
    known: str = "no price"
    """What is known where there is a problem."""


class Proposed(Struct, frozen=True):
    """An order that is asked for, or what an amend would make of one."""

    terms: Terms
    qty: Decimal
    """What of it may execute."""
    adds: Decimal
    """How much more than before would be under way."""
    after: Terms | None = None
    """The order that is to be executed before this one begins to work."""


class Asked(Struct, frozen=True):
    """One request of a session: an order, a list of them, or an amend."""

    session: int
    symbol: str
    orders: tuple[Proposed, ...]
    is_new: bool = True
    """Whether they are orders that there were not before."""
    buys: Decimal = _ZERO
    """How much more would be under way on this side."""
    sells: Decimal = _ZERO

    @classmethod
    def of(cls, session: int, symbol: str, orders: tuple[Proposed, ...], *, is_new: bool = True) -> Asked:
        """What is asked for with these orders."""
        buys = sells = _ZERO
        for order in orders:
            if order.terms.side is Side.BUY:
                buys += order.adds
            else:
                sells += order.adds
        return cls(session, symbol, orders, is_new, buys, sells)

    def adds(self, side: Side) -> Decimal:
        """How much more would be under way on a side."""
        return self.buys if side is Side.BUY else self.sells

    @property
    def rests(self) -> bool:
        """Whether any of it may stay open."""
        return any(
            order.terms.order_type is not OrderType.MARKET
            and order.terms.time_in_force not in (TimeInForce.IOC, TimeInForce.FOK)
            for order in self.orders
        )

    def reduces(self, line: Line, *, is_measured: bool = True) -> bool:
        """Whether it could do nothing but reduce what the session holds.

        What an amount of the quote asset comes to is not known unless ``is_measured``.
        """
        for order in self.orders:
            terms = order.terms
            if terms.reduce_only or terms.close_position:
                continue
            if not order.qty or (terms.quote_order_qty is not None and not is_measured):
                return False
            if line.worst_of(terms.side, self.adds(terms.side)) > 0:
                return False
        return True


class Denial(Struct, frozen=True):
    """Why something is not sent."""

    limit: str
    """The limit's key."""
    allowed: str
    observed: str
    reason: str


def check(
    limits: Limits,
    account: AccountLimits,
    asked: Asked,
    exposure: Exposure,
    reference: Reference,
) -> Denial | None:
    """Why a request is over a limit, or None."""
    line = exposure.line(asked.session, asked.symbol)
    reduces = asked.reduces(line, is_measured=not reference.problem)
    if not reference.problem:
        for order in asked.orders:
            if (denial := _off_market(limits, order, reference)) is not None:
                return denial
    if asked.is_new and (not reduces or asked.rests):
        denial = _too_many(limits, account, asked, exposure, line)
        if denial is not None:
            return denial
    if reduces:
        return None
    return (
        _unmeasured(limits, account, asked, reference)
        or _too_large(limits, asked, reference)
        or _in_doubt(limits, asked, line)
        or _too_exposed(limits, account, asked, exposure, line, reference)
    )


def _unmeasured(limits: Limits, account: AccountLimits, asked: Asked, reference: Reference) -> Denial | None:
    """Whether nobody can tell how much it is: an old price may do, but not none."""
    if reference.problem and limits.max_reference_age_s is not None:
        return Denial("max_reference_age_s", f"{limits.max_reference_age_s} s", reference.known, reference.problem)
    if reference.worth and reference.rate and all(order.qty for order in asked.orders):
        return None
    for of, prefix in ((limits, ""), (account, ACCOUNT)):
        for name in _AMOUNTS:
            allowed = getattr(of, name, None)
            if allowed is not None:
                reason = reference.problem or "how much it would trade is not known"
                return Denial(prefix + name, _money(allowed), reference.known, reason)
    return None


def _off_market(limits: Limits, order: Proposed, reference: Reference) -> Denial | None:
    """Whether an order is too far from the market. One that waits, for a price or for another order, is measured with
    what the market is then.
    """
    terms, px = order.terms, reference.px
    if px is None or px <= 0:
        return None
    if order.after is not None:
        px = _executed_px(order.after, px)
    elif terms.order_type is OrderType.MARKET or (
        terms.price_match in _OPPONENTS and not terms.order_type.is_conditional
    ):
        return _sweeps(limits, order, reference, px)
    if terms.order_type.is_conditional and terms.stop_px is not None:
        distance = abs(terms.stop_px - px) / px * _PERCENT
        if limits.max_passive_pct is not None and distance > limits.max_passive_pct:
            return _too_far(limits.max_passive_pct, distance, f"it waits for {plain(terms.stop_px)}", px)
        px = terms.stop_px
    if terms.price is None:
        return None
    # Percents are multiplied out: a division costs more than all the rest of this.
    gap = terms.price - px if terms.side is Side.BUY else px - terms.price
    if gap > 0:
        if limits.max_aggressive_pct is None or gap * _PERCENT <= limits.max_aggressive_pct * px:
            return None
        beyond = gap / px * _PERCENT
        return Denial(
            "max_aggressive_pct",
            f"{plain(limits.max_aggressive_pct)} %",
            f"{beyond:.2f} %",
            f"it {_verb(terms)} at {plain(terms.price)}, {beyond:.2f} % beyond {plain(px)}",
        )
    if limits.max_passive_pct is None or -gap * _PERCENT <= limits.max_passive_pct * px:
        return None
    return _too_far(limits.max_passive_pct, -gap / px * _PERCENT, f"it {_verb(terms)} at {plain(terms.price)}", px)


def _executed_px(terms: Terms, px: Decimal) -> Decimal:
    """What the market must come to for an order to be executed, from where it is now."""
    if terms.price is None:
        return px
    return min(px, terms.price) if terms.side is Side.BUY else max(px, terms.price)


def _verb(terms: Terms) -> str:
    return "buys" if terms.side is Side.BUY else "sells"


def _too_far(allowed: Decimal, distance: Decimal, what: str, px: Decimal) -> Denial:
    reason = f"{what}, {distance:.2f} % away from {plain(px)}"
    return Denial("max_passive_pct", f"{plain(allowed)} %", f"{distance:.2f} %", reason)


def _sweeps(limits: Limits, order: Proposed, reference: Reference, px: Decimal) -> Denial | None:
    """Whether an order at market, or at a price of the other side's, would trade too far into the book, as far as that
    is known.
    """
    if limits.max_aggressive_pct is None:
        return None
    left, reached = order.qty, px
    for level_px, level_qty in reference.levels(order.terms.side):
        reached = level_px
        left -= level_qty
        if left <= 0:
            break
    beyond = (reached - px) * order.terms.side.sign / px * _PERCENT
    if beyond <= limits.max_aggressive_pct:
        return None
    return Denial(
        "max_aggressive_pct",
        f"{plain(limits.max_aggressive_pct)} %",
        f"{beyond:.2f} %",
        f"it would trade up to {plain(reached)}, {beyond:.2f} % beyond {plain(px)}",
    )


def _too_large(limits: Limits, asked: Asked, reference: Reference) -> Denial | None:
    for order in asked.orders:
        if limits.max_order_qty is not None and order.qty > limits.max_order_qty:
            told, allowed = plain(order.qty), plain(limits.max_order_qty)
            return Denial("max_order_qty", allowed, told, f"its quantity is {told}")
        if limits.max_order_notional is None:
            continue
        notional = _notional(order, reference)
        if notional > limits.max_order_notional:
            told = _money(notional)
            return Denial("max_order_notional", _money(limits.max_order_notional), told, f"it comes to {told}")
    return None


def _notional(order: Proposed, reference: Reference) -> Decimal:
    """What an order comes to, in USDT."""
    terms = order.terms
    if terms.quote_order_qty is not None:
        return terms.quote_order_qty * reference.rate
    limit_px = terms.price or terms.stop_px
    if limit_px is None:
        return order.qty * reference.worth
    at_limit = limit_px * reference.rate
    return order.qty * (max(at_limit, reference.worth) if terms.side is Side.SELL else at_limit)


def _in_doubt(limits: Limits, asked: Asked, line: Line) -> Denial | None:
    if not limits.block_in_doubt:
        return None
    for name, side in line.doubts.items():
        if asked.adds(side):
            return Denial(
                "block_in_doubt", "0", str(len(line.doubts)), f"order {name} is in doubt on the same symbol and side"
            )
    return None


def _too_many(limits: Limits, account: AccountLimits, asked: Asked, exposure: Exposure, line: Line) -> Denial | None:
    more = len(asked.orders)
    if limits.max_open_orders_of_symbol is not None and line.orders + more > limits.max_open_orders_of_symbol:
        return _count_denied(
            "max_open_orders_of_symbol", limits.max_open_orders_of_symbol, line.orders, f" on {asked.symbol.lower()}"
        )
    if limits.max_open_orders is not None:
        of_session = exposure.total(asked.session).orders
        if of_session + more > limits.max_open_orders:
            return _count_denied("max_open_orders", limits.max_open_orders, of_session, "")
    count = exposure.account.orders
    if account.max_open_orders is not None and count + more > account.max_open_orders:
        return _count_denied(ACCOUNT + "max_open_orders", account.max_open_orders, count, " of all sessions")
    return None


def _count_denied(limit: str, allowed: int, count: int, whose: str) -> Denial:
    return Denial(limit, str(allowed), str(count), f"{count} orders are open{whose}")


def _too_exposed(
    limits: Limits, account: AccountLimits, asked: Asked, exposure: Exposure, line: Line, reference: Reference
) -> Denial | None:
    """Whether what could become of it is too much."""
    worth = reference.worth
    long, short = line.net + line.buys, line.sells - line.net
    before = max(long, short)
    long, short = long + asked.buys, short + asked.sells
    if limits.max_position_notional is not None:
        for more, position, way in ((asked.buys, long, "long"), (asked.sells, short, "short")):
            if more and (worst := position * worth) > limits.max_position_notional:
                what = f"the session's position in {asked.symbol.lower()} could come to {_money(worst)} {way}"
                return Denial("max_position_notional", _money(limits.max_position_notional), _money(worst), what)
    grows, more = (max(long, short) - before) * worth, (asked.buys + asked.sells) * worth
    session, everybody = exposure.total(asked.session), exposure.account
    return (
        _total_denied("max_gross_notional", limits.max_gross_notional, grows, session.gross, _POSITIONS)
        or _total_denied("max_unexecuted_notional", limits.max_unexecuted_notional, more, session.under_way, _ORDERS)
        or _total_denied(
            ACCOUNT + "max_gross_notional", account.max_gross_notional, grows, everybody.gross, _ALL_POSITIONS
        )
        or _total_denied(
            ACCOUNT + "max_unexecuted_notional",
            account.max_unexecuted_notional,
            more,
            everybody.under_way,
            _ALL_ORDERS,
        )
    )


def _total_denied(limit: str, allowed: Decimal | None, added: Decimal, before: Decimal, what: str) -> Denial | None:
    """What already is over a limit keeps nobody from sending what adds nothing to it."""
    if allowed is None or not added or added + before <= allowed:
        return None
    total = _money(added + before)
    return Denial(limit, _money(allowed), total, f"{what} {total}")


def _money(amount: Decimal) -> str:
    return f"{plain(amount.quantize(Decimal(1)) if amount > _PERCENT else round(amount, 4))} USDT"
