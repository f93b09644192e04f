"""The gateway's books of assets beside the exchange's records: every execution, every session, every asset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import apsw

from tests.campaign.asset_tally import AssetTally, changes, holdings, owner, tally_assets
from tests.campaign.tally import Owner, shown
from tests.process.desk import Desk
from tests.process.world import World
from tradingsys.core.ids import EXTERNAL

__all__ = ["Records", "booked_fills", "booked_transfers", "compare", "compare_fills", "known_orders"]

_FILLS = """
SELECT symbol, trade_id, order_id, session_id, side, px, qty, fee, fee_asset FROM fills
"""
_OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
_Row = dict[str, Any]
_Held = dict[tuple[int, str], Fraction]


class Records:
    """Of one account: what the exchange says by its operator's window, and what the commands and the file say."""

    def __init__(self, world: World, desk: Desk, product: str, name: str = "") -> None:
        """``name`` is the configuration's and the book's, by default the product."""
        self._world, self._desk, self.product = world, desk, product
        self._config = world.directory / f"{name or product}.json"
        self.db = world.directory / f"{name or product}.db"
        self._account = "main/margin" if product == "margin" else "main"

    def spoiled(self, statement: str) -> Records:
        """Those of a copy of the book, which must be at rest, with a mistake in it."""
        name = "spoiled"
        copy = Records(self._world, self._desk, self.product, name)
        copy.db.write_bytes(self.db.read_bytes())
        copy._config.write_text(json.dumps(json.loads(self._config.read_text()) | {"db": copy.db.name}))
        conn = apsw.Connection(str(copy.db))
        try:
            conn.execute("PRAGMA journal_mode = DELETE").fetchall()
            conn.execute(statement).fetchall()
            assert conn.changes() == 1, statement
        finally:
            conn.close()
        return copy

    # ---- the exchange's

    def executions(self) -> list[_Row]:
        """The ledger."""
        return self._ask("ledger")

    def fees(self) -> Counter[str]:
        """How many executions paid in which asset."""
        return Counter(str(row["fee_asset"]) for row in self.executions())

    def orders(self) -> list[_Row]:
        """All there ever were."""
        return self._ask("orders")

    def loans(self) -> list[_Row]:
        """What was borrowed and paid back."""
        return self._ask("loans")

    def interest(self) -> list[_Row]:
        """What that cost."""
        return self._ask("interest")

    def income(self) -> list[_Row]:
        """Every change of the wallet."""
        return self._ask("income")

    def lists(self) -> list[_Row]:
        """Order lists."""
        return self._ask("lists")

    def account(self) -> dict[str, Fraction]:
        """What the account has of its own, by asset."""
        return {row["asset"]: Fraction(row["net" if "net" in row else "total"]) for row in self._ask("balances")}

    def expected(self) -> list[_Row]:
        """The executions that must be in the books: what EXTERNAL traded on a symbol before it came in need not."""
        first = dict(_read(self.db, "SELECT symbol, first_trade_id FROM symbols"))
        return [
            row
            for row in self.executions()
            if owner(row) != EXTERNAL or row["exec_id"] >= first.get(row["symbol"], row["exec_id"] + 1)
        ]

    def tally(self) -> dict[Owner, AssetTally]:
        """By session and symbol."""
        return tally_assets(self.expected())

    def holdings(self) -> _Held:
        """By session and asset."""
        return holdings(changes(self.executions(), self.income(), self.interest()))

    def _ask(self, what: str) -> list[_Row]:
        rows: list[_Row] = self._world.admin(f"{what}?product=spot&account={self._account}")
        return rows

    # ---- the gateway's

    def positions(self) -> dict[Owner, AssetTally]:
        """As ``pos show`` tells them; the number of fills is the file's."""
        fills = self.fills()
        books: dict[Owner, AssetTally] = {}
        for row in self._desk.ask("pos", "show", f"-c={self._config}", "--limit=1000")["positions"]:
            view = row["position"]
            key = (row["session_id"], view["symbol"].upper())
            line = books[key] = AssetTally(net=Fraction(view["net"]))
            line.executed = Fraction(view.get("net_executed") or 0)
            line.fills = sum((fill["session_id"], fill["symbol"]) == key for fill in fills)
            line.cost = Fraction(view.get("entry_px") or 0) * line.net
            line.realized_pnl = Fraction(view.get("realized_pnl") or 0)
            line.fees = {asset: Decimal(fee) for asset, fee in (view.get("fees") or {}).items()}
        return books

    def assets(self) -> list[_Row]:
        """As ``assets`` tells them."""
        rows: list[_Row] = self._desk.ask("assets", f"-c={self._config}")["assets"]
        return rows

    def fills(self) -> list[_Row]:
        """The rows of the file."""
        return booked_fills(self.db)


def booked_fills(db: Path) -> list[_Row]:
    """The rows of the file."""
    names = ("symbol", "trade_id", "order_id", "session_id", "side", "px", "qty", "fee", "fee_asset")
    return [dict(zip(names, row, strict=True)) for row in _read(db, _FILLS)]


def known_orders(db: Path) -> set[str]:
    """The client order ids that the file has."""
    return {str(name) for (name,) in _read(db, "SELECT client_order_id FROM orders")}


def booked_transfers(db: Path) -> int:
    """How many there are in the file."""
    return sum(1 for _ in _read(db, "SELECT 1 FROM ledger WHERE kind = 'TRANSFER'"))


