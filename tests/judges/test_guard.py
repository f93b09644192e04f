"""The guard itself: it must be able to catch somebody."""

from __future__ import annotations

import socket
from typing import Any

import ccxt.pro
import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import NetworkError
from binance_sdk_spot.spot import Spot

from tests.judges.guard import ForeignHost, Guard


@pytest.mark.parametrize("host", ["203.0.113.7", "2001:db8::7", "fapi.binance.com"])
def test_strangers_are_out_of_reach(guard: Guard, host: str) -> None:
    with pytest.raises(ForeignHost, match=host):
        socket.create_connection((host, 443), timeout=1)
    assert guard.attempts == [host]
    guard.attempts.clear()


@pytest.mark.parametrize(
    ("make", "host"), [(ccxt.pro.binanceusdm, "fapi.binance.com"), (ccxt.pro.binance, "api.binance.com")]
)
async def test_a_client_that_was_not_told_where_to_go_is_caught(guard: Guard, make: Any, host: str) -> None:
    client = make()
    try:
        with pytest.raises(ccxt.ExchangeNotAvailable):
            await client.fetch_time()
    finally:
        await client.close()
    assert guard.attempts == [host]
    guard.attempts.clear()


def test_binance_s_own_client_is_caught_too(guard: Guard) -> None:
    with pytest.raises(NetworkError):
        Spot(ConfigurationRestAPI(retries=0)).rest_api.time()
    assert guard.attempts == ["api.binance.com"]
    guard.attempts.clear()
