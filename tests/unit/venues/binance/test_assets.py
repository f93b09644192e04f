from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance import spot_strategies as some
from tests.unit.venues.binance.strategies import quantities, signed, times_ms
from tradingsys.core.commands import Balance, Income, MarginState
from tradingsys.core.reports import AccountChanged, AssetMoved, MarginLevel
from tradingsys.venues.binance import decode_account, decode_assets, encode, encode_assets
from tradingsys.venues.binance.messages import ApiRestrictions, Message, margin, spot

M = TypeVar("M", bound=Message)
D = Decimal
assets = st.sampled_from(["USDT", "BNB", "ETH"])
owned = st.lists(
    st.builds(
        lambda asset, free, locked, borrowed, interest: Balance(
            asset, free + locked, free, borrowed=borrowed, interest=interest
        ),
        assets, quantities, quantities, quantities, quantities,
    ),
    max_size=3,
)  # fmt: skip
STATE = MarginState(D("11.6"), D("1.5"), D("1.3"), D("1.1"), D("6.8"), D("0.58"))
COMMISSION = spot.Commission(maker="0.00100000", taker="0.00150000", buyer="0", seller="0")


def over_the_wire(message: M) -> M:
    data = encode.to_bytes(message)
    assert b"E+" not in data and b"E-" not in data
    return msgspec.json.decode(data, type=type(message))


@given(some.account_reports, quantities)
def test_a_wallet_is_what_is_free_and_what_is_locked(report: AccountChanged, locked: Decimal) -> None:
    message = encode_assets.account_position(report, locked=dict.fromkeys(report.balances, locked))
    available = {asset: wallet - locked for asset, wallet in report.balances.items()}
    assert decode_assets.account_position(over_the_wire(message)) == replace(report, available=available)


@given(assets, signed.filter(bool), times_ms, st.integers(0, 5000))
def test_a_movement_told_twice_is_one(asset: str, delta: Decimal, cleared_ms: int, later_ms: int) -> None:
    moved = AssetMoved(asset, delta, "", cleared_ms)
    once = decode_assets.asset_moved(over_the_wire(encode_assets.balance_update(moved)))
    again = encode_assets.balance_update(replace(moved, delta=delta * D("1.00")), sent_ms=cleared_ms + later_ms)
    assert decode_assets.asset_moved(over_the_wire(again)).ext_id == once.ext_id
    assert once == replace(moved, ext_id=once.ext_id)
    for other in (replace(moved, delta=-delta), replace(moved, asset="DOGE"), replace(moved, ts_event_ms=1)):
        assert decode_assets.asset_moved(encode_assets.balance_update(other)).ext_id != once.ext_id


@given(owned)
def test_balances_of_a_spot_account(rows: list[Balance]) -> None:
    message = encode_assets.spot_account(rows, commission=COMMISSION, updated_ms=1, uid=7)
    assert (message.maker_commission, message.taker_commission) == (10, 15)
    told = decode_assets.balances(over_the_wire(message))
    assert told == tuple(Balance(row.asset, row.wallet, row.available) for row in rows)


@given(owned)
def test_balances_of_a_margin_account_tell_what_is_owed(rows: list[Balance]) -> None:
    message = over_the_wire(encode_assets.margin_account(rows, STATE, collateral_usdt=D(5)))
    assert decode_assets.margin_balances(message) == tuple(rows)
    assert [D(row.net_asset) for row in message.user_assets] == [row.net for row in rows]
    bars = over_the_wire(encode_assets.trade_coefficients(STATE))
    assert decode_assets.margin_state(message, bars) == STATE


def test_the_one_key_that_begins_with_a_capital() -> None:
    message = encode_assets.margin_account([], STATE, collateral_usdt=D(5))
    assert b'"TotalCollateralValueInUSDT":"5"' in encode.to_bytes(message)


@given(quantities, st.sampled_from(["MARGIN_LEVEL_2", "A_WORD_OF_NEXT_YEAR"]), times_ms)
def test_a_margin_level_means_something_else(level: Decimal, status: str, at_ms: int) -> None:
    told = MarginLevel(level, status, at_ms)
    assert decode_assets.margin_level(over_the_wire(encode_assets.margin_level(told))) == told


def test_interest_is_paid_oldest_first_and_each_charge_once() -> None:
    payments = [
        Income("INTEREST", "", "USDT", D("-0.02"), "7:USDT", 2000),
        Income("INTEREST", "", "BNB", D("-0.0001"), "8:ETH", 1000),
        Income("INTEREST", "", "BNB", D("-0.0002"), "8:BTC", 1000),
    ]
    message = encode_assets.interest_rows(
        [*payments, payments[0]], principal={"7:USDT": D(45)}, rate=D("0.0001"), kind="PERIODIC", total=4
    )
    assert message.rows[0].principal == "45"
    told = decode_assets.interest(over_the_wire(message))
    assert told == (payments[2], payments[1], payments[0])


def test_how_much_can_be_borrowed() -> None:
    told = decode_assets.borrowable(margin.Borrowable(amount="1.5", borrow_limit="60"))
    assert (told.amount, told.limit) == (D("1.5"), D(60))


@pytest.mark.parametrize(
    ("read", "forbids"),
    [
        (decode_account.permissions, "enable_futures"),
        (decode_account.spot_permissions, "enable_spot_and_margin_trading"),
        (decode_account.margin_permissions, "enable_spot_and_margin_trading"),
        (decode_account.margin_permissions, "enable_margin"),
    ],
)
def test_a_key_may_trade_what_it_is_allowed_to(read: object, forbids: str) -> None:
    assert callable(read)
    key = ApiRestrictions(ip_restrict=True, enable_withdrawals=False)
    assert read(key, can_trade=True).can_trade
    assert not read(key, can_trade=False).can_trade
    assert not read(replace(key, **{forbids: False}), can_trade=True).can_trade


@requires_shared
def test_recorded_events_of_the_account_mean_what_they_say() -> None:
    folder = SHARED / "data" / "binance" / "payloads" / "spot" / "user_data_json"
    told = msgspec.json.decode((folder / "account_position.json").read_bytes(), type=spot.OutboundAccountPosition)
    assert decode_assets.account_position(told).balances == {"USDT": D(12500), "ETH": D(5)}
    moved = msgspec.json.decode((folder / "balance_update.json").read_bytes(), type=spot.BalanceUpdate)
    assert decode_assets.asset_moved(moved).ext_id == "BTC:1709654400000:0.001"
