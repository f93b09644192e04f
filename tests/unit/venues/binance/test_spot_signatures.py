"""Signatures of spot's requests: the exchange's own examples."""

from typing import Any

import pytest

from tradingsys.venues.auth import HmacSigner
from tradingsys.venues.binance.signing import Params, sign_query, sign_ws_params

SPOT_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
WIDE = "１２３４５６"
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (WIDE, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_the_exchange_s_rest_examples_are_signed_as_it_says(symbol: str, signature: str) -> None:
    params: Params = {
        "symbol": symbol, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "0.1",
        "recvWindow": 5000, "timestamp": 1499827319559,
    }  # fmt: skip
    query = sign_query(HmacSigner(SPOT_SECRET), params)
    assert query.isascii()
    assert query.rpartition("&signature=")[2] == signature


@pytest.mark.parametrize(
    ("changes", "signature"),
    [
        (
            {"price": "52000.00", "quantity": "0.01000000", "recvWindow": 100, "side": "SELL", "symbol": "BTCUSDT"},
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
        ),
        (
            {
                "price": "0.10000000",
                "quantity": "1.00000000",
                "recvWindow": 5000,
                "side": "BUY",
                "symbol": "１２３４５６",
            },
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
    ],
)
def test_the_exchange_s_ws_api_examples_are_signed_as_it_says(changes: dict[str, Any], signature: str) -> None:
    params = {**changes, "type": "LIMIT", "timeInForce": "GTC", "timestamp": 1645423376532, "apiKey": API_KEY}
    assert sign_ws_params(HmacSigner(SPOT_SECRET), params)["signature"] == signature
