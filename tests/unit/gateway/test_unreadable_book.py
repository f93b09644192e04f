"""The exchange tells of an order of long ago, and pos.db, where that is looked up, cannot be read any more."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from tests.simulate.life import ACCOUNT
from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.core.errors import StoreError
from tradingsys.core.ids import OrderKey, encode_client_order_id


@pytest.mark.parametrize("is_told", [True, False])
def test_a_gateway_that_cannot_read_its_book_any_more_ends_and_says_why(tmp_path: Path, is_told: bool) -> None:
    """Whether an event tells of the order, or it is found by asking."""
    rig = Rig(tmp_path)
    login = rig.client().login_result
    rig.restart()

    def unreadable(client_order_id: str) -> NoReturn:
        raise StoreError(f"pos.db: disk I/O error, reading {client_order_id}")

    gateway = rig.gateway
    gateway.gateway.book.recalling._recall = unreadable
    if not is_told:
        gateway.network.fall_silent()
    name = encode_client_order_id(OrderKey(1, login["lineage"], login["epoch"], login["login"], 77))
    rig.house(Side.SELL, 10, "0.6")
    rig.venue.order(ACCOUNT, "DOGEUSDT", Side.BUY, 10, None, name)
    rig.run(40)
    assert gateway.failure is not None and "disk I/O error" in str(gateway.failure)
    assert not gateway.gateway.is_ready
