from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.binance import strategies as some
from tests.unit.venues.binance.exchange_double import ed25519, hmac, limit_order
from tradingsys.core.commands import CancelOrder, PlaceOrder, ReplaceOrder
from tradingsys.core.enums import OrderType, PriceMatch, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.errors import InvalidOrder, VenueError
from tradingsys.core.order import Terms
from tradingsys.venues.auth import load_signer
from tradingsys.venues.binance.algo_requests import (
    algo_cancel_params,
    algo_place_params,
    parse_algo_name,
    parse_algo_place,
)
from tradingsys.venues.binance.requests import (
    cancel_params,
    parse_cancel,
    parse_place,
    parse_replace,
    parse_timing,
    place_params,
    replace_params,
)
from tradingsys.venues.binance.signing import (
    Params,
    parse_query,
    query_text,
    sign_query,
    sign_ws_params,
    verify_query,
    verify_ws_params,
)
from tradingsys.venues.binance.usdm import USDM

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
parameters = st.dictionaries(st.from_regex(r"[a-zA-Z]{1,9}", fullmatch=True), texts | st.integers())


@st.composite
def places(draw: st.DrawFn, conditional: bool) -> PlaceOrder:
    """An order that can be sent, with everything said that the exchange would else add."""
    terms = draw(some.terms(0, draw(some.symbols)).filter(lambda some: some.order_type.is_conditional is conditional))
    stamp_ms = draw(some.times_ms)
    is_gtd = terms.time_in_force is TimeInForce.GTD and terms.order_type.has_price
    closes = terms.close_position and terms.order_type in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
    is_trailing = terms.order_type is OrderType.TRAILING_STOP_MARKET
    terms = msgspec.structs.replace(
        terms,
        order_qty=Decimal(0) if closes else terms.order_qty,
        price=None if terms.price_match else terms.price,
        time_in_force=terms.time_in_force if terms.order_type.has_price else TimeInForce.GTC if conditional else None,
        post_only=terms.post_only and terms.order_type.has_price,
        reduce_only=terms.reduce_only and not closes,
        stop_px=None if is_trailing else terms.stop_px,
        self_trade_prevention=draw(st.sampled_from(list(SelfTradePrevention))),
        close_position=closes,
        good_till_ms=stamp_ms // 1000 * 1000 + 1000 * draw(st.integers(602, 10**6)) if is_gtd else None,
        revision=0,
    )
    return PlaceOrder(draw(some.client_ids), terms, stamp_ms, 5000)


@given(places(conditional=False))
def test_the_exchange_reads_the_order_that_was_sent(place: PlaceOrder) -> None:
    assert parse_place(place_params(place)) == place
    by_rest = parse_query(sign_query(ed25519(), place_params(place)))
    assert parse_place(by_rest) == place


@given(places(conditional=True))
def test_the_exchange_reads_the_conditional_order_that_was_sent(place: PlaceOrder) -> None:
    assert parse_algo_place(algo_place_params(place)) == place
    by_rest = parse_query(sign_query(ed25519(), algo_place_params(place)))
    assert parse_algo_place(by_rest) == place


@given(some.client_ids, some.quantities, some.quantities, st.integers(1, 9999), st.booleans())
def test_the_exchange_reads_the_change_that_was_sent(
    client_order_id: str, qty: Decimal, px: Decimal, revision: int, matches: bool
) -> None:
    price, match = (None, PriceMatch.QUEUE) if matches else (px, None)
    change = ReplaceOrder(client_order_id, "ETHUSDT", Side.SELL, qty, price, revision, 5, 7, None, match)
    assert parse_replace(replace_params(change)) == change
    by_venue_id = msgspec.structs.replace(change, client_order_id="", venue_order_id="42")
    assert parse_replace(replace_params(by_venue_id)) == by_venue_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": None}, -1102),
        ({"side": None}, -1102),
        ({"quantity": None}, -1102),
        ({"side": "HOLD"}, -1117),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"priceMatch": "LATER", "price": None}, -5037),
        ({"modifyId": "x"}, -1102),
        ({"orderId": None, "origClientOrderId": None}, -1102),
        ({"modifyId": None}, None),
    ],
)
def test_malformed_changes_get_the_exchange_s_code(changes: dict[str, Any], code: int | None) -> None:
    change = ReplaceOrder("c-1", "ETHUSDT", Side.SELL, Decimal(1), Decimal(2), 3, 5, 7)
    expect_code(parse_replace, {**replace_params(change), **changes}, code)


