"""A margin account's risk: listen keys, who listens with them, and what is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from tradingsys.sim.asset_events import LiabilityChanged, MarginLevelChanged, MarginStatus
from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.faces.binance.connection import Connection
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.transport import WsOutput, WsSend
from tradingsys.venues.binance.encode import combined, listen_key_expired, to_bytes
from tradingsys.venues.binance.messages import ListenKey, Message, Nothing, margin

__all__ = ["RiskStreams"]

_VALID_NS = 60 * 60 * 1_000_000_000
_WORDS = {
    MarginStatus.EXCESSIVE: "EXCESSIVE",
    MarginStatus.NORMAL: "NORMAL",
    MarginStatus.MARGIN_CALL: "MARGIN_CALL",
    MarginStatus.PRE_LIQUIDATION: "PRE_LIQUIDATION",
    MarginStatus.FORCE_LIQUIDATION: "FORCE_LIQUIDATION",
}


class _Key(Struct):
    text: str
    account: str
    expires_ns: int


class RiskStreams:
    """All margin accounts' risk streams."""

    def __init__(self) -> None:
        self._keys: dict[str, _Key] = {}
        """By account: each has one key at most."""
        self._minted = 0
        self._listeners: list[tuple[str, Connection]] = []

    # --- keys

    def start(self, call: Call) -> ListenKey:
        """`POST /sapi/v1/margin/listen-key`: a new key, or the active one made to last another hour."""
        key = self._keys.get(call.account)
        if key is None or key.expires_ns <= call.now_ns:
            self._minted += 1
            text = hashlib.sha256(f"risk/{call.api_key}/{self._minted}".encode()).hexdigest()
            key = self._keys[call.account] = _Key(text, call.account, 0)
        key.expires_ns = call.now_ns + _VALID_NS
        return ListenKey(listen_key=key.text)

    def keep_alive(self, call: Call) -> Nothing:
        """`PUT /sapi/v1/margin/listen-key`.

        Raises Fault (-1125) when there is no such key any more.
        """
        key, named = self._keys.get(call.account), call.params.get("listenKey")
        if key is None or key.expires_ns <= call.now_ns or named not in ("", key.text):
            raise Fault(400, -1125, "This listenKey does not exist.")
        key.expires_ns = call.now_ns + _VALID_NS
        return Nothing()

    def close(self, call: Call) -> Nothing:
        """`DELETE /sapi/v1/margin/listen-key`."""
        self._keys.pop(call.account, None)
        return Nothing()

    def knows(self, name: str) -> bool:
        """Whether the name of a stream is a listen key."""
        return any(key.text == name for key in self._keys.values())

    @property
    def next_deadline_ns(self) -> int | None:
        """See `face.Users`."""
        return min((key.expires_ns for key in self._keys.values()), default=None)

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Expire keys; their connections are told and stay open."""
        return self._expire([key for key in self._keys.values() if key.expires_ns <= now_ns], now_ns)

    def end(self, now_ns: int) -> list[WsOutput]:
        """Expire all keys."""
        return self._expire(list(self._keys.values()), now_ns)

    def _expire(self, keys: Iterable[_Key], now_ns: int) -> list[WsOutput]:
        outputs: list[WsOutput] = []
        for key in keys:
            outputs += self._send(key.account, listen_key_expired(key.text, ms(now_ns)))
            del self._keys[key.account]
        return outputs

    # --- listeners

    def subscribe(self, conn: Connection, name: str) -> None:
        """Listen from now on."""
        self._listeners.append((name, conn))

    def unsubscribe(self, conn: Connection, name: str) -> None:
        """Stop listening."""
        self._listeners = [each for each in self._listeners if each != (name, conn)]

    def forget(self, conn: Connection) -> None:
        """See `face.Users`."""
        self._listeners = [each for each in self._listeners if each[1] is not conn]

    def accounts_of(self, conn: Connection) -> set[str]:
        """See `face.Users`."""
        names = {name for name, listener in self._listeners if listener is conn}
        return {key.account for key in self._keys.values() if key.text in names}

    def publish(self, events: Iterable[ExchangeEvent]) -> list[WsOutput]:
        """See `face.Users`."""
        outputs: list[WsOutput] = []
        if not self._listeners:
            return outputs
        for event in events:
            if isinstance(event, MarginLevelChanged):
                level = margin.MarginLevelStatusChange(
                    ts_sent_ms=ms(event.ts_ns), level=format(event.level, "f"), status=_WORDS[event.status]
                )
                outputs += self._send(event.account, level)
            elif isinstance(event, LiabilityChanged):
                outputs += self._send(event.account, _liability(event))
        return outputs

    def _send(self, account: str, message: Message) -> list[WsOutput]:
        key = self._keys.get(account)
        if key is None:
            return []
        raw = to_bytes(message)
        return [
            WsSend(conn.conn_id, combined(key.text, message) if conn.is_combined else raw)
            for name, conn in self._listeners
            if name == key.text
        ]


def _liability(event: LiabilityChanged) -> Message:
    return margin.LiabilityChange(
        ts_sent_ms=ms(event.ts_ns),
        asset=event.asset,
        kind=event.kind.value,
        principal=format(event.principal, ".8f"),
        interest=format(event.interest, ".8f"),
    )
