"""Mistakes about limits and the kill switch: what counts, what stands, and what is traded away."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake
from tests.simulate.scenes import restrictions
from tradingsys.gateway.limits.limiting import Limiting
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.gateway.ordering.reducing import Reducing
from tradingsys.gateway.saving import Saving
from tradingsys.gateway.stops.flattening import Flattening
from tradingsys.oms import exposure, limit_checks
from tradingsys.oms.halts import Halts

__all__ = ["LIMIT_MISTAKES"]

_REDUCES_NOTHING = Edit(
    Reducing.terms_for_venue,
    "if order is not instead_of and not (is_flagged and self._may_be_beside(order, terms, is_restricted))",
    "if not order.in_doubt and order is not instead_of\n"
    " and not (is_flagged and self._may_be_beside(order, terms, is_restricted))",
)

LIMIT_MISTAKES = (
    Mistake(
        "orders_in_doubt_are_left_out_of_limits",
        Profile.LIMITS,
        exposure._counted,
        "if not (is_open or leaves or unbooked):",
        "if order.in_doubt or not (is_open or leaves or unbooked):",
        scene=restrictions.limit_in_doubt,
    ),
    Mistake(
        "orders_in_doubt_are_netted_across_sides",
        Profile.LIMITS,
        exposure.Exposure._count,
        "if order.side is Side.BUY:",
        "if order.in_doubt and order.side is Side.SELL:\n"
        "    line.buys -= qty\n"
        "elif order.in_doubt:\n"
        "    line.sells -= qty\n"
        "if order.side is Side.BUY:",
        scene=restrictions.limit_across_sides,
    ),
    Mistake(
        "a_limit_counts_only_what_is_held",
        Profile.LIMITS,
        limit_checks._too_exposed,
        "long, short = line.net + line.buys, line.sells - line.net",
        "long, short = line.net, -line.net",
        scene=restrictions.limit_in_doubt,
    ),
    Mistake(
        "what_an_amend_adds_is_within_every_limit",
        restrictions.limit_of_amends,
        Limiting.amend,
        "adds = max(_ZERO, qty - order.worst_leaves_qty)",
        "adds = _ZERO",
        hidden_by="sessions of lives are seldom so near to a limit",
    ),
    Mistake(
        "an_amend_of_what_only_reduces_may_do_more",
        Profile.AMENDS,
        OrderDesk.amend,
        "self.reducing.terms_for_venue(session, amended, instead_of=order)",
        "pass",
    ),
    Mistake(
        "orders_in_doubt_reduce_nothing",
        restrictions.reduce_in_doubt,
        _REDUCES_NOTHING.where,
        _REDUCES_NOTHING.line,
        _REDUCES_NOTHING.instead,
        hidden_by="orders that only reduce seldom meet one",
    ),
    Mistake(
        "restrictions_are_forgotten_in_a_restart",
        restrictions.halt_then_cut,
        Halts.__init__,
        "self._rows: dict[tuple[Scope, HaltCause], HaltRecord] = {(row.scope, row.cause): row for row in saved}",
        "self._rows = {}",
        hidden_by="what the exchange traded is looked at within seconds",
    ),
    Mistake(
        "a_halt_is_told_before_it_is_durable",
        restrictions.halt_then_cut,
        Saving.save,
        "at_once = durable or any(isinstance(record, SymbolRecord | HaltRecord) for record in records)",
        "at_once = durable or any(isinstance(record, SymbolRecord) for record in records)",
        hidden_by="nobody halts anything by hand",
    ),
    Mistake(
        "the_first_restriction_counts",
        restrictions.two_restrictions,
        Halts.binding,
        "return max(matching, key=lambda row: row.state.severity, default=None)",
        "return next(matching, None)",
        hidden_by="two of different severity seldom meet",
    ),
    Mistake(
        "a_pause_that_ends_lifts_what_a_person_imposed",
        restrictions.pause_and_halt,
        Limiting._lift_what_is_over,
        "self._gateway.halting.lift(row.scope, row.cause)",
        "self._gateway.halting.lift(row.scope)",
        hidden_by="nobody halts anything by hand",
    ),
    Mistake(
        "what_is_in_doubt_is_traded_away_again",
        restrictions.flatten_in_doubt,
        Flattening._under_way,
        "orders = [order for order in known if order.symbol == symbol]",
        "orders = [order for order in known if order.symbol == symbol and not order.in_doubt]",
        (_REDUCES_NOTHING,),
        hidden_by="what sessions may reduce is another rule; nobody flattens anything by hand",
    ),
)
"""Limits first, then the kill switch."""
