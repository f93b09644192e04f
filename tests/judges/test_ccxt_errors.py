"""What the exchanges refuse, in ccxt's own exceptions, and leave as it was.

ccxt looks a futures code up in its table for futures only where the address begins with ``https://fapi.binance.com``.
Elsewhere it knows the codes that all of Binance's markets share, and the rest is its general `ccxt.ExchangeError`.
"""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from tests.judges.box import FUTURES, Box
from tests.judges.ccxt_client import by_hmac, by_stranger, name_of, spot_symbol_of, symbol_of

MARKET = "DOGEUSDT"
SYMBOL, SPOT_SYMBOL = symbol_of(MARKET), spot_symbol_of(MARKET)
_BAD, _INVALID = ccxt.BadRequest, ccxt.InvalidOrder


@pytest.mark.parametrize(
    ("code", "kind", "amount", "price", "more"),
    [
        (-2019, ccxt.ExchangeError, 10_000_000, 0.58, {}),
        (-4014, ccxt.BadRequest, 100, None, {"price": "0.580001"}),
        (-1111, ccxt.BadRequest, 100, None, {"price": "0.58000001"}),
        (-1111, ccxt.BadRequest, 100, 0.58, {"quantity": "100.5"}),
        (-4164, ccxt.ExchangeError, 1, 0.58, {}),
        (-4016, ccxt.BadRequest, 100, 0.9, {}),
        (-4003, ccxt.BadRequest, 100, 0.58, {"quantity": "0"}),
        (-1121, ccxt.BadSymbol, 100, 0.58, {"symbol": "NONEUSDT"}),
        (-4015, ccxt.ExchangeError, 100, 0.58, {"newClientOrderId": "x" * 37}),
        (-1115, ccxt.BadRequest, 100, 0.58, {"timeInForce": "NEVER"}),
    ],
)
async def test_an_order_that_breaks_a_rule(
    box: Box, trader: Any, code: int, kind: type[Exception], amount: float, price: float | None, more: dict[str, Any]
) -> None:
    before = box.orders()
    with pytest.raises(kind, match=f'"code":{code},') as raised:
        await trader.create_order(SYMBOL, "limit", "buy", amount, price or 0.58, more)
    assert '"msg":"' in str(raised.value)
    assert box.orders() == before


async def test_a_client_id_that_is_in_use(trader: Any) -> None:
    named = {"newClientOrderId": "twice"}
    order = await trader.create_order(SYMBOL, "limit", "buy", 100, 0.57, named)
    with pytest.raises(ccxt.ExchangeError, match="-4116"):
        await trader.create_order(SYMBOL, "limit", "buy", 100, 0.57, named)
    await trader.cancel_order(order["id"], SYMBOL)


@pytest.mark.usefixtures("none_open")
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
async def test_an_order_that_breaks_a_rule_of_spot(
    spot: Box, spot_trader: Any, text: str, kinds: tuple[type[Exception], ...], amount: float, price: float,
    more: dict[str, Any], over_websocket: bool,
) -> None:  # fmt: skip
    known, wallet = spot.orders(), spot.wallet()
    order = {"symbol": MARKET, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": amount, "price": price}
    with pytest.raises(ccxt.BaseError, match=text) as raised:
        if over_websocket:
            await spot_trader.create_order_ws(SPOT_SYMBOL, "limit", "buy", amount, price, more)
        else:
            await spot_trader.privatePostOrder({**order, **more})
    assert type(raised.value) is kinds[over_websocket]
    assert (spot.orders(), spot.wallet()) == (known, wallet)


@pytest.mark.usefixtures("none_open")
async def test_selling_what_is_not_there(spot: Box, spot_trader: Any) -> None:
    known = spot.orders()
    with pytest.raises(ccxt.InsufficientFunds, match="insufficient balance"):
        await spot_trader.create_order("BNB/USDT", "market", "sell", 1)
    assert spot.orders() == known


@pytest.mark.usefixtures("none_open")
async def test_a_client_id_that_is_in_use_on_spot(spot: Box, spot_trader: Any) -> None:
    """It is free again when its order is done."""
    named = {"newClientOrderId": "twice"}
    first = await spot_trader.create_order(SPOT_SYMBOL, "limit", "buy", 100, 0.5, named)
    with pytest.raises(ccxt.ExchangeError, match=r"Duplicate order sent\."):
        await spot_trader.create_order(SPOT_SYMBOL, "limit", "buy", 100, 0.5, named)
    await spot_trader.cancel_order(first["id"], SPOT_SYMBOL)
    second = await spot_trader.create_order(SPOT_SYMBOL, "limit", "buy", 100, 0.5, named)
    assert second["id"] != first["id"]
    await spot_trader.cancel_order("", SPOT_SYMBOL, {"origClientOrderId": "twice"})
    assert spot.order(MARKET, second["id"])["status"] == "CANCELED"


async def test_orders_that_there_are_not(exchange: Box, client: Any) -> None:
    symbol = name_of(exchange, MARKET)
    fetches = [client.fetch_order] if exchange.product == FUTURES else [client.fetch_order, client.fetch_order_ws]
    for call in fetches:
        with pytest.raises(ccxt.OrderNotFound, match=r"-2013|Order does not exist"):
            await call("1", symbol)
    for call in (client.cancel_order, client.cancel_order_ws):
        with pytest.raises(ccxt.OrderNotFound, match=r"-2011|Unknown order sent"):
            await call("1", symbol)
    if exchange.product == FUTURES:
        with pytest.raises(ccxt.OrderNotFound, match="-2013"):
            await client.edit_order("1", symbol, "limit", "buy", 100, 0.57)


@pytest.mark.parametrize(
    ("kind", "raised", "code"),
    [("STOP_MARKET", ccxt.ExchangeError, -4120), ("ICEBERG", ccxt.BadRequest, -1116)],
)
async def test_an_order_type_that_there_is_not(trader: Any, kind: str, raised: type[Exception], code: int) -> None:
    """Conditional orders have an address of their own, which ccxt's unified call knows; here they go to the old one."""
    wanted = {"symbol": "DOGEUSDT", "side": "SELL", "type": kind, "stopPrice": "0.5", "quantity": "100"}
    with pytest.raises(raised, match=f'"code":{code},'):
        await trader.fapiPrivatePostOrder(wanted)


@pytest.mark.parametrize(("given", "code"), [({"secret": "wrong"}, -1022), ({"key": "nobody"}, -2015)])
async def test_strangers(exchange: Box, given: dict[str, str], code: int) -> None:
    async with by_stranger(exchange, **given) as client:
        calls = [client.fetch_balance]
        if exchange.product != FUTURES:
            calls = [client.privateGetAccount, client.sapiGetCapitalConfigGetall, client.fetch_balance_ws]
        for call in calls:
            with pytest.raises(ccxt.AuthenticationError, match=f'"code":{code},'):
                await call()


async def test_a_clock_that_is_wrong(exchange: Box) -> None:
    """ccxt's documented remedy works too: it measures the difference and allows for it."""
    async with by_hmac(exchange) as client:
        client.options["timeDifference"] = -60_000
        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            await client.fetch_balance()
        await client.load_time_difference()
        assert abs(client.options["timeDifference"]) < 5_000
        await client.fetch_balance()


async def test_listen_keys_are_gone(spot_trader: Any) -> None:
    with pytest.raises(ccxt.ExchangeNotAvailable, match="410 Gone"):
        await spot_trader.publicPostUserDataStream()
