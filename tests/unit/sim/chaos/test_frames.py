"""Events on the wire: lost, doubled, swapped, late; and nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.sim.chaos import PROFILES, Chaos, Profile
from tradingsys.sim.chaos.faults import Fault

from .rig import EVERY_PRODUCT, MarginTroubled, SpotTroubled, Troubled, always, profile


def heard(wanted: Profile, orders: int, seed: int = 1, product: type[Troubled] = Troubled) -> list[str]:
    """Client ids of the events of orders placed one after the other, in the order of arrival."""
    client = product(wanted, seed)
    user = client.listen()
    for number in range(orders):
        client.place(f"n{number}")
    client.run(5_000)
    return client.heard(user)


@EVERY_PRODUCT
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.EVENT_LOST, []),
        (Fault.EVENT_TWICE, ["n0", "n0", "n1", "n1", "n2", "n2"]),
        (Fault.EVENT_LATE, ["n0", "n1", "n2"]),
        (Fault.MARKET_LOST, ["n0", "n1", "n2"]),
    ],
)
def test_an_accounts_events(product: type[Troubled], fault: Fault, told: list[str]) -> None:
    rates: dict[str, Mapping[Fault, float]] = {"account" if fault.startswith("event") else "market": always(fault)}
    assert heard(profile(**rates), 3, product=product) == told


SWAPPED = profile(account=always(Fault.EVENT_SWAPPED))


def test_swapped_events() -> None:
    assert heard(SWAPPED, 3) == ["n1", "n0", "n2"]


@pytest.mark.parametrize("product", [SpotTroubled, MarginTroubled])
def test_swapped_events_of_assets(product: type[Troubled]) -> None:
    """What the order took from the balance is told before the order is."""
    client = product(SWAPPED)
    user = client.listen()
    client.place("mine")
    assert [frame["event"]["e"] for frame in client.take(user)] == ["outboundAccountPosition", "executionReport"]


@EVERY_PRODUCT
def test_late_events_come_after_answers(product: type[Troubled]) -> None:
    client = product(profile(account=always(Fault.EVENT_LATE), account_late_ms=(100, 100)))
    user = client.listen()
    assert client.place("mine") == 200
    client.run(99)
    assert client.take(user) == []
    client.run(1)
    assert client.heard(user) == ["mine"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_without_swaps_the_order_of_events_is_kept(seed: int) -> None:
    rates = {Fault.EVENT_LOST: 0.2, Fault.EVENT_TWICE: 0.3, Fault.EVENT_LATE: 0.3}
    told = heard(profile(account=rates), 12, seed)
    assert told == sorted(told, key=lambda name: int(name[1:]))


@EVERY_PRODUCT
def test_the_same_seed_loses_the_same_events(product: type[Troubled]) -> None:
    told = [heard(PROFILES["lossy"], 60, seed, product) for seed in (5, 5, 6)]
    assert told[0] == told[1] != told[2]


@EVERY_PRODUCT
def test_the_public_market(product: type[Troubled]) -> None:
    client = product(profile(market=always(Fault.MARKET_LOST)))
    market, user = client.open(client.market_stream.partition("/dogeusdt")[0]), client.listen()
    assert client.control(market, "SUBSCRIBE", ["dogeusdt@bookTicker"]) == {"result": None, "id": 1}
    client.place("mine", px="0.6")
    assert client.take(market) == []
    assert client.heard(user) == ["mine"]
    assert client.counts()["market_lost"] >= 1
    client.admin("chaos", on=False)
    client.place("other", px="0.6005")
    assert client.take(market)


def test_what_is_held_is_sent_when_chaos_ends_and_nothing_is_held_after() -> None:
    client = Troubled(profile(account=always(Fault.EVENT_LATE), account_late_ms=(10_000, 10_000)))
    user = client.listen()
    client.place("first")
    assert client.admin("chaos", on=False)["on"] is False
    assert [event["o"]["c"] for event in client.take(user)] == ["first"]
    client.place("second")
    assert [event["o"]["c"] for event in client.take(user)] == ["second"]
    client.admin("chaos", on=True)
    client.place("third")
    assert client.take(user) == []


def test_a_websocket_that_is_closed_hears_what_came_before() -> None:
    client = Troubled(profile(account=always(Fault.EVENT_LATE), account_late_ms=(100, 100)))
    user = client.listen()
    client.place("mine")
    client.admin("drop", id=user)
    assert client.closed == {}
    client.run(100)
    assert len(client.take(user)) == 1
    assert client.closed == {user: 1001}


def test_a_client_that_left_is_forgotten() -> None:
    client = Troubled(profile(account=always(Fault.EVENT_LATE)))
    user = client.listen()
    client.place("mine")
    client.box.ws_closed(user)
    before = len(client.sent)
    client.run(5_000)
    assert all(output.conn_id != user for output in client.sent[before:])


def test_calm_is_as_if_nothing_were_there() -> None:
    def told(client: Troubled) -> list[object]:
        market, user = client.open("/public/ws/dogeusdt@depth/dogeusdt@bookTicker"), client.listen()
        for number in range(5):
            client.place(f"n{number}", px="0.6")
            client.run(500)
        return [client.take(market), client.take(user), client.live()]

    calm, bare = (Troubled(PROFILES["calm"], flow=Random(3)) for _ in range(2))
    bare.box = bare.inner
    assert isinstance(calm.box, Chaos)
    assert told(calm) == told(bare)
    assert calm.chaos.summary == ""


@EVERY_PRODUCT
def test_orders_fill_in_parts_and_strangers_do_not(product: type[Troubled]) -> None:
    client = product(profile(splits=1.0))
    client.place("mine", px="0.601", qty="1000")
    parts = [int(float(row["qty"])) for row in client.admin_rows("ledger")]
    assert len(parts) > 3
    assert sum(parts) == 1000
    assert client.counts()["fill_split"] >= len(parts) - 1
    before = client.admin("chaos")["events"]["match"]
    client.crowd_trades()
    assert client.admin("chaos")["events"]["match"] == before
    client.admin("chaos", on=False)
    client.place("whole", px="0.601", qty="100")
    assert [float(row["qty"]) for row in client.admin_rows("ledger")][len(parts) :] == [100]
