"""The exchange of assets without a wire takes what the real one takes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulate.plain_spot import PlainSpot
from tests.simulate.spot_box import markets
from tradingsys.core.commands import (
    Ask,
    Borrow,
    CancelOrder,
    Command,
    PlaceOrder,
    PlaceOrderList,
    PriceQuery,
    ReplaceOrder,
)
from tradingsys.core.enums import Contingency, OrderType, Side, TimeInForce
from tradingsys.core.errors import OrderRejected, VenueError
from tradingsys.core.io import HttpRequest
from tradingsys.core.order import Terms
from tradingsys.sim.events import NewAmend, NewOrder
from tradingsys.sim.faces.transport import Request
from tradingsys.sim.spot_exchange import SpotExchange, margin_name

_ACCOUNT = "account"


@pytest.fixture
def box() -> PlainSpot:
    exchange = SpotExchange((market.listing for market in markets()), first_id=1)
    exchange.open_margin(_ACCOUNT, {asset: Decimal(10**4) for asset in ("USDT", "DOGE")})
    exchange.open_account("house", {}, is_house=True)
    for side, px in ((Side.BUY, "0.599"), (Side.SELL, "0.603")):
        terms = ("house", "DOGEUSDT", side, OrderType.LIMIT, Decimal(100), Decimal(px), TimeInForce.GTC)
        exchange.place(NewOrder(*terms, client_order_id=f"house-{side}"), 1)
    return PlainSpot(margin_name(_ACCOUNT), exchange)


def answered(box: PlainSpot, command: Command) -> object:
    """What a gateway's protocol is told."""
    protocol = box.protocol()
    protocol.clock.set(0, 0, 0)
    (sent,) = protocol.command(command, 1)
    assert isinstance(sent, HttpRequest)
    request = Request(sent.method, "/", sent.url.partition("?")[2].encode(), {}, b"")
    return box.objects[int(box.http(request, 1_000_000)[0].body)]


@pytest.mark.parametrize(("side", "target", "stop"), [(Side.SELL, "0.61", "0.59"), (Side.BUY, "0.59", "0.61")])
@pytest.mark.parametrize("is_turned", [True, False])
def test_two_orders_of_which_one_cancels_the_other_may_come_in_either_order(
    box: PlainSpot, side: Side, target: str, stop: str, is_turned: bool
) -> None:
    limit = Terms("DOGEUSDT", side, OrderType.LIMIT, Decimal(10), Decimal(target), TimeInForce.GTC, post_only=True)
    waits = Terms("DOGEUSDT", side, OrderType.STOP_MARKET, Decimal(10), stop_px=Decimal(stop))
    legs = [PlaceOrder(name, terms, 1, 5_000) for name, terms in (("limit", limit), ("stop", waits))]
    told = answered(box, PlaceOrderList(Contingency.OCO, tuple(legs[::-1] if is_turned else legs)))
    assert isinstance(told, list) and len(told) == 2, told


def test_an_order_that_somebody_gave_another_name_is_found_by_its_number(box: PlainSpot) -> None:
    terms = Terms("DOGEUSDT", Side.BUY, OrderType.LIMIT, Decimal(10), Decimal("0.5"), TimeInForce.GTC)
    answered(box, PlaceOrder("ours", terms, 1, 5_000))
    (order,) = box.exchange.open_orders(margin_name(_ACCOUNT))
    box.exchange.amend(NewAmend(order.account, "DOGEUSDT", Side.BUY, Decimal(9), order.px, order_id=order.order_id), 1)
    number = str(order.order_id)
    less = ReplaceOrder("ours", "DOGEUSDT", Side.BUY, Decimal(8), order.px, 1, 1, 5_000, number)
    assert isinstance(answered(box, less), list)
    box.exchange.amend(NewAmend(order.account, "DOGEUSDT", Side.BUY, Decimal(7), order.px, order_id=order.order_id), 1)
    assert isinstance(answered(box, CancelOrder("ours", "DOGEUSDT")), OrderRejected)
    assert isinstance(answered(box, CancelOrder("ours", "DOGEUSDT", number)), list)
    assert not box.exchange.open_orders(order.account)


def test_the_middle_of_the_book_is_the_price(box: PlainSpot) -> None:
    assert getattr(answered(box, Ask(1, PriceQuery("DOGEUSDT"))), "px", None) == Decimal("0.601")
    assert getattr(answered(box, Ask(2, PriceQuery("ADAUSDT"))), "px", 0) is None


def test_loans_are_given_and_refused(box: PlainSpot) -> None:
    assert answered(box, Ask(1, Borrow("USDT", Decimal(5)))) == "1"
    assert isinstance(answered(box, Ask(2, Borrow("USDT", Decimal(10**9)))), VenueError)
    assert (box.loans, len(box.exchange.ledger.loans)) == (2, 1)
