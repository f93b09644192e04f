"""Account events: subscriptions on WS-API connections, and what is sent. Nothing is kept for the absent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from tradingsys.sim.asset_events import (
    BalanceMoved,
    BalancesChanged,
    ListChanged,
    Prevented,
    Triggered,
)
from tradingsys.sim.events import Accepted, Amended, Canceled, ExchangeEvent, Executed, Expired
from tradingsys.sim.faces.binance.connection import Connection
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.params import Keyring, Params
from tradingsys.sim.faces.binance_spot import render
from tradingsys.sim.faces.binance_spot.call import State
from tradingsys.sim.faces.binance_spot.render import Told
from tradingsys.sim.faces.transport import WsOutput, WsSend
from tradingsys.sim.order_records import OrderRecord
from tradingsys.venues.binance.encode import to_bytes
from tradingsys.venues.binance.messages import Message, Nothing, spot

__all__ = ["StreamMethods", "Subscription", "UserStreams"]

_MOST_IDS = 65_535
"""Subscriptions that one connection can have in its life."""
_MOST_ACTIVE = 1_000


class Subscription(Struct, eq=False):
    """One connection listening to one account."""

    conn: Connection
    number: int
    account: str
    by_logon: bool
    expires_ns: int | None = None
    """Of subscriptions by token."""


class _Token(Struct, frozen=True):
    account: str
    expires_ns: int


class UserStreams:
    """All accounts' streams."""

    def __init__(self, state: State, keyring: Keyring) -> None:
        self._state = state
        self._keyring = keyring
        self._subscriptions: list[Subscription] = []
        self._given: dict[int, int] = {}
        """Ids that were used up, by connection."""
        self._tokens: dict[str, _Token] = {}
        self._made_tokens = 0

    # --- subscribing

    def subscribe(self, conn: Connection, account: str, *, by_logon: bool) -> spot.Subscription:
        """Listen to an account from now on.

        Raises Fault for one that is listened to on this connection (-2035), and for too many (-2042).
        """
        if any(each.conn is conn and each.account == account for each in self._subscriptions):
            raise Fault(400, -2035, "User Data Stream subscription already active.")
        return self._add(Subscription(conn, 0, account, by_logon))

    def _add(self, subscription: Subscription) -> spot.Subscription:
        conn_id = subscription.conn.conn_id
        number = self._given.get(conn_id, 0)
        active = sum(each.conn is subscription.conn for each in self._subscriptions)
        if number >= _MOST_IDS or active >= _MOST_ACTIVE:
            raise Fault(400, -2042, "Too many subscriptions on this connection.")
        self._given[conn_id] = number + 1
        subscription.number = number
        self._subscriptions.append(subscription)
        return spot.Subscription(subscription_id=number)

    def subscribe_by_token(self, conn: Connection, text: str, now_ns: int) -> spot.Subscription:
        """Listen to the account of a token, or go on listening until a newer token's end.

        Raises Fault (-1209) for a token that is none, or none any more.
        """
        token = self._tokens.get(text)
        if token is None or token.expires_ns <= now_ns:
            raise Fault(400, -1209, "The listenToken is invalid.")
        for each in self._subscriptions:
            if each.conn is conn and each.account == token.account and each.expires_ns is not None:
                each.expires_ns = max(each.expires_ns, token.expires_ns)
                return spot.Subscription(subscription_id=each.number, expiration_time=ms(each.expires_ns))
        added = self._add(Subscription(conn, 0, token.account, False, token.expires_ns))
        return spot.Subscription(subscription_id=added.subscription_id, expiration_time=ms(token.expires_ns))

    def make_token(self, account: str, validity_ns: int, now_ns: int) -> tuple[str, int]:
        """A token for an account's events, and when it expires."""
        self._tokens = {text: token for text, token in self._tokens.items() if token.expires_ns > now_ns}
        self._made_tokens += 1
        seed = f"{self._state.exchange.first_id}/{account}/{self._made_tokens}"
        text = hashlib.sha256(seed.encode()).hexdigest()
        self._tokens[text] = _Token(account, now_ns + validity_ns)
        return text, now_ns + validity_ns

    def unsubscribe(self, conn: Connection, number: int | None, now_ns: int) -> tuple[Nothing, list[WsOutput]]:
        """Stop one subscription of a connection, or all; each is told its end.

        Raises Fault (-2036) when there is none.
        """
        ended = [each for each in self._subscriptions if each.conn is conn and number in (None, each.number)]
        if not ended and number is not None:
            raise Fault(400, -2036, "User Data Stream subscription not active.")
        return Nothing(), self._end(ended, now_ns)

    def logged_out(self, conn: Connection, now_ns: int) -> list[WsOutput]:
        """The session's own subscription ends with it."""
        return self._end([each for each in self._subscriptions if each.conn is conn and each.by_logon], now_ns)

    def of(self, conn: Connection) -> list[Subscription]:
        """A connection's subscriptions."""
        return [each for each in self._subscriptions if each.conn is conn]

    def forget(self, conn: Connection) -> None:
        """See `face.Users`."""
        self._subscriptions = [each for each in self._subscriptions if each.conn is not conn]
        self._given.pop(conn.conn_id, None)

    def accounts_of(self, conn: Connection) -> set[str]:
        """See `face.Users`."""
        return {each.account for each in self.of(conn)}

    @property
    def next_deadline_ns(self) -> int | None:
        """When the next token's subscription ends."""
        return min((each.expires_ns for each in self._subscriptions if each.expires_ns is not None), default=None)

    def tick(self, now_ns: int) -> list[WsOutput]:
        """See `face.Users`."""
        return self._end(
            [each for each in self._subscriptions if each.expires_ns is not None and each.expires_ns <= now_ns], now_ns
        )

    def end(self, now_ns: int) -> list[WsOutput]:
        """See `face.Users`."""
        return self._end(list(self._subscriptions), now_ns)

    def _end(self, ended: Iterable[Subscription], now_ns: int) -> list[WsOutput]:
        outputs: list[WsOutput] = []
        for each in ended:
            self._subscriptions.remove(each)
            outputs.append(_frame(each, spot.EventStreamTerminated(ts_sent_ms=ms(now_ns))))
        return outputs

    # --- events

    def publish(self, events: Iterable[ExchangeEvent]) -> list[WsOutput]:
        """See `face.Users`: in the order in which they happened."""
        outputs: list[WsOutput] = []
        for event in events:
            outputs += self._told(event)
        return outputs

    def _told(self, event: ExchangeEvent) -> list[WsOutput]:
        match event:
            case Accepted(order):
                return self._report(order, Told(order.updated_ns, kind="NEW"))
            case Executed(order, execution):
                return self._report(order, Told(execution.ts_ns, execution=execution))
            case Triggered(order):
                return self._report(order, Told(order.updated_ns, kind="NEW"))
            case Canceled(order) | Expired(order):
                cancel_id = self._state.cancel_ids.pop((order.symbol, order.order_id), None)
                if isinstance(event, Expired):
                    return self._report(order, Told(order.updated_ns))
                return self._report(order, Told(order.updated_ns, cancel_id=cancel_id or self._state.made_id()))
            case Amended(order, amendment) if amendment is not None:
                told = Told(amendment.ts_ns, kind="REPLACED", former_id=amendment.client_order_id)
                return self._report(order, told, amendment.amendment_id)
            case Prevented(order, match, last_qty):
                told = Told(match.ts_ns, kind="TRADE_PREVENTION", prevented_qty=last_qty, match=match)
                return self._report(order, told)
            case ListChanged(record):
                if not self._listened(record.account):
                    return []
                return self._send(record.account, render.list_status(record, self._state.exchange.ledger))
            case BalancesChanged() | BalanceMoved():
                return self._send(event.account, _balances(event))
            case _:
                return []

    def _report(self, order: OrderRecord, told: Told, execution_id: int | None = None) -> list[WsOutput]:
        number = self._state.exchange.number_happening() if execution_id is None else execution_id
        if not self._listened(order.account):
            return []
        return self._send(order.account, render.execution_report(order, told, number))

    def _listened(self, account: str) -> bool:
        return any(each.account == account for each in self._subscriptions)

    def _send(self, account: str, message: Message) -> list[WsOutput]:
        return [_frame(each, message) for each in self._subscriptions if each.account == account]


