"""Client order ids lead back to who sent an order, and nobody else's id is taken for one of ours."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tradingsys.core.ids import (
    LINEAGE_LENGTH,
    MAX_SESSION,
    OrderKey,
    decode_client_order_id,
    encode_client_order_id,
    lineage_from_random,
)

ALPHABET = string.ascii_letters + string.digits + "_-"
SEVEN_DIGITS = 62**7 - 1
"""As epochs in ms have until the year 2081."""
SIX_DIGITS = 62**6 - 1
"""Logins within one epoch: 56 thousand million."""

keys = st.builds(
    OrderKey,
    st.integers(0, MAX_SESSION),
    st.integers(0, 2**64).map(lineage_from_random),
    st.integers(0, SEVEN_DIGITS),
    st.integers(0, SIX_DIGITS),
    st.integers(0, SEVEN_DIGITS),
)


@given(keys)
@example(OrderKey(0, "00000", 0, 0, 0))
@example(OrderKey(MAX_SESSION, "zzzzz", SEVEN_DIGITS, SIX_DIGITS, SEVEN_DIGITS))
def test_an_id_leads_back_to_its_key_and_fits_every_venue(key: OrderKey) -> None:
    text = encode_client_order_id(key)
    assert decode_client_order_id(text) == key
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,36}", text)


@given(keys, keys)
def test_two_keys_never_share_an_id(one: OrderKey, other: OrderKey) -> None:
    assume(one != other)
    assert encode_client_order_id(one) != encode_client_order_id(other)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "-",
        "T",
        "4294967297",
        "web_3fWNPSjJTJFmQGMVvDsE",
        "android_9uVqQ2rGfQ6Z5d1vQ0aN",
        "autoclose-1499404630606123",
        "adl_autoclose",
        "settlement_autoclose-1",
        "x-Tq3Xz1-1-VKr5bLo-2-1f-x0",
        "Tq3Xz1-1-VKr5bLo-2-1f",
        "Tq3Xz1-1-VKr5bLo-2-1f-",
        "T-----",
    ],
)
def test_ids_of_other_tools_are_foreign(foreign: str) -> None:
    assert decode_client_order_id(foreign) is None


@given(st.text(ALPHABET, max_size=36) | st.text(max_size=40))
def test_any_text_is_foreign_or_exactly_what_we_would_write(text: str) -> None:
    key = decode_client_order_id(text)
    assert key is None or encode_client_order_id(key) == text


@given(keys, st.data())
def test_a_damaged_id_never_decodes_to_the_key_it_was(key: OrderKey, data: st.DataObject) -> None:
    text = encode_client_order_id(key)
    place = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:place] + data.draw(st.sampled_from(ALPHABET)) + text[place + 1 :]
    assume(damaged != text)
    assert decode_client_order_id(damaged) != key


def test_nearly_every_damaged_id_is_refused() -> None:
    text = encode_client_order_id(OrderKey(1, "q3Xz1", 1_700_000_000_000, 2, 99))
    damaged = {text[:i] + char + text[i + 1 :] for i in range(len(text)) for char in ALPHABET} - {text}
    assert sum(decode_client_order_id(one) is not None for one in damaged) <= len(damaged) // 500


def test_a_leading_zero_is_no_spelling_of_ours() -> None:
    session_past_the_last = OrderKey(MAX_SESSION + 1, "q3Xz1", 1, 1, 1)
    assert decode_client_order_id(encode_client_order_id(session_past_the_last)) is None


@given(st.integers(0, 2**64))
def test_every_lineage_has_the_same_length(value: int) -> None:
    assert len(lineage_from_random(value)) == LINEAGE_LENGTH
