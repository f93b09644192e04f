"""``op.limits``: what may be done, and how much of it is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradingsys.core.instrument import plain
from tradingsys.gateway.host import Host, Method
from tradingsys.gateway.limiting import Guarded
from tradingsys.gateway.sessions import Client
from tradingsys.oms.exposure import Line
from tradingsys.oms.limit_checks import ACCOUNT
from tradingsys.oms.limits import Limits
from tradingsys.wire.codec import decode_params, encode_reply
from tradingsys.wire.messages import Request
from tradingsys.wire.operator import LimitView, Selection

__all__ = ["LimitDesk"]

_PER_ORDER = (
    "max_order_notional",
    "max_order_qty",
    "max_aggressive_pct",
    "max_passive_pct",
    "max_reference_age_s",
    "max_same_orders",
    "block_in_doubt",
)


class LimitDesk:
    """Answers from memory."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self.methods: dict[str, Method] = {"op.limits": self._limits}

    def _limits(self, client: Client, request: Request) -> None:
        selection = decode_params(request, Selection)
        self._gateway.limiting.valuing.refresh()
        gateway = self._gateway
        known = gateway.limiting.sessions.keys() | gateway.book.exposure.lines.keys() | set(gateway.settings.sessions)
        sessions = sorted(known) if selection.session_id is None else [selection.session_id]
        views = [view for session in sessions for view in self._of_session(session)]
        if selection.session_id is None:
            views += self._of_account()
        client.peer.write(encode_reply(request.id, views))

    def _of_session(self, session: int) -> Iterator[LimitView]:
        limiting = self._gateway.limiting
        guarded = limiting.guarded(session)
        limits = guarded.limits
        allowed = "yes" if limiting.may_trade(session) else "no"
        yield _view(guarded, session, "trading", allowed)
        for name in _PER_ORDER:
            yield _view(guarded, session, name, _told(getattr(limits, name)))
        for symbol, line in sorted(self._gateway.book.exposure.lines.get(session, {}).items()):
            yield from self._of_symbol(guarded, session, symbol, line)
        for name, used in self._used(session, guarded, limits):
            yield _view(guarded, session, name, _told(getattr(limits, name)), used)

    def _of_symbol(self, guarded: Guarded, session: int, symbol: str, line: Line) -> Iterator[LimitView]:
        worst, name = line.worst() * self._gateway.limiting.valuing.worth(symbol), symbol.lower()
        limits = guarded.limits
        yield _view(guarded, session, "max_position_notional", _told(limits.max_position_notional), _money(worst), name)
        most = _told(limits.max_open_orders_of_symbol)
        yield _view(guarded, session, "max_open_orders_of_symbol", most, str(line.orders), name)

    def _used(self, session: int, guarded: Guarded, limits: Limits) -> Iterator[tuple[str, str]]:
        total = self._gateway.book.exposure.total(session)
        now_ns, pace, day = self._gateway.now_ns(), guarded.pace, guarded.day
        yield "max_gross_notional", _money(total.gross)
        yield "max_unexecuted_notional", _money(total.under_way)
        yield "max_open_orders", str(total.orders)
        yield "max_orders_per_s", f"{pace.orders_ahead(now_ns)} of a burst of {limits.order_burst}"
        yield "max_executions", f"{pace.executions.count(now_ns)} in {limits.executions_window_s} s"
        yield "max_rejections", f"{pace.rejections.count(now_ns)} in {limits.rejections_window_s} s"
        yield "max_daily_loss", _money(day.loss) if guarded.is_judged else "a price or a cost is not known"
        yield "max_drawdown", _money(day.drawdown) if guarded.is_judged else ""

    def _of_account(self) -> Iterator[LimitView]:
        total, limiting = self._gateway.book.exposure.account, self._gateway.limiting
        used = {
            "max_gross_notional": _money(total.gross),
            "max_unexecuted_notional": _money(total.under_way),
            "max_open_orders": str(total.orders),
        }
        for name, amount in used.items():
            denied = sum(each.denials.get(ACCOUNT + name, 0) for each in limiting.sessions.values())
            key = f"limits: {ACCOUNT}{name}"
            yield LimitView(None, name, _told(getattr(limiting.account, name)), amount, key=key, denied=denied)


def _view(guarded: Guarded, session: int, name: str, allowed: str, used: str = "", symbol: str = "") -> LimitView:
    return LimitView(session, name, allowed, used, symbol, guarded.key(name), guarded.denials.get(name, 0))


def _told(limit: Decimal | int | bool | None) -> str:
    """Empty where there is no limit."""
    if isinstance(limit, bool):
        return "yes" if limit else "no"
    return "" if limit is None else plain(Decimal(limit))


def _money(amount: Decimal) -> str:
    return plain(round(amount, 2))
