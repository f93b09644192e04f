"""Orders, positions and instruments as the wire shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from tradingsys.core.commands import Balance
from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.order import UNDATED_MS, Fill, Order, Terms
from tradingsys.core.position import SessionPosition
from tradingsys.oms.halts import Halts
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import (
    BalanceView,
    FillView,
    OrderView,
    PositionView,
    ProductView,
    Range,
    ResolveItem,
    Snapshot,
    TradingPush,
)
from tradingsys.wire.messages.orders import OrderTerms

__all__ = [
    "absent_view",
    "balance_views",
    "executed_view",
    "fill_view",
    "money_view",
    "number",
    "order_view",
    "position_view",
    "positions_view",
    "product_view",
    "signed_number",
    "snapshot",
    "terms_of",
    "told_ms",
    "trading_view",
]

_ZERO = Decimal(0)
_RESTRICTIONS_TOLD = 5
_DECIMAL_TEXT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?").fullmatch


def order_view(
    order: TrackedOrder, fills: Iterable[Fill], completed: Iterable[Fill] = (), said: Terms | None = None
) -> OrderView | None:
    """An order with these of its fills, and these of which more is known than was told.

    While nobody has told what was ordered it has the terms that it is ``said`` to have, else what its executions show;
    None without those.
    """
    facts, own, known = order.facts, order.terms, order.known_terms or said
    terms = known or _terms_shown(facts)
    if terms is None:
        return None
    average = facts.avg_px
    return OrderView(
        client_order_id=order.client_order_id,
        symbol=terms.symbol.lower(),
        side=terms.side,
        order_type=terms.order_type,
        quantity=plain(terms.order_qty),
        status=order.status,
        ts_ms=told_ms(order),
        price=_plain_or_none(terms.price),
        time_in_force=terms.time_in_force,
        post_only=terms.post_only,
        # At the venue the flag is left out where it would act on other sessions' positions too.
        reduce_only=terms.reduce_only or (own is not None and own.reduce_only),
        in_doubt=order.in_doubt or (known is None and order.is_open),
        cum_qty=plain(facts.cum_qty),
        avg_px=_plain_or_none(average),
        venue_order_id=facts.venue_order_id,
        fills=[fill_view(fill) for fill in fills],
        completed_fills=[fill_view(fill) for fill in completed],
        code=facts.closed.code if facts.closed else 0,
        reason=facts.closed.reason if facts.closed else "",
        stop_price=_plain_or_none(terms.stop_px),
        callback_rate=_plain_or_none(terms.callback_rate),
        activation_price=_plain_or_none(terms.activation_px),
        close_position=terms.close_position,
        good_till_ms=terms.good_till_ms,
        price_match=terms.price_match,
        trigger_price=terms.trigger_price,
        price_protect=terms.price_protect,
        is_waiting=order.is_untriggered,
        quote_quantity=_plain_or_none(terms.quote_order_qty or (own.quote_order_qty if own is not None else None)),
        # What was ordered: not every report of the venue repeats the one, and none the other.
        iceberg_quantity=_plain_or_none(terms.iceberg_qty or (own.iceberg_qty if own is not None else None)),
        side_effect=terms.side_effect or (own.side_effect if own is not None else None),
        list_id=facts.list_id,
        terms_unknown=known is None,
    )


def _terms_shown(facts: Order) -> Terms | None:
    """Side, and as much as was executed."""
    for fill in facts.fills.values():
        return Terms(fill.symbol, fill.side, OrderType.LIMIT, facts.cum_qty)
    return None


def told_ms(order: TrackedOrder) -> int:
    """Venue time of the latest that is known of an order; 0 when nobody told."""
    latest_ms = max(order.last_seen_ms, order.facts.closed.ts_event_ms if order.facts.closed else 0)
    return latest_ms if latest_ms > UNDATED_MS else 0


def _plain_or_none(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def fill_view(fill: Fill) -> FillView:
    """One execution."""
    return FillView(
        fill.exec_id,
        plain(fill.last_px),
        plain(fill.last_qty),
        fill.ts_event_ms,
        fill.is_maker,
        None if fill.fee is None else plain(fill.fee),
        fill.fee_asset,
    )


def absent_view(item: ResolveItem, reason: str) -> OrderView:
    """An order that was never sent, or is none of this book's, with the terms it had."""
    asked = {name: getattr(item, name) for name in ResolveItem.__struct_fields__}
    return OrderView(**asked, status=OrderStatus.ABSENT, ts_ms=0, reason=reason)


def positions_view(book: SessionBook, session: int) -> list[PositionView]:
    """Everything a session holds, or is about to."""
    unbooked: dict[tuple[str, Side], Decimal] = {}
    for order in book.open_orders(session):
        missing = order.unbooked
        if missing is not None:
            at = (order.symbol, missing[0])
            unbooked[at] = unbooked.get(at, Decimal(0)) + missing[1]
    symbols = {symbol for owner, symbol in book.positions if owner == session} | {symbol for symbol, _ in unbooked}
    views: list[PositionView] = []
    for symbol in sorted(symbols):
        bought, sold = (unbooked.get((symbol, side), _ZERO) for side in (Side.BUY, Side.SELL))
        views.append(position_view(symbol, book.position(session, symbol), bought, sold))
    return views


def position_view(
    symbol: str, position: SessionPosition, unbooked_buy: Decimal = _ZERO, unbooked_sell: Decimal = _ZERO
) -> PositionView:
    """What a session holds of a symbol."""
    return PositionView(
        symbol.lower(),
        plain(position.net),
        plain(unbooked_buy),
        plain(unbooked_sell),
        *money_view(position),
        net_executed=executed_view(position),
    )


