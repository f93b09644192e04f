"""The account's events by subscription: spot and margin, keys of each kind, and connections that end."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.unit.venues.binance.exchange_double import SERVER_MS, World, hmac, path_and_params
from tests.unit.venues.binance.subscriptions import BOTH, MOVED, connected, rsa, states, waiting
from tradingsys.core.io import Frame, Opened
from tradingsys.core.reports import (
    AccountChanged,
    EventMissed,
    MarginLevel,
    Oddity,
    RiskStreamState,
)
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, SPOT


def test_an_ed25519_key_logs_on_and_then_subscribes() -> None:
    world = connected()
    world.open_subscribed()
    assert not world.user_frames
    assert states(world) == [True]


def test_each_connection_says_the_time_anew() -> None:
    world = connected()
    (opening,) = [opening for opening in world.opening if opening.channel == "user"]
    assert opening.url == "ws://x/ws-api"
    world.open_subscribed()
    world.close("user")
    world.wait(60)
    world.event(Opened("user"))
    ((_, logon),) = world.user_frames
    params: Any = logon.params
    assert logon.method == "session.logon"
    assert params["timestamp"] >= SERVER_MS + 60_000


@pytest.mark.parametrize("signer", [hmac, rsa])
def test_other_keys_sign_the_subscription(signer: Any) -> None:
    world = connected(SPOT, signer())
    world.event(Opened("user"))
    ((_, request),) = world.user_frames
    assert request.method == "userDataStream.subscribe.signature"
    assert isinstance(request.params, dict)
    assert set(request.params) == {"apiKey", "timestamp", "signature"}
    assert states(world) == []
    world.reply_user({"subscriptionId": 0})
    assert states(world) == [True]


@BOTH
def test_events_are_told(product: Product) -> None:
    world = World(product=product).up()
    world.tell(b'{"e":"outboundAccountPosition","E":2,"u":1,"B":[{"a":"ETH","f":"1.5","l":"0.5"}]}')
    world.tell(b'{"e":"externalLockUpdate","E":2,"a":"ETH","d":"0.1","T":1}')
    world.tell(b'{"e":"listStatus","E":2,"s":"ETHUSDT","g":4,"c":"OCO","l":"ALL_DONE","L":"ALL_DONE","r":"NONE","C":"x",'
               b'"T":1,"O":[{"s":"ETHUSDT","i":29,"c":"my-8"}]}')  # fmt: skip
    world.tell(MOVED)
    (changed,) = world.told(AccountChanged)
    assert changed.balances == {"ETH": Decimal(2)}
    assert len(world.told(Oddity)) == 1


@BOTH
@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"id":99,"status":200}', b'{"event":7}'])
def test_nothing_unreadable_raises(product: Product, data: bytes) -> None:
    world = World(product=product).up()
    world.event(Frame("user", data))
    world.event(Frame("user-2", data))
    assert world.told(Oddity)
    assert not states(world)


def test_an_event_that_cannot_be_read_is_missed() -> None:
    world = World(product=SPOT).up()
    world.tell(b'{"e":"executionReport","E":1}')
    world.tell(b'{"e":"newThing","E":1}')
    assert len(world.told(EventMissed)) == 2


# ---- what warns a margin account


def risky() -> World:
    world = World(product=MARGIN)
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    (request,) = waiting(world, "/sapi/v1/margin/listen-key")
    assert (request.method, urlsplit(request.url).query) == ("POST", "")
    world.reply_http({"listenKey": "key-1"}, request=request)
    (opening,) = [opening for opening in world.opening if opening.channel == "risk"]
    world.opening.remove(opening)
    assert opening.url == "ws://x/ws/key-1"
    world.event(Opened("risk"))
    return world


def test_warnings_come_by_a_stream_of_their_own_that_is_no_account_s_stream() -> None:
    world = risky()
    assert states(world) == []
    assert world.told(RiskStreamState) == [RiskStreamState(True)]
    world.event(Frame("risk", b'{"e":"MARGIN_LEVEL_STATUS_CHANGE","E":5,"l":"1.21","s":"MARGIN_CALL"}'))
    assert world.told(MarginLevel) == [MarginLevel(Decimal("1.21"), "MARGIN_CALL", 5)]
    world.event(Frame("risk", b'{"e":"USER_LIABILITY_CHANGE","E":5,"a":"BTC","t":"BORROW","p":"1","i":"0"}'))
    assert len(world.told(MarginLevel)) == 1
    world.close("risk")
    assert states(world) == []
    assert [state.is_up for state in world.told(RiskStreamState)] == [True, False]
    assert world.told(Oddity) == []


@pytest.mark.parametrize("sent", ["5", '"5"'])
def test_the_key_of_the_warnings_is_kept_alive_by_its_name(sent: str) -> None:
    world = risky()
    world.wait(1800)
    (request,) = waiting(world, "/sapi/v1/margin/listen-key")
    assert request.method == "PUT"
    assert path_and_params(request)[2] == {"listenKey": "key-1"}
    world.event(Frame("risk", f'{{"e":"listenKeyExpired","E":{sent},"listenKey":"key-1"}}'.encode()))
    assert "risk" in world.closing
