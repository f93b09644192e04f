"""Checks of the exchange: reachable, clocks, the key and what it may do, the account's modes, symbols."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

from tradingsys.cli.asker import Asker
from tradingsys.cli.doctor.findings import Finding, fine, problem, warning
from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    InstrumentsQuery,
    MarginStateQuery,
    Permissions,
    PermissionsQuery,
    TimeQuery,
    VenueRules,
)
from tradingsys.core.errors import AuthError, Banned, LocalProtocolError, RateLimited, TradingError, TransportError
from tradingsys.core.instrument import plain
from tradingsys.gateway.configuration.config import Config, Environment
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.net.ws import Connection, connect
from tradingsys.venues.auth import Signer
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.products import PRODUCTS
from tradingsys.venues.protocol import Stream

__all__ = ["exchange_checks", "left_alone"]

_SAMPLES = 3
_PATIENCE_S = 10.0
_SKEW_WARNING_MS = 1_000
_SKEW_PROBLEM_MS = 60_000
_UNCERTAIN_MS = 1_000
"""Above that the gateway does not trade: it could not tell whether an order arrived in time."""
_TRADING = "TRADING"
_CHECK_ADDRESS = "check network, firewall and urls; a proxy is not used"
_WAIT = "wait; every request meanwhile makes it worse"
_MANAGE = "in the exchange's API management"


async def exchange_checks(
    config: Config, product: ProductName, urls: Endpoints, signer: Signer, owner: str
) -> AsyncIterator[Finding]:
    """One finding after the other; what cannot be checked because of an earlier problem is left out.

    ``owner`` is the account whose book ``db`` is, empty when there is none.
    """
    known = PRODUCTS[product]
    asker = Asker(BinanceProtocol(known, urls, config.apikey, signer))
    try:
        try:
            for _ in range(_SAMPLES):
                await asker.ask(TimeQuery())
        except TradingError as error:
            yield _unreachable(urls.rest, error, config)
            return
        yield fine("rest", f"{urls.rest} answers")
        yield _clock(*asker.skew_ms())
        async for finding in _account(asker, config, product, owner):
            yield finding
        async for finding in _symbols(asker, config.symbols):
            yield finding
        async for finding in _order_channel(asker, product, urls):
            yield finding
        symbol = (config.symbols or ("btcusdt",))[0].upper()
        market = BinanceMarket(known, urls)
        routes = {market.channel_of(stream): stream for stream in (Stream(symbol, "bbo"), Stream(symbol, "trade"))}
        for route, stream in routes.items():
            yield await _stream(market, route, stream)
    finally:
        await asker.close()


def left_alone(url: str, left_ms: int) -> Finding:
    """Nothing is asked while that would lengthen a ban."""
    text = f"{url}: not asked; it said that it wants to be left alone, for another {-(-left_ms // 1000)} s"
    return problem("rest", text, _WAIT)


def _unreachable(url: str, error: TradingError, config: Config) -> Finding:
    if isinstance(error, RateLimited | Banned):
        return problem("rest", f"{url}: {error}", _WAIT)
    is_sim = config.environment is Environment.SIM
    if isinstance(error, TransportError) and not error.in_doubt:
        fix = "start it: tradingsys sim" if is_sim else _CHECK_ADDRESS
        return problem("rest", f"{url} cannot be reached: {error}", fix)
    served = "the simulator's there (tradingsys sim --write-config writes them)" if is_sim else "the exchange's"
    fix = f"wait and try again: there is trouble at the other end; if it lasts, see whether urls are {served}"
    return problem("rest", f"{url} was reached, but does not serve: {error}", fix)


def _clock(ahead_ms: int, uncertainty_ms: int) -> Finding:
    way = "ahead of" if ahead_ms > 0 else "behind"
    text = f"this machine is {abs(ahead_ms) / 1000:.3f} s {way} the exchange (± {uncertainty_ms} ms)"
    fix = "synchronise it: systemctl enable --now systemd-timesyncd, or chrony"
    if uncertainty_ms > _UNCERTAIN_MS:
        return problem("clock", f"{text}: too uncertain to trade", "mend the network: an answer takes seconds")
    if abs(ahead_ms) - uncertainty_ms >= _SKEW_PROBLEM_MS:
        return problem("clock", f"{text}: logs and records would be dated wrongly", fix)
    if abs(ahead_ms) - uncertainty_ms >= _SKEW_WARNING_MS:
        return warning("clock", f"{text}; orders are stamped with the exchange's time all the same", fix)
    return fine("clock", text)


async def _account(asker: Asker, config: Config, product: ProductName, owner: str) -> AsyncIterator[Finding]:
    is_live = config.environment is Environment.LIVE
    try:
        mode = await asker.ask(AccountModeQuery())
    except AuthError as error:
        fix = f"compare apikey and key file with what is registered {_MANAGE}, and the addresses it may be used from"
        yield problem("api-key", f"refused: {error}", fix)
        return
    except TradingError as error:
        yield problem("api-key", f"could not be tried: {error}", "mend what the error names, then try again")
        return
    yield fine("api-key", f"valid, account {mode.account or 'without a name'}")
    if owner and mode.account and mode.account != owner:
        forgets = "; a simulator forgets its account when it stops" if config.environment is Environment.SIM else ""
        text = f"{config.db}: holds the book of {owner}, and the API key is of {mode.account}{forgets}"
        yield problem("book", text, "move the file away, or name another with db")
    async for finding in _permissions(asker, product, can_trade=mode.can_trade, is_live=is_live):
        yield finding
    if product is ProductName.USDM:
        for finding in _modes(mode):
            yield finding
    if product is ProductName.MARGIN:
        yield await _margin(asker)


def _modes(mode: AccountMode) -> Iterator[Finding]:
    """Settings of a futures account."""
    if mode.hedge_mode:
        yield problem(
            "position-mode", "hedge mode", "close positions and orders, then choose one-way mode in the preferences"
        )
    else:
        yield fine("position-mode", "one-way")
    if mode.multi_asset:
        yield problem("asset-mode", "multi-assets", "choose single-asset mode in the exchange's preferences")
    else:
        yield fine("asset-mode", "single-asset")


async def _margin(asker: Asker) -> Finding:
    """Whether there is a margin account, and how far it is from a margin call."""
    try:
        state = await asker.ask(MarginStateQuery())
    except TradingError as error:
        fix = "open a cross margin account at the exchange, and transfer collateral to it"
        return problem("margin", f"the cross margin account cannot be read: {error}", fix)
    text = f"level {plain(state.level)}; margin call at {plain(state.margin_call_bar)}, liquidation at "
    text += plain(state.liquidation_bar)
    if state.level <= state.normal_bar:
        return warning("margin", text, "repay debts, or add collateral")
    return fine("margin", text)


async def _permissions(asker: Asker, product: ProductName, *, can_trade: bool, is_live: bool) -> AsyncIterator[Finding]:
    allowed = Permissions(can_trade)
    unknown = ""
    try:
        allowed = await asker.ask(PermissionsQuery())
    except TradingError as error:
        unknown = f" ({error})"
    if allowed.can_trade and can_trade:
        yield fine("can-trade", f"the key may trade {product.trade}")
    else:
        fix = f"enable {product.trade} for it {_MANAGE}"
        yield problem("can-trade", f"the key may not trade {product.trade}", fix)
    for what, may, fix in (
        ("withdraw", allowed.can_withdraw, "whoever steals it takes the money: disable withdrawals"),
        ("transfer", allowed.can_transfer, "it could move money between accounts: disable transfers"),
    ):
        check = f"no-{what}"
        if may is None and not is_live:
            yield fine(check, "this environment does not tell, and has no money")
        elif may is None:
            yield warning(check, f"whether the key may {what} could not be found out{unknown}", f"look {_MANAGE}")
        elif may:
            yield problem(check, f"the key may {what}", f"{fix} {_MANAGE}")
        else:
            yield fine(check, f"the key may not {what}")
    if allowed.is_ip_restricted is False and is_live:
        fix = f"restrict it to this machine's address {_MANAGE}"
        yield warning("ip-restriction", "the key works from any address", fix)
    elif allowed.is_ip_restricted:
        yield fine("ip-restriction", "the key works from listed addresses only")


async def _symbols(asker: Asker, configured: tuple[str, ...]) -> AsyncIterator[Finding]:
    if not configured:
        return
    try:
        rules: VenueRules = await asker.ask(InstrumentsQuery())
    except TradingError as error:
        yield problem("symbols", f"could not be asked: {error}", "try again")
        return
    known = {instrument.symbol: instrument.status for instrument in rules.instruments}
    unknown = [symbol for symbol in configured if symbol.upper() not in known]
    resting = [symbol for symbol in configured if known.get(symbol.upper(), _TRADING) != _TRADING]
    if unknown:
        yield problem("symbols", f"the exchange does not have {', '.join(unknown)}", "correct symbols")
    if resting:
        states = ", ".join(f"{symbol} ({known[symbol.upper()]})" for symbol in resting)
        yield warning("symbols", f"not trading now: {states}", "orders on them will be refused")
    if not unknown and not resting:
        yield fine("symbols", f"{', '.join(configured)}: trading")


async def _order_channel(asker: Asker, product: ProductName, urls: Endpoints) -> AsyncIterator[Finding]:
    try:
        trading, user = await asker.connect(_PATIENCE_S)
    except TimeoutError:
        yield problem("ws-api", f"{urls.ws_api} or the account's stream stayed silent", _CHECK_ADDRESS)
        return
    events = f"{urls.streams}/private" if product is ProductName.USDM else urls.ws_api
    compare = f"compare the key with the one {_MANAGE}"
    if trading.is_up and product is ProductName.MARGIN:
        yield fine("orders", f"{urls.rest}: orders go by REST, which is all that margin accounts have")
    elif trading.via == "ws-api":
        yield fine("ws-api", f"{urls.ws_api}: orders can be sent")
    elif trading.is_up:
        yield warning("ws-api", f"{urls.ws_api}: {trading.reason}; orders would go by REST, slower", _CHECK_ADDRESS)
    else:
        yield problem("ws-api", f"{urls.ws_api}: {trading.reason}", compare)
    if user.is_up:
        yield fine("user-stream", f"{events}: the account's events arrive")
    else:
        fix = _CHECK_ADDRESS if trading.is_up else compare
        yield problem("user-stream", f"{events}: {user.reason}", fix)


async def _stream(market: BinanceMarket, route: str, stream: Stream) -> Finding:
    check, listener, url = f"{route}-stream", _Listener(), market.url_of(route).removesuffix("/stream")
    try:
        conn = await connect(market.url_of(route), listener, timeout_s=_PATIENCE_S)
    except (TransportError, LocalProtocolError) as error:
        return problem(check, f"{url}: {error}", _CHECK_ADDRESS)
    try:
        conn.send(market.subscribe([stream], 1))
        async with asyncio.timeout(_PATIENCE_S):
            refusal = await listener.acknowledged
    except TimeoutError:
        return problem(check, f"{url}: a subscription got no answer", _CHECK_ADDRESS)
    finally:
        conn.abort()
    if refusal:
        return problem(check, f"{url}: {refusal}", _CHECK_ADDRESS)
    return fine(check, f"{url}: takes subscriptions")


class _Listener:
    """Waits for the answer to the first request."""

    def __init__(self) -> None:
        self.acknowledged: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def opened(self, conn: Connection) -> None:
        """See `WsHandler`."""

    def frame(self, data: bytes, is_text: bool) -> None:  # noqa: ARG002 - the exchange speaks text
        """See `WsHandler`."""
        try:
            message = json.loads(data)
        except ValueError:
            return
        if isinstance(message, dict) and "stream" not in message:
            self._answer("" if message.get("result", 0) is None else f"refused: {data[:200].decode(errors='replace')}")

    def closed(self, reason: str) -> None:
        """See `WsHandler`."""
        self._answer(reason)

    def _answer(self, text: str) -> None:
        if not self.acknowledged.done():
            self.acknowledged.set_result(text)
