"""The exchange's own countdown is renewed whatever else is asked, and whatever is not answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tradingsys.core.commands import OrderQuery, RateLimit, SetCountdown, TradesQuery
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Closed, Order
from tradingsys.core.records import Intent
from tradingsys.core.reports import OrderChanged
from tradingsys.gateway.configuration.session_config import SessionConfig
from tradingsys.oms.procedure import ask

COUNTDOWN = structs.replace(SETTINGS, countdown_s=30, sessions={1: SessionConfig(countdown=True)})


@pytest.fixture
def armed(tmp_path: Path) -> Scene:
    """Two symbols with an order each."""
    scene = Scene(tmp_path, COUNTDOWN)
    scene.venue.answers[SetCountdown] = lambda query: query.countdown_ms
    scene.ready()
    client = scene.client()
    client.request("subscribe", ["btcusdt@trade", "dogeusdt@trade"])
    scene.run(10)
    for symbol in ("btcusdt", "dogeusdt"):
        scene.accepts(client.order(symbol=symbol))
    scene.run(2)
    assert renewed(scene) == {"BTCUSDT", "DOGEUSDT"}
    return scene


def renewed(scene: Scene) -> set[str]:
    """Symbols for which it was set since the last call."""
    symbols = {query.symbol for query in scene.venue.asked if isinstance(query, SetCountdown)}
    scene.venue.asked.clear()
    return symbols


def end_orders(scene: Scene) -> None:
    for order in scene.gateway.book.open_orders():
        ended = Order((order.client_order_id,), closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
        scene.says(OrderChanged(ended, order.symbol, scene.now_ms()))


def test_an_answer_that_does_not_come_holds_up_no_other_symbol(armed: Scene) -> None:
    del armed.venue.answers[SetCountdown]
    armed.run(10)
    assert renewed(armed) == {"BTCUSDT", "DOGEUSDT"}
    armed.answer(SetCountdown, TransportError("no answer in time", sent=True))
    armed.run(1.5)
    assert renewed(armed) == {"BTCUSDT"}, "at once, and not in a quarter of the countdown"


def test_what_waits_to_be_read_does_not_hold_it_up(armed: Scene) -> None:
    armed.run(60 - armed.now_ms() % 60_000 / 1000 + 1)
    armed.gateway.venue.set_limits((RateLimit("weight", 60_000, 200),))

    async def read() -> None:
        await ask(TradesQuery("DOGEUSDT"))

    for _ in range(40):
        armed.gateway.run(read())
    assert armed.gateway.venue.questions_waiting
    renewed(armed)
    armed.run(9)
    assert renewed(armed) == {"BTCUSDT", "DOGEUSDT"}


def test_an_arming_without_an_answer_is_taken_back_when_somebody_comes_who_did_not_agree(tmp_path: Path) -> None:
    scene = Scene(tmp_path, COUNTDOWN).ready()
    one = scene.client()
    scene.accepts(one.order())
    scene.run(2)
    other = scene.client(2)
    scene.accepts(other.order(price="0.5"))
    scene.answer(SetCountdown, TransportError("no answer in time", sent=True))
    scene.venue.answers[SetCountdown] = lambda query: query.countdown_ms
    scene.run(2)
    assert SetCountdown("DOGEUSDT", 0) in scene.venue.asked


def test_what_takes_much_of_the_rate_limit_is_said_once(armed: Scene) -> None:
    assert not any("countdown" in line for line in armed.logged)
    armed.gateway.venue.set_limits((RateLimit("weight", 60_000, 500),))
    armed.run(10)
    [told] = [line for line in armed.logged if "countdown" in line]
    assert "'symbols': 2" in told and "'percent': 16" in told


def test_what_an_earlier_run_armed_is_taken_back_where_its_orders_have_ended(armed: Scene) -> None:
    """The process dies before it could do that itself."""
    end_orders(armed)
    armed.now_ns += 600 * 10**9
    armed.restart().run(2)
    taken_back = {
        query.symbol for query in armed.venue.asked if isinstance(query, SetCountdown) and not query.countdown_ms
    }
    assert taken_back == {"BTCUSDT", "DOGEUSDT"}, "it may have been longer then"
    renewed(armed)
    armed.now_ns += 3_600 * 10**9
    armed.restart().run(2)
    assert not renewed(armed), "long ago"


def test_what_cannot_be_taken_back_is_given_up_when_it_has_run_out(armed: Scene) -> None:
    """A symbol that is not listed any more is refused for ever."""
    armed.venue.answers[SetCountdown] = lambda _: VenueError(-1121, "Invalid symbol.")
    end_orders(armed)
    armed.venue.asked.clear()
    armed.run(30)
    assert 2 * 3 <= sum(isinstance(query, SetCountdown) for query in armed.venue.asked) <= 2 * 7
    renewed(armed)
    armed.run(60)
    assert not renewed(armed)


def says_that_it_sent(scene: Scene, session: int, symbol: str) -> None:
    """Of an order that nothing else tells of, and nobody can ask about."""
    book = scene.gateway.book
    terms = next(order.terms for order in book.open_orders() if order.symbol == symbol)
    assert terms is not None
    scene.venue.answers[OrderQuery] = lambda _: VenueError(-4108, "no")
    name = encode_client_order_id(OrderKey(session, book.lineage, 1, 1, 1))
    book.doubt(book.track(Intent(name, session, terms, 0, 0)))


def test_what_a_session_says_that_it_sent_stops_nobodys_countdown(armed: Scene) -> None:
    says_that_it_sent(armed, 2, "BTCUSDT")
    armed.run(30)
    asked = [query for query in armed.venue.asked if isinstance(query, SetCountdown)]
    assert asked and all(query.countdown_ms for query in asked)


def test_what_a_session_says_that_it_sent_stops_it_where_it_may_rest(armed: Scene) -> None:
    """The countdown would cancel it as well, and its session did not agree to that."""
    armed.gateway.book.missing.journal_lost(armed.now_ms())
    says_that_it_sent(armed, 2, "BTCUSDT")
    armed.run(30)
    asked = [query for query in armed.venue.asked if isinstance(query, SetCountdown)]
    assert {query.symbol for query in asked if not query.countdown_ms} == {"BTCUSDT"}
