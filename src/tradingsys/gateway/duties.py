"""What a gateway does for as long as it is ready, from the moment on at which it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tradingsys.core.reports import MarginLevel
from tradingsys.gateway.auditing import Audit
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.key_rights import KeyRights
from tradingsys.gateway.late_executions import LateExecutions
from tradingsys.gateway.margin_level import MarginWatch
from tradingsys.gateway.market.symbol_rules import SymbolRules
from tradingsys.gateway.stops.countdown import Countdown
from tradingsys.oms.effects import Attribute, Effect, EnterAsset, EnterSymbol, LookFor, PullTrades
from tradingsys.oms.procedure import Procedure, Procedures
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.oms.watch import Watch

__all__ = ["inquiries", "take_up"]


def inquiries(effect: Effect, recovery: Recovery, book: SessionBook, *, is_ready: bool) -> Iterator[Procedure]:
    """What must be asked of the venue because of something that the books found out."""
    match effect:
        case Attribute(symbol, venue_order_id):
            yield recovery.attribute(symbol, venue_order_id)
        case LookFor(order):
            yield recovery.look_for(order)
        case PullTrades(symbol) if symbol in book.symbols:
            yield recovery.fetch_missing(symbol)
        case EnterSymbol(symbol) if is_ready:  # before that the boot itself reads what there is
            yield recovery.enter_symbols([symbol])
        case EnterAsset(asset) if is_ready:
            yield recovery.enter_assets([asset])


def take_up(
    gateway: GuardedHost, procedures: Procedures, rules: SymbolRules, watch: Watch, heard: Callable[[MarginLevel], None]
) -> list[TrackedOrder]:
    """Settle what is in doubt, then keep books and rules right, and look after all else. Returns the orders that are
    in doubt; ``heard`` is told of a margin account's level.
    """
    recovery, book = gateway.recovery, gateway.book
    doubtful = [order for order in book.open_orders() if order.in_doubt]
    for order in doubtful:
        procedures.start(recovery.resolve(order))
    for order in book.open_orders():
        if order.replace is not None:
            procedures.start(recovery.settle_replace(order))
    procedures.start(recovery.reconcile_later())
    for begin in (*watch.procedures, rules.watch):
        procedures.keep(begin)
    if gateway.product is ProductName.MARGIN:
        read = gateway.limiting.debts.read
        margin = MarginWatch(gateway.now_ns, gateway.venue.venue_ms, heard, lambda: gateway.margin, read)
        procedures.start(margin.look())
        procedures.keep(margin.watch)
    late = LateExecutions(gateway)
    checks = late, Audit(gateway, late), KeyRights(gateway)
    for watched in (gateway.stopping, Countdown(gateway), gateway.limiting, gateway.backups, *checks):
        procedures.keep(watched.watch)
    return doubtful