def _frame(subscription: Subscription, message: Message) -> WsSend:
    body = to_bytes({"subscriptionId": subscription.number, "event": message})
    return WsSend(subscription.conn.conn_id, body)


def _balances(event: BalancesChanged | BalanceMoved) -> Message:
    now_ms = ms(event.ts_ns)
    if isinstance(event, BalanceMoved):
        return spot.BalanceUpdate(
            ts_sent_ms=now_ms, asset=event.asset, delta=format(event.delta, ".8f"), cleared_ms=now_ms
        )
    return spot.OutboundAccountPosition(
        ts_sent_ms=now_ms,
        updated_ms=now_ms,
        balances=[
            spot.AssetBalance(asset=row.asset, free=format(row.free, ".8f"), locked=format(row.locked, ".8f"))
            for row in event.balances
        ],
    )


class StreamMethods:
    """Methods of the WS-API about subscriptions; what they make others hear waits in ``outputs``."""

    def __init__(self, users: UserStreams) -> None:
        self._users = users
        self.outputs: list[WsOutput] = []

    def subscribe(self, conn: Connection, account: str | None) -> spot.Subscription:
        """`userDataStream.subscribe`: to the account whose session this is.

        Raises Fault (-1193) without a session.
        """
        if account is None:
            raise Fault(400, -1193, "WebSocket session not authenticated.")
        return self._users.subscribe(conn, account, by_logon=True)

    def by_token(self, conn: Connection, given: Params, now_ns: int) -> spot.Subscription:
        """`userDataStream.subscribe.listenToken`."""
        return self._users.subscribe_by_token(conn, given.text("listenToken"), now_ns)

    def unsubscribe(self, conn: Connection, given: Params, now_ns: int) -> Nothing:
        """`userDataStream.unsubscribe`."""
        answer, told = self._users.unsubscribe(conn, given.maybe_integer("subscriptionId"), now_ns)
        self.outputs += told
        return answer

    def active(self, conn: Connection, _given: Params, _now_ns: int) -> list[spot.Subscription]:
        """`session.subscriptions`."""
        return [spot.Subscription(subscription_id=each.number) for each in self._users.of(conn)]

    def logged_out(self, conn: Connection, now_ns: int) -> None:
        """A session ended."""
        self.outputs += self._users.logged_out(conn, now_ns)
