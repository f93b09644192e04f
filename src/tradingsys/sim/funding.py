"""Every eight hours, those who are long and those who are short pay each other."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from tradingsys.sim.events import ExchangeEvent, FundingSettled
from tradingsys.sim.money import CashKind, FundingRecord
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["FUNDING_MS", "RATE_CAP", "Funding", "next_funding_ms"]

FUNDING_MS = 8 * 3_600_000
RATE_CAP = Decimal("0.02")
"""Of a position's value at most, in either direction."""

_INTEREST = Decimal("0.0001")
_SLACK = Decimal("0.0005")
"""While the premium is this near to the interest rate, the rate is the interest rate."""
_DIGITS = Decimal("0.00000001")
_NS_PER_MS = 1_000_000
_KEY = ("funding", "", "")


def next_funding_ms(now_ms: int) -> int:
    """The next of three moments a day: 0, 8 and 16 o'clock UTC."""
    return (now_ms // FUNDING_MS + 1) * FUNDING_MS


class Funding:
    """Watches the premium of the mark price over the index, and settles."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._premiums: dict[str, tuple[Decimal, int]] = {}
        """Premium times ns, and ns, since the last settlement."""
        self._last_ns: int | None = None

    def sample(self, now_ns: int) -> None:
        """Take note of prices as they are; the first time, also of when to settle."""
        passed_ns = 0 if self._last_ns is None else now_ns - self._last_ns
        if self._last_ns is None:
            self._plan(now_ns)
        self._last_ns = now_ns
        for symbol, venue in self._state.venues.items():
            total, length_ns = self._premiums.get(symbol, (Decimal(0), 0))
            premium = (venue.mark.px - venue.index.px) / venue.index.px
            total, length_ns = total + premium * passed_ns, length_ns + passed_ns
            self._premiums[symbol] = (total, length_ns)
            venue.funding_rate = _rate(total / length_ns if length_ns else premium)

    def settle(self, due_ns: int, events: list[ExchangeEvent]) -> None:
        """Everybody with a position pays or receives, as of the moment it was due."""
        for venue in self._state.venues.values():
            self._settle(venue, due_ns, events)
        self._premiums.clear()
        self._plan(due_ns)

    def _settle(self, venue: Venue, due_ns: int, events: list[ExchangeEvent]) -> None:
        symbol, asset, mark = venue.instrument.symbol, venue.instrument.margin_asset, venue.mark.px
        record = FundingRecord(symbol, venue.funding_rate, mark, due_ns // _NS_PER_MS)
        self._state.ledger.funding.append(record)
        events.append(FundingSettled(record))
        for account in self._state.accounts.values():
            net = account.position(symbol).net
            amount = (-net * mark * record.rate).quantize(_DIGITS, ROUND_HALF_EVEN)
            if not amount:
                continue
            account.earn(asset, amount, symbol)
            if account.is_house:
                continue
            self._state.ledger.put_money(account.name, CashKind.FUNDING_FEE, asset, amount, due_ns, symbol)
            events.append(
                self._state.account_changed(
                    account,
                    asset,
                    due_ns,
                    CashKind.FUNDING_FEE.value,
                    symbol=symbol,
                    change=amount,
                    tells_position=symbol in account.isolated,
                )
            )

    def _plan(self, now_ns: int) -> None:
        next_ms = next_funding_ms(now_ns // _NS_PER_MS)
        for venue in self._state.venues.values():
            venue.next_funding_ms = next_ms
        self._state.schedule.put(_KEY, next_ms * _NS_PER_MS)


def _rate(premium: Decimal) -> Decimal:
    rate = premium + max(-_SLACK, min(_SLACK, _INTEREST - premium))
    return max(-RATE_CAP, min(RATE_CAP, rate)).quantize(_DIGITS, ROUND_HALF_EVEN)
