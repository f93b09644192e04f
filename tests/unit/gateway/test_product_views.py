"""What the gateway tells of the rules of symbols."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec import structs

from tests.simulate.rig import Rig
from tradingsys.core.instrument import Instrument
from tradingsys.gateway.views import product_views
from tradingsys.gateway.views.views import product_view
from tradingsys.wire.messages import ProductView


def test_products_are_told_to_everybody(rig: Rig) -> None:
    client = rig.client(None)
    everything = client.ask("get_products", [])["result"]
    assert {"adausdt", "dogeusdt"} <= {product["symbol"] for product in everything}
    [doge] = client.ask("get_products", {"symbols": ["DOGEusdt"]})["result"]
    assert doge["price_filter"]["size"] == "0.00001" and doge["min_notional"] == "5"


def test_what_products_are_told_follows_the_rules(rig: Rig) -> None:
    """They are encoded once and kept."""
    client, gateway = rig.client(None), rig.gateway.gateway
    before = client.ask("get_products", [])["result"]
    assert client.ask("get_products", [])["result"] == before
    doge = gateway.instruments["DOGEUSDT"]
    gateway.instruments["DOGEUSDT"] = structs.replace(doge, status="SETTLING")
    [told] = client.ask("get_products", ["dogeusdt", "nosuch"])["result"]
    assert told["status"] == "SETTLING"
    del gateway.instruments["DOGEUSDT"]
    assert client.ask("get_products", [])["result"] == [each for each in before if each["symbol"] != "dogeusdt"]
    assert client.ask("get_products", ["dogeusdt"])["result"] == []
    gateway.instruments["DOGEUSDT"] = doge
    [told] = client.ask("get_products", ["dogeusdt"])["result"]
    assert told["status"] == "TRADING"


def test_the_rules_of_a_symbol_are_encoded_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Counter[str]()

    def counted(instrument: Instrument) -> ProductView:
        made[instrument.symbol] += 1
        return product_view(instrument)

    monkeypatch.setattr(product_views, "product_view", counted)
    client = rig.client(None)
    for _ in range(3):
        client.ask("get_products", [])
        client.ask("get_products", ["dogeusdt"])
    assert set(made.values()) == {1} and len(made) == len(rig.gateway.gateway.instruments)


def test_the_rules_of_all_are_put_together_once_until_one_changes(rig: Rig) -> None:
    listed = dict(rig.gateway.gateway.instruments)
    views = product_views.ProductViews()
    everything = views.encoded(listed, ())
    assert views.encoded(listed, ()) is everything
    name = next(iter(listed))
    listed[name] = structs.replace(listed[name], status="SETTLING")
    changed = views.encoded(listed, ())
    assert b"SETTLING" in bytes(changed) and b"SETTLING" not in bytes(everything)
    assert views.encoded(listed, ()) is changed
