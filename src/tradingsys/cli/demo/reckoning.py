"""Two records of the same trades laid side by side: the gateway's books, and the exchange's ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL, decode_client_order_id

__all__ = ["Books", "Execution", "Line", "Reckoning", "as_rows", "reckon"]

_ZERO = Decimal(0)


class Execution(Struct, frozen=True):
    """One row of the exchange's ledger, as far as it matters here."""

    symbol: str
    side: Side
    qty: Decimal
    client_order_id: str


class Books(Struct, frozen=True):
    """What pos.db says: net position and number of fills by (session, symbol), and open orders by session."""

    lineage: str
    nets: Mapping[tuple[int, str], Decimal]
    fills: Mapping[tuple[int, str], int]
    open_orders: Mapping[int, int] = {}


class Line(Struct, frozen=True):
    """One session and symbol in both records."""

    session: int
    symbol: str
    fills_booked: int
    fills_at_exchange: int
    net_booked: Decimal
    net_at_exchange: Decimal

    @property
    def difference(self) -> Decimal:
        """Booked less executed."""
        return self.net_booked - self.net_at_exchange


class Reckoning(Struct, frozen=True):
    """All lines, and each symbol's position on the account beside the sum of the books."""

    lines: list[Line]
    account: dict[str, Decimal]

    @property
    def fills(self) -> int:
        """How many executions the books have."""
        return sum(line.fills_booked for line in self.lines)

    @property
    def agrees(self) -> bool:
        """Whether nothing is missing, doubled or misplaced, by session and in sum."""
        return all(
            line.difference == 0 and line.fills_booked == line.fills_at_exchange for line in self.lines
        ) and not any(self.account_differences.values())

    @property
    def account_differences(self) -> dict[str, Decimal]:
        """Σ sessions + EXTERNAL − account, by symbol."""
        symbols = {line.symbol for line in self.lines} | self.account.keys()
        return {symbol: self._booked(symbol) - self.account.get(symbol, _ZERO) for symbol in sorted(symbols)}

    def _booked(self, symbol: str) -> Decimal:
        return sum((line.net_booked for line in self.lines if line.symbol == symbol), _ZERO)


def reckon(books: Books, ledger: Iterable[Execution], account: Mapping[str, Decimal]) -> Reckoning:
    """Sort the ledger by the session that each client order id names; whatever names none of ours is EXTERNAL."""
    nets: dict[tuple[int, str], Decimal] = {}
    fills: dict[tuple[int, str], int] = {}
    for execution in ledger:
        key = decode_client_order_id(execution.client_order_id)
        session = key.session if key is not None and key.lineage == books.lineage else EXTERNAL
        owner = (session, execution.symbol)
        nets[owner] = nets.get(owner, _ZERO) + execution.side.sign * execution.qty
        fills[owner] = fills.get(owner, 0) + 1
    symbols = {symbol for _, symbol in (*nets, *books.nets)}
    owners = {*nets, *books.nets, *books.fills, *((EXTERNAL, symbol) for symbol in symbols)}
    lines = [
        Line(
            *owner,
            books.fills.get(owner, 0),
            fills.get(owner, 0),
            books.nets.get(owner, _ZERO),
            nets.get(owner, _ZERO),
        )
        # EXTERNAL, the session of nobody, comes last.
        for owner in sorted(owners, key=lambda owner: (owner[0] == EXTERNAL, owner))
    ]
    return Reckoning(lines, {symbol: qty for symbol, qty in account.items() if qty})


def as_rows(reckoning: Reckoning) -> dict[str, object]:
    """The reckoning for programs: decimals as text."""
    lines = [{**structs.asdict(line), "difference": line.difference} for line in reckoning.lines]
    return {
        "agrees": reckoning.agrees,
        "fills": reckoning.fills,
        "lines": lines,
        "account": reckoning.account,
        "account_differences": reckoning.account_differences,
    }
