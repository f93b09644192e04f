"""A person with an SQL shell, who corrects positions while the gateway is down or up, and looks what became of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import NamedTuple

import apsw
from msgspec import Struct, structs

from tests.simulate.disk import Disk
from tests.simulate.faults import Faults
from tests.simulate.unanswered import Topic
from tests.simulate.world import World, apart
from tradingsys.core.enums import Side
from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.store.columns import whole
from tradingsys.store.read import reading

__all__ = ["Editor", "SqlEdit", "with_edits"]

_TAKEN = "sql-edit"
_HINT = re.compile(r"UPDATE positions SET net = '([^']+)' WHERE session_id = (\d+) AND symbol = '([^']+)'")
_NUMBERS = re.compile(r"was edited from (\S+) to (\S+), but it also traded: its net is (\S+) now")
_ZERO = Decimal(0)
_Key = tuple[int, str]
_Taken = tuple[int, str, int]
"""Session, symbol and the book's instant."""


def with_edits(faults: Faults, rng: Random) -> Faults:
    """The same life, in which perhaps somebody edits positions.

    What he writes stays, then: no backup is put in its place, no copy lacks it, and no fsync fails of which he knows
    nothing. What sessions hold is no longer what they traded, by which limits are judged; and who corrects books has
    to see to what history shows late.
    """
    own = apart(rng, "edits")
    if faults.has_limits or Topic.EXECUTIONS in faults.lagging or own.random() < 0.5:
        return faults
    at_death, per_s = (0.0 if own.random() < 0.3 else own.random() * most for most in (1.0, 0.4))
    disk = structs.replace(faults.disk, restore_at_death=0.0, flip_at_death=0.0, failed_syncs_per_s=0.0)
    return structs.replace(faults, edits_at_death=at_death, edits_per_s=per_s, disk=disk, is_copied=False)


class _Told(NamedTuple):
    """A row that the book has of an edit."""

    delta: Decimal
    why: str
    ts_ms: int
    number: int


class Outcome(StrEnum):
    """What the file says of an edit."""

    WAITS = "waits"
    TAKEN = "taken"
    REFUSED = "refused"


class SqlEdit(Struct):
    """One row of ``positions`` that a person gave another net."""

    session: int
    symbol: str
    """Upper case."""
    basis: Decimal
    """What the gateway had written there."""
    edited: Decimal
    is_up: bool
    """Made while a gateway ran."""
    known: frozenset[_Executed]
    """Executions of the session that pos.db had then."""
    outcome: Outcome = Outcome.WAITS
    """By the last look."""
    taken_ms: int = 0
    """As the book dates it."""
    number: int = 0
    """In the order in which the book has what became of edits."""
    was_told: bool = False
    """A start refused it, and said so."""

    @property
    def delta(self) -> Decimal:
        """What the session gets."""
        return self.edited - self.basis


