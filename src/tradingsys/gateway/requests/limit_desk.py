"""``op.limits``: what may be done, and how much of it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tradingsys.core.instrument import plain
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.guarded import Guarded
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, check_session
from tradingsys.oms.day_loss import DayLoss
from tradingsys.oms.limit_checks import ACCOUNT
from tradingsys.oms.limits import Limits
from tradingsys.oms.pace import Rate
from tradingsys.wire.codec import decode_params, encode_reply
from tradingsys.wire.messages import Request
from tradingsys.wire.operator import LimitView, Selection

__all__ = ["LimitDesk", "LimitViews"]

_Number = Decimal | int
_NEARLY = 76
"""Percent."""

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

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway, self._views = gateway, LimitViews(gateway)
        self.methods: dict[str, Method] = {"op.limits": self._limits}

    def _limits(self, client: Client, request: Request) -> None:
        selection = decode_params(request, Selection)
        check_session(selection.session_id)
        self._gateway.limiting.valuing.refresh()
        sessions = self._views.sessions() if selection.session_id is None else [selection.session_id]
        views = [view for session in sessions for view in self._views.of_session(session)]
        if selection.session_id is None:
            views += self._views.of_account()
        client.peer.write(encode_reply(request.id, views))


class LimitViews:
    """What of each limit is used."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway

    def sessions(self) -> list[int]:
        """Those of which anything is known."""
        gateway = self._gateway
        known = gateway.limiting.sessions.keys() | gateway.book.exposure.lines.keys() | set(gateway.settings.sessions)
        return sorted(known)

    def used(self, session: int) -> list[LimitView]:
        """Of a session, those of which anything is used, the fullest first."""
        return _fullest(self.of_session(session), 1)

    def nearly(self) -> list[LimitView]:
        """Of all sessions and the account, those that are nearly used up."""
        views = [view for session in self.sessions() for view in self.of_session(session)]
        return _fullest([*views, *self.of_account()], _NEARLY)

    def of_session(self, session: int) -> Iterator[LimitView]:
        """A session's own."""
        limiting = self._gateway.limiting
        guarded = limiting.shown(session)
        limits = guarded.limits
        yield _view(guarded, session, "trading", limiting.may_trade(session))
        for name in _PER_ORDER:
            yield _view(guarded, session, name, getattr(limits, name))
        for symbol, line in sorted(self._gateway.book.exposure.lines.get(session, {}).items()):
            worst, told = line.worst() * limiting.valuing.worth(symbol), symbol.lower()
            name = "max_position_notional"
            yield _view(guarded, session, name, limits.max_position_notional, worst, _money(worst), told)
            name, most = "max_open_orders_of_symbol", limits.max_open_orders_of_symbol
            yield _view(guarded, session, name, most, line.orders, str(line.orders), told)
        for name, used, text in self._used(session, guarded, limits):
            yield _view(guarded, session, name, getattr(limits, name), used, text)

    def _used(self, session: int, guarded: Guarded, limits: Limits) -> Iterator[tuple[str, _Number | None, str]]:
        total = self._gateway.book.exposure.total(session)
        now_ns, pace, day = self._gateway.now_ns(), guarded.pace, guarded.day
        yield "max_gross_notional", total.gross, _money(total.gross)
        yield "max_unexecuted_notional", total.under_way, _money(total.under_way)
        yield "max_open_orders", total.orders, str(total.orders)
        yield "max_orders_per_s", None, _burst(pace.rate, limits.order_burst, now_ns)
        executions, rejections = pace.executions.count(now_ns), pace.rejections.count(now_ns)
        yield "max_executions", executions, f"{executions} in {limits.executions_window_s} s"
        yield "max_rejections", rejections, f"{rejections} in {limits.rejections_window_s} s"
        yield "max_orders_between_executions", pace.since_execution, str(pace.since_execution)
        lacks = guarded.earned.lacks if guarded.earned is not None else None
        yield from _lost(day, lacks)

    def of_account(self) -> Iterator[LimitView]:
        """All sessions' together, and which may be logged in to."""
        who = "all" if self._gateway.settings.admitted is None else "configured"
        yield LimitView(None, "admit", who, "", key="admit")
        total, limiting = self._gateway.book.exposure.account, self._gateway.limiting
        used: dict[str, tuple[_Number | None, str]] = {
            "max_gross_notional": (total.gross, _money(total.gross)),
            "max_unexecuted_notional": (total.under_way, _money(total.under_way)),
            "max_open_orders": (total.orders, str(total.orders)),
            "max_orders_per_s": (None, _burst(limiting.rate, limiting.account.order_burst, self._gateway.now_ns())),
            **{name: (amount, text) for name, amount, text in self._lost_by_all()},
            "max_borrowed": self._owed(),
            "max_leverage": (None, ""),
            "min_free_mib": (None, ""),
        }
        for name, (amount, text) in used.items():
            denied = sum(each.denials.get(ACCOUNT + name, 0) for each in limiting.sessions.values())
            allowed, key = getattr(limiting.account, name), f"limits: {ACCOUNT}{name}"
            percent = _percent(amount, allowed)
            yield LimitView(None, name, _told(allowed), text, key=key, denied=denied, percent=percent)

    def _owed(self) -> tuple[_Number | None, str]:
        limiting = self._gateway.limiting
        owed = limiting.debts.owed(self._gateway.now_ns()) if limiting.account.max_borrowed is not None else None
        return owed, "" if owed is None else _money(owed)

    def _lost_by_all(self) -> Iterator[tuple[str, _Number | None, str]]:
        losses, sessions = self._gateway.limiting.losses, self._gateway.limiting.sessions.values()
        lacks = {symbol for each in sessions if each.earned is not None for symbol in each.earned.lacks}
        return _lost(losses.account, sorted(lacks) if losses.is_account_judged else None)


def _lost(day: DayLoss, lacks: Iterable[str] | None) -> Iterator[tuple[str, _Number | None, str]]:
    """What a day's limits of losses say; ``lacks`` are symbols that do not count, None is that all waits for prices."""
    without = "".join(f", but on {symbol.lower()}: no price was ever known" for symbol in lacks or ())
    for name, amount in (("max_daily_loss", day.loss), ("max_drawdown", day.drawdown)):
        if not day.is_limited:
            yield name, None, ""
        elif lacks is None:
            yield name, None, "prices are not known yet"
        else:
            yield name, amount, _money(amount) + without


def _burst(rate: Rate, most: int, now_ns: int) -> str:
    return f"{rate.ahead(now_ns)} of a burst of {most}"


def _fullest(views: Iterable[LimitView], least: int) -> list[LimitView]:
    used = [view for view in views if view.percent is not None and view.percent >= least]
    return sorted(used, key=lambda view: -(view.percent or 0))


def _view(
    guarded: Guarded,
    session: int,
    name: str,
    allowed: _Number | None,
    used: _Number | None = None,
    text: str = "",
    symbol: str = "",
) -> LimitView:
    denied, percent = guarded.denials.get(name, 0), _percent(used, allowed)
    return LimitView(session, name, _told(allowed), text, symbol, guarded.key(name), denied, percent)


def _percent(used: _Number | None, allowed: _Number | None) -> int | None:
    return None if used is None or not allowed else int(100 * Decimal(used) / Decimal(allowed))


def _told(limit: _Number | None) -> str:
    """Empty where there is no limit."""
    if isinstance(limit, bool):
        return "yes" if limit else "no"
    return "" if limit is None else plain(Decimal(limit))


def _money(amount: Decimal) -> str:
    return plain(round(amount, 2))
