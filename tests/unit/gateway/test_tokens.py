"""Who gets in: by which token, and after how many wrong ones nobody is listened to."""

from __future__ import annotations

import pytest

from tradingsys.gateway.clients.tokens import Tokens, WrongToken
from tradingsys.net.token import session_token
from tradingsys.wire.messages import ErrorCode

S = 1_000_000_000
MASTER = "WvFZ6M2uQnGJxkzqv0Yh8mPzq3Yw3l6rC1oVb8yTt5E"
FAR = "192.0.2.7"


def refused(tokens: Tokens, token: str | None, source: str = FAR, now_s: float = 0, session: int | None = 3) -> str:
    with pytest.raises(WrongToken) as caught:
        tokens.admit(token, source, int(now_s * S), session)
    assert caught.value.code == ErrorCode.UNAUTHORIZED
    assert MASTER not in str(caught.value) and (not token or token not in str(caught.value))
    return str(caught.value)


def test_the_gateways_token_opens_everything() -> None:
    tokens = Tokens(MASTER)
    for session in (None, 0, 3, 65_535):
        tokens.admit(MASTER, FAR, 0, session)


def test_a_sessions_token_opens_that_session_only() -> None:
    tokens, token = Tokens(MASTER), session_token(MASTER, 3)
    tokens.admit(token, FAR, 0, 3)
    for other in (0, 2, 30, 33):
        assert "token missing or wrong" in refused(Tokens(MASTER), token, session=other)
    assert "makes no operator" in refused(Tokens(MASTER), token, session=None)
    assert session_token("another" + MASTER[7:], 3) != token
    refused(Tokens("another" + MASTER[7:]), token)


@pytest.mark.parametrize("token", [None, "", MASTER + " ", MASTER[:-1], MASTER + "x", MASTER.lower(), "s3.", "é\u2028"])
def test_everything_else_opens_nothing(token: str | None) -> None:
    refused(Tokens(MASTER), token)
    refused(Tokens(MASTER), token, session=None)


def test_a_machine_that_guesses_is_not_listened_to_for_the_rest_of_the_minute() -> None:
    tokens = Tokens(MASTER)
    for second in range(5):
        assert "give token=" in refused(tokens, "guess", now_s=second)
    assert "wait 55 s" in refused(tokens, MASTER, now_s=5)
    assert "wait 1 s" in refused(tokens, MASTER, now_s=59.5)
    tokens.admit(MASTER, "192.0.2.8", 5 * S, 3)
    tokens.admit(MASTER, FAR, 60 * S, 3)
    assert "give token=" in refused(tokens, "guess", now_s=60)
    assert "wait 1 s" in refused(tokens, MASTER, now_s=60)


def test_four_wrong_ones_in_a_minute_are_a_slip() -> None:
    tokens = Tokens(MASTER)
    for minute in range(10):
        for _ in range(4):
            refused(tokens, "slip", now_s=61 * minute)
        tokens.admit(MASTER, FAR, 61 * minute * S, 3)


@pytest.mark.parametrize("source", ["", "127.0.0.1", "::1"])
def test_one_program_of_this_machine_keeps_no_other_out(source: str) -> None:
    tokens = Tokens(MASTER)
    for number in range(50):
        with pytest.raises(WrongToken) as caught:
            tokens.admit("old", source, 0, 3)
        assert caught.value.is_repeated == (number >= 4), "its connection is closed from the fifth on"
        tokens.admit(MASTER, source, 0, 3)


def test_memory_of_addresses_is_bounded() -> None:
    tokens = Tokens(MASTER)
    for number in range(3_000):
        refused(tokens, "guess", f"2001:db8::{number:x}")
    assert len(tokens._failures) == 1_000
