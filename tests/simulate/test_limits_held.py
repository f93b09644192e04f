"""The judge of limits sees what is beyond one, at an exchange of assets that lets everything pass."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tests.simulate.limits_held import FEWER, SPOT_TIGHT, LimitsHeld
from tests.simulate.spot_box import markets
from tests.simulate.world import World
from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import Contingency, OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.sim.asset_events import ListRejected
from tradingsys.sim.events import NewOrder, Rejected
from tradingsys.sim.order_lists import NewOrderList
from tradingsys.sim.spot_exchange import SpotExchange

_ACCOUNT, _LINEAGE, _NOW_NS = "account", "abcde", 1_000_000_000
_WORTHS = {"DOGEUSDT": Decimal("0.6"), "ADAUSDT": Decimal("0.75")}


class _Sessions:
    """Some that send whatever they like."""

    def __init__(self) -> None:
        self.exchange = SpotExchange((market.listing for market in markets()), first_id=1)
        self.exchange.open_account(_ACCOUNT, {asset: Decimal(10**6) for asset in ("USDT", "DOGE", "ADA")})
        self.exchange.open_account("house", {}, is_house=True)
        self.held = LimitsHeld(World(1), self.exchange, _ACCOUNT, _WORTHS, SPOT_TIGHT, {9: FEWER})
        self._sent = 0

    def told(self) -> list[str]:
        return list(self.held.beyond(_LINEAGE))

    def order(
        self, session: int, side: Side, qty: int, px: str, symbol: str = "DOGEUSDT", stop: str | None = None
    ) -> NewOrder:
        self._sent += 1
        name = encode_client_order_id(OrderKey(session, _LINEAGE, 1, 1, self._sent))
        order_type = OrderType.LIMIT if stop is None else OrderType.STOP_LIMIT
        return NewOrder(
            _ACCOUNT,
            symbol,
            side,
            order_type,
            Decimal(qty),
            Decimal(px),
            TimeInForce.GTC,
            client_order_id=name,
            post_only=stop is None,
            trigger_px=None if stop is None else Decimal(stop),
        )

    def rest(self, session: int, qty: int, px: str, symbol: str = "DOGEUSDT") -> None:
        events = self.exchange.place(self.order(session, Side.BUY, qty, px, symbol), _NOW_NS)
        assert not any(isinstance(event, Rejected) for event in events)

    def trade(self, session: int, qty: int) -> None:
        """It buys."""
        for account, side in (("house", Side.SELL), (_ACCOUNT, Side.BUY)):
            order = structs.replace(self.order(session, side, qty, "0.6"), account=account, post_only=False)
            self.exchange.place(order, _NOW_NS)


@pytest.mark.parametrize(
    ("rests", "told"),
    [
        ([(1, 10, "0.5")] * 5, []),
        ([(1, 10, "0.5")] * 6, ["session 1 has 6 open orders, and may have 5"]),
        ([(9, 10, "0.5")] * 4, ["session 9 has 4 open orders, and may have 3"]),
        ([(1, 10, "0.5")] * 5 + [(2, 10, "0.5")] * 5, ["the account has 10 open orders, and may have 9"]),
        ([(1, 90, "0.5"), (1, 80, "0.5")], ["session 1 on DOGEUSDT could come to hold 102.00 USDT, and may 90"]),
        ([(1, 80, "0.5"), (1, 80, "0.5")], []),
        (
            [(1, 100, "0.5"), (1, 100, "0.5", "ADAUSDT")],
            [
                "session 1 has 135.00 USDT under way and holds 0.00, and may have 100",
                "session 1 could come to hold 135.00 USDT, and may 120",
            ],
        ),
        (
            [(each, 160, "0.5") for each in (1, 2, 3)],
            ["the account could come to hold 288.00 USDT, and may 250"],
        ),
    ],
)
def test_what_is_open_is_held_to_limits(rests: list[tuple[int, int, str]], told: list[str]) -> None:
    sessions = _Sessions()
    for rest in rests:
        sessions.rest(*rest)
    assert sessions.told() == told


def test_what_was_bought_counts_beside_what_is_open() -> None:
    sessions = _Sessions()
    sessions.trade(1, 120)
    assert not sessions.told()
    sessions.rest(1, 60, "0.5")
    (what,) = sessions.told()
    assert what.startswith("session 1 on DOGEUSDT could come to hold 107.9")  # less the fee, in what was bought


def test_of_two_orders_of_which_one_cancels_the_other_the_larger_counts() -> None:
    sessions = _Sessions()
    sessions.trade(1, 1)
    pair = (
        sessions.order(1, Side.SELL, 140, "0.65"),
        sessions.order(1, Side.SELL, 140, "0.5", stop="0.55"),
    )
    events = sessions.exchange.place_list(NewOrderList(_ACCOUNT, "DOGEUSDT", Contingency.OCO, pair), _NOW_NS)
    assert not any(isinstance(event, ListRejected) for event in events)
    assert not sessions.told()


@pytest.mark.parametrize(("qty", "told"), [(155, []), (160, ["96.00"]), (90, [])])
def test_an_amend_counts_as_soon_as_it_is_sent(qty: int, told: list[str]) -> None:
    sessions = _Sessions()
    sessions.rest(1, 100, "0.5")
    (order,) = sessions.exchange.open_orders(_ACCOUNT)
    terms = (order.client_order_id, "DOGEUSDT", Side.BUY, Decimal(qty), order.px, 1, 0, 2_000)
    sessions.held.amended(ReplaceOrder(*terms, venue_order_id=str(order.order_id)))
    worst = [f"amends {order.client_order_id}, could come to hold {each} USDT, and may 90" for each in told]
    assert list(sessions.held.wrong) == [f"session 1 {each}" for each in worst]