class Editor:
    """Knows what it edited, and nothing else of the book than what is in the file."""

    def __init__(self, world: World, disk: Disk, rng: Random) -> None:
        self.wrong: list[str] = []
        self.edited: Callable[[str], None] = lambda statement: None
        """Told of what is done to the file of a running gateway."""
        self._world, self._disk, self._rng = world, disk, apart(rng, "shell")
        self._path = disk.folder / "pos.db"
        self._edits: dict[_Key, list[SqlEdit]] = defaultdict(list)
        self._again: list[str] = []
        """What a refused start said to do if it is still wanted."""

    @property
    def edits(self) -> Iterator[SqlEdit]:
        """All that were made."""
        return (edit for edits in self._edits.values() for edit in edits)

    @property
    def taken(self) -> list[SqlEdit]:
        """Those that are in the book, by the last `look`."""
        return sorted((each for each in self.edits if each.outcome is Outcome.TAKEN), key=lambda each: each.number)

    @property
    def waits(self) -> bool:
        """Whether one is still to come, by the last `look`, or to be made once more."""
        return bool(self._again) or any(edit.outcome is Outcome.WAITS for edit in self.edits)

    # ---- what the person does

    def while_down(self, at_death: float) -> None:
        """No gateway runs: one that refused said what to do, or something else is to be changed, with this chance."""
        if self._again or self._rng.random() < at_death:
            self.edit(is_up=False)

    def edit(self, *, is_up: bool) -> None:
        """Give a row or two another net: rows of which no edit waits already."""
        if not self._path.exists():
            return
        with self._disk.by_hand():
            shell = apsw.Connection(str(self._path))
            try:
                shell.execute("BEGIN IMMEDIATE")
                self._look(shell)
                for key, statement in self._statements(shell):
                    self._edit(shell, key, statement, is_up=is_up)
                shell.execute("COMMIT")
            except (apsw.SQLError, apsw.BusyError):
                pass  # a start died before there were tables, or another shell has it
            finally:
                shell.close()

    def heed(self, error: TradingError, net: Callable[[int, str], Decimal]) -> bool:
        """Whether a start refuses because of an edit; what it says must be so."""
        told = list(_HINT.finditer(error.hint)) if isinstance(error, ConfigError) else []
        numbers = _NUMBERS.findall(str(error))
        if len(numbers) != len(told):
            self._say(f"refused {len(told)} edits, and told of {len(numbers)}: {error}")
        if told:
            with self._disk.by_hand(), reading(self._path) as conn:
                self.look(conn)
        for hint, (basis, edited, now) in zip(told, numbers, strict=False):
            self._heed(error, hint, net, (Decimal(basis), Decimal(edited), Decimal(now)))
        return bool(told)

    def _heed(
        self,
        error: TradingError,
        hint: re.Match[str],
        net: Callable[[int, str], Decimal],
        told: tuple[Decimal, Decimal, Decimal],
    ) -> None:
        key = (int(hint[2]), hint[3].upper())
        # A later one may say the same of a row that has its number back, and waits for the next start.
        refused = [each for each in self._edits[key] if each.outcome is Outcome.REFUSED]
        meant = refused[-1] if refused else None
        if meant is None or meant.was_told or told != (meant.basis, meant.edited, net(*key)):
            self._say(f"refused an edit that nobody made: {error}")
            return
        meant.was_told = True
        self._disk.counts["edits refused"] += 1
        if meant is self._edits[key][-1] and self._rng.random() < 0.7:
            self._again.append(hint.group())

    def _statements(self, shell: apsw.Connection) -> list[tuple[_Key, str]]:
        """What was to be repeated, or something new."""
        again, self._again = self._again, []
        if again:
            self._disk.counts["edits repeated"] += len(again)
            return [((int(each[2]), each[3].upper()), each.group()) for each in map(_HINT.fullmatch, again) if each]
        rows = [
            (int(session), str(symbol).upper(), Decimal(str(net)))
            for session, symbol, net in shell.execute(
                "SELECT session_id, symbol, p.net FROM positions p JOIN positions_basis b USING (session_id, symbol)"
                " WHERE session_id >= 0 AND p.net = b.net AND b.edited_from IS NULL ORDER BY 1, 2"
            )
        ]
        self._rng.shuffle(rows)
        return [((session, symbol), self._statement(session, symbol, net)) for session, symbol, net in rows[:2]]

    def _statement(self, session: int, symbol: str, net: Decimal) -> str:
        """What it makes of a row, executions of whole contracts never do by chance."""
        edited = net + Decimal(2 * self._rng.randint(-40, 40) + 1) / 2
        if net % 1 and self._rng.random() < 0.5:
            edited = _ZERO
        spelled = self._rng.choice((f"'{edited}'", f"{edited}", f"'{edited:e}'", f"'{edited:+}'"))
        name = self._rng.choice((symbol, symbol.lower()))
        return f"UPDATE positions SET net = {spelled} WHERE session_id = {session} AND symbol = '{name}'"

    def _edit(self, shell: apsw.Connection, key: _Key, statement: str, *, is_up: bool) -> None:
        known, before = _executions(shell, key), _nets(shell, key)
        shell.execute(statement)
        edited, basis = _nets(shell, key)
        if edited not in (basis, before[0]):  # it may have been made again already, while a start refused the first
            self._edits[key].append(SqlEdit(*key, basis, edited, is_up, known))
            self._disk.counts[f"edits while {'up' if is_up else 'down'}"] += 1
            self._world.note(f"a shell: {statement}")
        if is_up:
            self.edited(statement)

    # ---- what became of it

    def look(self, conn: apsw.Connection) -> None:
        """Each edit was taken once, or refused once and for a reason, or is still to come."""
        if self._edits:
            self._look(conn)

    def judge(self, conn: apsw.Connection, began_ms: Mapping[_Taken, float], staleness_ms: float) -> Iterator[str]:
        """What is wrong with what the books made of edits; ``began_ms``: when the gateway started that took each."""
        self.look(conn)
        yield from self.wrong
        self._disk.counts["edits taken"] += len(self.taken)
        self._disk.counts["edits refused and not told"] += sum(
            each.outcome is Outcome.REFUSED and not each.was_told for each in self.edits
        )
        for edit in self.taken:
            where = (edit.session, edit.symbol)
            shown_ms = began_ms[*where, edit.taken_ms] - staleness_ms
            known = {row.name for row in edit.known}
            moved = [row for row in _executions(conn, where) if row.name not in known and row.ts_ms < shown_ms]
            if moved and not (edit.is_up and not sum(row.qty for row in moved)):
                yield f"an edit was taken of a position that had moved: {edit}"
        if self.waits:
            yield f"edits still wait: {[edit for edit in self.edits if edit.outcome is Outcome.WAITS]}"

    def _look(self, conn: apsw.Connection) -> None:
        taken, given = Counter[tuple[str, Decimal]](), Counter[tuple[str, Decimal]]()
        told = conn.execute("SELECT session_id, symbol, delta, why, ts_ms, id FROM adjustments ORDER BY id")
        rows: dict[_Key, list[_Told]] = defaultdict(list)
        for session, symbol, *row in told:
            key, change = (whole(session), str(symbol)), _Told(Decimal(str(row[0])), str(row[1]), *map(whole, row[2:]))
            if key[0] >= 0:
                rows[key].append(change)
                taken[key[1], change.delta] += change.why == _TAKEN
            else:
                given[key[1], -change.delta] += change.why == _TAKEN
        if +taken != +given:
            self._say(f"EXTERNAL does not have the other side of edits: {taken - given} {given - taken}")
        for key in sorted(rows.keys() | self._edits.keys()):
            self._follow(conn, key, rows[key])

    def _follow(self, conn: apsw.Connection, key: _Key, rows: list[_Told]) -> None:
        edits = self._edits[key]
        for edit, row in zip(edits, rows, strict=False):
            edit.outcome = Outcome.TAKEN if row.why == _TAKEN else Outcome.REFUSED
            edit.taken_ms, edit.number = row.ts_ms, row.number
            if edit.outcome is Outcome.TAKEN and (row.delta != edit.delta or edit.was_told):
                self._say(f"an edit was taken as {row.delta}: {edit}")
            if edit.outcome is Outcome.REFUSED and _executions(conn, key) == edit.known:
                self._say(f"an edit was refused of a position that nothing moved: {edit}")
        waiting = edits[len(rows) :]
        for edit in waiting:
            edit.outcome = Outcome.WAITS
        edited, basis = _nets(conn, key)
        if len(rows) > len(edits):
            self._say(f"edits of {key} are in the book more often than they were made: {rows}, {edits}")
        elif len(waiting) > 1 or (waiting and (waiting[0].was_told or edited != waiting[0].edited or edited == basis)):
            self._say(f"an edit is gone: {waiting}, {edited}, {basis}")

    def _say(self, what: str) -> None:
        self.wrong.append(f"at {self._world.at(self._world.now_ns):.4f} {what}")


class _Executed(Struct, frozen=True):
    """What pos.db has of an execution, and edits are refused for."""

    trade_id: str
    order_id: str
    qty: Decimal
    """Signed."""
    fee: str | None
    ts_ms: int

    @property
    def name(self) -> tuple[str, str]:
        """What stays as it is when more is known of it."""
        return self.trade_id, self.order_id


def _executions(conn: apsw.Connection, key: _Key) -> frozenset[_Executed]:
    found = conn.execute(
        "SELECT trade_id, order_id, side, qty, fee, ts_event_ms FROM fills WHERE session_id = ? AND symbol = ?", key
    )
    return frozenset(
        _Executed(trade, order, Decimal(qty) * Side(side).sign, fee, ts) for trade, order, side, qty, fee, ts in found
    )


def _nets(conn: apsw.Connection, key: _Key) -> tuple[Decimal, Decimal]:
    """What the row says, and what the gateway last wrote there."""
    where, tables = (key[0], key[1].lower()), ("positions", "positions_basis")
    found = [conn.execute(f"SELECT net FROM {each} WHERE session_id = ? AND symbol = ?", where) for each in tables]
    edited, basis = (next((Decimal(net) for (net,) in rows), _ZERO) for rows in found)
    return edited, basis
