"""How the account's events are subscribed on the WS-API: what is asked for, one after the other.

A procedure yields requests and is given their answers; it returns what the last one told. Each is begun anew for every
connection: a timestamp of before would be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import msgspec
from msgspec import Struct

from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.auth import KeyKind
from tradingsys.venues.binance.feed import FeedParts
from tradingsys.venues.binance.messages import margin
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.signing import Params, sign_ws_params

__all__ = ["Subscribe", "Subscribing", "WsCall", "by_key", "by_token"]


class WsCall(Struct, frozen=True):
    """One request on the connection itself."""

    method: str
    params: Params = {}


Subscribing = Generator[WsCall | Call, bytes, None]
"""The last request is the one that subscribes."""

Subscribe = Callable[[int], Subscribing]
"""Begins the procedure at a monotonic time; only while the venue's time is known."""

_read_token = msgspec.json.Decoder(margin.ListenToken).decode


def by_key(parts: FeedParts) -> Subscribe:
    """A spot account's: keys that can log on do, others sign the subscription."""

    def subscribe(now_ns: int) -> Subscribing:
        params = sign_ws_params(parts.signer, {"apiKey": parts.api_key, "timestamp": _stamp(parts.clock, now_ns)})
        if parts.signer.kind is KeyKind.ED25519:
            yield WsCall("session.logon", params)
            yield WsCall("userDataStream.subscribe")
        else:
            yield WsCall("userDataStream.subscribe.signature", params)

    return subscribe


def by_token(path: str) -> Subscribe:
    """A margin account's: with a token that is asked for first, and that the subscription ends with."""

    def subscribe(_now_ns: int) -> Subscribing:
        token = _read_token((yield Call("POST", path))).token
        yield WsCall("userDataStream.subscribe.listenToken", {"listenToken": token})

    return subscribe


def _stamp(clock: VenueClock, now_ns: int) -> int:
    return clock.now_ms(now_ns)