def executed_view(position: SessionPosition) -> str | None:
    """What was bought less what was sold, where fees may have taken a part of it; None for contracts."""
    return _plain_or_none(position.net_executed)


def money_view(position: SessionPosition) -> tuple[str | None, str, dict[str, str], dict[str, str]]:
    """Average entry, realised profit, fees and funding, as the wire has them."""
    return (
        None if position.entry_px is None else plain(position.entry_px),
        plain(position.realized_pnl),
        {asset: plain(amount) for asset, amount in position.fees.items()},
        {asset: plain(amount) for asset, amount in position.funding.items()},
    )


def snapshot(book: SessionBook, session: int, epoch: int, n: int, unsaved: Iterable[TrackedOrder] = ()) -> Snapshot:
    """All a strategy needs that remembers nothing.

    Of orders with executions that are ``unsaved`` too: should they be booked once more, it knows that it has them.
    """
    orders = dict.fromkeys([*book.open_orders(session), *unsaved])
    views = [order_view(order, order.facts.fills.values()) for order in orders]
    return Snapshot(epoch, n, positions_view(book, session), [view for view in views if view is not None])


def product_view(instrument: Instrument) -> ProductView:
    """The rules of a symbol."""
    spot = instrument.spot
    return ProductView(
        symbol=instrument.symbol.lower(),
        status=instrument.status,
        price_filter=Range(
            plain(instrument.tick_size),
            plain(instrument.min_price or Decimal(0)),
            plain(instrument.max_price or Decimal(0)),
        ),
        lot_size=Range(plain(instrument.lot_size), plain(instrument.min_qty), plain(instrument.max_qty)),
        min_notional=plain(instrument.min_notional),
        order=list(instrument.order_types),
        tif=list(instrument.times_in_force),
        post_only=instrument.post_only,
        onboard=instrument.onboard_ms,
        delivery=instrument.delivery_ms,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        is_spot=spot is not None,
        quote_quantity=spot is not None and spot.quote_order_qty,
        iceberg=spot is not None and spot.iceberg,
        trailing=OrderType.TRAILING_STOP_MARKET in instrument.order_types if spot is None else spot.trailing,
        amend=spot is None or spot.amend,
        lists=[] if spot is None else list(spot.lists),
        margin=spot is not None and spot.margin,
    )


def balance_views(balances: Iterable[Balance]) -> list[BalanceView]:
    """The assets of the account."""
    return [
        BalanceView(
            each.asset, plain(each.wallet), _plain_or_none(each.available), plain(each.borrowed), plain(each.interest)
        )
        for each in balances
    ]


def terms_of(asked: OrderTerms) -> Terms:
    """The terms in a request, before anybody checked them against the instrument.

    Raises ValueError for a number that is none.
    """
    if asked.close_position and asked.quantity != "0":
        raise ValueError(f'close_position closes whatever there is: quantity must be "0", not {asked.quantity[:40]!r}')
    in_quote = None if asked.quote_quantity is None else number("quote_quantity", asked.quote_quantity)
    if in_quote is not None and asked.quantity != "0":
        raise ValueError(f'quote_quantity says how much: quantity must be "0", not {asked.quantity[:40]!r}')
    return Terms(
        asked.symbol.upper(),
        asked.side,
        asked.order_type,
        _ZERO if asked.close_position or in_quote is not None else number("quantity", asked.quantity),
        None if asked.price is None else number("price", asked.price),
        asked.time_in_force,
        asked.post_only,
        asked.reduce_only,
        None if asked.stop_price is None else number("stop_price", asked.stop_price),
        close_position=asked.close_position,
        callback_rate=None if asked.callback_rate is None else number("callback_rate", asked.callback_rate),
        activation_px=None if asked.activation_price is None else number("activation_price", asked.activation_price),
        good_till_ms=asked.good_till_ms,
        price_match=asked.price_match,
        trigger_price=asked.trigger_price,
        price_protect=asked.price_protect,
        quote_order_qty=in_quote,
        iceberg_qty=None if asked.iceberg_quantity is None else number("iceberg_quantity", asked.iceberg_quantity),
        side_effect=asked.side_effect,
    )


def signed_number(name: str, text: str) -> Decimal:
    """A decimal number of any sign, 0 included, that a request names so.

    Raises ValueError for anything else.
    """
    if not _DECIMAL_TEXT(text.removeprefix("-")):
        raise ValueError(f"{name} is not a plain decimal number: {text[:40]!r}")
    return Decimal(text) + 0  # no -0


def number(name: str, text: str) -> Decimal:
    """A decimal number above 0 that a request names so.

    Raises ValueError for anything else.
    """
    # Decimal itself would take "1E+999999999", and then seconds and gigabytes to write it out.
    if not _DECIMAL_TEXT(text):
        raise ValueError(f"{name} is not a plain decimal number: {text[:40]!r}")
    value = Decimal(text)
    if not value:
        raise ValueError(f"{name} must be above 0")
    return value


def trading_view(halts: Halts, session: int) -> TradingPush:
    """What a session may send."""
    rows = halts.of_session(session)
    state = halts.state(session, "")
    named = {row.scope.symbol for row in rows if row.scope.symbol}
    symbols = {symbol.lower(): halts.state(session, symbol) for symbol in sorted(named)}
    return TradingPush(
        state,
        {symbol: there for symbol, there in symbols.items() if there.severity > state.severity},
        "; ".join(halts.told(row) for row in rows[:_RESTRICTIONS_TOLD]),
    )
