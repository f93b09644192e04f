"""Lives of the gateway under faults, in virtual time: the books equal the exchange's ledger at the end of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulate.life import Life, Verdict
from tradingsys.core.enums import OrderStatus
from tradingsys.core.order import Closed, Fill, Order
from tradingsys.gateway.orders import OrderDesk
from tradingsys.gateway.sessions import SessionDesk
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

LIVES = 24


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return [Life(seed, tmp_path_factory.mktemp("life")).live() for seed in range(LIVES)]


@pytest.mark.parametrize("seed", range(LIVES))
def test_booked_equals_ledger_after_any_life(seed: int, lives: list[Verdict]) -> None:
    verdict = lives[seed]
    assert not verdict.violations, "\n".join([*verdict.violations, *verdict.trace[-40:]])


def test_the_lives_meet_what_they_are_about(lives: list[Verdict]) -> None:
    met = sum((verdict.counts for verdict in lives), Counter[str]())
    wanted = {"kills": 20, "power cuts": 4, "manual trades": 50, "executions": 1_000, "orders accepted": 1_000}
    assert all(met[what] >= often for what, often in wanted.items()), met


@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_seed_lives_the_same_life(seed: int, tmp_path: Path) -> None:
    first, second = (Life(seed, tmp_path / name).live() for name in ("first", "second"))
    assert first.trace == second.trace and first.counts == second.counts
    assert Life(seed + 1, tmp_path / "other").live().trace != first.trace


# ---- mistakes that the lives must notice: each is one line of the product, changed

Mistake = Callable[[pytest.MonkeyPatch], None]


def no_fill_dedup(patch: pytest.MonkeyPatch) -> None:
    book = SessionBook._book

    def twice(self: SessionBook, fill: Fill, session: int, client_order_id: str | None) -> None:
        self._booked.pop(fill.key, None)
        book(self, fill, session, client_order_id)

    patch.setattr(SessionBook, "_book", twice)


def a_timeout_means_rejected(patch: pytest.MonkeyPatch) -> None:
    def reject(self: SessionBook, order: TrackedOrder) -> None:
        self.refuse(order, Closed(OrderStatus.REJECTED, reason="timeout"))

    patch.setattr(SessionBook, "doubt", reject)


def history_is_never_read(patch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Recovery, symbol: str) -> None:
        del self, symbol

    patch.setattr(Recovery, "pull_trades", nothing)


def the_watermark_follows_the_stream(patch: pytest.MonkeyPatch) -> None:
    learn = SessionBook.learn

    def ahead(self: SessionBook, facts: Order, symbol: str, ts_event_ms: int) -> TrackedOrder | None:
        order = learn(self, facts, symbol, ts_event_ms)
        for exec_id in facts.fills:
            if symbol in self.symbols:
                self.advance(symbol, int(exec_id) + 1)
        return order

    patch.setattr(SessionBook, "learn", ahead)


def order_numbers_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    login = SessionDesk.login

    def always_first(self: SessionDesk, client: object, params: object, now_ns: int) -> None:
        login(self, client, params, now_ns)  # type: ignore[arg-type]
        client.login = 1  # type: ignore[attr-defined]

    patch.setattr(SessionDesk, "login", always_first)


def cancels_are_believed(patch: pytest.MonkeyPatch) -> None:
    canceling = OrderDesk.canceling

    def done_already(self: OrderDesk, command: object) -> None:
        canceling(self, command)  # type: ignore[arg-type]
        order = self._book.orders[command.client_order_id]  # type: ignore[attr-defined]
        self._book.refuse(order, Closed(OrderStatus.CANCELED))

    patch.setattr(OrderDesk, "canceling", done_already)


@pytest.mark.parametrize(
    "mistake",
    [
        no_fill_dedup,
        a_timeout_means_rejected,
        history_is_never_read,
        the_watermark_follows_the_stream,
        order_numbers_are_not_checked,
        cancels_are_believed,
    ],
)
def test_a_mistake_in_the_product_does_not_survive(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    for seed in range(40):
        if Life(seed, tmp_path / str(seed)).live().violations:
            return
    pytest.fail(f"{mistake.__name__}: 40 lives and nobody noticed")
