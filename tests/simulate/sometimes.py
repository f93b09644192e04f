"""What lives must meet, or their silence proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulate.campaign import Counted, Group

__all__ = ["DEMANDED", "mostly_idle", "never_met", "too_rare"]

_IMPOSSIBLE = 1e-6
_MANY, _MANY_OFF = 400, 5
"""Of more than the first the number is normal, and never so many of its square roots too small."""
_OF_EACH = 0.6
"""Lives that meet something meet it more or less often: so many, who are few, may have met it this much less."""
_CHANCE = 2
"""Of lives without an order: they may be more by so many square roots."""
_IDLE = 0.1
"""Of the lives of a kind and profile so many at the most may pass without an order: nothing can go wrong in them."""
_Seen = tuple[float, float]
"""How often in a hundred lives, and in how many of them at all."""
_ON_SPOT: dict[str, _Seen] = {
    "fees in BNB": (820, 21),
    "fees in the base asset": (450, 22),
    "order lists": (270, 34),
    "dust exchanged for BNB": (3, 2.7),
    "loans": (130, 8.5),
    "interest": (65, 8.5),
    "loans without an order": (13, 6),
    "executions of assets told by pyalgo": (1_000, 35),
    "fees of assets told by pyalgo": (1_000, 35),
    "lists of pyalgo: OCO": (47, 22),
    "lists of pyalgo: OTO": (70, 25),
    "lists of pyalgo: OTOCO": (66, 25),
    "orders of assets canceled by hand": (16, 10.9),
    "orders of assets amended by hand": (7.4, 6.3),
    "orders of assets with ids that nearly are ours": (45, 16.2),
    "denied by max_order_notional": (110, 9.2),
    "denied by max_orders_per_s": (40, 6),
    "denied by max_gross_notional": (24, 5.9),
    "denied by max_unexecuted_notional": (15, 4.9),
    "denied by account: max_gross_notional": (39, 5.9),
    "denied by account: max_open_orders": (60, 5.9),
    "sessions stopped by what they lost": (6.4, 3.8),
}
_PER_HUNDRED: dict[str, _Seen] = {
    # --- what the gateway does
    "kills": (290, 67),
    "power cuts": (120, 46),
    "deaths during a boot": (96, 11.3),
    "executions": (3_800, 95),
    "executions of sessions": (3_400, 95),
    "orders accepted": (3_700, 95),
    "conditional orders": (470, 59),
    "conditional orders triggered": (210, 55),
    "foreign children executed": (81, 26),
    "foreign children attributed after a restart": (4.6, 3),
    "orders amended": (280, 75),
    "amends raced by a fill": (11, 8.5),
    "leverage changed": (21, 13.2),
    "audits": (320, 95),
    "executions told after a snapshot": (90, 25),
    "orders that flattened a session": (5, 3),
    "denied by max_open_orders": (360, 19.3),
    "denied by max_position_notional": (58, 13.3),
    # --- what is known late
    "orders in doubt": (620, 56),
    "orders accepted after they were in doubt": (270, 43),
    "cancels in doubt": (180, 41),
    "amends in doubt": (45, 24),
    "conditional orders in doubt": (170, 44),
    "conditional cancels in doubt": (69, 29),
    "executed before the answer came": (550, 76),
    "executions of orders that were over": (170, 40),
    "executions told again": (1_800, 80),
    "executions found by history alone": (1_300, 86),
    "orders adopted": (71, 15.8),
    "orders believed absent that lived": (1.4, 0.9),
    "orders lost with the journal's tail and adopted": (25, 5),
    "books built once more": (35, 32),
    "orders of an older run asked for": (1_400, 75),
    "of these, at the exchange": (180, 34),
    # --- the exchange, and the way to it
    "requests lost": (400, 50),
    "answers lost": (1_000, 64),
    "events lost": (4_600, 70),
    "events late": (560, 48),
    "events told twice": (570, 45),
    "connections cut": (80, 36),
    "executed, and answered that nobody knows": (290, 38),
    "not executed, and answered so": (43, 21),
    "bans": (3.7, 2.4),
    "bans of minutes or hours": (1.7, 1.7),
    "bans of days": (0.4, 0.4),
    "lives with answers of many seconds ago": (2.5, 2.5),
    "questions answered from far too old a state": (100, 2.5),
    "too many requests": (3.6, 3.1),
    "shut out with orders in doubt": (2.2, 1.4),
    "questions refused": (460, 5.4),
    "executions that waited for a refused question": (1, 0.9),
    "starts that were READY while questions were refused": (0.87, 0.9),
    "exchange restarts": (12, 7.5),
    "streams ended": (14, 11.3),
    "silent connections": (14, 7.7),
    "old events told again": (230, 22),
    "events that nobody can read": (170, 39),
    "events with new fields": (720, 45),
    "clocks stopped": (18, 13.1),
    "clocks ahead": (20, 7.9),
    "times of day set": (20, 11),
    # --- the disk
    "writes to a full disk": (22, 4.1),
    "failed fsyncs": (7.2, 4.8),
    "gateways that gave up": (9.9, 8.8),
    "starts refused": (17, 6.5),
    "unsynced writes to the journal lost": (44, 27),
    "deaths while the book was opened": (5.7, 5.5),
    "locks by a shell": (9.1, 7.5),
    "names undone by a power cut": (5.6, 5.6),
    "backups restored": (2.9, 2.9),
    # --- other hands
    "edits while down": (81, 19.1),
    "edits while up": (51, 13.6),
    "edits taken": (91, 20),
    "edits refused": (48, 16.1),
    "manual trades": (250, 49),
    "orders canceled by hand": (23, 16.2),
    "orders amended by hand": (12, 7.5),
    "orders with ids that nearly are ours": (78, 26),
    "transfers": (92, 39),
    "fundings while ready": (55, 19.7),
    "fundings while booting": (82, 18.8),
    "fundings while dead": (14, 5.4),
    "fundings shared": (190, 29),
    "liquidations": (17, 10.2),
    "deleveragings": (7.2, 5.6),
    "positions settled": (4.6, 4.3),
    "symbols settled while booting": (2.7, 2.7),
    "symbols settled while dead": (2.7, 2.6),
    "halts resumed": (25, 15.3),
    "copies of the book beside it": (2, 1.8),
    "copies of the book noticed": (2, 1.8),
    "copies of the book alone": (1.7, 1.7),
    "executions between a session and a person": (11, 9.5),
    "executions between sessions": (4, 2.5),
    # --- clients
    "executions told to be durable": (3_200, 95),
    "durable executions looked for after a death": (4_300, 72),
    "several orders of which some were taken": (34, 19.1),
    "sessions taken over": (98, 19.7),
    "strategies that stopped reading": (40, 19.1),
    "strategies shut out for not reading": (19, 10.8),
    "clients that sent garbage": (17, 11),
    "clients that flooded": (16, 9.7),
    "messages that waited for their share": (4_000, 39),
    "sessions claimed by another client": (17, 10),
}
"""Of all kinds and profiles."""


DEMANDED = _PER_HUNDRED | _ON_SPOT
"""By what is counted."""


def never_met(counted: Mapping[str, Counted]) -> Iterator[str]:
    """What was met too seldom in the lives in which it was counted."""
    for what, seen in DEMANDED.items():
        if what in counted:
            lives, times = counted[what].lives, counted[what].times
            least = _least(seen, lives)
            if times < least:
                yield f"{what}: {times} in {lives} lives, expected {least} at the least"


def too_rare(counted: Mapping[str, Counted]) -> list[str]:
    """What lives need not have met even once, as it might be chance, or as it was counted in too few of them."""
    return [what for what, seen in DEMANDED.items() if what not in counted or not _least(seen, counted[what].lives)]


def _least(seen: _Seen, lives: int) -> int:
    """So often at the least: half of what is expected, or less where that few lives may have met it by chance."""
    often, met_by = seen
    fewest = _fewest(met_by / 100, lives)
    return int(min(often / 2 * lives / 100, fewest * max(1.0, _OF_EACH * often / met_by))) if fewest else 0


def _fewest(share: float, lives: int) -> int:
    """Fewer of so many lives are nearly impossible, where each has this chance."""
    if share * lives > _MANY:
        return int(share * lives - _MANY_OFF * sqrt(share * lives))
    # By logarithms: of what nearly all lives meet, none is too improbable for a number.
    fewest, exactly = 0, lives * log1p(-share)
    at_most = exp(exactly)
    while at_most < _IMPOSSIBLE:
        exactly += log((lives - fewest) / (fewest + 1) * share / (1 - share))
        fewest += 1
        at_most += exp(exactly)
    return fewest


def mostly_idle(groups: Mapping[str, Group]) -> Iterator[str]:
    """Kinds and profiles in whose lives orders are too seldom taken, by more than chance."""
    for name, group in groups.items():
        most = _IDLE * group.lives
        if group.idle > max(1, most + _CHANCE * sqrt(most)):
            yield f"orders in {name}: none in {group.idle} of {group.lives} lives"
