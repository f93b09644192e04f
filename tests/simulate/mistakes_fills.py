"""Mistakes about executions: which are booked, to whom, and how far history is known."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.layers import Layer
from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import files, history
from tradingsys.core.order import Fill
from tradingsys.gateway.kernel import Gateway
from tradingsys.gateway.saving import Saving
from tradingsys.oms.contract_account import ContractAccount
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["FILL_MISTAKES"]

_KNOWN = "known = self._booked.get(fill.symbol, {}).get(fill.key)"
_KEY = "return (self.symbol, self.exec_id, self.venue_order_id)"
_SAVE = "self._store.commit(records, partial(self._done, self._given))"

FILL_MISTAKES = (
    Mistake(
        "no_fill_dedup",
        Profile.NORMAL,
        FillBook.book,
        _KNOWN,
        "known = None",
    ),
    Mistake(
        "a_self_trade_is_one_execution",
        Profile.NORMAL,
        Fill.key,
        _KEY,
        'return (self.symbol, self.exec_id, "")',
    ),
    Mistake(
        "a_light_report_is_another_execution",
        Profile.NORMAL,
        FillBook.book,
        _KNOWN,
        f"{_KNOWN}\nif known is not None and known[0].fee is None and fill.fee is not None:\n    known = None",
    ),
    Mistake(
        "a_fill_without_an_owner_is_nobodys",
        Profile.NORMAL,
        SessionBook.learn,
        "self._strays.hold(facts, facts.venue_order_id, symbol)",
        "self._strays.disown(facts, symbol)",
        scene=files.backup,
    ),
    Mistake(
        "history_is_never_read",
        Profile.NORMAL,
        Recovery.pull_trades,
        "await self._history.pull(symbol)",
        "pass",
    ),
    Mistake(
        "the_watermark_follows_the_stream",
        Profile.NORMAL,
        SessionBook._merge,
        "self._fills.book(fill, order.session, order.client_order_id)",
        "self._fills.book(fill, order.session, order.client_order_id)\n"
        "if fill.symbol in self.symbols:\n"
        "    self.advance(fill.symbol, int(fill.exec_id) + 1)",
    ),
    Mistake(
        "the_watermark_ignores_how_old_answers_are",
        history.out_of_order,
        TradeHistory._pull_once,
        "settled &= fill.ts_event_ms < asked_ms - self._staleness_ms and self._book.is_booked(fill)",
        "settled &= self._book.is_booked(fill)",
        hidden_by="answers of most lives are of now",
    ),
    Mistake(
        "the_watermark_passes_what_has_no_owner_yet",
        Profile.NORMAL,
        TradeHistory._pull_once,
        "settled &= fill.ts_event_ms < asked_ms - self._staleness_ms and self._book.is_booked(fill)",
        "settled &= fill.ts_event_ms < asked_ms - self._staleness_ms",
    ),
    Mistake(
        "the_watermark_is_exclusive",
        history.self_trade,
        TradeHistory._pull_once,
        "from_id = booked_to = self._book.watermarks[symbol]",
        "from_id = booked_to = self._book.watermarks[symbol] + 1",
        hidden_by="one execution in a page is hardly ever half known when a process dies",
    ),
    Mistake(
        "the_next_page_begins_after_the_last_row",
        Layer.HISTORY,
        TradeHistory._pull_once,
        "from_id = last  # inclusive: a self-trade's two rows may fall on two pages",
        "from_id = last + 1",
        hidden_by="pages of 1,000 rows",
    ),
    Mistake(
        "the_watermark_is_saved_before_its_fills",
        history.reading,
        Saving.save,
        _SAVE,
        'self._store.save_now([row for row in records if type(row).__name__ == "WatermarkRecord"])\n' + _SAVE,
        hidden_by="the last row is read again, and rows are mostly saved in the same transaction",
    ),
    Mistake(
        "external_is_a_residual",
        Profile.NORMAL,
        ContractAccount.compare,
        "held = await self._inquiry.patiently(PositionsQuery())",
        "held = await self._inquiry.patiently(PositionsQuery())\n"
        "for symbol in self._book.symbols:\n"
        "    rest = held.get(symbol, _ZERO) - self._book.total(symbol)\n"
        '    self._book._fills.adjust(-1, symbol, rest, "residual", self._inquiry.venue_ms())',
    ),
    Mistake(
        "the_stream_is_dropped_during_the_boot",
        history.during_the_boot,
        Gateway._heard,
        "self.book.learn(order, symbol, ts_event_ms)",
        "self.is_ready and self.book.learn(order, symbol, ts_event_ms)",
        hidden_by="history tells it again",
    ),
    Mistake(
        "symbols_are_not_kept",
        Profile.NORMAL,
        FillBook._begin_symbol,
        "self._effects.append(Save(record))",
        "pass",
    ),
)
"""In the order in which an execution meets these rules."""
