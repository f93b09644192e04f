"""What the exchange tells of all together: parts of indices, its insurance fund, ratios, settlements, trading hours."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, Number, OptionalText

__all__ = [
    "AdlRisk",
    "Basis",
    "Constituents",
    "DeliveryPrice",
    "IndexSource",
    "InsuranceAsset",
    "InsuranceFund",
    "LongShortRatio",
    "MarketSchedule",
    "OpenInterestRow",
    "ScheduledSession",
    "TakerRatio",
    "TradingSchedule",
]


class IndexSource(Message, frozen=True, kw_only=True):
    """One market inside `Constituents`; the price is -1 where the exchange does not tell it."""

    exchange: str
    symbol: str
    price: str
    weight: str


class Constituents(Message, frozen=True, kw_only=True):
    """The markets that an index price is made of (`GET /fapi/v1/constituents`).

    ::

        {
          "symbol": "ETHUSDT", "time": 1790000001000,
          "constituents": [
            {"exchange": "binance", "symbol": "ETHUSDT", "price": "3010.20000000", "weight": "0.51282051"}
          ]
        }
    """

    symbol: str
    time: int
    constituents: list[IndexSource]


class InsuranceAsset(Message, frozen=True, kw_only=True, rename="camel"):
    """One asset of an `InsuranceFund`."""

    asset: str
    margin_balance: str
    update_time: int


class InsuranceFund(Message, frozen=True, kw_only=True):
    """The fund that bears what liquidations leave unpaid, for some symbols (`GET /fapi/v1/insuranceBalance`).

    ::

        {
          "symbols": ["DOGEUSDT", "ETHUSDT"],
          "assets": [{"asset": "USDT", "marginBalance": "5166686.84431694", "updateTime": 1790000001000}]
        }
    """

    symbols: list[str]
    assets: list[InsuranceAsset]


class AdlRisk(Message, frozen=True, kw_only=True, rename="camel"):
    """How near a symbol is to auto-deleveraging: low, medium or high (`GET /fapi/v1/symbolAdlRisk`).

    ::

        {"symbol": "ETHUSDT", "adlRisk": "low", "updateTime": 1790000001000}
    """

    symbol: str
    adl_risk: str
    update_time: int


class Basis(Message, frozen=True, kw_only=True, rename="camel"):
    """How far futures were from their index (`GET /futures/data/basis`).

    ::

        {
          "indexPrice": "3009.98000000", "contractType": "PERPETUAL", "basisRate": "0.0001", "futuresPrice": "3010.20",
          "annualizedBasisRate": "", "basis": "0.22000000", "pair": "ETHUSDT", "timestamp": 1790000001000
        }
    """

    index_price: str
    contract_type: str
    basis_rate: str
    futures_price: str
    annualized_basis_rate: str
    basis: str
    pair: str
    timestamp: int


class DeliveryPrice(Message, frozen=True, kw_only=True, rename="camel"):
    """What a dated contract was settled at (`GET /futures/data/delivery-price`); the price is a JSON number.

    ::

        {"deliveryTime": 1789999200000, "deliveryPrice": 3009.5}
    """

    delivery_time: int
    delivery_price: Number


class LongShortRatio(Message, frozen=True, kw_only=True, rename="camel"):
    """Accounts or positions that are long and short (`GET /futures/data/…LongShort…Ratio`).

    ::

        {
          "symbol": "ETHUSDT", "longShortRatio": "1.8105", "longAccount": "0.6442", "shortAccount": "0.3558",
          "timestamp": 1790000001000
        }
    """

    symbol: str
    long_short_ratio: str
    long_account: str
    short_account: str
    timestamp: int


class OpenInterestRow(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "sum_open_interest": "sumOpenInterest",
        "sum_open_interest_value": "sumOpenInterestValue",
        "circulating_supply": "CMCCirculatingSupply",
    },
):
    """How much was held at a time (`GET /futures/data/openInterestHist`).

    ::

        {
          "symbol": "ETHUSDT", "sumOpenInterest": "10659.50900000", "sumOpenInterestValue": "32087254.19000000",
          "CMCCirculatingSupply": "120700000.0", "timestamp": 1790000001000
        }
    """

    symbol: str
    sum_open_interest: str
    sum_open_interest_value: str
    circulating_supply: OptionalText = UNSET
    timestamp: int


class TakerRatio(Message, frozen=True, kw_only=True, rename="camel"):
    """What takers bought and sold (`GET /futures/data/takerlongshortRatio`).

    ::

        {"buySellRatio": "1.5586", "buyVol": "387.3300", "sellVol": "248.5030", "timestamp": 1790000001000}
    """

    buy_sell_ratio: str
    buy_vol: str
    sell_vol: str
    timestamp: int


class ScheduledSession(Message, frozen=True, kw_only=True, rename="camel"):
    """One session inside a `MarketSchedule`."""

    start_time: int
    end_time: int
    type: str
    """PRE_MARKET, REGULAR, AFTER_MARKET, OVERNIGHT, NO_TRADING."""


class MarketSchedule(Message, frozen=True, kw_only=True):
    """The sessions of one market inside a `TradingSchedule`."""

    sessions: list[ScheduledSession]


class TradingSchedule(Message, frozen=True, kw_only=True, rename="camel"):
    """Hours of markets that do not trade around the clock, by market (`GET /fapi/v1/tradingSchedule`).

    ::

        {
          "updateTime": 1790000001000,
          "marketSchedules": {
            "EQUITY": {"sessions": [{"startTime": 1790000000000, "endTime": 1790019800000, "type": "PRE_MARKET"}]}
          }
        }
    """

    update_time: int
    market_schedules: Mapping[str, MarketSchedule]
