"""What the exchange of assets refuses, in ccxt's own exceptions, and leaves as it was."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from tests.judges.box import Box
from tests.judges.ccxt_client import by_hmac, by_stranger, spot_symbol_of

MARKET = "DOGEUSDT"
SYMBOL = spot_symbol_of(MARKET)

pytestmark = pytest.mark.usefixtures("none_open")


_BAD, _INVALID = ccxt.BadRequest, ccxt.InvalidOrder


@pytest.mark.parametrize("over_websocket", [False, True])
@pytest.mark.parametrize(
    ("text", "kinds", "amount", "price", "more"),
    [
        ("insufficient balance", (ccxt.InsufficientFunds,) * 2, 8_000_000, 0.58, {}),
        # ccxt knows these two better by REST.
        ("Filter failure: PRICE_FILTER", (_INVALID, _BAD), 100, 0.58, {"price": "0.580001"}),
        ("Filter failure: LOT_SIZE", (_INVALID, _BAD), 100, 0.58, {"quantity": "100.5"}),
        ("too much precision", (_BAD, _BAD), 100, 0.58, {"price": "0.5800000001"}),
        ("Filter failure: NOTIONAL", (_BAD, _BAD), 1, 0.58, {}),
        ("Filter failure: PERCENT_PRICE_BY_SIDE", (_INVALID, _INVALID), 100, 20, {}),
        ("-1121", (ccxt.BadSymbol,) * 2, 100, 0.58, {"symbol": "NONEUSDT"}),
        ("-1100", (_BAD, _BAD), 100, 0.58, {"newClientOrderId": "x" * 37}),
        ("-1115", (_BAD, _BAD), 100, 0.58, {"timeInForce": "GTX"}),
        ("-1106", (_BAD, _BAD), 100, 0.58, {"quoteOrderQty": "10"}),
    ],
)
async def test_an_order_that_breaks_a_rule(
    spot: Box, spot_trader: Any, text: str, kinds: tuple[type[Exception], ...], amount: float, price: float,
    more: dict[str, Any], over_websocket: bool,
) -> None:  # fmt: skip
    known, wallet = spot.orders(), spot.wallet()
    order = {"symbol": MARKET, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": amount, "price": price}
    with pytest.raises(ccxt.BaseError, match=text) as raised:
        if over_websocket:
            await spot_trader.create_order_ws(SYMBOL, "limit", "buy", amount, price, more)
        else:
            await spot_trader.privatePostOrder({**order, **more})
    assert type(raised.value) is kinds[over_websocket]
    assert (spot.orders(), spot.wallet()) == (known, wallet)


async def test_selling_what_is_not_there(spot: Box, spot_trader: Any) -> None:
    known = spot.orders()
    with pytest.raises(ccxt.InsufficientFunds, match="insufficient balance"):
        await spot_trader.create_order("BNB/USDT", "market", "sell", 1)
    assert spot.orders() == known


async def test_a_client_id_that_is_in_use(spot: Box, spot_trader: Any) -> None:
    """It is free again when its order is done."""
    named = {"newClientOrderId": "twice"}
    first = await spot_trader.create_order(SYMBOL, "limit", "buy", 100, 0.5, named)
    with pytest.raises(ccxt.ExchangeError, match=r"Duplicate order sent\."):
        await spot_trader.create_order(SYMBOL, "limit", "buy", 100, 0.5, named)
    await spot_trader.cancel_order(first["id"], SYMBOL)
    second = await spot_trader.create_order(SYMBOL, "limit", "buy", 100, 0.5, named)
    assert second["id"] != first["id"]
    await spot_trader.cancel_order("", SYMBOL, {"origClientOrderId": "twice"})
    assert spot.order(MARKET, second["id"])["status"] == "CANCELED"


async def test_orders_that_there_are_not(spot_trader: Any) -> None:
    for call in (spot_trader.fetch_order, spot_trader.fetch_order_ws):
        with pytest.raises(ccxt.OrderNotFound, match=r"-2013|Order does not exist"):
            await call("1", SYMBOL)
    for call in (spot_trader.cancel_order, spot_trader.cancel_order_ws):
        with pytest.raises(ccxt.OrderNotFound, match=r"-2011|Unknown order sent"):
            await call("1", SYMBOL)


@pytest.mark.parametrize(("given", "code"), [({"secret": "wrong"}, -1022), ({"key": "nobody"}, -2015)])
async def test_strangers(spot: Box, given: dict[str, str], code: int) -> None:
    async with by_stranger(spot, **given) as client:
        for call in (client.privateGetAccount, client.sapiGetCapitalConfigGetall, client.fetch_balance_ws):
            with pytest.raises(ccxt.AuthenticationError, match=f'"code":{code},'):
                await call()


async def test_a_clock_that_is_wrong(spot: Box) -> None:
    """ccxt's documented remedy works too: it measures the difference and allows for it."""
    async with by_hmac(spot) as client:
        client.options["timeDifference"] = -60_000
        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            await client.fetch_balance()
        await client.load_time_difference()
        assert abs(client.options["timeDifference"]) < 5_000
        await client.fetch_balance()


async def test_listen_keys_are_gone(spot_trader: Any) -> None:
    with pytest.raises(ccxt.ExchangeNotAvailable, match="410 Gone"):
        await spot_trader.publicPostUserDataStream()
