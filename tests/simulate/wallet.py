"""What sessions and EXTERNAL earned and paid, taken together, is what the account's wallet changed by.

The exchange's own rows are asked for two things only: what is nobody's earning (transfers, what the insurance fund took
or paid), and symbols that the account had traded before they were accounted for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from decimal import Decimal

from tradingsys.core.position import SessionPosition
from tradingsys.matching.account import Account
from tradingsys.oms.session_book import SessionBook
from tradingsys.sim.money import CashRow

__all__ = ["unbalanced"]

_ZERO = Decimal(0)
_ROUNDED = Decimal("0.00000001")
"""The exchange's own digits: each of its rows is rounded to them."""
_SETTLED_IN = "USDT"


def unbalanced(
    book: SessionBook,
    sessions: Iterable[int],
    account: Account,
    rows: list[CashRow],
    begun_late: Container[str],
) -> Iterator[str]:
    """Assets of which the books tell otherwise. ``begun_late``: symbols that had been traded before."""
    told: dict[str, Decimal] = defaultdict(Decimal)
    told_symbols = [symbol for symbol in book.symbols if symbol not in begun_late]
    for symbol in told_symbols:
        for session in sessions:
            position = book.position(session, symbol)
            told[_SETTLED_IN] += _received(position)
            for asset, amount in position.fees.items():
                told[asset] -= amount
            for asset, amount in position.funding.items():
                told[asset] += amount
        # Of what is still open the exchange counts nothing yet, and books by session what each of them paid.
        held = account.position(symbol)
        told[_SETTLED_IN] += held.net * held.entry_px
    for row in rows:
        if row.symbol not in told_symbols:
            told[row.asset] += row.amount
    for asset in told.keys() | account.wallet.keys():
        has = account.wallet.get(asset, _ZERO)
        if abs(told[asset] - has) > _ROUNDED * (len(rows) + 1):
            yield f"{asset}: by all that sessions and EXTERNAL earned and paid {told[asset]}, in the wallet {has}"


def _received(position: SessionPosition) -> Decimal:
    """For all that was sold, less what was paid for all that was bought, also of what nobody knows the cost of."""
    cost = position.net * position.entry_px if position.entry_px is not None else _ZERO
    return position.realized_pnl + position.uncosted - cost
