"""Binance's SDK trades over its WS-API connection."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box, eventually, soon
from tests.judges.sdk_client import assert_complete, by_ed25519, by_hmac, flattened, ws_api
from tests.judges.test_sdk_market import timeless
from tests.judges.test_sdk_trading import BUY, MARKET, assert_same_order, far_below

pytestmark = pytest.mark.usefixtures("flat")

WITHOUT = {".result.activatePrice", ".result.priceRate"}
"""In the models of plain orders, a memory of when one order service had them all."""


@pytest.mark.parametrize("make", [by_ed25519, by_hmac])
async def test_an_order_from_its_birth_to_its_end(box: Box, make: Any, no_complaints: None) -> None:
    price = far_below(box)
    async with ws_api(make(box)) as api:
        placed = (await soon(api.new_order(**BUY, price=price))).data()
        assert_complete(placed)
        order_id = placed.result.order_id
        assert_same_order(placed.result, box.order(MARKET, order_id))
        asked = (await soon(api.query_order(symbol=MARKET, order_id=order_id))).data()
        assert_complete(asked, without=WITHOUT)
        assert_same_order(asked.result, box.order(MARKET, order_id))
        change = {"symbol": MARKET, "side": "BUY", "quantity": 130, "price": price, "modify_id": 7}
        modified = (await soon(api.modify_order(**change, order_id=order_id))).data()
        assert_complete(modified, without=WITHOUT)
        assert_same_order(modified.result, box.order(MARKET, order_id))
        canceled = (await soon(api.cancel_order(symbol=MARKET, order_id=order_id))).data()
        assert_complete(canceled, without=WITHOUT)
        assert_same_order(canceled.result, box.order(MARKET, order_id))
        assert Decimal(canceled.result.orig_qty) == 130


@pytest.mark.parametrize("version", ["", "_v2"])
async def test_money_and_positions(box: Box, version: str, no_complaints: None) -> None:
    async with ws_api(by_ed25519(box)) as api:
        await soon(api.new_order(symbol=MARKET, side="BUY", type="MARKET", quantity=200))
        wallet = Decimal(box.balance()["wallet"])
        account = (await soon(getattr(api, f"account_information{version}")())).data()
        balances = (await soon(getattr(api, f"futures_account_balance{version}")())).data()
        positions = (await soon(getattr(api, f"position_information{version}")(symbol=MARKET))).data()
        for answer in (account, balances, positions):
            assert_complete(answer)
        assert Decimal(account.result.total_wallet_balance) == wallet
        assert [Decimal(row.balance) for row in balances.result if row.asset == "USDT"] == [wallet]
        assert [Decimal(row.position_amt) for row in positions.result] == [200]


async def test_the_market(box: Box, no_complaints: None) -> None:
    async with ws_api(by_ed25519(box)) as api:
        for call, path in (
            (api.symbol_order_book_ticker, "/fapi/v1/ticker/bookTicker"),
            (api.symbol_price_ticker, "/fapi/v1/ticker/price"),
        ):
            for arguments in ({}, {"symbol": MARKET}):
                answer = await same_as(box, path, call, **arguments)
                assert_complete(answer)
        # The SDK's model has the sides beside the result, as an example in the documents has them by mistake.
        book = await same_as(box, "/fapi/v1/depth", api.order_book, symbol=MARKET, limit=5)
        assert_complete(book, without={".bids", ".asks"}, beside={".result.bids", ".result.asks"})
        assert len(book.result.additional_properties["bids"]) == 5


async def same_as(box: Box, path: str, call: Any, **arguments: object) -> Any:
    """The answer, which says what the call by REST says as soon as nothing happened between the two."""

    async def attempt() -> Any:
        truth = timeless(box.public(path, **arguments))
        answer = (await soon(call(**arguments))).data()
        return answer if timeless(flattened(answer)["result"]) == truth else None

    return await eventually(f"the answer of {path}", attempt)


async def test_stream_keys(box: Box, no_complaints: None) -> None:
    async with ws_api(by_ed25519(box)) as api:
        started = (await soon(api.start_user_data_stream())).data()
        assert_complete(started)
        assert_complete((await soon(api.keepalive_user_data_stream())).data())
        assert started.result.listen_key == by_ed25519(box).rest_api.start_user_data_stream().data().listen_key
        assert_complete((await soon(api.close_user_data_stream())).data())


async def test_refusals(box: Box) -> None:
    before = box.orders()
    async with ws_api(by_ed25519(box)) as api:
        for call, arguments, code in (
            (api.new_order, {**BUY, "price": 0.58, "quantity": 5_000_000}, -2019),
            (api.new_order, {**BUY, "price": 0.9}, -4016),
            (api.cancel_order, {"symbol": MARKET, "order_id": 1}, -2011),
            (api.query_order, {"symbol": MARKET, "order_id": 1}, -2013),
        ):
            refused = (await soon(call(**arguments))).data()
            assert refused["error"]["code"] == code
    async with ws_api(by_hmac(box, secret="wrong")) as api:
        refused = (await soon(api.new_order(**BUY, price=0.58))).data()
        assert refused["error"]["code"] == -1022
    assert box.orders() == before
