"""Of orders of assets, how it is proven that the venue never got them: how surely, how soon, and at what cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.oms.asset_world import MS, STALENESS_MS, AssetWorld, worlds
from tests.unit.oms.test_renamed_orders import killed_in_doubt
from tradingsys.core.commands import AmendmentsQuery, OpenOrdersQuery, OrderQuery, Query, TradesQuery
from tradingsys.core.enums import Side
from tradingsys.oms.procedure import Procedure

SYMBOL = "BTCUSDT"
STALE_MS = STALENESS_MS - 200
WEIGHTS = {OrderQuery: 4, OpenOrdersQuery: 6, AmendmentsQuery: 4, TradesQuery: 20}
RECV_WINDOW_MS = 2_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AssetWorld]:
    for made in worlds(tmp_path):
        made.venue.move("USDT", "1000")
        made.venue.now_ms += 10_000
        made.catch_up(SYMBOL)
        yield made


def orders(world: AssetWorld, count: int) -> list[str]:
    return [world.order(1, SYMBOL, Side.BUY, "10") for _ in range(count)]


def rest(world: AssetWorld, name: str) -> str:
    """The id of an order that may be one of those in doubt, by its terms."""
    return str(world.venue.rest(name, SYMBOL, Side.BUY, "6", "1").venue_order_id)


def start_again(world: AssetWorld) -> None:
    world.wait(10)
    world.kill()
    world.boot()


def resolve_all(world: AssetWorld, names: list[str]) -> None:
    for name in names:
        world.procedures.start(world.recovery.resolve(world.book.orders[name]))


def weight(world: AssetWorld) -> int:
    return sum(WEIGHTS[type(query)] for query in world.asked)


def assert_ours(world: AssetWorld, name: str) -> None:
    """What an order of session 1 executed counts as such, and nobody ever thought that it was absent."""
    world.wait(5_000)
    assert world.book.net(1, SYMBOL) == 6 and not world.book.orders[name].in_doubt
    assert not any("believed absent" in text for text in world.alarms)


def test_history_that_was_read_before_the_open_orders_proves_nothing(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    renamed = world.venue.amend(resting, "web_1", "6")
    world.boot()
    answer, denials = world.venue.answer, Counter[str]()

    def answers(query: Query[object]) -> object:
        told = answer(query)
        if isinstance(query, OrderQuery) and query.client_order_id == name:
            denials[name] += 1
            if denials[name] == 2:  # as the watch does
                world.procedures.start(world.recovery.pull_trades(SYMBOL))
            if denials[name] == 3:
                world.venue.match(renamed, "6")
        return told

    world.venue.answer = answers  # type: ignore[method-assign]
    world.run(world.recovery.resolve(world.book.orders[name]))
    assert_ours(world, name)


@pytest.mark.parametrize("list_takes_ms", [0, 5_000])
def test_history_as_it_was_before_the_open_orders_proves_nothing(world: AssetWorld, list_takes_ms: int) -> None:
    name, resting = killed_in_doubt(world)
    renamed = world.venue.amend(resting, "web_1", "6")
    world.boot()
    answer = world.venue.answer

    def answers(query: Query[object]) -> object:
        if isinstance(query, OpenOrdersQuery) and world.venue.open:
            world.venue.now_ms += list_takes_ms
            world.venue.match(renamed, "6")
            world.venue.lag_ms = lambda: STALE_MS
        return answer(query)

    world.venue.answer = answers  # type: ignore[method-assign]
    world.run(world.recovery.resolve(world.book.orders[name]))
    assert_ours(world, name)


def test_amendments_as_they_were_before_the_denial_prove_nothing(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    renamed = world.venue.amend(resting, "web_1", "6")
    chain = world.venue.amended.pop(str(resting.venue_order_id))
    world.boot()
    answer, denied_ms = world.venue.answer, list[int]()

    def answers(query: Query[object]) -> object:
        told = answer(query)
        if isinstance(query, OrderQuery) and query.client_order_id == name and told is None:
            denied_ms.append(world.venue.now_ms)
        if isinstance(query, AmendmentsQuery) and denied_ms and world.venue.now_ms - STALE_MS > denied_ms[0]:
            return chain
        return told

    world.venue.answer = answers  # type: ignore[method-assign]
    world.run(world.recovery.resolve(world.book.orders[name]))
    world.tell(world.venue.match(renamed, "6"))
    assert_ours(world, name)


@pytest.mark.parametrize("count", [1, 5])
def test_one_that_the_venue_never_got_is_proven_absent_in_time(world: AssetWorld, count: int) -> None:
    began_ms, names = world.venue.now_ms, orders(world, count)
    for name in names:
        world.book.doubt(world.book.orders[name])
    world.venue.lag_ms = lambda: STALE_MS
    resolve_all(world, names)
    world.wait(began_ms + RECV_WINDOW_MS + 15_000 - world.venue.now_ms)
    assert all(world.book.orders[name].absent for name in names)


@pytest.mark.parametrize("refused", [TradesQuery, AmendmentsQuery])
@pytest.mark.parametrize("doubts", [1, 5, 40])
def test_who_waits_for_what_is_refused_asks_little(world: AssetWorld, refused: type, doubts: int) -> None:
    names = orders(world, doubts)
    foreign = [rest(world, f"web_{number}") for number in range(10)]
    world.is_refused = lambda query: (
        isinstance(query, refused) and (not isinstance(query, AmendmentsQuery) or query.venue_order_id == foreign[3])
    )
    start_again(world)
    world.wait(120_000)
    for name in names:
        resolve_all(world, [name])
        world.wait(137)
    world.wait(10_000)
    world.asked.clear()
    world.wait(60_000)
    assert weight(world) <= 1_000
    assert not any(world.book.orders[name].absent for name in names)


def test_who_waited_for_what_was_refused_is_settled_soon_after_it_is_told(world: AssetWorld) -> None:
    names = orders(world, 5)
    start_again(world)
    world.wait(30_000)
    world.is_refused = lambda query: isinstance(query, TradesQuery)
    resolve_all(world, names)
    world.wait(50_000)
    assert not any(world.book.orders[name].absent for name in names)
    world.is_refused = lambda _: False
    world.run(world.recovery.pull_trades(SYMBOL))
    world.wait(5_000)
    assert all(world.book.orders[name].absent for name in names)


def test_one_that_is_not_told_of_hides_no_other_among_the_open_ones(world: AssetWorld) -> None:
    foreign, names = rest(world, "web_0"), orders(world, 4)
    world.venue.rest(names[0], SYMBOL, Side.BUY, "10", "1")
    world.venue.amend(world.venue.rest(names[1], SYMBOL, Side.BUY, "10", "1"), "web_1", "6")
    assert min(world.venue.open) == foreign, "it is told first"
    world.is_refused = lambda query: (
        isinstance(query, OrderQuery) or (isinstance(query, AmendmentsQuery) and query.venue_order_id == foreign)
    )
    for name in names:
        world.book.doubt(world.book.orders[name])
    resolve_all(world, names)
    world.wait(1_000)
    assert [world.book.orders[name].has_evidence for name in names] == [True, True, False, False]


def test_who_wants_history_since_an_instant_waits_for_no_reading_that_begins_later(world: AssetWorld) -> None:
    readings, ended = Counter[str](), list[int]()

    def is_lost(query: Query[object]) -> bool:
        readings[type(query).__name__] += 1
        return readings["TradesQuery"] > 1

    async def read_since(since_ns: int) -> None:
        await world.recovery._history.pull_since(SYMBOL, since_ns)
        ended.append(world.venue.now_ms)

    procedures: list[Procedure] = [
        world.recovery.pull_trades(SYMBOL),
        read_since(world.now_ns),
        world.recovery.pull_trades(SYMBOL),
    ]
    world.is_lost = is_lost
    for procedure in procedures:
        world.procedures.start(procedure)
    world.wait(1_000)
    assert ended and world.recovery._history.read_ns[SYMBOL] > world.now_ns - 1_000 * MS
