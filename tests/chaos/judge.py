"""Whether a stretch ended well: the exchange's own records beside the book, the strategies' records, and the logs."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from tests.campaign.asset_books import Records, booked_fills, compare, compare_fills, known_orders
from tests.campaign.campaign import differences_at_end
from tests.chaos.arrivals import ARRIVALS, arrived_twice
from tests.chaos.records import judge_records
from tests.chaos.stage import Stage
from tradingsys.core.ids import decode_client_order_id
from tradingsys.store.read import reading

__all__ = ["judge", "keep_evidence", "left_in_logs"]

_OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
_FORBIDDEN = ("Traceback", "Logging error", "a fault in tradingsys", "came after event")
"""Words that no log has: an exception nobody expected, or a gap in a session's events."""
_RESTRICTIONS = ("HALT", "REDUCING")
"""What is free again by itself is noted as well: it was imposed for no reason."""
_SHUT_OUT = re.compile(r"wants to be left alone.* seconds=(\d+)")
_LONG_BAN_S = 120
"""With what it took to be told of the ban, the books are unproven for three minutes."""
_OF_A_FULL_DISK = ("disk", "too large", "written")

_ONLY_OF = {"usdm": ("algos", "positions"), "spot": ("lists", "balances")}
_Row = dict[str, Any]


def judge(stage: Stage, patience_s: float) -> list[str]:
    """All that stays wrong. Everything was calmed down before; gateway and strategies are ended here."""
    found = _settled(stage, patience_s)
    told = []
    for strategy in stage.strategies:
        if strategy.stop() != 0:
            found.append(f"a strategy ended badly: {strategy.err.splitlines()[-1:]}")
        else:
            told += strategy.json_lines()[-1]
    found += _sent(stage) if found else _books(stage, told)
    assert stage.gateway is not None
    code = stage.gateway.stop()
    if code:
        found.append(f"the gateway ended with {code}")
    return found + [f"at rest: {each}" for each in _fills(stage)]


def keep_evidence(stage: Stage) -> None:
    """What the exchange alone knows, and forgets when it ends, into the stretch's directory."""
    evidence = {what: stage.ask(what) for what in ("ledger", "orders", "amendments", "chaos", *_ONLY_OF[stage.product])}
    (stage.world.directory / "exchange.json").write_text(json.dumps(evidence, indent=1))


def left_in_logs(stage: Stage) -> list[str]:
    """What nobody may ever say, and restrictions that nothing explains."""
    return [
        f"{name}: {line[:300]}"
        for name, lines in stage.world.said().items()
        for line in _unexplained(lines, stage.faults)
    ]


def _unexplained(lines: Iterable[str], faults: Counter[str]) -> Iterator[str]:
    """Nothing that is done here may restrict anything, but for a disk that takes no more, and for a ban so long that
    the account cannot be looked at: once for each.
    """
    was_banned = False
    for line in lines:
        told = _SHUT_OUT.search(line)
        was_banned = was_banned or (told is not None and int(told[1]) >= _LONG_BAN_S)
        if any(word in line for word in _FORBIDDEN):
            yield line
        elif any(word in line for word in _RESTRICTIONS):
            is_ban = was_banned and "cause=UNPROVEN" in line
            was_banned = was_banned and not is_ban
            if not is_ban and not (faults["disk full"] and any(word in line for word in _OF_A_FULL_DISK)):
                yield line


def _settled(stage: Stage, patience_s: float) -> list[str]:
    """What is still wrong when nothing has changed any more for so long: a busy machine takes its time."""
    found: list[str] = []
    deadline = time.monotonic() + patience_s
    while True:
        began, before = time.monotonic(), found
        found = list(_restless(stage)) or list(_unequal(stage))
        if not found or began > deadline:
            return found
        if found != before:
            deadline = time.monotonic() + patience_s
        time.sleep(max(0.2, time.monotonic() - began))  # looking at a long day costs those whom it waits for


def _restless(stage: Stage) -> Iterator[str]:
    """What the gateway itself says is not at rest."""
    status = stage.status()
    if status is None or not status["ready"]:
        yield f"the gateway is not ready: {status and status['text']}"
        return
    for what in ("open_orders", "in_doubt", "halts", "differences"):
        if status[what]:
            yield f"{what}: {status[what]}"


def _unequal(stage: Stage) -> Iterator[str]:
    for what in ("orders", "algos") if stage.product == "usdm" else ("orders",):
        yield from (f"open at the exchange: {row}" for row in stage.ask(what) if row["status"] in _OPEN)
    yield from _fills(stage)


def _fills(stage: Stage) -> Iterator[str]:
    """Each execution is booked once, to the session that the order's id names, as the exchange has it."""
    return compare_fills(_executions(stage), booked_fills(stage.db))


def _executions(stage: Stage) -> list[_Row]:
    """Of spot those before a symbol came into the book are not ours; there are none here."""
    rows: list[_Row] = stage.ask("ledger")
    return rows


def _books(stage: Stage, told: list[_Row]) -> Iterator[str]:
    orders, ledger = stage.ask("orders"), _executions(stage)
    yield from _sent(stage)
    if stage.product == "spot":
        yield from compare(Records(stage.world, stage.desk, stage.product), told)
    else:
        paid = any(row["kind"] == "FUNDING_FEE" for row in stage.ask("income"))
        for difference in differences_at_end(stage.world, told):
            if not (paid and ": funding is" in difference):  # eight hours are over: others judge that
                yield difference
    yield from judge_records(stage.world.directory, stage.cast.sessions, ledger, is_spot=stage.product == "spot")
    yield from _believed(told, orders)


def _sent(stage: Stage) -> Iterator[str]:
    """No request arrived twice, and the exchange has no order of ours that the book does not know."""
    yield from arrived_twice(stage.world.directory / ARRIVALS)
    names = [row["client_order_id"] for row in stage.ask("orders")]
    if stage.product == "usdm":
        names += [row["client_algo_id"] for row in stage.ask("algos")]
    known = known_orders(stage.db)
    with reading(stage.db) as conn:
        ((lineage,),) = conn.execute("SELECT value FROM meta WHERE key = 'lineage'").fetchall()
    for name in dict.fromkeys(names):
        key = decode_client_order_id(name)
        if key is not None and key.lineage == lineage and name not in known:
            yield f"order {name} is unknown to the book"


def _believed(told: list[_Row], orders: list[_Row]) -> Iterator[str]:
    """What strategies know of each order in the end."""
    true = {row["client_order_id"]: Decimal(row["cum_qty"]) for row in orders}
    for report in told:
        for name, (is_active, acc) in report["orders"].items():
            if is_active:
                yield f"session {report['session']} believes {name} to be open"
            if Decimal(repr(acc)) != true.get(name, 0):
                yield f"session {report['session']} believes {acc} of {name} to be executed, not {true.get(name, 0)}"
