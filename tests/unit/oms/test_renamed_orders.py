"""Orders of ours that somebody else amended, and so renamed, while nobody had told us of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.oms.asset_world import AssetWorld, worlds
from tradingsys.core.commands import AmendmentsQuery, OrderQuery, TradesQuery
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Order

D = Decimal


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AssetWorld]:
    for made in worlds(tmp_path):
        made.venue.move("USDT", "1000")
        made.venue.now_ms += 10_000
        made.catch_up("BTCUSDT")
        yield made


def killed_in_doubt(world: AssetWorld, *, qty: str = "10") -> tuple[str, Order]:
    """An order of session 1 rests at the venue, and its gateway died before anybody could tell."""
    name = world.order(1, "BTCUSDT", Side.BUY, qty)
    resting = world.venue.rest(name, "BTCUSDT", Side.BUY, qty, "1")
    world.wait(10)
    world.kill()
    return name, resting


def amendments(world: AssetWorld) -> int:
    return sum(isinstance(query, AmendmentsQuery) for query in world.asked)


def resolve(world: AssetWorld, name: str) -> None:
    world.run(world.recovery.resolve(world.book.orders[name]))


def hide(world: AssetWorld, resting: Order) -> Order:
    """The venue does not show it yet."""
    world.venue.open.discard(str(resting.venue_order_id))
    return world.venue.orders.pop(str(resting.venue_order_id))


@pytest.mark.parametrize("amends", [1, 3])
def test_its_executions_lead_back_to_it(world: AssetWorld, amends: int) -> None:
    name, resting = killed_in_doubt(world)
    for number in range(amends):
        resting = world.venue.amend(resting, f"web_{number}", str(8 - number))
    world.venue.match(resting, "2")
    world.boot()
    order = world.book.orders[name]
    assert (order.in_doubt, order.facts.venue_order_id) == (False, resting.venue_order_id)
    assert world.book.net(1, "BTCUSDT") == 2 and world.book.net(EXTERNAL, "BTCUSDT") == 0
    # From now on its id is known, and nobody has to ask.
    count = amendments(world)
    world.tell(world.venue.match(world.venue.orders[str(resting.venue_order_id)], "3"))
    assert world.book.net(1, "BTCUSDT") == 5 and amendments(world) == count
    world.check()
    world.assert_exact()


def test_it_is_found_among_the_open_orders_before_it_trades(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    renamed = world.venue.amend(resting, "web_1", "6")
    world.boot()
    assert world.book.orders[name].in_doubt
    resolve(world, name)
    order = world.book.orders[name]
    assert (order.status, order.worst_leaves_qty) == (OrderStatus.NEW, D(6))
    world.tell(world.venue.match(renamed, "6"))
    assert order.status is OrderStatus.FILLED and world.book.net(1, "BTCUSDT") == 6


def test_an_order_of_ours_that_is_known_is_not_asked_about(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    hide(world, resting)
    world.boot()
    other = world.order(1, "BTCUSDT", Side.BUY, "6")
    world.tell(world.venue.rest(other, "BTCUSDT", Side.BUY, "6", "1"))
    resolve(world, name)
    assert world.book.orders[name].absent and amendments(world) == 0


def test_one_that_is_believed_absent_revives(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    hidden = hide(world, resting)
    world.boot()
    order = world.book.orders[name]
    resolve(world, name)
    assert order.absent
    world.venue.orders[str(resting.venue_order_id)] = hidden
    world.tell(world.venue.match(world.venue.amend(hidden, "web_1", "6"), "6"))
    world.wait(5_000)
    assert world.book.net(1, "BTCUSDT") == 6 and any("believed absent and lives" in text for text in world.alarms)


def test_none_is_believed_absent_while_its_executions_would_not_be_told(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    world.venue.match(world.venue.amend(resting, "web_1", "6"), "6")
    world.venue.open.discard(str(resting.venue_order_id))
    world.is_refused = lambda query: isinstance(query, TradesQuery)
    world.boot()
    order = world.book.orders[name]
    world.procedures.start(world.recovery.resolve(order))
    world.wait(30_000)
    assert order.in_doubt and not order.absent
    world.is_refused = lambda _: False
    world.wait(300_000)
    world.run(world.recovery.pull_trades("BTCUSDT"))
    world.wait(5_000)
    assert order.has_evidence and world.book.net(1, "BTCUSDT") == 6
    assert not any("believed absent" in text for text in world.alarms)


def test_another_s_order_is_external_and_nobody_asks_without_a_doubt(world: AssetWorld) -> None:
    world.tell(world.venue.match(world.venue.rest("web_1", "BTCUSDT", Side.BUY, "6", "1"), "6"))
    assert world.book.net(EXTERNAL, "BTCUSDT") == 6 and amendments(world) == 0
    name, resting = killed_in_doubt(world)
    hidden = hide(world, resting)
    world.boot()
    asked = amendments(world)
    for side, qty, px in ((Side.SELL, "6", "1"), (Side.BUY, "10", "1"), (Side.BUY, "6", "2")):
        world.tell(world.venue.match(world.venue.rest(f"web_{side}{px}", "BTCUSDT", side, qty, px), qty))
    assert world.book.net(EXTERNAL, "BTCUSDT") == 16 and amendments(world) == asked, "none of these can be it"
    world.tell(world.venue.match(world.venue.rest("web_9", "BTCUSDT", Side.BUY, "6", "1"), "6"))
    assert world.book.net(EXTERNAL, "BTCUSDT") == 16, "it may be"
    world.wait(5_000)
    assert world.book.net(EXTERNAL, "BTCUSDT") == 22 and 1 <= amendments(world) - asked <= 6
    world.venue.orders[str(hidden.venue_order_id)] = hidden
    resolve(world, name)
    assert world.book.orders[name].status is OrderStatus.NEW


def test_a_clock_that_was_in_doubt_holds_no_execution_back_once_it_is_right(world: AssetWorld) -> None:
    _, resting = killed_in_doubt(world)
    hide(world, resting)
    world.boot()
    world.clock.doubt()
    world.tell(world.venue.match(world.venue.rest("web_9", "BTCUSDT", Side.BUY, "6", "1"), "6"))
    world.wait(500)
    assert world.book.net(EXTERNAL, "BTCUSDT") == 0, "it may be the one in doubt"
    world.clock.set(world.venue.now_ms, world.now_ns, world.now_ns)
    world.wait(9_000)
    assert world.book.net(EXTERNAL, "BTCUSDT") == 6


def test_an_answer_older_than_the_amend_proves_nothing(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    renamed = world.venue.amend(resting, "web_1", "6")
    chain = world.venue.amended.pop(str(resting.venue_order_id))
    world.boot("ETHUSDT")
    world.tell(world.venue.match(renamed, "2"))
    world.wait(1_000)
    assert amendments(world) >= 1 and world.book.net(EXTERNAL, "BTCUSDT") == 0
    world.venue.amended[str(resting.venue_order_id)] = chain
    world.wait(4_000)
    assert world.book.net(1, "BTCUSDT") == 2 and not world.book.orders[name].in_doubt


def test_executions_that_only_history_tells_are_asked_for_in_the_same_way(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    hidden = hide(world, resting)
    world.boot()
    told = world.venue.match(world.venue.amend(hidden, "web_1", "6"), "6")
    world.book.learn(Order((), told.venue_order_id, accepted=True, fills=told.fills), "BTCUSDT", world.venue.now_ms)
    world.settle()
    assert world.book.net(1, "BTCUSDT") == 6 and world.book.orders[name].status is OrderStatus.FILLED
    assert any(isinstance(query, OrderQuery) and query.venue_order_id for query in world.asked)


def lost(world: AssetWorld, qty: str = "10") -> Order:
    """An order of session 1 rests at the venue under another name, and its journal was lost with the power."""
    name = world.order(1, "BTCUSDT", Side.BUY, qty)
    resting = world.venue.rest(name, "BTCUSDT", Side.BUY, qty, "1")
    world.wait(10)
    world.machine.cut_power()
    world.machine.journal.unlink()
    return world.venue.amend(resting, "web_1", "6")


def boot_after_power_cut(world: AssetWorld) -> None:
    world.open()
    world.book.missing.journal_lost(world.venue.now_ms + 5_000)
    world.wait(6_000)
    world.run(world.recovery.find_lost_orders())
    world.catch_up()


def test_one_that_the_journal_lost_is_known_again_while_it_is_open(world: AssetWorld) -> None:
    renamed = lost(world)
    boot_after_power_cut(world)
    [order] = world.book.open_orders(1)
    assert (order.facts.venue_order_id, order.worst_leaves_qty) == (renamed.venue_order_id, D(6))
    world.tell(world.venue.match(renamed, "6"))
    assert world.book.net(1, "BTCUSDT") == 6
    world.check()
    world.assert_exact()


def test_one_that_the_journal_lost_is_known_again_by_executions_from_then(world: AssetWorld) -> None:
    world.venue.match(lost(world), "6")
    boot_after_power_cut(world)
    assert world.book.net(1, "BTCUSDT") == 6 and world.book.net(EXTERNAL, "BTCUSDT") == 0
    asked = amendments(world)
    world.tell(world.venue.match(world.venue.rest("web_2", "BTCUSDT", Side.BUY, "3", "1"), "3"))
    assert world.book.net(EXTERNAL, "BTCUSDT") == 3 and amendments(world) == asked, "it is of today"


def test_orders_that_the_journal_lost_may_have_executed_as_late_as_the_clock_may_be_behind(world: AssetWorld) -> None:
    world.venue.match(lost(world), "6")
    world.open()
    world.book.missing.journal_lost(world.venue.now_ms)
    world.clock.doubt()
    before_ms = world.venue.now_ms
    doubt_ms = world.clock.uncertainty_ms(world.now_ns)
    assert doubt_ms
    world.run(world.recovery.find_lost_orders())
    assert world.book.missing.until_ms >= before_ms + doubt_ms


def test_as_long_as_there_may_be_symbols_that_nobody_knows_each_answer_is_about_them_too(world: AssetWorld) -> None:
    missing, began_ms = world.book.missing, world.venue.now_ms
    missing.journal_lost(began_ms)
    missing.orders_told(began_ms + 1_000, (), ())
    assert missing.until_ms == began_ms + 1_000, "what was open then was told, whatever its symbol"
    missing.symbols_known()
    missing.orders_told(began_ms + 2_000, (), ("ETHUSDT",))
    assert missing.until_ms == began_ms + 1_000
    missing.orders_told(began_ms + 3_000, ("ETHUSDT",), ())
    assert missing.until_ms == began_ms + 3_000


def test_an_order_under_a_new_name_is_ours_if_our_id_leads_to_it(world: AssetWorld) -> None:
    name, resting = killed_in_doubt(world)
    renamed = world.venue.amend(resting, "web_1", "6")
    world.venue.open.clear()  # not among the open ones yet, but found by the id that it had
    world.boot()
    answer = world.venue.answer

    def by_former_id(query: object) -> object:
        is_asked = isinstance(query, OrderQuery) and query.client_order_id == name
        return renamed if is_asked else answer(query)  # type: ignore[arg-type]

    world.venue.answer = by_former_id  # type: ignore[method-assign]
    resolve(world, name)
    assert world.book.orders[name].status is OrderStatus.NEW
    assert world.book.orders[name].facts.client_order_ids == tuple(sorted((name, "web_1")))
