"""A recorded spot market as the market of the exchange of assets."""

from __future__ import annotations

import itertools
from decimal import Decimal

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.enums import Side
from tradingsys.sim.events import BookChanged, ExchangeEvent, Executed
from tradingsys.sim.recording_file import open_recording
from tradingsys.sim.replay import Replay
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.sim.spot_markets import load_spot_markets

from .spot_rig import BTC, NS, T0, order


@requires_shared
def test_we_buy_from_a_recording_and_update_ids_have_no_gaps() -> None:
    recording = open_recording(SHARED / "data/binance/spot_recording/btcusdt_20240808.gz")
    markets = recording.listed(load_spot_markets())
    exchange = SpotExchange(market.listing for market in markets)
    exchange.open_account("a", {"USDT": Decimal(100_000)}, now_ns=T0)
    replay = Replay(exchange, recording, T0)
    events: list[ExchangeEvent] = []
    for second in range(20):
        now_ns = T0 + second * NS
        events += replay.advance(now_ns)
        events += exchange.tick(now_ns)
    bought = exchange.place(order("a", Side.BUY, "0.01", symbol=BTC), T0 + 20 * NS)
    fills = [event.execution for event in bought if isinstance(event, Executed)]
    assert sum(fill.qty for fill in fills) == Decimal("0.01")
    assert exchange.accounts["a"].free_of("BTC") == Decimal("0.00999")
    changes = [event for event in events if isinstance(event, BookChanged)]
    assert len(changes) > 100
    assert all(later.first_update_id == earlier.update_id + 1 for earlier, later in itertools.pairwise(changes))
    assert replay.value(BTC) == float(exchange.venues[BTC].mid or 0)
