"""Mistakes about death and start: the journal, epochs, the fence, and what is read before READY."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake, OnSpot
from tests.simulate.scenes import cuts, files, history, questions
from tradingsys.gateway.boot import Boot
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.gateway.requests.market_requests import MarketRequests
from tradingsys.gateway.saving import Saving
from tradingsys.oms.inquiry import Margins
from tradingsys.oms.missing import Missing
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.store import book, journal
from tradingsys.store.store import Store

__all__ = ["RESTART_MISTAKES"]

_FENCE = "await self._fence(fence_ms)"
_FENCE_MS = "return self.future_ms + recv_window_ms + self.engine_ms + self.staleness_ms"
_MARK_READY = "self._store.mark_ready(epoch)"
_TAKE = 'self._book.transfer(edit, self._venue_ms(), "sql-edit")'
_UNTIL_FOUND = (
    "while not self._book.missing.knows_symbols:  # of one that was lost more is ours than what comes from now on"
)
_DELTA = "delta = edit.edited - self.net(edit.session, edit.symbol)"

RESTART_MISTAKES = (
    Mistake(
        "the_journal_is_not_written",
        Profile.KILLS,
        OrderDesk._write_down,
        "self._store.append(intent, *others)",
        "pass",
    ),
    Mistake(
        "the_sync_before_each_send_is_left_out",
        Profile.NORMAL,
        OrderDesk._write_down,
        "self._store.sync_journal()",
        "pass",
    ),
    Mistake(
        "amends_are_not_written_down",
        Profile.AMENDS,
        OrderDesk.amending,
        "self._write_down(",
        "(lambda _: None)(",
    ),
    Mistake(
        "the_journal_is_not_read",
        Profile.KILLS,
        Store.open.__func__,  # type: ignore[attr-defined]
        "absorb_journal(conn, identity, entries)",
        "pass",
    ),
    Mistake(
        "a_torn_record_is_skipped_and_stays",
        files.torn,
        Store.open.__func__,  # type: ignore[attr-defined]
        "restart(path, identity.lineage)",
        'Path(f"{path}.journal").exists() or restart(path, identity.lineage)',
        hidden_by="the ticket's count: it only costs a fence",
    ),
    Mistake(
        "a_torn_record_is_accepted",
        files.flip,
        journal._read,
        "if size > _MAX_RECORD_BYTES or len(payload) != size or zlib.crc32(payload) != checksum:",
        "if size > _MAX_RECORD_BYTES:",
        hidden_by="what is torn can mostly not be decoded",
    ),
    Mistake(
        "a_missing_ticket_proves_the_journal",
        Profile.EXTREME,
        book.is_proven,
        "if ticket is None or ticket.epoch != identity.last_ready_epoch or meta(conn, RESTORED) is not None:",
        "if ticket is None:\n    return True\nif ticket.epoch != identity.last_ready_epoch:",
        scene=cuts.in_the_fence,
    ),
    Mistake(
        "epochs_are_counted",
        files.backup,
        Boot.run,
        "epoch = max(saved.last_epoch + 1, started_ms)",
        "epoch = saved.last_epoch + 1",
        hidden_by="backups are put back after a death, when the ticket names the epoch",
    ),
    Mistake(
        "what_is_unanswered_at_a_start_was_refused",
        Profile.KILLS,
        TrackedOrder.of_record.__func__,  # type: ignore[attr-defined]
        "order.in_doubt = not order.has_evidence and not record.absent",
        "order.absent = not order.has_evidence",
    ),
    Mistake(
        "no_fence",
        Profile.CUTS,
        Boot.run,
        _FENCE,
        "pass",
        scene=cuts.last_instant,
    ),
    Mistake(
        "a_fence_of_the_recv_window_only",
        Profile.CUTS,
        Margins.fence_ms,
        _FENCE_MS,
        "return recv_window_ms",
    ),
    Mistake(
        "no_fence_where_assets_are_traded",
        OnSpot(Profile.CUTS, is_wire=True),
        Boot.run,
        _FENCE,
        "pass",
    ),
    Mistake(
        "the_fence_forgets_stamps_ahead",
        Profile.CUTS,
        Margins.fence_ms,
        _FENCE_MS,
        "return recv_window_ms + self.engine_ms + self.staleness_ms",
    ),
    Mistake(
        "the_fence_forgets_the_engine",
        Profile.CUTS,
        Margins.fence_ms,
        _FENCE_MS,
        "return self.future_ms + recv_window_ms + self.staleness_ms",
    ),
    Mistake(
        "the_fence_forgets_how_old_answers_are",
        Profile.CUTS,
        Margins.fence_ms,
        _FENCE_MS,
        "return self.future_ms + recv_window_ms + self.engine_ms",
    ),
    Mistake(
        "the_cut_is_forgotten_before_the_fence_ends",
        Profile.CUTS,
        Boot.run,
        _FENCE,
        f"{_MARK_READY}\n{_FENCE}",
        (Edit(Boot.run, _MARK_READY, f"self._store._journal or {_MARK_READY}"),),
        scene=cuts.in_the_fence,
    ),
    Mistake(
        "executions_of_lost_orders_are_read_too_soon",
        cuts.filled_unseen,
        Recovery.reconcile,
        "await self._inquiry.wait(self._margins.staleness_ms)",
        "pass",
        hidden_by="one in some thousand lives is filled at that instant",
    ),
    Mistake(
        "nothing_is_read_before_ready",
        history.meanwhile,
        Boot._catch_up,
        "await self._recovery.reconcile(symbols)",
        "pass",
        hidden_by="the check against the account",
    ),
    Mistake(
        "a_symbol_is_not_durable_before_its_first_order",
        Profile.NORMAL,
        Saving.save,
        "at_once = durable or any(isinstance(record, SymbolRecord | HaltRecord) for record in records)",
        "at_once = durable",
        (Edit(MarketRequests._enter_then_confirm, "self._gateway.flush()", "pass"),),
        scene=cuts.new_symbol,
    ),
    Mistake(
        "an_edit_is_taken_before_the_scan",
        Profile.KILLS,
        Boot.run,
        "rise = await self._catch_up(",
        "self._absorb_edits(saved.edits)\nrise = await self._catch_up(",
        (Edit(Boot.run, "self._absorb_edits(saved.edits)", "pass"),),
        scene=files.edit,
    ),
    Mistake(
        "an_edit_is_taken_twice",
        Profile.NORMAL,
        Boot._absorb_edits,
        _TAKE,
        f"{_TAKE}\n{_TAKE}",
        (Edit(SessionBook.transfer, _DELTA, "delta = edit.edited - edit.basis"),),
        scene=files.edit_running,
    ),
    Mistake(
        "an_edit_while_it_runs_is_overwritten",
        Profile.NORMAL,
        book.Book._write_position,
        "if key in self._edited:",
        "if False:",
        scene=files.edit_running,
    ),
    Mistake(
        "what_moved_after_an_edit_is_undone_by_it",
        Profile.NORMAL,
        Boot._absorb_edits,
        "moved = [edit for edit in edits if (edit.session, edit.symbol) in self._book.touched or edit.conflict]",
        "moved = [edit for edit in edits if (edit.session, edit.symbol) in self._book.touched]",
        scene=files.edit_running,
    ),
    Mistake(
        "an_edit_does_not_wait_for_what_is_not_told",
        files.edit_not_told,
        Boot._absorb_edits,
        "untold = [edit for edit in found if self._is_untold(edit)]",
        "untold = []",
        hidden_by="while lives begin anew, hardly a symbol's executions are refused",
    ),
    Mistake(
        "orders_are_not_asked_for_on_symbols_that_a_start_finds",
        files.found,
        Recovery.reconcile,
        "await self._lost_orders.find()",
        "pass",
        hidden_by="the watch asks again, and pos.db of lives seldom lacks a symbol",
    ),
    Mistake(
        "orders_are_not_missing_on_a_symbol_that_was_lost",
        files.scanned_later,
        Missing.trades_lost,
        "self._orders |= new",
        "pass",
        hidden_by="lives name a symbol at the first start, which asks for all orders",
    ),
    Mistake(
        "whoever_subscribes_begins_a_lost_symbol_anew",
        files.subscribed_before_found,
        Recovery.enter_symbols,
        _UNTIL_FOUND,
        f"if False:{_UNTIL_FOUND.partition(':')[2]}",
        hidden_by="pos.db of lives seldom lacks a symbol",
    ),
    Mistake(
        "what_is_not_told_when_it_is_subscribed_is_forgotten",
        questions.not_told_when_subscribed,
        Recovery.enter_symbols,
        "self._wanted |= wanted - self._book.symbols.keys()",
        "pass",
        hidden_by="strategies of lives come back and subscribe again",
    ),
    Mistake(
        "a_copy_at_work_halts_nothing",
        Profile.NORMAL,
        SessionBook._adopt,
        "if reason:",
        "if False:",
        scene=files.copied,
    ),
)
"""In the order in which a start meets these rules."""
