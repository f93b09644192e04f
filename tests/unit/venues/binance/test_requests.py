from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.binance import strategies as some
from tests.unit.venues.binance.exchange_double import ed25519, hmac, limit_order
from tradingsys.core.commands import CancelOrder, PlaceOrder
from tradingsys.core.enums import OrderType, SelfTradePrevention, TimeInForce
from tradingsys.core.errors import VenueError
from tradingsys.venues.binance.requests import cancel_params, parse_cancel, parse_place, parse_timing, place_params
from tradingsys.venues.binance.signing import (
    parse_query,
    query_text,
    sign_query,
    sign_ws_params,
    verify_query,
    verify_ws_params,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
parameters = st.dictionaries(st.from_regex(r"[a-zA-Z]{1,9}", fullmatch=True), texts | st.integers())


@st.composite
def places(draw: st.DrawFn) -> PlaceOrder:
    terms = draw(some.terms(0, draw(some.symbols)))
    is_market = draw(st.booleans())
    terms = msgspec.structs.replace(
        terms,
        order_type=OrderType.MARKET if is_market else OrderType.LIMIT,
        price=None if is_market else draw(some.quantities),
        time_in_force=None if is_market else draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])),
        stop_px=None,
        self_trade_prevention=draw(st.sampled_from(list(SelfTradePrevention))),
    )
    post_only = terms.post_only and terms.time_in_force is TimeInForce.GTC
    return PlaceOrder(
        draw(some.client_ids), msgspec.structs.replace(terms, post_only=post_only), draw(some.times_ms), 5000
    )


@given(places())
def test_the_exchange_reads_the_order_that_was_sent(place: PlaceOrder) -> None:
    assert parse_place(place_params(place)) == place
    by_rest = parse_query(sign_query(ed25519(), place_params(place)))
    assert parse_place(by_rest) == place


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
        ({"selfTradePreventionMode": "MAYBE"}, -1130),
        ({"timestamp": None}, -1102),
        ({"timestamp": "now"}, -1102),
        ({"recvWindow": "-1"}, -1102),
        ({"type": "MARKET"}, -1106),
        ({"type": "MARKET", "timeInForce": None}, -1106),
        ({"type": "MARKET", "timeInForce": None, "price": None}, None),
        ({"newClientOrderId": None, "recvWindow": None, "selfTradePreventionMode": None}, None),
    ],
)
def test_malformed_requests_get_the_exchange_s_code(changes: dict[str, Any], code: int | None) -> None:
    params = {**place_params(limit_order()), **changes}
    given_params = {name: value for name, value in params.items() if value is not None}
    if code is None:
        parse_place(given_params)
    else:
        with pytest.raises(VenueError) as refusal:
            parse_place(given_params)
        assert refusal.value.code == code


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
