"""The command ``tradingsys sim``."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Annotated

import msgspec
from cyclopts import Parameter, Token

from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.net.loop import run
from tradingsys.sim import config, server
from tradingsys.sim.chaos import PROFILES, Chaos
from tradingsys.sim.faces.binance_usdm import ORDERS_PER_MINUTE, ApiKey
from tradingsys.sim.flow import pace_at
from tradingsys.sim.recording import Recording
from tradingsys.sim.recording_file import open_recording
from tradingsys.sim.simulator import Simulator
from tradingsys.sim.state import Options

__all__ = ["sim"]

_HOST = "localhost"
_MAX_PORT = 65_533
"""The websockets are on the next two."""
_MAX_SPEED = 1_000
_MIN_ACTIVITY, _MAX_ACTIVITY = 0.001, 100
"""With less nobody would see anybody trade, and with far less the next to act would never come."""
_MAX_SEED = 2**31
_MAX_DEPOSIT = 10**12
_MAX_ORDERS = 10**9
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _amount(type_: type, tokens: Sequence[Token]) -> Decimal:
    del type_
    try:
        amount = Decimal(tokens[0].value)
        is_usable = 0 <= amount <= _MAX_DEPOSIT
    except ArithmeticError:  # no number at all, or NaN
        is_usable = False
    if not is_usable:
        raise ValueError(f"{tokens[0].value} is not an amount between 0 and {_MAX_DEPOSIT}")
    return amount


@Parameter(name="*")
@dataclass(frozen=True)
class Play:
    """What makes the market, and how fast time goes."""

    seed: int | None = None
    "Of the background market, and of chaos; by default another one each time."
    speed: float = 1.0
    "How many times faster than ours the exchange's time runs: funding, bars, listen keys, connections of 24 hours."
    activity: float = 1.0
    "How often background traders act, as a multiple of what is usual: less of it spares the processor."
    replay: Path | None = None
    """Play this recording of futures or of spot, as "tradingsys record" makes them, instead of background traders."""
    symbol: str = ""
    "Which of the recording's symbols to play; by default all whose trading rules are known."
    loop: Annotated[bool, Parameter(negative="")] = False
    "Play the recording again and again."
    chaos: str = "calm"
    """Let things go wrong as this profile says, the same for the same seed; "list" prints all profiles."""

    def check(self) -> None:
        """Raises ConfigError for what cannot be."""
        if self.chaos not in PROFILES:
            raise ConfigError(f"no profile {self.chaos!r}; there are {', '.join(PROFILES)}", key="--chaos")
        if not 0 < self.speed <= _MAX_SPEED:
            raise ConfigError(f"must be above 0 and at most {_MAX_SPEED}", key="--speed")
        if not _MIN_ACTIVITY <= self.activity <= _MAX_ACTIVITY:
            raise ConfigError(f"must be {_MIN_ACTIVITY} to {_MAX_ACTIVITY}", key="--activity")
        if self.replay is None and (self.symbol or self.loop):
            key = "--symbol" if self.symbol else "--loop"
            raise ConfigError("only a recording has that: name one with --replay", key=key)


@Parameter(name="*")
@dataclass(frozen=True)
class Terms:
    """What accounts have and may do, where exchanges do it one way or another."""

    deposit: Annotated[Decimal, Parameter(converter=_amount)] = Decimal(100_000)
    "USDT that each of the account's wallets begins with: futures, spot and margin."
    insurance: Annotated[Decimal, Parameter(converter=_amount)] = Decimal(1_000_000)
    "USDT of the insurance fund, which takes over what nobody buys of a liquidated account. With 0 whoever earned most \
is deleveraged."
    orders_per_minute: int = ORDERS_PER_MINUTE
    "How many orders an account may send; in ten seconds a quarter of them. On spot, which counts ten seconds, a \
twelfth of them."
    foreign_child_ids: Annotated[bool, Parameter(negative="")] = False
    "The order that a conditional order becomes gets a client id of the exchange's making, instead of the conditional \
order's."

    def check(self) -> None:
        """Raises ConfigError for what cannot be."""
        if not 4 <= self.orders_per_minute <= _MAX_ORDERS:
            raise ConfigError(f"must be 4 to {_MAX_ORDERS}", key="--orders-per-minute")


_PLAY, _TERMS = Play(), Terms()


def sim(
    *,
    port: int = 8100,
    write_config: Path | None = None,
    play: Play = _PLAY,
    terms: Terms = _TERMS,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run an exchange in a box: futures, spot and margin with background traders, seen through Binance's protocols.

    It listens on this machine only and forgets everything when it stops. SIGINT or SIGTERM stop it, and so does the end
    of a recording.

    Parameters
    ----------
    port:
        Port of REST and admin calls; websockets are on the next one for futures, on the one after for spot and margin.
        0 chooses free ones.
    write_config:
        Directory for gateways' configurations, usdt.json, spot.json and margin.json, and their key. Files of an earlier
        simulator are used again; those of a real account are never touched.
    json:
        Print the addresses as one line of JSON.
    """
    if play.chaos == "list":
        sys.stdout.write("".join(f"{each.name:9}{each.about}\n" for each in PROFILES.values()))
        return 0
    if not 0 <= port <= _MAX_PORT:
        raise ConfigError(f"must be 0 to {_MAX_PORT}", key="--port")
    play.check()
    terms.check()
    recording = None if play.replay is None else open_recording(play.replay, symbol=play.symbol.upper(), loop=play.loop)
    keys = _keys(write_config)
    seed = secrets.randbelow(_MAX_SEED) if play.seed is None else play.seed

    def make(now_ns: int) -> Chaos:
        return Chaos(_box(play, terms, seed, recording, keys, now_ns), PROFILES[play.chaos], seed, now_ns)

    told = _Announcement(write_config, seed, recording, play.chaos, json)
    run(_serve(make, port, play.speed, told.write))
    return 0


