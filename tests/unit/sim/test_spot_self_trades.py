"""Two orders of one account meet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradingsys.core.enums import OrderStatus, SelfTradePrevention, Side
from tradingsys.sim.asset_events import Prevented
from tradingsys.sim.events import (
    Executed,
)

from .spot_rig import SpotRig, only, order

BUY, SELL = Side.BUY, Side.SELL
D = Decimal


def test_decrement_takes_from_both_orders() -> None:
    rig = SpotRig()
    maker = rig.rest(order("a", BUY, "6", "0.5"))
    events = rig.place(order("a", SELL, "2", "0.5", stp=SelfTradePrevention.DECREMENT))
    first, second = only(events, Prevented)
    assert (first.order.order_id, first.order.status, first.order.prevented_qty) == (
        maker.order_id,
        OrderStatus.NEW,
        D(2),
    )
    assert (second.order.status, second.order.prevented_qty, second.last_qty) == (
        OrderStatus.EXPIRED_IN_MATCH,
        D(2),
        D(2),
    )
    assert (rig.locked("a", "USDT"), rig.locked("a", "DOGE")) == (D(2), D(0))
    match = rig.exchange.ledger.prevented[0]
    assert (match.taker_qty, match.maker_qty, match.mode, match.px) == (
        D(2),
        D(2),
        SelfTradePrevention.DECREMENT,
        D("0.5"),
    )
    assert not only(events, Executed)
    filled = only(rig.place(order("b", SELL, "4", "0.5")), Executed)[0].order
    assert (filled.status, filled.cum_qty) == (OrderStatus.FILLED, D(4))


def test_transfer_within_an_account_is_a_decrement_and_the_mode_says_whose_word_counted() -> None:
    rig = SpotRig()
    rig.rest(order("a", BUY, "6", "0.5", stp=SelfTradePrevention.EXPIRE_TAKER))
    rig.place(order("a", SELL, "2", "0.5", stp=SelfTradePrevention.TRANSFER))
    rig.rest(order("a", BUY, "6", "0.5", stp=SelfTradePrevention.TRANSFER))
    rig.place(order("a", SELL, "6", "0.5", stp=SelfTradePrevention.TRANSFER))
    modes = [match.mode.value for match in rig.exchange.ledger.prevented]
    assert modes == ["DECREMENT", "DECREMENT", "TRANSFER"]


@pytest.mark.parametrize(
    ("mode", "maker_ends", "taker_ends"),
    [
        (SelfTradePrevention.EXPIRE_TAKER, False, True),
        (SelfTradePrevention.EXPIRE_MAKER, True, False),
        (SelfTradePrevention.EXPIRE_BOTH, True, True),
    ],
)
def test_expiring_counts_the_rest_as_prevented(mode: SelfTradePrevention, maker_ends: bool, taker_ends: bool) -> None:
    rig = SpotRig()
    maker = rig.rest(order("a", BUY, "6", "0.5"))
    taker = rig.rest(order("a", SELL, "2", "0.5", stp=mode))
    ends = {True: (OrderStatus.EXPIRED_IN_MATCH,), False: (OrderStatus.NEW,)}
    assert (rig.now(maker).status,) == ends[maker_ends]
    assert (rig.now(taker).status,) == ends[taker_ends]
    assert rig.now(maker).prevented_qty == (6 if maker_ends else 0)
    assert rig.now(taker).prevented_qty == (2 if taker_ends else 0)
    assert rig.locked("a", "USDT") == (0 if maker_ends else 3)
