"""Sessions whose strategy is gone: after its grace period their orders go too, where that was asked for."""

from __future__ import annotations

from tradingsys.core.enums import OnDisconnect, TradingState
from tradingsys.core.records import HaltCause, HaltDuty, Scope, SessionRecord
from tradingsys.gateway.host import Host

__all__ = ["Absences", "wish_of"]

_NS_PER_MS = 1_000_000
_STRICTNESS = tuple(OnDisconnect)


def wish_of(asked: SessionRecord | None, on_disconnect: OnDisconnect, grace_ms: int) -> tuple[OnDisconnect, int]:
    """What becomes of a session, and after how long: of what its strategy asked for and what is configured the
    stricter.
    """
    wishes = [(on_disconnect, grace_ms)]
    if asked is not None:
        wishes.append((asked.on_disconnect, asked.grace_ms))
    wish = max((wish for wish, _ in wishes), key=_STRICTNESS.index)
    return wish, min((wait for wished, wait in wishes if wished is not OnDisconnect.LEAVE), default=grace_ms)


class Absences:
    """How long sessions have been without an owner; a gateway that restarts counts from its start."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._gone_ns: dict[int, int] = {}
        """Since when, monotonic."""
        self._dealt_with: dict[int, set[str]] = {}
        """Of those acted on, the orders that were open then: one that turns out to live is another reason to act."""

    def look(self) -> None:
        """Note who is gone, and act on it when the time has come."""
        gateway, now_ns = self._gateway, self._gateway.now_ns()
        desk = gateway.sessions
        if desk is None:
            return
        for session in {*gateway.settings.sessions, *gateway.session_records}:
            held = desk.sessions.get(session)
            if held is not None and held.owner is not None:
                self._gone_ns.pop(session, None)
                self._dealt_with.pop(session, None)
                continue
            gone_ns = self._gone_ns.setdefault(session, now_ns)
            wish, grace_ms = self._wish(session)
            if wish is not OnDisconnect.LEAVE and now_ns - gone_ns >= grace_ms * _NS_PER_MS:
                self._act(session, wish, grace_ms)

    def _wish(self, session: int) -> tuple[OnDisconnect, int]:
        configured = self._gateway.settings.sessions.get(session)
        asked = self._gateway.session_records.get(session)
        if configured is None:
            return wish_of(asked, OnDisconnect.LEAVE, 0)
        return wish_of(asked, configured.on_disconnect, round(configured.grace_s * 1_000))

    def _act(self, session: int, wish: OnDisconnect, grace_ms: int) -> None:
        book, known = self._gateway.book, self._dealt_with.get(session)
        open_now = {order.client_order_id for order in book.open_orders(session)}
        is_left = known is not None or wish is not OnDisconnect.FLATTEN
        if open_now <= (known or set()) and (is_left or not self._holds(session)):
            return
        self._dealt_with[session] = open_now | (known or set())
        duty = HaltDuty.FLATTEN if wish is OnDisconnect.FLATTEN else HaltDuty.CANCEL
        what = "canceled and what it holds is traded away" if wish is OnDisconnect.FLATTEN else "canceled"
        reason = f"its strategy has been gone for {grace_ms / 1000:g} s: its orders are {what}, then it is free again"
        self._gateway.halting.impose(Scope(session), TradingState.HALTED, HaltCause.ABSENCE, reason, duty)

    def _holds(self, session: int) -> bool:
        return any(net for (owner, _), net in self._gateway.book.positions.items() if owner == session)
