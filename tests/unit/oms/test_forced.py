"""What the exchange trades for the account: EXTERNAL's, and nobody goes on as if nothing had happened."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, empty_book, facts, fill, kinds, saved
from tests.unit.oms.table import Table
from tradingsys.core.command_line import CommandLine
from tradingsys.core.commands import OrderQuery
from tradingsys.core.enums import OrderType, Side, TradingState
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Order, Terms
from tradingsys.core.records import HaltCause, HaltRecord, Intent, Scope, SymbolRecord
from tradingsys.oms.effects import Alarm, Halt, Save
from tradingsys.oms.session_book import SessionBook

NAME = "autoclose-1"
HERE = Scope(symbol=SYMBOL)


def liquidated(trade_id: int | None = 100) -> Order:
    execution = None if trade_id is None else fill(trade_id, "9", "5", Side.SELL)
    return structs.replace(facts(execution, client_order_id=NAME, venue_order_id="9"), forced="liquidation")


def test_a_liquidation_is_externals_and_halts_the_symbol_once() -> None:
    book = empty_book()
    book.learn(liquidated(), SYMBOL, EPOCH)
    book.learn(liquidated(), SYMBOL, EPOCH + 1)
    assert book.net(EXTERNAL, SYMBOL) == -5
    effects = book.take_effects()
    [halt] = kinds(effects, Halt)
    reason = halt.record.reason
    assert "liquidation" in reason and "`tradingsys resume dogeusdt`" in reason
    [row] = [each.record for each in kinds(effects, Save) if isinstance(each.record, HaltRecord)]
    assert row == HaltRecord(HERE, TradingState.HALTED, reason, EPOCH, HaltCause.FORCED) == halt.record
    assert [*book.halts] == [row]


def test_a_halt_outlives_the_process_until_it_is_lifted() -> None:
    book = empty_book()
    book.learn(liquidated(), SYMBOL, EPOCH)
    again = SessionBook(saved(halts=tuple(book.halts), symbols=(SymbolRecord(SYMBOL, 100),)))
    assert [*again.halts] == [*book.halts]
    assert again.halts.lift(HERE, EPOCH + 5) is True
    lifted = HaltRecord(HERE, TradingState.ACTIVE, "", EPOCH + 5, HaltCause.FORCED)
    assert not again.halts and again.take_effects() == [Save(lifted)]
    assert again.halts.lift(HERE, EPOCH + 6) is False and not again.take_effects()


def test_after_it_was_lifted_only_something_new_halts_again() -> None:
    book = empty_book()
    book.learn(liquidated(None), SYMBOL, EPOCH)
    assert book.halts, "it is on its way"
    book.halts.lift(HERE, EPOCH)
    book.learn(liquidated(None), SYMBOL, EPOCH)
    assert not book.halts
    book.learn(liquidated(), SYMBOL, EPOCH)
    assert book.halts
    book.halts.lift(HERE, EPOCH)
    book.learn(liquidated(), SYMBOL, EPOCH)
    assert not book.halts
    book.learn(liquidated(101), SYMBOL, EPOCH)
    assert book.halts


def test_what_is_found_in_history_is_recognised_by_its_name() -> None:
    table = Table()
    table.book.track(Intent("x", 1, Terms(SYMBOL, Side.SELL, OrderType.STOP_MARKET, Decimal(1)), EPOCH, 2_000))
    table.book.learn(facts(fill(100, "9", "5", Side.SELL), venue_order_id="9"), SYMBOL, EPOCH)
    assert not table.book.halts
    table.start("attribute", table.recovery.attribute(SYMBOL, "9"))
    assert table.answer(liquidated(None)) == OrderQuery(SYMBOL, venue_order_id="9")
    assert table.ended == ["attribute"], "no order that waits is asked about"
    assert table.book.net(EXTERNAL, SYMBOL) == -5 and table.book.halts
    assert not kinds(table.book.take_effects(), Alarm)


def test_what_is_advised_names_the_running_gateway() -> None:
    book = SessionBook(saved(symbols=(SymbolRecord(SYMBOL, 100),)), commands=CommandLine(("-c", "usdt.json")))
    book.learn(liquidated(), SYMBOL, EPOCH)
    assert "(`tradingsys pos show -c usdt.json`), then `tradingsys resume dogeusdt -c usdt.json`" in (
        book.halts.why(1, SYMBOL)
    )
