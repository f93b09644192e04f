"""The commands of accounts that hold assets: ``assets``, ``pos accept``, ``margin``, ``borrow``, ``repay``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from cyclopts import Parameter, Token
from msgspec import Struct
from rich.console import Console

from tradingsys.cli.operate import asset_tables
from tradingsys.cli.operate.source import Source
from tradingsys.cli.operating import COMMON, Common, tell
from tradingsys.core.command_line import CommandLine
from tradingsys.core.errors import TradingError
from tradingsys.core.instrument import plain
from tradingsys.store.edits import parse_net
from tradingsys.wire.messages import BalanceView, BorrowableView, LoanParams, MarginView
from tradingsys.wire.operator import AcceptResult

__all__ = ["LoanDone", "MarginReport", "accept", "assets", "borrow", "margin", "repay"]

_ASSET = re.compile(r"\w{1,20}")


class MarginReport(Struct, frozen=True):
    """How a margin account is."""

    margin: MarginView
    debts: list[BalanceView]
    borrowable: dict[str, BorrowableView]
    """How much more, by asset: of what was asked for, and of what is owed."""


class LoanDone(Struct, frozen=True):
    """What was borrowed or paid back, and what is owed now: None when that could not be read."""

    asset: str
    amount: str
    transaction_id: str
    borrowed: str | None
    interest: str | None


def _asset(type_: type, tokens: Sequence[Token]) -> str:
    del type_
    text = tokens[0].value
    if not _ASSET.fullmatch(text):
        raise ValueError(f"{text!r} is no asset such as BTC")
    return text.upper()


def _amount(type_: type, tokens: Sequence[Token]) -> str:
    del type_
    amount = parse_net(tokens[0].value)
    if amount is None or amount <= 0:
        raise ValueError(f"{tokens[0].value} is no amount such as 0.5")
    return plain(amount)


_AssetName = Annotated[str, Parameter(converter=_asset)]
_Amount = Annotated[str, Parameter(converter=_amount, allow_leading_hyphen=True)]


def assets(*, common: Common = COMMON) -> int:
    """Every asset of a spot or margin account: what sessions and EXTERNAL have, and whether the account agrees."""
    return tell(
        common, "assets", lambda source: source.assets(), partial(asset_tables.assets, commands=common.commands)
    )


def accept(name: _AssetName, /, *, common: Common = COMMON) -> int:
    """Take note of a difference between books and account that nothing explains: it is booked to EXTERNAL.

    Parameters
    ----------
    name:
        A symbol of a futures account, such as btcusdt; an asset of any other, such as BTC.
    """

    def say(out: Console, done: AcceptResult) -> None:
        out.print(f"{done.asset}: {done.booked} booked to EXTERNAL, which has {done.external} of it now")

    return tell(common, "accepted", lambda source: source.accept(name), say)


def margin(asset: Annotated[str | None, Parameter(converter=_asset)] = None, /, *, common: Common = COMMON) -> int:
    """How far a margin account is from its margin call and from liquidation, what it owes, and what it can borrow.

    Parameters
    ----------
    asset:
        How much more can be borrowed of this one; else of those that are owed.
    """

    async def ask(source: Source) -> MarginReport:
        level = await source.margin()
        debts = [row for row in await source.balances() if row.borrowed != "0" or row.interest != "0"]
        names = [asset] if asset is not None else [row.asset for row in debts]
        return MarginReport(level, debts, {name: await source.borrowable(name) for name in names})

    def show(out: Console, report: MarginReport) -> None:
        asset_tables.margin(out, report.margin, report.debts, report.borrowable)

    return tell(common, "margin", ask, show)


def borrow(asset: _AssetName, amount: _Amount, /, *, common: Common = COMMON) -> int:
    """Borrow an asset for a margin account, once, and tell what is owed then.

    Parameters
    ----------
    asset:
        Such as USDT.
    amount:
        How much of it.
    """
    return tell(
        common, "loan", lambda source: _loan(source, asset, amount, borrows=True), _say("borrowed", common.commands)
    )


def repay(asset: _AssetName, amount: _Amount, /, *, common: Common = COMMON) -> int:
    """Pay back what a margin account owes of an asset, interest first, once, and tell what is owed then.

    Parameters
    ----------
    asset:
        Such as USDT.
    amount:
        How much of it.
    """
    return tell(
        common, "loan", lambda source: _loan(source, asset, amount, borrows=False), _say("paid back", common.commands)
    )


async def _loan(source: Source, asset: str, amount: str, *, borrows: bool) -> LoanDone:
    done = await source.loan(LoanParams(asset, amount), borrows=borrows)
    try:
        rows = await source.balances()
    except TradingError:
        # It is done all the same: whoever reads of a failure asks again, and borrows twice.
        return LoanDone(asset, amount, done.transaction_id, None, None)
    owed = {row.asset: row for row in rows}.get(asset, BalanceView(asset, "0"))
    return LoanDone(asset, amount, done.transaction_id, owed.borrowed, owed.interest)


def _say(word: str, commands: CommandLine) -> Callable[[Console, LoanDone], None]:
    def say(out: Console, done: LoanDone) -> None:
        owed = f"what the account owes now could not be read: {commands.line('margin')} shows it"
        if done.borrowed is not None:
            owed = f"the account owes {done.borrowed} {done.asset} now, and {done.interest} interest"
        out.print(f"{word} {done.amount} {done.asset} (transaction {done.transaction_id}); {owed}")

    return say
