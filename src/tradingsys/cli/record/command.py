"""What ``tradingsys record`` does."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from tradingsys.cli.asker import Asker
from tradingsys.cli.exits import FAILURE, OK
from tradingsys.cli.product import Command, meant_product, simulator
from tradingsys.cli.record.recorder import Recorder
from tradingsys.cli.record.streams import Recorded, parse_streams
from tradingsys.cli.record.tape_file import TapeFile
from tradingsys.core.commands import InstrumentsQuery
from tradingsys.core.errors import ConfigError, TradingError, TransportError
from tradingsys.gateway.configuration.config import Config, Environment, addresses, load
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.net import loop
from tradingsys.net.clock import SystemClock
from tradingsys.venues.auth import HmacSigner
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.products import PRODUCTS

__all__ = ["run", "where"]

_SHOW_EVERY_S = 1.0
_PLAIN_EVERY_S = 60.0


class _Summary(Struct, frozen=True):
    """What was recorded; printed at the end."""

    file: str
    seconds: float
    messages: int
    bytes: int
    """Of messages, before compression."""
    snapshots: int
    reconnects: int
    streams: dict[str, int]


def where(
    config: Path | None, environment: Environment | None, command: Command | None
) -> tuple[ProductName, Endpoints]:
    """Which product to record, and the addresses of the exchange.

    Raises ConfigError when environment and configuration are given, or one that cannot be used.
    """
    if config is not None:
        if environment is not None:
            raise ConfigError("the configuration says it already: leave one out", key="--environment / -c")
        known = load(config)
        meant = meant_product(known, config, command)
        return meant, addresses(known, meant)
    chosen = environment or Environment.LIVE
    product = ProductName.SPOT if command == "spot" else ProductName.USDM
    urls = simulator(product) if chosen is Environment.SIM else None
    return product, addresses(Config(apikey="", local="", environment=chosen, urls=urls), product)


def run(
    names: Sequence[str],
    path: Path,
    of: tuple[ProductName, Endpoints],
    *,
    speed: str,
    duration_s: float | None,
    as_json: bool,
) -> int:
    """Record until stopped; returns the exit code.

    Raises ConfigError for streams or a file that cannot be, TradingError and OSError for what ended it.
    """
    product, urls = of
    streams = parse_streams(names, product, speed)
    return loop.run(_run(streams, path, product, urls, duration_s, as_json=as_json))


async def _run(
    streams: list[Recorded],
    path: Path,
    product: ProductName,
    urls: Endpoints,
    duration_s: float | None,
    *,
    as_json: bool,
) -> int:
    await _check_symbols(streams, product, urls)
    tape = TapeFile(path)
    view = _View(path)
    recorder = Recorder(streams, product, urls, tape, SystemClock(), view.tell)
    began_s = time.monotonic()
    recording = asyncio.create_task(recorder.run())
    stopping = asyncio.create_task(_told_to_stop(duration_s))
    showing = asyncio.create_task(view.keep_showing(recorder, tape, began_s))
    failure: Exception | None = None
    await asyncio.wait({recording, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, showing, recording):
        task.cancel()
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await recording
    except (OSError, TradingError) as error:
        failure = error
    try:
        tape.close()
    except OSError as error:
        failure = failure or error
    view.end()
    seconds = round(time.monotonic() - began_s, 1)
    counts = {stream.name: recorder.counts[stream.name] for stream in streams}
    summary = _Summary(
        str(path), seconds, sum(counts.values()), tape.bytes, recorder.snapshots, recorder.reconnects, counts
    )
    sys.stdout.write(msgspec.json.encode(summary).decode() + "\n" if as_json else _text(summary))
    if failure is not None:
        raise _explained(failure, path)
    silent = [name for name, count in counts.items() if not count]
    if silent:
        sys.stderr.write(f"tradingsys: nothing arrived of {', '.join(silent)}: it is quiet, or no stream\n")
    return OK if summary.messages else FAILURE


async def _check_symbols(streams: list[Recorded], product: ProductName, urls: Endpoints) -> None:
    """The exchange accepts subscriptions of symbols it does not have, and stays silent."""
    wanted = {stream.symbol for stream in streams if stream.symbol}
    # Public questions carry neither key nor signature.
    asker = Asker(BinanceProtocol(PRODUCTS[product], urls, "", HmacSigner("")))
    try:
        rules = await asker.ask(InstrumentsQuery())
    except TransportError as error:
        raise TradingError(f"{urls.rest} cannot be reached: {error}; check network and --environment") from None
    finally:
        await asker.close()
    known = {instrument.symbol for instrument in rules.instruments}
    # Continuous klines are named by pair and kind of contract, composite indices by asset.
    unknown = sorted(symbol for symbol in wanted - known if "_" not in symbol)
    if unknown:
        raise ConfigError(
            f"the exchange does not have {', '.join(unknown).lower()}", hint="write symbols like btcusdt@depth"
        )


async def _told_to_stop(duration_s: float | None) -> None:
    stop = asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has KeyboardInterrupt alone
            running.add_signal_handler(number, stop.set)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), duration_s)


def _explained(failure: Exception, path: Path) -> Exception:
    if isinstance(failure, OSError):
        reason = failure.strerror or str(failure)
        return TradingError(f"{path}: {reason}; make room and record to another file: what it holds can be used")
    return TradingError(f"the exchange refused a subscription: {failure}")


def _text(summary: _Summary) -> str:
    lines = [
        f"{summary.file}: {summary.messages:,} messages, {_size(summary.bytes)} in {summary.seconds:,.0f} s,"
        f" snapshots: {summary.snapshots}, reconnects: {summary.reconnects}"
    ]
    lines += [f"  {name:32} {count:>12,}" for name, count in summary.streams.items()]
    return "\n".join(lines) + "\n"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1_000_000 else f"{count / 1e3:,.1f} kB"


class _View:
    """One line that changes, on a terminal; now and then a line, elsewhere. On standard error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_terminal = sys.stderr.isatty()
        self._is_shown = False

    async def keep_showing(self, recorder: Recorder, tape: TapeFile, began_s: float) -> None:
        """Until canceled."""
        while True:
            await asyncio.sleep(_SHOW_EVERY_S if self._is_terminal else _PLAIN_EVERY_S)
            seconds = int(time.monotonic() - began_s)
            line = f"{seconds // 60}:{seconds % 60:02}  {sum(recorder.counts.values()):,} messages"
            line += f"  {_size(tape.bytes)}  "
            line += "  ".join(f"{name} {count:,}" for name, count in recorder.counts.items())
            self._show(line)

    def tell(self, text: str) -> None:
        """Something that happened."""
        self.end()
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line that changes."""
        if self._is_shown:
            sys.stderr.write("\n")
            self._is_shown = False

    def _show(self, line: str) -> None:
        if not self._is_terminal:
            sys.stderr.write(line + "\n")
        else:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\033[K" + line[:width])
            self._is_shown = True
        sys.stderr.flush()
