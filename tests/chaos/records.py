"""The strategies' own records beside the exchange's ledger: every execution was told, and told once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from tests.campaign.asset_tally import owner
from tests.chaos.strategies import record_path

__all__ = ["Life", "judge_records", "read_record"]

_Key = tuple[str, str, str]
"""Symbol, trade and order: a trade between two orders of one account has two executions."""
_Row = dict[str, Any]


class Life(Struct):
    """One process: what its session held when it began, and what it was told."""

    begin: dict[str, Decimal]
    told: list[tuple[_Key, str, Decimal, Decimal]] = field(default_factory=list)
    """With side, quantity and price."""


def read_record(path: Path) -> list[Life]:
    """Oldest first. A line that a kill cut short is none."""
    lives: list[Life] = []
    for text in path.read_text().splitlines(keepends=True) if path.exists() else []:
        if not text.endswith("\n"):
            continue
        line = json.loads(text)
        if "begin" in line:
            lives.append(Life({symbol: Decimal(repr(net)) for symbol, net in line["begin"].items()}))
        else:
            key = (line["symbol"].upper(), str(line["fill"]), line["order"])
            lives[-1].told.append((key, line["side"], Decimal(repr(line["qty"])), Decimal(repr(line["px"]))))
    return lives


def judge_records(directory: Path, sessions: range, ledger: list[_Row], *, is_spot: bool) -> Iterator[str]:
    """Raises nothing: all that is wrong is told."""
    by_session: dict[int, list[_Row]] = {}
    for row in ledger:
        by_session.setdefault(owner(row), []).append(row)
    for session in sessions:
        for problem in judge_lives(read_record(record_path(directory, session)), by_session.get(session, [])):
            yield f"record of session {session}: {problem}"


def judge_lives(lives: list[Life], executions: list[_Row]) -> Iterator[str]:
    """What a session was told, beside all that was executed for it.

    A process is told of what happens while it lives; what happened before is in the position that it begins with.
    """
    true = {
        (row["symbol"], str(row["exec_id"]), row["client_order_id"]): (
            str(row["side"]), Decimal(row["qty"]), Decimal(row["px"]),
        )
        for row in executions
    }  # fmt: skip
    for life in lives:
        for key, times in Counter(key for key, *_ in life.told).items():
            if times > 1:
                yield f"execution {key} was told {times} times"
        for key, *facts in life.told:
            if key not in true:
                yield f"execution {key} was told, and is not in the ledger"
            elif true[key] != tuple(facts):
                yield f"execution {key} was told as {facts}; it is {true[key]}"
    if not lives:
        return
    for symbol in lives[-1].begin:
        told = sum((_signed(side, qty) for key, side, qty, _ in lives[-1].told if key[0] == symbol.upper()), Decimal(0))
        net = sum((_signed(side, qty) for key, (side, qty, _) in true.items() if key[0] == symbol.upper()), Decimal(0))
        if lives[-1].begin[symbol] + told != net:
            yield f"{symbol}: {lives[-1].begin[symbol]} at the beginning and {told} told are not {net}"
    if len(lives) == 1 and not any(lives[0].begin.values()):
        for key in true.keys() - {key for key, *_ in lives[0].told}:
            yield f"execution {key} was never told"


def _signed(side: str, qty: Decimal) -> Decimal:
    return qty if side == "BUY" else -qty
