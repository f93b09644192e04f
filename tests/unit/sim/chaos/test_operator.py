"""The operator's call: what chaos did, and when it does something."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.sim.chaos import PROFILES
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import EPISODES

from .rig import Troubled, always, profile


def test_it_tells_what_it_did() -> None:
    client = Troubled(profile(orders=always(Fault.INTERNAL)), 9)
    client.place("a")
    client.place("b")
    assert client.admin("chaos") == {
        "profile": "test",
        "seed": 9,
        "on": True,
        "counts": {"internal": 2},
        "events": {"place": 2},
        "lasting": [],
    }
    assert client.chaos.summary == "chaos test, seed 9: 2 internal"


def test_off_and_on_again_goes_on_where_it_was() -> None:
    whole = Troubled(PROFILES["flaky"], 7)
    expected = [whole.place(f"n{number}") for number in range(30)]
    client = Troubled(PROFILES["flaky"], 7)
    answers = [client.place(f"n{number}") for number in range(15)]
    client.admin("chaos", on=False)
    assert [client.place(f"off{number}") for number in range(15)] == [200] * 15
    client.admin("chaos", on=True)
    answers += [client.place(f"m{number}") for number in range(15)]
    assert answers == expected


def test_another_profile_or_seed_begins_anew() -> None:
    fresh = Troubled(PROFILES["flaky"], 8)
    expected = [fresh.place(f"n{number}") for number in range(20)]
    client = Troubled(PROFILES["slow"], 8)
    client.place("before")
    told = client.admin("chaos", profile="flaky")
    assert (told["profile"], told["seed"], told["counts"], told["events"]) == ("flaky", 8, {}, {})
    assert [client.place(f"n{number}") for number in range(20)] == expected
    client.admin("chaos", seed=8)
    assert [client.place(f"m{number}") for number in range(20)] == expected


def test_leaving_a_profile_leaves_nothing_of_it() -> None:
    client = Troubled(PROFILES["storm"], 1)
    client.admin("chaos", profile="calm")
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "origClientOrderId": "mine"}
    client.place("mine", px="0.601", qty="500")
    assert client.call("GET", "/fapi/v1/order", **named)["status"] == "FILLED"
    assert len(client.admin("ledger")) == 1


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"profile": "nope"}, "no profile 'nope'; there are calm, lossy"),
        ({"now": "event_lost"}, "event_lost does not happen at a time; there are silence, socket_end"),
        ({"now": "nope"}, "Invalid enum value 'nope'"),
        ({"on": False, "now": "ban"}, "nothing happens while it is off"),
        ({"other": 1}, "unknown field `other`"),
    ],
)
def test_wishes_that_make_no_sense(wish: dict[str, Any], reason: str) -> None:
    client = Troubled(profile())
    reply = client.raw("POST", "/admin/chaos", body=msgspec.json.encode(wish))
    assert reply.status == 400
    assert reason in msgspec.json.decode(reply.body)["error"]


def test_it_is_one_of_the_operators_calls() -> None:
    client = Troubled(profile())
    reply = client.raw("GET", "/admin/nope")
    assert "GET /admin/chaos, POST /admin/chaos" in msgspec.json.decode(reply.body)["error"]


def test_every_fault_is_in_a_profile_and_in_the_storm() -> None:
    def has(name: str) -> set[Fault]:
        wanted = PROFILES[name]
        faults = {*wanted.orders, *wanted.reads, *wanted.account, *wanted.market}
        faults |= {episode.fault for episode in wanted.episodes}
        return faults | ({Fault.FILL_SPLIT} if wanted.splits else set())

    assert has("calm") == set()
    assert has("storm") == set(Fault)
    assert set().union(*(has(name) for name in PROFILES if name != "storm")) == set(Fault)
    for wanted in PROFILES.values():
        for rates in (wanted.orders, wanted.reads, wanted.account, wanted.market):
            assert sum(rates.values()) < 1
    assert {episode.fault for wanted in PROFILES.values() for episode in wanted.episodes} == set(EPISODES)
