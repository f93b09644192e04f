"""Statistics under `/futures/data/`: of the past where the box has one, else what is now in a single row."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradingsys.core.bars import Bar, interval_end_ms, interval_start_ms
from tradingsys.sim.bar_archive import BarArchive
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import eight_digits
from tradingsys.sim.faces.binance.routes import Routes, public
from tradingsys.sim.faces.binance_usdm.call import Call, State
from tradingsys.sim.faces.binance_usdm.kline_reads import CONTRACT_TYPES
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import Basis, DeliveryPrice, LongShortRatio, OpenInterestRow, TakerRatio

__all__ = ["STATISTICS_ROUTES"]

_PERIODS = frozenset({"5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"})
_KEPT_MS = 30 * 24 * 3_600_000
_FOUR = Decimal("0.0001")
_ZERO = Decimal(0)


def taker_volumes(call: Call) -> list[TakerRatio]:
    """`GET /futures/data/takerlongshortRatio`."""
    bars = _periods(call, call.state.tapes[call.symbol()].bars)
    return [
        TakerRatio(
            buy_sell_ratio=_ratio(bar.buy_volume, bar.volume - bar.buy_volume),
            buy_vol=decimal_text(bar.buy_volume),
            sell_vol=decimal_text(bar.volume - bar.buy_volume),
            timestamp=bar.start_ms,
        )
        for bar in bars
    ]


def basis(call: Call) -> list[Basis]:
    """`GET /futures/data/basis`: of the perpetual contract, the only one there is."""
    pair, kind = call.known_symbol("pair"), call.params.text("contractType")
    if kind not in CONTRACT_TYPES:
        raise malformed("contractType")
    if kind != "PERPETUAL":
        return []
    traded = {bar.start_ms: bar.close for bar in _periods(call, call.state.tapes[pair].bars)}
    return [
        _basis(pair, traded[bar.start_ms], bar)
        for bar in _periods(call, call.state.gauges[pair].index)
        if bar.start_ms in traded
    ]


def _basis(pair: str, px: Decimal, index: Bar) -> Basis:
    return Basis(
        index_price=decimal_text(index.close),
        contract_type="PERPETUAL",
        basis_rate=decimal_text(((px - index.close) / index.close).quantize(_FOUR)),
        futures_price=decimal_text(px),
        annualized_basis_rate="",
        basis=decimal_text(eight_digits(px - index.close)),
        pair=pair,
        timestamp=index.start_ms,
    )


def open_interest_history(call: Call) -> list[OpenInterestRow]:
    """`GET /futures/data/openInterestHist`."""
    symbol, start_ms = call.symbol(), _period_start(call)
    longs = [net for net in _nets(call, symbol) if net > 0]
    held = sum(longs, _ZERO)
    mark = call.state.exchange.venues[symbol].mark.px
    row = OpenInterestRow(
        symbol=symbol,
        sum_open_interest=decimal_text(held),
        sum_open_interest_value=decimal_text(eight_digits(held * mark)),
        circulating_supply="0",
        timestamp=start_ms,
    )
    return [row]


def account_ratio(call: Call) -> list[LongShortRatio]:
    """`GET /futures/data/globalLongShortAccountRatio` and `topLongShortAccountRatio`: who is long and who is short."""
    symbol, start_ms = call.symbol(), _period_start(call)
    nets = list(_nets(call, symbol))
    longs, shorts = sum(net > 0 for net in nets), sum(net < 0 for net in nets)
    return _shares(symbol, start_ms, Decimal(longs), Decimal(shorts))


def position_ratio(call: Call) -> list[LongShortRatio]:
    """`GET /futures/data/topLongShortPositionRatio`: how much is held by those."""
    symbol, start_ms = call.symbol(), _period_start(call)
    held = sum((net for net in _nets(call, symbol) if net > 0), _ZERO)
    return _shares(symbol, start_ms, held, held)


def delivery_prices(call: Call) -> list[DeliveryPrice]:
    """`GET /futures/data/delivery-price`: nothing is ever delivered here."""
    call.known_symbol("pair")
    return []


def _shares(symbol: str, start_ms: int, longs: Decimal, shorts: Decimal) -> list[LongShortRatio]:
    both = longs + shorts
    if not both:
        return []
    row = LongShortRatio(
        symbol=symbol,
        long_short_ratio=_ratio(longs, shorts),
        long_account=decimal_text((longs / both).quantize(_FOUR)),
        short_account=decimal_text((shorts / both).quantize(_FOUR)),
        timestamp=start_ms,
    )
    return [row]


def _ratio(one: Decimal, other: Decimal) -> str:
    return decimal_text((one / other).quantize(_FOUR)) if other else "0"


def _nets(call: Call, symbol: str) -> Iterator[Decimal]:
    return (account.position(symbol).net for account in call.state.exchange.accounts.values())


def _period(call: Call) -> str:
    period = call.params.text("period")
    if period not in _PERIODS:
        raise malformed("period")
    return period


def _period_start(call: Call) -> int:
    call.limit(30, 500)
    return interval_start_ms(_period(call), call.now_ms)


def _periods(call: Call, archive: BarArchive) -> list[Bar]:
    """The periods that are over, the newest or from a time on, oldest first.

    Raises Fault for times in the wrong order (-1023).
    """
    period, limit, params = _period(call), call.limit(30, 500), call.params
    archive.advance(call.now_ms)
    length_ms = interval_end_ms(period, 0)
    over_ms = interval_start_ms(period, call.now_ms)
    start_ms, end_ms = params.maybe_integer("startTime"), params.optional_integer("endTime", over_ms)
    if start_ms is not None and start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    last_ms = min(end_ms + 1, over_ms)
    first_ms = last_ms - limit * length_ms if start_ms is None else min(start_ms, last_ms)
    bars = archive.bars(period, max(first_ms, call.now_ms - _KEPT_MS), last_ms)
    return bars[-limit:] if start_ms is None else bars[:limit]


STATISTICS_ROUTES: Routes[State] = {
    ("GET", f"/futures/data/{name}"): public(answer, 0)
    for name, answer in (
        ("takerlongshortRatio", taker_volumes),
        ("basis", basis),
        ("openInterestHist", open_interest_history),
        ("globalLongShortAccountRatio", account_ratio),
        ("topLongShortAccountRatio", account_ratio),
        ("topLongShortPositionRatio", position_ratio),
        ("delivery-price", delivery_prices),
    )
}
"""They cost no weight."""
