"""A margin account's risk: listen keys, who listens with them, and what is sent."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.sim.asset_events import LiabilityChanged, MarginLevelChanged
from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.faces.binance.connection import Connection
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.listen_keys import Key, ListenKeys
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.transport import WsOutput, WsSend
from tradingsys.venues.binance.encode import combined, listen_key_expired, to_bytes
from tradingsys.venues.binance.messages import Message, Nothing, margin

__all__ = ["RiskStreams"]


class RiskStreams:
    """All margin accounts' risk streams."""

    def __init__(self) -> None:
        self.keys = ListenKeys("risk/", "This listenKey does not exist.")
        self._listeners: list[tuple[str, Connection]] = []

    # --- keys

    def keep_alive(self, call: Call) -> Nothing:
        """`PUT /sapi/v1/margin/listen-key`.

        Raises Fault (-1125) when there is no such key any more.
        """
        self.keys.keep_alive(call, call.params.get("listenKey"))
        return Nothing()

    def knows(self, name: str) -> bool:
        """Whether the name of a stream is a listen key."""
        return bool(self.keys.accounts_of((name,)))

    @property
    def next_deadline_ns(self) -> int | None:
        """See `face.Users`."""
        return self.keys.next_deadline_ns

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Expire keys; their connections are told and stay open."""
        return self._expire(self.keys.due(now_ns), now_ns)

    def end(self, now_ns: int) -> list[WsOutput]:
        """Expire all keys."""
        return self._expire(self.keys.due(), now_ns)

    def _expire(self, keys: Iterable[Key], now_ns: int) -> list[WsOutput]:
        outputs: list[WsOutput] = []
        for key in keys:
            outputs += self._send(key.account, listen_key_expired(key.text, ms(now_ns)))
            self.keys.drop(key)
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
        return self.keys.accounts_of(name for name, listener in self._listeners if listener is conn)

    def publish(self, events: Iterable[ExchangeEvent]) -> list[WsOutput]:
        """See `face.Users`."""
        outputs: list[WsOutput] = []
        if not self._listeners:
            return outputs
        for event in events:
            if isinstance(event, MarginLevelChanged):
                level = margin.MarginLevelStatusChange(
                    ts_sent_ms=ms(event.ts_ns), level=format(event.level, "f"), status=event.status.value
                )
                outputs += self._send(event.account, level)
            elif isinstance(event, LiabilityChanged):
                outputs += self._send(event.account, _liability(event))
        return outputs

    def _send(self, account: str, message: Message) -> list[WsOutput]:
        key = self.keys.of(account)
        if key is None:
            return []
        raw = to_bytes(message)
        return [
            WsSend(conn.conn_id, combined(key, message) if conn.is_combined else raw)
            for name, conn in self._listeners
            if name == key
        ]


def _liability(event: LiabilityChanged) -> Message:
    return margin.LiabilityChange(
        ts_sent_ms=ms(event.ts_ns),
        asset=event.asset,
        kind=event.kind.value,
        principal=format(event.principal, ".8f"),
        interest=format(event.interest, ".8f"),
    )
