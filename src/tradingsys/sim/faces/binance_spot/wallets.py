"""What `/sapi` answers about an account as a whole: its wallets, moving assets between them, what its key may do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from tradingsys.sim.events import ChangeRefused, ExchangeEvent
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.params import ApiKey, Keyring
from tradingsys.sim.faces.binance.routes import Route, Routes, Security, fixed, signed
from tradingsys.sim.faces.binance_spot.call import Call, State
from tradingsys.sim.spot_exchange import SpotExchange, margin_name
from tradingsys.venues.binance.messages import ApiRestrictions, spot

__all__ = ["Wallets", "amount_of", "assets_of", "wallet_routes"]

_KEYS_MADE_MS = 1_600_000_000_000
_NAMES = {"MAIN": "spot", "MARGIN": "margin", "UMFUTURE": "futures"}
_ZERO = Decimal(0)
_DECIMALS = 8
"""Of every asset."""


class _Moved(Struct, frozen=True):
    """One movement between wallets."""

    number: int
    account: str
    asset: str
    amount: Decimal
    kind: str
    ts_ms: int


class Wallets:
    """The wallets of every account, on both exchanges, and what was moved between them."""

    def __init__(self, spot_exchange: SpotExchange, futures: Exchange) -> None:
        self._spot = spot_exchange
        self._futures = futures
        self._futures_assets = {venue.instrument.margin_asset for venue in futures.venues.values()}
        self.moves: list[_Moved] = []
        self.elsewhere: list[ExchangeEvent] = []
        """What happened on the other exchange than the one that was asked, waiting to be published."""

    def move(self, call: Call, asset: str, amount: Decimal, kind: str) -> int:
        """Move an asset; returns the number of the movement.

        Raises Fault for wallets that nobody has and assets that the other one does not hold (-1130), and for more
        than can be taken out (-5013).
        """
        source, _, target = kind.partition("_")
        if source == target or source not in _NAMES or target not in _NAMES:
            raise malformed("type")
        if target == "UMFUTURE" and asset not in self._futures_assets:
            raise malformed("asset")
        number = (self._spot.first_id << 10) + len(self.moves)
        if not self._changed(call, source, asset, -amount):
            raise Fault(400, -5013, "Asset transfer failed: insufficient balance.")
        has_arrived = self._changed(call, target, asset, amount)
        assert has_arrived
        self.moves.append(_Moved(number, call.account, asset, amount, kind, call.now_ms))
        return number

    def _changed(self, call: Call, wallet: str, asset: str, amount: Decimal) -> bool:
        if wallet == "UMFUTURE":
            events = self._futures.transfer(call.account, asset, amount, call.now_ns)
            self.elsewhere += events
        else:
            name = call.account if wallet == "MAIN" else margin_name(call.account)
            events = call.state.happen(self._spot.transfer(name, asset, amount, call.now_ns))
        return not isinstance(events[0], ChangeRefused)


def wallet_routes(keyring: Keyring, wallets: Wallets) -> Routes[State]:
    """What `/sapi` has beside margin."""

    def transfer(call: Call) -> spot.Transfer:
        """`POST /sapi/v1/asset/transfer`."""
        given, amount = call.params, amount_of(call)
        return spot.Transfer(tran_id=wallets.move(call, given.text("asset"), amount, given.text("type")))

    def transfers(call: Call) -> dict[str, object]:
        """`GET /sapi/v1/asset/transfer`: of one kind, the newest first."""
        kind = call.params.text("type")
        rows = [row for row in reversed(wallets.moves) if (row.account, row.kind) == (call.account, kind)]
        size = call.params.optional_integer("size", 10)
        first = (max(1, call.params.optional_integer("current", 1)) - 1) * size
        shown = [
            {
                "asset": row.asset,
                "amount": format(row.amount, "f"),
                "type": row.kind,
                "status": "CONFIRMED",
                "tranId": row.number,
                "timestamp": row.ts_ms,
            }
            for row in rows[first : first + size]
        ]
        return {"total": len(rows), "rows": shown}

    def restrictions(call: Call) -> ApiRestrictions:
        """`GET /sapi/v1/account/apiRestrictions`."""
        return api_restrictions(keyring.find(call.api_key))

    answers: dict[tuple[str, str], tuple[Callable[[Call], object], int]] = {
        ("GET", "/sapi/v1/account/apiRestrictions"): (restrictions, 1),
        ("GET", "/sapi/v1/asset/transfer"): (transfers, 1),
        ("GET", "/sapi/v1/capital/config/getall"): (_coins, 10),
        ("GET", "/sapi/v1/asset/tradeFee"): (_trade_fees, 1),
        ("POST", "/sapi/v3/asset/getUserAsset"): (_user_assets, 5),
        ("POST", "/sapi/v1/asset/get-funding-asset"): (_nothing, 1),
        ("GET", "/sapi/v1/account/status"): (lambda _call: {"data": "Normal"}, 1),
        ("GET", "/sapi/v1/account/info"): (_account_info, 1),
        ("GET", "/sapi/v1/account/apiTradingStatus"): (_trading_status, 1),
        ("GET", "/sapi/v1/bnbBurn"): (_burn, 1),
        ("POST", "/sapi/v1/bnbBurn"): (_set_burn, 1),
    }
    return {
        **{place: signed(answer, weight) for place, (answer, weight) in answers.items()},
        ("POST", "/sapi/v1/asset/transfer"): Route(transfer, Security.SIGNED, fixed(900), is_of_account=True),
    }


def api_restrictions(key: ApiKey) -> ApiRestrictions:
    """What a key may do."""
    return ApiRestrictions(
        ip_restrict=key.is_ip_restricted,
        create_time=_KEYS_MADE_MS,
        enable_reading=True,
        enable_withdrawals=key.can_withdraw,
        enable_internal_transfer=key.can_transfer,
        enable_margin=True,
        enable_futures=True,
        permits_universal_transfer=key.can_transfer,
        enable_vanilla_options=False,
        enable_fix_api_trade=False,
        enable_fix_read_only=False,
        enable_spot_and_margin_trading=True,
        enable_portfolio_margin_trading=False,
    )


def amount_of(call: Call) -> Decimal:
    """How much of an asset a request is about.

    Raises Fault for what is nothing (-1130), and for parts of an asset's smallest unit (-1111).
    """
    amount = call.params.decimal("amount")
    if amount <= 0:
        raise malformed("amount")
    if amount != round(amount, _DECIMALS):
        raise Fault(400, -1111, "Parameter 'amount' has too much precision.")
    return amount


def assets_of(state: State) -> list[str]:
    """Every asset that a symbol of the box trades."""
    return list(dict.fromkeys(name for market in state.markets.values() for name in (market.base, market.quote)))


def _coins(call: Call) -> list[dict[str, object]]:
    """`GET /sapi/v1/capital/config/getall`: nothing can be deposited or withdrawn."""
    wallet = call.state.exchange.accounts[call.account]
    return [
        {
            "coin": asset,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "name": asset,
            "free": format(wallet.free_of(asset), "f"),
            "locked": format(wallet.locked_of(asset), "f"),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for asset in assets_of(call.state)
    ]


def _trade_fees(call: Call) -> list[dict[str, object]]:
    """`GET /sapi/v1/asset/tradeFee`, of one symbol or all."""
    fees = call.state.exchange.fees
    maker, taker = format(fees.maker, "f"), format(fees.taker, "f")
    return [{"symbol": name, "makerCommission": maker, "takerCommission": taker} for name in call.symbols()]


def _user_assets(call: Call) -> list[dict[str, object]]:
    """`POST /sapi/v3/asset/getUserAsset`: what there is of one asset, or of all."""
    wallet, only = call.state.exchange.accounts[call.account], call.params.get("asset")
    return [
        {
            "asset": asset,
            "free": format(wallet.free_of(asset), "f"),
            "locked": format(wallet.locked_of(asset), "f"),
            "freeze": "0",
            "withdrawing": "0",
            "ipoable": "0",
            "btcValuation": "0",
        }
        for asset in wallet.assets
        if only in ("", asset) and wallet.total(asset) > _ZERO
    ]


def _nothing(_call: Call) -> list[object]:
    return []


def _account_info(_call: Call) -> dict[str, object]:
    """`GET /sapi/v1/account/info`."""
    return {"vipLevel": 0, "isMarginEnabled": True, "isFutureEnabled": True}


def _trading_status(_call: Call) -> dict[str, object]:
    """`GET /sapi/v1/account/apiTradingStatus`: nobody comes near the rules about behaviour here."""
    return {"data": {"isLocked": False, "plannedRecoverTime": 0, "triggerCondition": {}, "updateTime": 0}}


def _burn(call: Call) -> dict[str, object]:
    """`GET /sapi/v1/bnbBurn`."""
    return {"spotBNBBurn": call.state.exchange.accounts[call.account].burns_bnb, "interestBNBBurn": False}


def _set_burn(call: Call) -> dict[str, object]:
    """`POST /sapi/v1/bnbBurn`: fees of spot and margin in BNB, or in what is received."""
    if call.params.get("spotBNBBurn"):
        wanted = call.params.flag("spotBNBBurn")
        for name in (call.account, margin_name(call.account)):
            if name in call.state.exchange.accounts:
                call.state.exchange.burn_bnb(name, on=wanted)
    return _burn(call)
