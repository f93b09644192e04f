"""Listen keys: an account has one at most, for an hour at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from tradingsys.sim.faces.binance.call import Call, S
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.venues.binance.messages import ListenKey, Nothing

__all__ = ["Key", "ListenKeys"]

_VALID_NS = 60 * 60 * 1_000_000_000


class Key(Struct):
    """Whose key it is, and until when."""

    text: str
    account: str
    expires_ns: int


class ListenKeys:
    """All accounts' keys of one kind."""

    def __init__(self, kind: str, unknown: str) -> None:
        """``unknown`` is what the venue says of a key that nobody has."""
        self._kind, self._unknown = kind, unknown
        self._keys: dict[str, Key] = {}
        """By account."""
        self._minted = 0

    def start(self, call: Call[S]) -> ListenKey:
        """`POST`: a new key, or the active one made to last another hour."""
        key = self._keys.get(call.account)
        if key is None or key.expires_ns <= call.now_ns:
            self._minted += 1
            text = hashlib.sha256(f"{self._kind}{call.api_key}/{self._minted}".encode()).hexdigest()
            key = self._keys[call.account] = Key(text, call.account, 0)
        key.expires_ns = call.now_ns + _VALID_NS
        return ListenKey(listen_key=key.text)

    def keep_alive(self, call: Call[S], named: str = "") -> ListenKey:
        """`PUT`, of the account's key; ``named`` must be that one unless it is empty.

        Raises Fault (-1125) when there is no such key any more.
        """
        key = self._keys.get(call.account)
        if key is None or key.expires_ns <= call.now_ns or named not in ("", key.text):
            raise Fault(400, -1125, self._unknown)
        key.expires_ns = call.now_ns + _VALID_NS
        return ListenKey(listen_key=key.text)

    def close(self, call: Call[S]) -> Nothing:
        """`DELETE`."""
        self._keys.pop(call.account, None)
        return Nothing()

    def of(self, account: str) -> str | None:
        """An account's key."""
        key = self._keys.get(account)
        return None if key is None else key.text

    def accounts_of(self, texts: Iterable[str]) -> set[str]:
        """Whose keys these are."""
        named = frozenset(texts)
        return {key.account for key in self._keys.values() if key.text in named}

    @property
    def next_deadline_ns(self) -> int | None:
        """When the next key expires."""
        return min((key.expires_ns for key in self._keys.values()), default=None)

    def due(self, now_ns: int | None = None) -> list[Key]:
        """Keys that expired by now, or all; they stay until they are dropped."""
        return [key for key in self._keys.values() if now_ns is None or key.expires_ns <= now_ns]

    def drop(self, key: Key) -> None:
        """A key that expired, once its listeners are told."""
        del self._keys[key.account]