STOP = PlaceOrder(
    "c-1",
    Terms("ETHUSDT", Side.SELL, OrderType.STOP_LIMIT, Decimal(1), Decimal(99), TimeInForce.GTC, stop_px=Decimal(100)),
    5,
    7,
)
NO_PRICE: dict[str, Any] = {"price": None, "timeInForce": None}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"algoType": None}, -1102),
        ({"algoType": "TWAP"}, -1130),
        ({"type": "LIMIT"}, -1116),
        ({"triggerPrice": None}, -1102),
        ({"price": None}, -1102),
        ({"price": None, "priceMatch": "OPPONENT_5"}, None),
        ({"timeInForce": None}, None),
        ({"workingType": "LAST"}, -4031),
        ({"clientAlgoId": "x" * 37}, -4015),
        ({"type": "STOP_MARKET"}, -1106),
        ({"type": "STOP_MARKET", **NO_PRICE}, None),
        ({"type": "STOP_MARKET", **NO_PRICE, "priceMatch": "QUEUE"}, -5038),
        ({"type": "STOP_MARKET", **NO_PRICE, "closePosition": "true"}, -4137),
        ({"type": "STOP_MARKET", **NO_PRICE, "closePosition": "true", "quantity": None}, None),
        ({"type": "STOP_MARKET", **NO_PRICE, "closePosition": "true", "quantity": None, "reduceOnly": "true"}, -1106),
        ({"type": "STOP", "closePosition": "true", "quantity": None}, -4020),
        ({"type": "TRAILING_STOP_MARKET", **NO_PRICE, "callbackRate": "1"}, -1106),
        ({"type": "TRAILING_STOP_MARKET", **NO_PRICE, "triggerPrice": None}, -1102),
        ({"type": "TRAILING_STOP_MARKET", **NO_PRICE, "triggerPrice": None, "callbackRate": "1"}, None),
    ],
)
def test_malformed_conditional_orders_get_the_exchange_s_code(changes: dict[str, Any], code: int | None) -> None:
    expect_code(parse_algo_place, {**algo_place_params(STOP), **changes}, code)


def test_a_conditional_order_is_named_by_one_id_at_least() -> None:
    assert parse_algo_name(algo_cancel_params(CancelOrder("c-1", "ETHUSDT", None, True))) == (None, "c-1")
    assert parse_algo_name({"algoId": "7", "clientAlgoId": "c-1"}) == (7, "c-1")
    with pytest.raises(VenueError, match="-1102"):
        parse_algo_name({})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"price": None}, "needs a price"),
        ({"price_match": PriceMatch.QUEUE}, "not both"),
        ({"stop_px": None}, "stop_price"),
        ({"close_position": True}, "STOP_MARKET"),
        ({"order_type": OrderType.STOP_MARKET, "price_match": PriceMatch.QUEUE}, "price match"),
        ({"order_type": OrderType.STOP_MARKET, "time_in_force": TimeInForce.FOK}, "FOK"),
        ({"order_type": OrderType.STOP_MARKET, "close_position": True}, "leave it 0"),
        ({"order_type": OrderType.TRAILING_STOP_MARKET}, "callback_rate"),
        ({"order_type": OrderType.TRAILING_STOP_MARKET, "callback_rate": Decimal(1)}, "activation_px"),
        ({"time_in_force": TimeInForce.GTD}, "good_till_ms"),
        ({"time_in_force": TimeInForce.GTD, "good_till_ms": 600_900}, "600 seconds"),
        ({"time_in_force": TimeInForce.GTD, "good_till_ms": 253_402_300_799_000}, "9999"),
        ({"good_till_ms": 10_000_000}, "GTD"),
    ],
)
def test_conditional_orders_that_cannot_be_said_are_refused_with_the_remedy(changes: dict[str, Any], why: str) -> None:
    terms = msgspec.structs.replace(STOP.terms, **changes)
    with pytest.raises(InvalidOrder, match=why):
        algo_place_params(msgspec.structs.replace(STOP, terms=terms))


def expect_code(parse: Callable[[dict[str, Any]], object], params: dict[str, Any], code: int | None) -> None:
    given_params = {name: value for name, value in params.items() if value is not None}
    if code is None:
        parse(given_params)
        return
    with pytest.raises(VenueError) as refusal:
        parse(given_params)
    assert refusal.value.code == code