def _box(
    play: Play, terms: Terms, seed: int, recording: Recording | None, keys: Sequence[ApiKey], now_ns: int
) -> Simulator:
    return Simulator(
        now_ns=now_ns,
        accounts={config.ACCOUNT: {"USDT": terms.deposit}},
        keys=keys,
        flow=Random(seed),
        recording=recording,
        pace=play.activity * pace_at(play.speed),
        options=Options(child_keeps_client_id=not terms.foreign_child_ids, insurance=terms.insurance),
        orders_per_minute=terms.orders_per_minute,
    )


@dataclass(frozen=True)
class _Announcement:
    """What is said once the box listens: where it is, and what plays there."""

    directory: Path | None
    seed: int
    recording: Recording | None
    chaos: str
    as_json: bool

    def write(self, urls: server.SimUrls) -> None:
        """To the terminal; gateways' configurations to their directory."""
        path = None if self.directory is None else config.write_config(self.directory, urls)
        market = f"market seed {self.seed}" if self.recording is None else f"playing {self.recording.name}"
        if self.chaos != "calm":
            market += f", chaos {self.chaos} with seed {self.seed}"
        as_json = self.as_json
        sys.stdout.write(_as_json(urls, self.seed, path, self.recording) if as_json else _as_text(urls, market, path))
        sys.stdout.flush()


def _keys(write_config: Path | None) -> list[ApiKey]:
    """The key that every box knows, and the one that the gateway's configuration names."""
    keys = [config.public_key()]
    if write_config is None:
        return keys
    try:
        return [*keys, config.read_or_make_key(write_config)]
    except OSError as error:
        raise ConfigError(
            f"{write_config} cannot be used: {error.strerror or error}",
            key="--write-config",
            hint="name a directory that you may write to",
        ) from None


async def _serve(
    make: Callable[[int], Chaos], port: int, speed: float, announce: Callable[[server.SimUrls], None]
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
    try:
        running = await server.start(make, host=_HOST, port=port, speed=speed)
    except OSError as error:
        ports = f"ports {port} to {port + 2}" if port else "three free ports"
        reason = error.strerror or str(error)
        raise TradingError(f"cannot listen on {ports} ({reason}): choose others with --port=N") from None
    running.on_over = stopping.set
    try:
        announce(running.urls)
        await stopping.wait()
    finally:
        await running.close()
    if isinstance(running.simulator, Chaos) and running.simulator.summary:
        sys.stderr.write(f"tradingsys: {running.simulator.summary}\n")
    if running.simulator.is_over:
        sys.stderr.write("tradingsys: the recording is over; --loop plays it again and again\n")


def _as_json(urls: server.SimUrls, seed: int, path: Path | None, recording: Recording | None) -> str:
    facts: dict[str, object] = {
        "rest": urls.rest,
        "streams": urls.streams,
        "ws_api": urls.ws_api,
        "spot_streams": urls.spot_streams,
        "spot_ws_api": urls.spot_ws_api,
        "admin": urls.admin,
        "seed": seed,
        "config": None if path is None else str(path),
        "recording": None if recording is None else {"file": recording.name, "symbols": recording.symbols},
    }
    return msgspec.json.encode(facts).decode() + "\n"


def _as_text(urls: server.SimUrls, market: str, path: Path | None) -> str:
    lines = [
        f"An exchange in a box: Binance's protocols of futures, spot and margin, {market}",
        f"  REST     {urls.rest}",
        f"  futures  {urls.streams}, WS-API {urls.ws_api}",
        f"  spot     {urls.spot_streams}, WS-API {urls.spot_ws_api}",
        f"  admin    {urls.admin}/status",
        '  key      "sim" with the HMAC secret "sim"',
    ]
    if path is not None:
        lines.append(f"  config   {path}: start a gateway with: tradingsys usdt -c={path}")
        others = (path.parent / name for name in ("spot.json", "margin.json"))
        lines += [f"           {other}: tradingsys spot -c={other}" for other in others]
    lines.append("Ctrl-C stops it; it forgets everything then.")
    return "\n".join(lines) + "\n"
