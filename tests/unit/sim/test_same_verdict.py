"""What the gateway refuses before sending, the exchange would refuse with the same code; and nothing else."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.unit.sim.exchange_rig import MS
from tests.unit.sim.face_rig import Client
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.errors import VenueError
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.order import Terms
from tradingsys.venues.auth import HmacSigner
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.instruments import instrument
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.usdm import USDM

GATEWAY = BinanceProtocol(USDM, Endpoints("http://x", "ws://x", "ws://x"), "key", HmacSigner("secret"))
TAKEN, MARGIN = 0, -2019


@cache
def exchange() -> tuple[Client, dict[str, Instrument]]:
    client = Client()
    client.quote()
    told = msgspec.json.decode(
        client.reply("GET", "/fapi/v1/exchangeInfo", sign=False).body, type=messages.ExchangeInfo, strict=False
    )
    rules = [instrument(each) for each in told.symbols]
    return client, {each.symbol: each for each in rules}


@st.composite
def orders(draw: st.DrawFn) -> Terms:
    """Numbers on, beside and beyond every bound that the symbol has."""
    client, rules = exchange()
    symbol = draw(st.sampled_from(sorted(rules)))
    each, mark = rules[symbol], client.box.exchange.venues[symbol].mark.px
    kind = draw(st.sampled_from([OrderType.LIMIT, OrderType.MARKET]))
    side = draw(st.sampled_from(Side))
    return Terms(
        symbol,
        side,
        kind,
        draw(
            near(
                st.sampled_from([each.min_qty, each.max_qty, each.market_max_qty, each.min_notional / mark]),
                each.lot_size,
            )
        ),
        None if kind is OrderType.MARKET else draw(near(prices(each, mark), each.tick_size)),
        None if kind is OrderType.MARKET else TimeInForce.GTC,
    )


def prices(each: Instrument, mark: Decimal) -> st.SearchStrategy[Decimal]:
    bounds = [
        each.min_price,
        each.max_price,
        mark,
        mark * (each.price_band_up or 1),
        mark * (each.price_band_down or 1),
    ]
    return st.sampled_from([bound for bound in bounds if bound is not None])


def near(bounds: st.SearchStrategy[Decimal], step: Decimal) -> st.SearchStrategy[Decimal]:
    """A bound moved by some steps, or by a part of one; never below the smallest number that can be said."""
    moves = st.sampled_from([Decimal(move) for move in ("-3", "-1", "-0.5", "0", "0.5", "1", "3")])

    def moved(bound: Decimal, by: Decimal) -> Decimal:
        on_step = (bound / step).to_integral_value() * step
        return max(step / 10, on_step + by * step).normalize()

    return st.builds(moved, bounds, moves)


@settings(max_examples=400, deadline=None)
@given(orders())
def test_the_gateway_refuses_what_the_exchange_would_refuse_with_the_same_code(terms: Terms) -> None:
    client, rules = exchange()
    client.now_ns += 1_000 * MS  # within the limits of requests
    asked: dict[str, Any] = {
        "symbol": terms.symbol,
        "side": terms.side,
        "type": terms.order_type,
        "quantity": plain(terms.order_qty),
    }
    if terms.price is not None:
        asked |= {"price": plain(terms.price), "timeInForce": "GTC"}
    reply = client.reply("POST", "/fapi/v1/order/test", **asked)
    there = TAKEN if reply.status == 200 else msgspec.json.decode(reply.body)["code"]
    event(str(there))
    refusal = GATEWAY.refusal(terms, rules[terms.symbol], client.box.exchange.venues[terms.symbol].mark.px)
    assert refusal is None or isinstance(refusal, VenueError)
    here = TAKEN if refusal is None else refusal.code
    assert here == (TAKEN if there == MARGIN else there), (terms, reply.body, refusal)
