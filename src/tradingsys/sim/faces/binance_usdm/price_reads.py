"""Public answers about prices of a day, mark price, funding and open interest."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from tradingsys.sim.bar_archive import BarArchive
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance_usdm.call import Call, State
from tradingsys.sim.faces.binance_usdm.exchange_info import USDM
from tradingsys.sim.faces.binance_usdm.market_reads import one_or_all
from tradingsys.sim.funding import FUNDING_MS, RATE_CAP
from tradingsys.sim.money import FundingRecord
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import (
    AdlRisk,
    AssetIndex,
    CompositeIndexInfo,
    Constituents,
    FundingInfo,
    FundingRate,
    IndexSource,
    InsuranceAsset,
    InsuranceFund,
    OpenInterest,
    PremiumIndex,
    Ticker,
    Ticker24h,
    TradingSchedule,
)

__all__ = [
    "adl_risk",
    "asset_indices",
    "composite_indices",
    "constituents",
    "day_of",
    "funding_info",
    "funding_rates",
    "insurance_fund",
    "open_interest",
    "premium_index",
    "ticker_24hr",
    "trading_schedule",
]

_INTEREST_RATE = Decimal("0.00010000")
"""Per eight hours: what funding is when mark and index price agree."""
_PAST_FUNDINGS = 270
"""Settlements that the past has: ninety days."""
_PERCENT = Decimal("0.001")
_ZERO = Decimal(0)


def day_of(state: State, symbol: str, now_ms: int) -> Ticker:
    """The 24 hours before now, in whole minutes up to the current one: the same trades as in the bars."""
    tape, market = state.tapes[symbol], state.markets[symbol]
    tape.bars.advance(now_ms)
    bar = tape.bars.day()
    last = tape.trades[-1] if tape.trades else None
    change = bar.close - bar.open
    average = bar.quote_volume / bar.volume if bar.volume else bar.close
    return Ticker(
        ts_sent_ms=now_ms,
        symbol=symbol,
        px_change=decimal_text(change),
        px_change_percent=decimal_text((change * 100 / bar.open).quantize(_PERCENT, ROUND_HALF_EVEN)),
        avg_px=decimal_text(average.quantize(Decimal(1).scaleb(-market.price.digits), ROUND_HALF_EVEN)),
        last_px=decimal_text(bar.close),
        last_qty=decimal_text(_ZERO if last is None else last.qty),
        open_px=decimal_text(bar.open),
        high_px=decimal_text(bar.high),
        low_px=decimal_text(bar.low),
        volume=decimal_text(bar.volume),
        quote_volume=decimal_text(bar.quote_volume),
        open_ms=bar.start_ms,
        close_ms=now_ms,
        first_trade_id=bar.first_trade_id,
        last_trade_id=bar.last_trade_id,
        trade_count=bar.trade_count,
        pair=symbol,
        symbol_type=USDM,
    )


def ticker_24hr(call: Call) -> Ticker24h | list[Ticker24h]:
    """`GET /fapi/v1/ticker/24hr`, of one symbol or all."""
    rows: list[Ticker24h] = []
    for symbol in call.symbols():
        day = day_of(call.state, symbol, call.now_ms)
        rows.append(
            Ticker24h(
                symbol=symbol,
                price_change=day.px_change,
                price_change_percent=day.px_change_percent,
                weighted_avg_price=day.avg_px,
                last_price=day.last_px,
                last_qty=day.last_qty,
                open_price=day.open_px,
                high_price=day.high_px,
                low_price=day.low_px,
                volume=day.volume,
                quote_volume=day.quote_volume,
                open_time=day.open_ms,
                close_time=day.close_ms,
                first_id=day.first_trade_id,
                last_id=day.last_trade_id,
                count=day.trade_count,
            )
        )
    return one_or_all(call, rows)


def premium_index(call: Call) -> PremiumIndex | list[PremiumIndex]:
    """`GET /fapi/v1/premiumIndex`, of one symbol or all."""
    rows: list[PremiumIndex] = []
    for symbol in call.symbols():
        venue = call.state.exchange.venues[symbol]
        rows.append(
            PremiumIndex(
                symbol=symbol,
                mark_price=decimal_text(venue.mark.px),
                index_price=decimal_text(venue.index.px),
                estimated_settle_price=decimal_text(venue.index.px),
                last_funding_rate=decimal_text(venue.funding_rate),
                interest_rate=decimal_text(_INTEREST_RATE),
                next_funding_time=venue.next_funding_ms,
                time=call.now_ms,
            )
        )
    return one_or_all(call, rows)


def funding_rates(call: Call) -> list[FundingRate]:
    """`GET /fapi/v1/fundingRate`: settlements, oldest first; from a time on, else the newest.

    Raises Fault for times in the wrong order (-1023).
    """
    call.state.limits.spend_funding(call.now_ms)
    params, symbol = call.params, call.maybe_symbol()
    start_ms, end_ms = params.maybe_integer("startTime"), params.optional_integer("endTime", call.now_ms)
    if start_ms is not None and start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    settled = [row for row in call.state.exchange.ledger.funding if symbol in (None, row.symbol)]
    past = [row for each in call.symbols() for row in _past_fundings(call.state, each)]
    records = [row for row in (*past, *settled) if (start_ms or 0) <= row.ts_ms <= end_ms]
    records.sort(key=lambda row: row.ts_ms)
    limit = call.limit(100, 1000)
    return [
        FundingRate(
            symbol=row.symbol,
            funding_rate=decimal_text(row.rate),
            funding_time=row.ts_ms,
            mark_price=decimal_text(row.mark_px),
            rate_type="Regular",
        )
        for row in (records[-limit:] if start_ms is None else records[:limit])
    ]


def _past_fundings(state: State, symbol: str) -> Iterator[FundingRecord]:
    """What was settled before the box began: the interest rate, on the prices of then."""
    archive: BarArchive = state.gauges[symbol].mark
    if archive.past_end_ms is None:
        return
    last_ms = archive.past_end_ms // FUNDING_MS * FUNDING_MS
    for bar in archive.bars("8h", last_ms - (_PAST_FUNDINGS - 1) * FUNDING_MS, last_ms + 1):
        yield FundingRecord(symbol, _INTEREST_RATE, bar.open, bar.start_ms)


def funding_info(call: Call) -> list[FundingInfo]:
    """`GET /fapi/v1/fundingInfo`: bounds and frequency, the same for every symbol here."""
    call.state.limits.spend_funding(call.now_ms)
    return [
        FundingInfo(
            symbol=symbol,
            adjusted_funding_rate_cap=decimal_text(RATE_CAP),
            adjusted_funding_rate_floor=decimal_text(-RATE_CAP),
            funding_interval_hours=FUNDING_MS // 3_600_000,
            disclaimer=False,
        )
        for symbol in call.state.markets
    ]


def open_interest(call: Call) -> OpenInterest:
    """`GET /fapi/v1/openInterest`: what all who are long hold together."""
    symbol, exchange = call.symbol(), call.state.exchange
    held = sum((max(_ZERO, account.position(symbol).net) for account in exchange.accounts.values()), _ZERO)
    return OpenInterest(open_interest=decimal_text(held), symbol=symbol, time=call.now_ms)


def constituents(call: Call) -> Constituents:
    """`GET /fapi/v1/constituents`: the index follows the box's own market alone."""
    symbol = call.symbol()
    price = decimal_text(call.state.exchange.venues[symbol].index.px)
    only = IndexSource(exchange="simulator", symbol=symbol, price=price, weight="1.00000000")
    return Constituents(symbol=symbol, time=call.now_ms, constituents=[only])


