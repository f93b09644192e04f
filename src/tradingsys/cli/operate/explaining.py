"""``tradingsys explain``: where the account's number comes from, in sentences, and what to do when it is odd."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from rich.console import Console

from tradingsys.cli.operate import asset_tables, tables
from tradingsys.core.command_line import CommandLine
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.wire.operator import Explanation, SessionOrder

__all__ = ["explain"]


def explain(out: Console, told: Explanation, commands: CommandLine) -> None:
    """Print everything that is known about a symbol."""
    for sentence in _position(told, commands):
        out.print(sentence)
    if told.positions:
        tables.positions(out, told.positions)
    if told.assets:
        asset_tables.assets(out, told.assets, commands)
    for sentence in (*_orders(told), *_changes(told), *_halt(told, commands)):
        out.print(sentence)
    if told.open_orders:
        tables.orders(out, told.open_orders)


def _position(told: Explanation, commands: CommandLine) -> Iterator[str]:
    held = [row for row in told.positions if row.session_id != EXTERNAL]
    sessions = sum((_number(row.position.net) for row in held), Decimal(0))
    external = sum((_number(row.position.net) for row in told.positions if row.session_id == EXTERNAL), Decimal(0))
    who = f"session {held[0].session_id} holds" if len(held) == 1 else f"{len(held)} sessions together hold"
    yield (
        f"{told.symbol}: {who} {plain(sessions)}, and EXTERNAL {plain(external)}: {plain(_number(told.total))} in all."
    )
    if told.assets:
        yield (
            "Executions are by symbol, but the account holds assets: whether the books agree with it is told by asset,"
            " below; those of other symbols are in there too."
        )
    elif told.account is None:
        yield (
            "The exchange was not asked, or did not answer, what the account holds; the gateway compares both when it "
            "starts."
        )
    elif not _number(told.difference or "0"):
        yield f"The account holds {told.account} at the exchange: the books agree with it."
    else:
        yield (
            f"The account holds {told.account} at the exchange: the books are off by {told.difference}. For a moment"
            " that is normal, while an execution is on its way. If it stays, an execution is missing: ask again in a"
            f" minute, then restart the gateway with --scan {told.symbol}. What nothing explains is booked to EXTERNAL"
            f" by {commands.line(f'pos accept {told.symbol}')}."
        )
    since = f" from number {told.first_trade_id} on" if told.first_trade_id else ""
    before = "; what came before is in EXTERNAL's baseline" if told.first_trade_id else ""
    final = told.watermark > told.first_trade_id
    yield (
        f"Every trade of the account{since} is accounted for{before}."
        + (f" Below number {told.watermark} nothing can change any more." if final else "")
    )
    if external:
        yield (
            "What EXTERNAL holds belongs to no session: a position from before, trades by hand, liquidations, or what"
            f" corrections left. To give it to a session: {commands.line(f'pos set SESSION {told.symbol} NET')}"
        )


def _orders(told: Explanation) -> Iterator[str]:
    doubtful = [row for row in told.open_orders if row.order.in_doubt]
    for row in told.positions:
        for quantity, word in ((row.position.unbooked_buy, "bought"), (row.position.unbooked_sell, "sold")):
            if _number(quantity):
                yield (
                    f"Session {tables.session_name(row.session_id)} has {word} {quantity} more than is booked: the"
                    " exchange says so, the execution's details are on their way."
                )
    if doubtful:
        yield (
            f"{len(doubtful)} order{'s are' if len(doubtful) > 1 else ' is'} in doubt: the answer was lost, and until"
            f" the exchange has shown what became of {'them' if len(doubtful) > 1 else 'it'}, up to"
            f" {_remaining(doubtful, Side.BUY)} may be bought and {_remaining(doubtful, Side.SELL)} sold."
            " Nothing is to be done: it is asked for until it is known."
        )
    count = len(told.open_orders) - len(doubtful)
    yield (
        f"{count or 'No'} other open order{'' if count == 1 else 's'}."
        if doubtful
        else (f"{count or 'No'} open order{'' if count == 1 else 's'}.")
    )


def _changes(told: Explanation) -> Iterator[str]:
    if told.adjustments:
        yield "Changes without an execution, newest first:"
        for line in told.adjustments:
            yield f"  {line}"


def _halt(told: Explanation, commands: CommandLine) -> Iterator[str]:
    if told.halt:
        yield (
            f"HALTED, no new orders: {told.halt}. Look at the account and these figures; when they are right:"
            f" {commands.line(f'resume {told.symbol}')} ({commands.line('status')} tells whether it is the whole"
            " account: --account)"
        )


def _remaining(rows: list[SessionOrder], side: Side) -> str:
    quantities = (_number(row.order.quantity) - _number(row.order.cum_qty) for row in rows if row.order.side is side)
    return plain(sum(quantities, Decimal(0)))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)
