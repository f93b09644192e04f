"""Account events: listen keys, who listens with them, and what is sent. Nothing is kept for the absent."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.sim.events import (
    Accepted,
    AccountChanged,
    Amended,
    AssetModeChanged,
    Canceled,
    ConditionChanged,
    ExchangeEvent,
    Executed,
    Expired,
    LeverageChanged,
    MarginCalled,
    OrderRecord,
)
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance.connection import Connection
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.listen_keys import Key, ListenKeys
from tradingsys.sim.faces.binance_usdm import render, render_account, render_conditions
from tradingsys.sim.faces.transport import WsOutput, WsSend
from tradingsys.venues.binance.encode import combined, listen_key_expired, to_bytes
from tradingsys.venues.binance.messages import Message

__all__ = ["Subscription", "UserStreams"]

_NO_KEY = "This listenKey does not exist. Please use `POST /fapi/v1/listenKey` to recreate `listenKey`"


class Subscription(Struct, frozen=True, eq=False):
    """One connection listening with one key; ``events`` None means all."""

    conn: Connection
    listen_key: str
    events: frozenset[str] | None


class UserStreams:
    """All accounts' streams."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.keys = ListenKeys("", _NO_KEY)
        self._subscriptions: list[Subscription] = []
        self._account_change: AccountChanged | None = None

    @property
    def next_deadline_ns(self) -> int | None:
        """When the next key expires."""
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
            message = listen_key_expired(key.text, ms(now_ns))
            outputs += self._send(key.account, "listenKeyExpired", message)
            self.keys.drop(key)
        return outputs

    # --- listeners

    def subscribe(self, subscription: Subscription) -> None:
        """Listen from now on; with a key nobody has, in vain."""
        self._subscriptions.append(subscription)

    def unsubscribe(self, conn: Connection, listen_key: str | None = None) -> None:
        """Stop listening with one key, or with all."""
        self._subscriptions = [
            each
            for each in self._subscriptions
            if each.conn is not conn or (listen_key is not None and each.listen_key != listen_key)
        ]

    def forget(self, conn: Connection) -> None:
        """The connection is gone."""
        self.unsubscribe(conn)

    def accounts_of(self, conn: Connection) -> set[str]:
        """Accounts that a connection hears of."""
        return self.keys.accounts_of(each.listen_key for each in self._subscriptions if each.conn is conn)

    def publish(self, events: Iterable[ExchangeEvent]) -> list[WsOutput]:
        """What accounts hear of these events, in the venue's order.

        An execution comes as TRADE_LITE, then ACCOUNT_UPDATE, then ORDER_TRADE_UPDATE.
        """
        outputs: list[WsOutput] = []
        if not self._subscriptions:
            return outputs
        for event in events:
            outputs += self._told(event)
        return outputs

    def _told(self, event: ExchangeEvent) -> list[WsOutput]:
        match event:
            case AccountChanged(reason="ORDER"):
                self._account_change = event
            case AccountChanged():
                return self._send_account(event)
            case Executed(order, execution):
                lite = self._send(order.account, "TRADE_LITE", render.trade_lite(order, execution))
                return [*lite, *self._send_account_change(), *self._send_order(order, executed=event)]
            case Amended(order):
                return self._send_order(order, is_amendment=True)
            case Accepted(order) | Canceled(order) | Expired(order):
                return self._send_order(order)
            case ConditionChanged(condition):
                return self._send(condition.terms.account, "ALGO_UPDATE", render_conditions.update(condition))
            case LeverageChanged() | AssetModeChanged():
                return self._send(event.account, "ACCOUNT_CONFIG_UPDATE", render_account.config_update(event))
            case MarginCalled(account=name):
                message = render_account.margin_call(event, self._exchange.accounts[name], self._exchange.venues)
                return self._send(name, "MARGIN_CALL", message)
            case _:
                pass
        return []

    def _send_account_change(self) -> list[WsOutput]:
        change, self._account_change = self._account_change, None
        return [] if change is None else self._send_account(change)

    def _send_account(self, change: AccountChanged) -> list[WsOutput]:
        if not self._listens(change.account):
            return []
        mark_px = self._exchange.venues[change.symbol].mark.px if change.symbol else None
        return self._send(change.account, "ACCOUNT_UPDATE", render_account.account_update(change, mark_px))

    def _send_order(
        self, order: OrderRecord, *, executed: Executed | None = None, is_amendment: bool = False
    ) -> list[WsOutput]:
        if not self._listens(order.account):
            return []
        account = self._exchange.accounts[order.account]
        message = render.order_trade_update(
            order,
            order.updated_ns,
            account.open_notional(order.symbol, Side.BUY),
            account.open_notional(order.symbol, Side.SELL),
            None if executed is None else executed.execution,
            is_amendment=is_amendment,
        )
        return self._send(order.account, "ORDER_TRADE_UPDATE", message)

    def _listens(self, account: str) -> bool:
        key = self.keys.of(account)
        return key is not None and any(each.listen_key == key for each in self._subscriptions)

    def _send(self, account: str, kind: str, message: Message) -> list[WsOutput]:
        key = self.keys.of(account)
        if key is None:
            return []
        raw = to_bytes(message)
        return [
            WsSend(each.conn.conn_id, combined(key, message) if each.conn.is_combined else raw)
            for each in self._subscriptions
            if each.listen_key == key and (each.events is None or kind in each.events)
        ]