def insurance_fund(call: Call) -> InsuranceFund | list[InsuranceFund]:
    """`GET /fapi/v1/insuranceBalance`: one fund for all symbols, alone when a symbol was asked for."""
    assets = [
        InsuranceAsset(asset=asset, margin_balance=decimal_text(balance), update_time=call.now_ms)
        for asset, balance in call.state.exchange.insurance().items()
    ]
    return one_or_all(call, [InsuranceFund(symbols=sorted(call.state.markets), assets=assets)])


def adl_risk(call: Call) -> AdlRisk | list[AdlRisk]:
    """`GET /fapi/v1/symbolAdlRisk`, of one symbol or all: high where the insurance fund has nothing left."""
    has_fund = {asset for asset, balance in call.state.exchange.insurance().items() if balance > 0}
    return one_or_all(
        call,
        [
            AdlRisk(
                symbol=symbol,
                adl_risk="low" if call.state.exchange.venues[symbol].instrument.margin_asset in has_fund else "high",
                update_time=call.now_ms,
            )
            for symbol in call.symbols()
        ],
    )


def asset_indices(call: Call) -> list[AssetIndex]:
    """`GET /fapi/v1/assetIndex`: the one asset here needs no index.

    Raises Fault (-1121) for any that is asked for.
    """
    if call.params.get("symbol"):
        raise Fault(400, -1121, "Invalid symbol.")
    return []


def composite_indices(call: Call) -> list[CompositeIndexInfo]:
    """`GET /fapi/v1/indexInfo`: no symbol of the box is an index of several assets."""
    call.maybe_symbol()
    return []


def trading_schedule(call: Call) -> TradingSchedule:
    """`GET /fapi/v1/tradingSchedule`: all symbols of the box trade around the clock."""
    return TradingSchedule(update_time=call.now_ms, market_schedules={})
