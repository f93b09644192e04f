"""Mistakes about what is sent for whoever asks, and about what is sent although somebody was stopped."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake, OnSpot
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.gateway.ordering.reducing import Reducing
from tradingsys.gateway.requests.order_requests import OrderRequests
from tradingsys.gateway.views.views import order_view
from tradingsys.oms.account_check import AccountCheck
from tradingsys.oms.disagreement import Disagreement
from tradingsys.oms.exposure import Exposure
from tradingsys.oms.session_book import SessionBook
from tradingsys.venues.binance import algo_requests

__all__ = ["ASKED_MISTAKES"]

_PREPARED = "return PlaceOrder(encode_client_order_id(key), terms, stamp_ms, self._settings.recv_window_ms), asked"
_TAKEN = "client.peer.write(encode_reply(request.id, OrderResult(command.client_order_id)))"

ASKED_MISTAKES = (
    Mistake(
        "one_more_is_ordered_than_asked_for",
        Profile.NORMAL,
        OrderDesk._prepared,
        _PREPARED,
        "if terms.order_qty and not asked.reduce_only:\n"
        "    terms = structs.replace(terms, order_qty=terms.order_qty + 1)\n"
        "    asked = structs.replace(asked, order_qty=asked.order_qty + 1)\n" + _PREPARED,
    ),
    Mistake(
        "stops_are_a_tick_off",
        Profile.NORMAL,
        OrderDesk._prepared,
        _PREPARED,
        "if terms.stop_px is not None:\n"
        "    terms = structs.replace(terms, stop_px=terms.stop_px + Decimal('0.001'))\n"
        "    asked = structs.replace(asked, stop_px=asked.stop_px + Decimal('0.001'))\n" + _PREPARED,
    ),
    Mistake(
        "stops_reach_the_exchange_a_tick_off",
        Profile.NORMAL,
        algo_requests._trigger,
        'return {"triggerPrice": decimal_text(terms.stop_px)}',
        'return {"triggerPrice": decimal_text(terms.stop_px + type(terms.stop_px)("0.001"))}',
    ),
    Mistake(
        "trailing_stops_follow_twice_as_far_off",
        Profile.NORMAL,
        OrderDesk._prepared,
        _PREPARED,
        "if terms.callback_rate is not None:\n"
        "    terms = structs.replace(terms, callback_rate=2 * terms.callback_rate)\n"
        "    asked = structs.replace(asked, callback_rate=2 * asked.callback_rate)\n" + _PREPARED,
    ),
    Mistake(
        "stops_become_takes_of_profit",
        Profile.NORMAL,
        OrderDesk._prepared,
        _PREPARED,
        "if terms.order_type.value == 'STOP_MARKET':\n"
        "    terms = structs.replace(terms, order_type=type(terms.order_type)('TAKE_PROFIT_MARKET'))\n"
        "    asked = structs.replace(asked, order_type=terms.order_type)\n" + _PREPARED,
    ),
    Mistake(
        "the_venue_is_not_told_that_an_order_only_reduces",
        Profile.NORMAL,
        OrderDesk._prepared,
        "terms = structs.replace(terms, reduce_only=is_flagged)",
        "terms = structs.replace(terms, reduce_only=False)",
    ),
    Mistake(
        "orders_are_amended_by_the_price_they_had",
        Profile.AMENDS,
        OrderDesk.amend,
        "amended.price,",
        "terms.price,",
    ),
    Mistake(
        "one_more_is_amended_than_asked_for",
        Profile.AMENDS,
        OrderDesk.amend,
        "amended.order_qty,",
        "amended.order_qty + 1,",
    ),
    Mistake(
        "who_is_halted_trades_on",
        Profile.NORMAL,
        OrderRequests._restriction,
        "if gateway.book.halts.state(session, symbol) is TradingState.HALTED:",
        "if False:",
        (Edit(OrderRequests._restriction, "return why", 'return ""'),),
    ),
    Mistake(
        "stops_are_canceled_though_there_is_what_they_guard",
        Profile.NORMAL,
        Reducing.outlived,
        "if self._reducible(order) < lot(symbol):",
        "if True:",
    ),
    Mistake(
        "every_trade_by_hand_halts_its_symbol",
        Profile.NORMAL,
        SessionBook.learn,
        "if facts.forced and self._is_news(facts, symbol):",
        "if order is None and facts.fills and self._is_news(facts, symbol):",
    ),
    Mistake(
        "a_look_at_the_account_breaks",
        Profile.NORMAL,
        AccountCheck._know_all,
        "await self._pull_trades(symbol)",
        "raise KeyError(symbol)",
    ),
    Mistake(
        "limits_count_what_is_over",
        Profile.LIMITS,
        Exposure.note,
        "self._count(name, before, gone=True)",
        "if now is not None:\n    self._count(name, before, gone=True)",
    ),
    Mistake(
        "cancels_are_not_answered",
        Profile.NORMAL,
        OrderRequests._cancel,
        "client.peer.write(encode_reply(request.id))",
        "pass",
    ),
    Mistake(
        "orders_are_answered_twice",
        Profile.NORMAL,
        OrderRequests._order,
        _TAKEN,
        f"{_TAKEN}\n{_TAKEN}",
    ),
    Mistake(
        "orders_of_assets_are_answered_twice",
        OnSpot(Profile.NORMAL),
        OrderRequests._order,
        _TAKEN,
        f"{_TAKEN}\n{_TAKEN}",
    ),
    Mistake(
        "every_end_is_told_to_be_a_cancel",
        Profile.NORMAL,
        order_view,
        "status=order.status,",
        "status=order.status if order.is_open or order.absent else type(order.status).CANCELED,",
    ),
    Mistake(
        "a_difference_restricts_nobody",
        OnSpot(Profile.NORMAL),
        Disagreement.judge,
        "if is_believed or self._symbols_trading(name) & standing.keys():",
        "if False:",
    ),
    Mistake(
        "a_difference_halts_at_once",
        OnSpot(Profile.NORMAL),
        Disagreement._restrict,
        "now_ms, state = self._venue_ms(), TradingState.REDUCING",
        "now_ms, state = self._venue_ms(), TradingState.HALTED",
    ),
)
"""What is sent, then what is told, then who may send."""
