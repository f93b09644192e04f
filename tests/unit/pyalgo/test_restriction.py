"""A strategy knows what it may send, and hears of every restriction."""

from __future__ import annotations

import pytest

from pyalgo import OnDisconnect, Session, TradingState
from pyalgo.restriction import Restriction
from tests.unit.pyalgo.desk import of, ready
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_params, decode_request, encode
from tradingsys.wire.messages import ErrorCode, LoginParams, TradingPush

ACTIVE, REDUCING, HALTED = TradingState


def test_less_on_any_symbol_is_news_and_more_is_none() -> None:
    restriction = Restriction()
    assert restriction.heard(TradingPush(ACTIVE, {"btcusdt": REDUCING}))
    assert (restriction.state("btcusdt"), restriction.state("dogeusdt"), restriction.state("")) == (
        REDUCING,
        ACTIVE,
        ACTIVE,
    )
    assert restriction.heard(TradingPush(REDUCING, {"btcusdt": HALTED}))
    assert not restriction.heard(TradingPush(REDUCING))
    assert restriction.state("btcusdt") is REDUCING
    restriction.forget()
    assert restriction.state("btcusdt") is ACTIVE


def test_a_strategy_hears_of_it_and_can_ask() -> None:
    bench, subscription = ready()
    errors: list[LocalProtocolError] = []
    bench.context.on_error = errors.append
    bench.gateway.send(encode(TradingPush(ACTIVE, {"dogeusdt": HALTED}, "dogeusdt is halted: by an operator")))
    bench.settle()
    assert (subscription.trading_state, bench.context.trading_state("BTCUSDT")) == (HALTED, ACTIVE)
    assert [(error.code, str(error)) for error in errors] == [(ErrorCode.HALTED, "dogeusdt is halted: by an operator")]
    bench.gateway.send(encode(TradingPush(ACTIVE)))
    bench.settle()
    assert of(bench).trading_state is ACTIVE and len(errors) == 1


def test_what_becomes_of_the_session_is_asked_for_at_every_login() -> None:
    session = Session("ws://localhost:8111", 1, "test", True, on_disconnect="cancel", grace_s=2.5)
    sent: list[LoginParams] = []

    class Wire:
        def send(self, data: bytes) -> None:
            sent.append(decode_params(decode_request(data), LoginParams))

        def close(self) -> None: ...

    session.client.opened(Wire(), 0)
    assert (sent[0].on_disconnect, sent[0].grace_ms) == (OnDisconnect.CANCEL, 2_500)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"on_disconnect": "stay"}, "on_disconnect is 'stay': it is one of leave, cancel, flatten"),
        ({"grace_s": -1}, "grace_s is -1: it is a number of seconds, 0 to 86400"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_at_once(asked: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Session("ws://localhost:8111", 1, "test", True, **asked)  # type: ignore[arg-type]