def test_the_exchange_reads_the_cancel_that_was_sent() -> None:
    assert parse_cancel(cancel_params(CancelOrder("c-1", "ETHUSDT"))) == CancelOrder("c-1", "ETHUSDT")
    assert parse_cancel(cancel_params(CancelOrder("c-1", "ETHUSDT", "42"))) == CancelOrder("", "ETHUSDT", "42")
    with pytest.raises(VenueError, match="-1102"):
        parse_cancel({"symbol": "ETHUSDT"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": None}, -1102),
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP_MARKET"}, -4120),
        ({"type": "GUESS"}, -1116),
        ({"timeInForce": None}, -1102),
        ({"timeInForce": "GTZ"}, -1115),
        ({"quantity": "1e5"}, -1100),
        ({"quantity": ""}, -1102),
        ({"price": "NaN"}, -1100),
        ({"positionSide": "LONG"}, -4061),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"newClientOrderId": "no spaces"}, -1100),
        ({"selfTradePreventionMode": "MAYBE"}, -5039),
        ({"timestamp": None}, -1102),
        ({"timestamp": "now"}, -1102),
        ({"recvWindow": "-1"}, -1102),
        ({"type": "MARKET"}, -1106),
        ({"type": "MARKET", "timeInForce": None}, -1106),
        ({"type": "MARKET", "timeInForce": None, "price": None}, None),
        ({"type": "MARKET", "timeInForce": None, "price": None, "priceMatch": "QUEUE"}, -5038),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"priceMatch": "QUEUE", "price": None}, None),
        ({"priceMatch": "NONE"}, None),
        ({"priceMatch": "SOMEHOW", "price": None}, -5037),
        ({"timeInForce": "GTD"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": "soon"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": "1790000999999"}, None),
        ({"newClientOrderId": None, "recvWindow": None, "selfTradePreventionMode": None}, None),
    ],
)
def test_malformed_requests_get_the_exchange_s_code(changes: dict[str, Any], code: int | None) -> None:
    expect_code(parse_place, {**place_params(limit_order()), **changes}, code)


def test_the_exchange_s_own_example_of_a_signed_futures_order_is_reproduced() -> None:
    signer = load_signer(secret="2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9")
    params: Params = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "1", "price": "9000", "timeInForce": "GTC",
        "recvWindow": 5000, "timestamp": 1591702613943,
    }  # fmt: skip
    signature = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
    assert sign_query(signer, params).endswith(f"&signature={signature}")


def test_the_default_window_is_five_seconds() -> None:
    assert parse_timing({"timestamp": 7}) == (7, 5000)
    assert parse_timing({"timestamp": "7", "recvWindow": "60"}) == (7, 60)


@given(parameters)
def test_what_is_signed_is_what_is_sent(params: dict[str, str | int | bool]) -> None:
    for signer in (ed25519(), hmac()):
        query = sign_query(signer, params)
        assert verify_query(signer.verifier(), query)
        assert query.isascii()
        read = parse_query(query)
        read.pop("signature")
        assert read == {name: str(value) for name, value in params.items()}
        assert not verify_query(signer.verifier(), f"extra=1&{query}")
        assert verify_ws_params(signer.verifier(), sign_ws_params(signer, params))
        assert not verify_ws_params(signer.verifier(), {**sign_ws_params(signer, params), "extra": 1})


def test_the_signature_may_stand_anywhere_and_cover_query_and_body() -> None:
    signer = hmac()
    signature = signer.sign(b"a=1&b=2c=3")
    assert verify_query(signer.verifier(), "a=1&b=2", f"c=3&signature={signature}")
    assert verify_query(signer.verifier(), f"a=1&signature={signature}&b=2", "c=3")
    assert not verify_query(signer.verifier(), "a=1&b=2&c=3", f"signature={signature}")
    assert not verify_query(signer.verifier(), "a=1&b=2", "c=3")
    assert not verify_query(signer.verifier(), f"a=1&b=2&signature={signature}", f"c=3&signature={signature}")


def test_an_unencoded_base64_signature_is_read_too() -> None:
    signer = ed25519()
    payload = next(f"n={n}" for n in range(1000) if {"+", "/", "="} <= set(signer.sign(f"n={n}".encode())))
    assert verify_query(signer.verifier(), f"{payload}&signature={signer.sign(payload.encode())}")


def test_text_that_was_not_percent_encoded_is_not_signed() -> None:
    payload = "symbol=测试USDT"
    signature = hmac().sign(payload.encode())
    assert not verify_query(hmac().verifier(), f"{payload}&signature={signature}")


def test_text_is_percent_encoded_and_the_query_wins_over_the_body() -> None:
    assert query_text({"symbol": "测试", "list": '["A","B"]', "flag": True}) == (
        "symbol=%E6%B5%8B%E8%AF%95&list=%5B%22A%22%2C%22B%22%5D&flag=true"
    )
    assert parse_query("a=1&b=%20+", "a=2&c=3") == {"a": "1", "b": "  ", "c": "3"}


@given(some.terms(0, "ETHUSDT"), st.none() | some.quantities, st.none() | some.times_ms)
def test_what_cannot_be_said_is_known_before_it_is_written(
    drawn: Terms, price: Decimal | None, good_till_ms: int | None
) -> None:
    terms = msgspec.structs.replace(drawn, price=price, good_till_ms=good_till_ms)
    try:
        USDM.orders.way(PlaceOrder("", terms, 0, 1), 0)
    except InvalidOrder as error:
        assert str(USDM.orders.unsayable(terms)) == str(error)
    else:
        assert USDM.orders.unsayable(terms) is None
