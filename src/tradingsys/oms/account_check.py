"""Comparing the books with the account, whatever moves meanwhile.

An answer about the account is of one instant, and nobody says of which: of some instant between the question, less how
stale answers may be, and its arrival. So each reading is compared with the books as they were at every instant of that
span, once all that happened in it is booked. Where they agreed at any of them, the reading proves them. Where at none,
they differ, by one of as many amounts as there were states; a difference that is always the same is in all readings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Container, Sequence
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import AccountKind
from tradingsys.core.instrument import plain
from tradingsys.oms.account_books import AccountBooks, Comparison
from tradingsys.oms.cash_history import CashHistory
from tradingsys.oms.disagreement import Disagreement
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.proof import Proof

__all__ = ["NO_DIFFERENCE", "AccountCheck", "Difference"]

_READINGS = 3
_CHECKS_UNTIL_TOLD = 6
"""So many checks in a row may find another amount each time: interest and transfers may be told late."""


class Difference(Struct, frozen=True):
    """Σ sessions + EXTERNAL − account."""

    amount: Decimal
    is_steady: bool
    """Whether all readings have this amount in common, and no other; else it is the last that was possible."""


NO_DIFFERENCE = Difference(Decimal(0), is_steady=True)


class AccountCheck:
    """Procedures that compare the books with the account."""

    def __init__(
        self,
        inquiry: Inquiry,
        account: AccountBooks,
        cash: CashHistory,
        pull_trades: Callable[[str], Awaitable[None]],
    ) -> None:
        self._inquiry = inquiry
        self._book = inquiry.book
        self._account = account
        self._cash = cash
        self._pull_trades = pull_trades
        self._unsteady: Counter[str] = Counter()
        self.agreed_ms: dict[str, int] = {}
        """When (venue time) books and account were surely equal last, by symbol or by asset."""
        self.proof = Proof(inquiry)
        self._disagreement = Disagreement(inquiry, account.symbols_trading)

    @property
    def wants_confirmation(self) -> bool:
        """Whether something was found that the next check, soon, shall confirm."""
        return self._disagreement.wants_confirmation

    async def check(self) -> None:
        """Measure everything, tell what is new, and restrict orders where the books differ."""
        began_ms = self._inquiry.surely_ms() - self._inquiry.margins.staleness_ms
        found = await self.measure()
        compared = self._book.symbols if self._book.kind is AccountKind.CONTRACTS else self._book.assets
        self.agreed_ms |= dict.fromkeys(compared.keys() - found.keys(), began_ms)
        for name in [*self._unsteady]:
            if name not in found or found[name].is_steady:
                del self._unsteady[name]
        told: dict[str, Decimal] = {}
        for name, difference in found.items():
            if difference.is_steady:
                told[name] = difference.amount
                continue
            self._unsteady[name] += 1
            if self._unsteady[name] >= _CHECKS_UNTIL_TOLD:
                told[name] = difference.amount
            if self._unsteady[name] == _CHECKS_UNTIL_TOLD:
                self._book.alarm(
                    f"the books differ from the account in {name}, at last by {plain(difference.amount)} (Σ sessions + "
                    "EXTERNAL − account); by how much exactly cannot be told while it moves all the time, or changes"
                )
        self._tell({name: amount for name, amount in told.items() if found[name].is_steady})
        self._book.differences.clear()
        self._book.differences |= told
        self._disagreement.judge(told, found.keys() - told.keys())
        self.proof.compared(is_dealt_with=self._disagreement.restricts_all(found))

    async def measure(self, only: Container[str] | None = None) -> dict[str, Difference]:
        """Where the books differ from the account, now or a moment later; ``only`` there, if it is given.

        Takes one reading where they agree, else two, or three where the account moves. What was told again, and is the
        difference, is booked.
        """
        began_ms = self._inquiry.surely_ms() - self._inquiry.margins.staleness_ms
        readings: dict[str, list[list[Decimal]]] = {}
        seen: Comparison = {}
        for _ in range(_READINGS):
            since_ms = self._inquiry.surely_ms() - self._inquiry.margins.staleness_ms
            wrong = {
                name: pair
                for name, pair in (await self._account.compare()).items()
                if pair[0] != pair[1] and (only is None or name in only)
            }
            until_ms = self._inquiry.venue_ms() + self._inquiry.uncertainty_ms()
            if all(seen.get(name) == pair for name, pair in wrong.items()):  # a quiet account, or nothing is wrong
                readings = {name: [[total - account]] * 2 for name, (total, account) in wrong.items()}
                break
            seen = wrong
            await self._know_all(wrong, since_ms, until_ms)
            possible = {name: self._amounts(name, wrong[name][1], since_ms, until_ms) for name in wrong}
            readings = {name: [*readings.get(name, ()), amounts] for name, amounts in possible.items() if amounts}
            if all(len(told) > 1 and len(_shared(told)) == 1 for told in readings.values()):
                break
        found = {name: _difference(told) for name, told in readings.items() if len(told) > 1}
        if only is None:
            self._book.cash.forget_repeats(readings, began_ms)
        for name in [name for name, difference in found.items() if difference.is_steady]:
            if self._book.cash.count_repeats(name, -found[name].amount):
                del found[name]
        return found

    # ---- inside

    async def _know_all(self, wrong: Comparison, since_ms: int, until_ms: int) -> None:
        """Have everything in the books that happened before this, whoever told it.

        History is asked only about what the account's events do not explain: on one that trades, next to nothing.
        """
        inquiry = self._inquiry
        await inquiry.wait(inquiry.margins.staleness_ms)
        if self._book.kind is AccountKind.ASSETS:
            await self._cash.catch_up()
        unexplained = [name for name, pair in wrong.items() if self._amounts(name, pair[1], since_ms, until_ms)]
        for symbol in sorted(self._account.symbols_behind(unexplained)) if unexplained else ():
            await self._pull_trades(symbol)
        await inquiry.wait(inquiry.timing.settle_ms)  # for whose they are to be found out

    def _amounts(self, name: str, account: Decimal, since_ms: int, until_ms: int) -> list[Decimal]:
        """What the difference may have been in that span, latest last; nothing when there need not have been one.

        One that was told before stays as long as it may be there: that the books once came to the same is chance.
        """
        now, known = self._account.total(name), self._book.differences.get(name)
        amounts = [total - account for total in self._book.cash.sums_between(name, since_ms, until_ms, now)]
        if 0 not in amounts:
            return amounts
        return [known] if known is not None and known in amounts else []

    def _tell(self, differences: dict[str, Decimal]) -> None:
        if any(self._book.differences.get(name) != amount for name, amount in differences.items()):
            told = ", ".join(f"{name} {plain(difference)}" for name, difference in differences.items())
            self._book.alarm(f"the books differ from the account (Σ sessions + EXTERNAL − account): {told}")


def _shared(readings: Sequence[Sequence[Decimal]]) -> frozenset[Decimal]:
    return frozenset(readings[0]).intersection(*readings[1:])


def _difference(readings: Sequence[Sequence[Decimal]]) -> Difference:
    """The latest amount, of those that explain all readings if any does: answers are seldom old."""
    shared = _shared(readings)
    latest = [amount for amount in readings[-1] if amount in shared or not shared][-1]
    return Difference(latest, is_steady=len(shared) == 1)
