"""What goes wrong at once and for everybody: shut out, streams that end."""

from __future__ import annotations

from .exchange_rig import MS
from .face_rig import Client

TIME = "/fapi/v1/time"


def test_who_is_shut_out_is_told_how_long(client: Client) -> None:
    client.box.face.shut_out(client.now_ns + 5_000 * MS, is_ban=False)
    assert client.error("GET", TIME, sign=False) == (429, -1003)
    reply = client.ws_call(client.open("/market/ws"), "x", sign=False)  # streams are not asked for anything
    assert reply["error"]["code"] == 2
    client.run(5_000)
    client.call("GET", TIME, sign=False)


def test_a_ban_says_until_when_and_ends(client: Client) -> None:
    until_ns = client.now_ns + 5_000 * MS
    client.box.face.shut_out(until_ns, is_ban=True)
    reply = client.reply("GET", TIME, sign=False)
    assert reply.status == 418
    assert str(until_ns // MS) in reply.body.decode()
    client.run(5_000)
    client.call("GET", TIME, sign=False)


def test_whoever_goes_on_while_shut_out_is_banned(client: Client) -> None:
    client.box.face.shut_out(client.now_ns + 5_000 * MS, is_ban=False)
    answers = [client.reply("GET", TIME, sign=False).status for _ in range(12)]
    assert answers == [429] * 10 + [418] * 2


def test_streams_of_accounts_can_end_before_their_time(client: Client) -> None:
    user, market = client.listen(), client.open("/market/ws")
    assert client.box.face.is_public(market)
    assert not client.box.face.is_public(user)
    client._take(client.box.face.end_streams(client.now_ns))
    assert [event["e"] for event in client.take(user)] == ["listenKeyExpired"]
    assert client.closed == {}
    assert client.take(market) == []
