"""What the exchange refuses, in ccxt's own exceptions.

ccxt looks a futures code up in its table for futures only where the address begins with ``https://fapi.binance.com``.
Elsewhere it knows the codes that all of Binance's markets share, and the rest is its general `ccxt.ExchangeError`.
"""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from tests.judges.box import Box
from tests.judges.ccxt_client import by_hmac, symbol_of

SYMBOL = symbol_of("DOGEUSDT")


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


async def test_orders_that_there_are_not(trader: Any) -> None:
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await trader.fetch_order("1", SYMBOL)
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        await trader.cancel_order("1", SYMBOL)
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        await trader.cancel_order_ws("1", SYMBOL)
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await trader.edit_order("1", SYMBOL, "limit", "buy", 100, 0.57)


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
async def test_strangers(box: Box, given: dict[str, str], code: int) -> None:
    async with by_hmac(box, **given) as client:
        with pytest.raises(ccxt.AuthenticationError, match=f'"code":{code},'):
            await client.fetch_balance()


async def test_a_clock_that_is_wrong(box: Box) -> None:
    """ccxt's documented remedy works too: it measures the difference and allows for it."""
    async with by_hmac(box) as client:
        client.options["timeDifference"] = -60_000
        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            await client.fetch_balance()
        await client.load_time_difference()
        assert abs(client.options["timeDifference"]) < 5_000
        await client.fetch_balance()
