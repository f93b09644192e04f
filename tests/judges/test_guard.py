"""The guard itself: it must be able to catch somebody."""

from __future__ import annotations

import socket

import ccxt.pro
import pytest

from tests.judges.guard import ForeignHost, Guard


@pytest.mark.parametrize("host", ["203.0.113.7", "2001:db8::7", "fapi.binance.com"])
def test_strangers_are_out_of_reach(guard: Guard, host: str) -> None:
    with pytest.raises(ForeignHost, match=host):
        socket.create_connection((host, 443), timeout=1)
    assert guard.attempts == [host]
    guard.attempts.clear()


async def test_a_client_that_was_not_told_where_to_go_is_caught(guard: Guard) -> None:
    client = ccxt.pro.binanceusdm()
    try:
        with pytest.raises(ccxt.ExchangeNotAvailable):
            await client.fetch_time()
    finally:
        await client.close()
    assert guard.attempts == ["fapi.binance.com"]
    guard.attempts.clear()