def compare(records: Records, told: list[_Row], *, at_rest: bool = False) -> list[str]:
    """All that differs. ``told`` is what strategies believed at their end; ``at_rest`` there is no gateway to ask."""
    lines, held, account = records.tally(), records.holdings(), records.account()
    return [
        *_compare_ledger(tally_assets(records.executions()), held, account, records.income()),
        *compare_fills(records.expected(), records.fills()),
        *compare_lines(lines, records.positions()),
        *compare_assets(held, account, records.assets(), at_rest=at_rest),
        *_compare_told(lines, told),
        *_left_open(records),
    ]


def compare_fills(executions: list[_Row], fills: list[_Row]) -> Iterator[str]:
    """Each execution is in the file once, as the exchange has it."""
    true = {_key(row["symbol"], row["exec_id"], row["order_id"]): _facts(row, owner(row)) for row in executions}
    booked = {_key(row["symbol"], row["trade_id"], row["order_id"]): _facts(row, row["session_id"]) for row in fills}
    for key in sorted(true.keys() - booked.keys()):
        yield f"execution {key} of session {true[key][0]} is not in the books"
    for key in sorted(booked.keys() - true.keys()):
        yield f"execution {key} of session {booked[key][0]} never happened"
    for key in sorted(true.keys() & booked.keys()):
        if true[key] != booked[key]:
            yield f"execution {key} is {booked[key]} in the books, {true[key]} at the exchange"


def compare_lines(true: Mapping[Owner, AssetTally], booked: Mapping[Owner, AssetTally]) -> Iterator[str]:
    """By session and symbol."""
    for key in sorted(true.keys() | booked.keys()):
        one, other = true.get(key, AssetTally()), booked.get(key, AssetTally())
        for what in ("fills", "executed", "net", "fees", "realized_pnl", "entry_px"):
            expected, found = shown(getattr(one, what)), shown(getattr(other, what))
            if expected != found:
                yield f"session {key[0]}, {key[1]}: {what} is {found} in the books, {expected} at the exchange"


def compare_assets(
    held: _Held, account: Mapping[str, Fraction], rows: list[_Row], *, at_rest: bool = False
) -> Iterator[str]:
    """By session and asset, which has everything: executions, quote flow, fees, interest, transfers."""
    booked = {
        (int(part["session_id"]), str(row["asset"])): Fraction(part["amount"])
        for row in rows
        for part in row["sessions"]
    }
    known = {row["asset"] for row in rows}
    for session, asset in sorted(held.keys() | booked.keys()):
        expected, found = held.get((session, asset), Fraction(0)), booked.get((session, asset), Fraction(0))
        if expected != found and (asset in known or session != EXTERNAL):
            yield f"session {session} has {_number(found)} {asset} in the books, {_number(expected)} at the exchange"
    for row in rows:
        asset = row["asset"]
        if not at_rest and row.get("difference") != "0":
            yield f"the gateway sees a difference of {row.get('difference')} {asset}"
        if Fraction(row["total"]) != account.get(asset, 0):
            yield f"sessions and EXTERNAL sum to {row['total']} {asset}; the account has {_number(account[asset])}"


def _compare_ledger(
    lines: Mapping[Owner, AssetTally], held: _Held, account: Mapping[str, Fraction], income: list[_Row]
) -> Iterator[str]:
    """Whether the tally is right: the exchange's wallets were moved by what it counts."""
    for asset in sorted(account.keys() | {name for _, name in held}):
        total = sum((amount for (_, name), amount in held.items() if name == asset), Fraction(0))
        true = account.get(asset, Fraction(0))
        if total != true:
            yield f"the tally counts {_number(total)} {asset}; the account has {_number(true)}"
    fees: dict[str, Decimal] = {}
    for line in lines.values():
        for asset, fee in line.fees.items():
            fees[asset] = fees.get(asset, Decimal(0)) + fee
    for row in income:
        if row["kind"] == "COMMISSION":
            fees[row["asset"]] = fees.get(row["asset"], Decimal(0)) + Decimal(row["amount"])
    yield from (f"the tally counts {fee} {asset} of fees too many" for asset, fee in fees.items() if fee)


def _compare_told(lines: Mapping[Owner, AssetTally], told: list[_Row]) -> Iterator[str]:
    """What strategies believed at their end."""
    for monkey in told:
        for symbol, net in monkey["net"].items():
            true = lines.get((monkey["session"], symbol.upper()), AssetTally()).net
            if Fraction(repr(net)) != true:
                yield f"session {monkey['session']} believed to hold {net} {symbol}, not {_number(true)}"


def _left_open(records: Records) -> Iterator[str]:
    yield from (f"left open: {row}" for row in records.orders() if row["status"] in _OPEN)
    yield from (f"left open: {row}" for row in records.lists() if row["status"] == "EXECUTING")


def _key(symbol: str, trade_id: object, order_id: object) -> tuple[str, str, str]:
    return symbol, str(trade_id), str(order_id)


def _facts(row: _Row, session: int) -> tuple[object, ...]:
    numbers = (None if row[name] is None else Fraction(row[name]) for name in ("px", "qty", "fee"))
    return session, row["side"], *numbers, row["fee_asset"]


def _number(value: Fraction) -> str:
    return format(Decimal(value.numerator) / value.denominator, "f")


def _read(db: Path, question: str) -> list[tuple[Any, ...]]:
    conn = apsw.Connection(f"file:{db}?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        conn.set_busy_timeout(5_000)
        return list(conn.execute(question))
    finally:
        conn.close()
