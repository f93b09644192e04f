"""Subscribes, writes down what arrives, and begins again whenever a connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from tradingsys.cli.record.streams import Recorded
from tradingsys.cli.record.tape_file import TapeFile
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.io import HttpFailed, HttpRequest
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.net.clock import Clock
from tradingsys.net.http import HttpClient
from tradingsys.net.ws import Connection, connect
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.messages import ControlRequest
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.products import PRODUCTS

__all__ = ["Recorder"]

# The deepest books there are.
_OF_SPOT = "/api/v3/depth?symbol={}&limit=5000"
_SNAPSHOT = {
    ProductName.USDM: "/fapi/v1/depth?symbol={}&limit=1000",
    ProductName.SPOT: _OF_SPOT,
    ProductName.MARGIN: _OF_SPOT,
}
_EVENT = b'{"stream":"'
_WRITE_EVERY_S = 0.5
_PER_REQUEST = 100
_BETWEEN_REQUESTS_S = 0.25
_FIRST_EVENT_S = 2.0
"""So long a quiet book's first change is waited for before its snapshot is asked for all the same."""
_SNAPSHOT_TRIES = 12
_FAREWELL_S = 1.0
"""How long the exchange may take to say goodbye."""
_LONGEST_PAUSE_S = 30.0
_HEALTHY_S = 60.0
_SHUT_OUT = (418, 429)


class _Update(Struct, rename="camel"):
    first_id: int = msgspec.field(name="U")


class _Event(Struct):
    data: _Update


class _Book(Struct, rename="camel"):
    last_update_id: int


_read_event = msgspec.json.Decoder(_Event).decode
_read_book = msgspec.json.Decoder(_Book).decode
_read_any = msgspec.json.Decoder().decode


class Recorder:
    """Records streams of one exchange into one file."""

    def __init__(
        self,
        streams: Sequence[Recorded],
        product: ProductName,
        urls: Endpoints,
        tape: TapeFile,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self._product = product
        self._streams, self._urls, self._tape, self._clock, self._tell = streams, urls, tape, clock, tell
        self._http = HttpClient()
        self.counts: Counter[str] = Counter()
        """Messages by the exchange's name of their stream."""
        self.snapshots = 0
        self.reconnects = 0
        # A snapshot does not say what it is of. With several books in one file each needs the symbol beside it.
        books = [stream for stream in streams if stream.is_diff_depth]
        self._names_snapshots = len({stream.symbol for stream in books}) > 1

    async def run(self) -> None:
        """Record until canceled.

        Raises OSError when the file cannot be written, and VenueError when the exchange refuses a subscription.
        """
        routes = dict.fromkeys(stream.route for stream in self._streams)
        try:
            async with asyncio.TaskGroup() as group:
                for route in routes:
                    streams = [stream for stream in self._streams if stream.route == route]
                    group.create_task(self._follow(route, streams))
                group.create_task(self._write())
        except BaseExceptionGroup as errors:
            raise _first_of(errors) from None
        finally:
            await self._http.close()

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_EVERY_S)
            # Compressing must not delay the moment at which a message is seen.
            await asyncio.to_thread(self._tape.write)

    async def _follow(self, route: str, streams: list[Recorded]) -> None:
        url = BinanceMarket(PRODUCTS[self._product], self._urls).url_of(route)
        pause_s = _WRITE_EVERY_S
        while True:
            listener = _Listener(self)
            began_ns = self._clock.monotonic_ns()
            try:
                conn = await connect(url, listener)
                reason = await self._listen(conn, listener, streams)
            except TransportError as error:
                reason = str(error)
            if self._clock.monotonic_ns() - began_ns > _HEALTHY_S * 1e9:
                pause_s = _WRITE_EVERY_S
            self.reconnects += 1
            self._tell(f"{route}: {reason}; connecting again in {pause_s:.1f} s")
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)

    async def _listen(self, conn: Connection, listener: _Listener, streams: list[Recorded]) -> str:
        """Why the connection ended."""
        async with asyncio.TaskGroup() as group:
            snapshots = [
                group.create_task(self._snapshot(stream, listener)) for stream in streams if stream.is_diff_depth
            ]
            try:
                for start in range(0, len(streams), _PER_REQUEST):
                    names: list[str | bool] = [stream.name for stream in streams[start : start + _PER_REQUEST]]
                    request = ControlRequest(method="SUBSCRIBE", params=names, id=start // _PER_REQUEST + 1)
                    conn.send(msgspec.json.encode(request))
                    await asyncio.sleep(_BETWEEN_REQUESTS_S)
                return await listener.gone
            finally:
                for task in snapshots:
                    task.cancel()
                conn.close()
                # The loop may end next, and a connection must not outlive it.
                try:
                    await asyncio.wait_for(listener.ended.wait(), _FAREWELL_S)
                except TimeoutError:
                    conn.abort()

    def arrived(self, data: bytes) -> str | None:
        """Write a message down; None when it belongs to no stream."""
        recv_ns = self._clock.wall_ns()
        if not data.startswith(_EVENT):
            return None
        self._tape.take(recv_ns, data)
        name = data[len(_EVENT) : data.find(b'"', len(_EVENT))].decode(errors="replace")
        self.counts[name] += 1
        return name

    async def _snapshot(self, stream: Recorded, listener: _Listener) -> None:
        """The book that the stream's changes begin from: not older than the first of them."""
        first_id = await listener.first_update_of(stream.name)
        problem = ""
        for attempt in range(_SNAPSHOT_TRIES):
            url = self._urls.rest + _SNAPSHOT[self._product].format(stream.symbol)
            reply = await self._http.send(HttpRequest(0, "GET", url, {}))
            wait_s = min(_LONGEST_PAUSE_S, 0.25 * 2**attempt)
            if isinstance(reply, HttpFailed):
                problem = reply.reason
            elif reply.status != 200:
                problem = f"{reply.status} {reply.body[:200].decode(errors='replace')}"
                if reply.status in _SHUT_OUT:
                    wait_s = max(wait_s, float(reply.headers.get("retry-after", _LONGEST_PAUSE_S)))
            elif self._is_usable(reply.body, first_id):
                self._keep_snapshot(stream, reply.body)
                return
            else:
                problem = "the exchange's snapshot is older than its stream"
            await asyncio.sleep(wait_s)
        self._tell(f"{stream.name}: no snapshot of the book, so its changes cannot be played: {problem}")

    def _is_usable(self, body: bytes, first_id: int) -> bool:
        try:
            return _read_book(body).last_update_id >= first_id
        except msgspec.DecodeError:
            return False

    def _keep_snapshot(self, stream: Recorded, body: bytes) -> None:
        if self._names_snapshots:
            body = b'{"stream":"%s@depthSnapshot","data":%s}' % (stream.symbol.lower().encode(), body)
        self._tape.take(self._clock.wall_ns(), body)
        self.snapshots += 1


def _first_of(errors: BaseExceptionGroup) -> BaseException:
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


class _Listener:
    """One connection."""

    def __init__(self, recorder: Recorder) -> None:
        loop = asyncio.get_running_loop()
        self._recorder = recorder
        self._first: dict[str, asyncio.Future[int]] = {}
        self.gone: asyncio.Future[str] = loop.create_future()
        """Why the connection is of no use any more; canceled with whoever waits for it."""
        self.ended = asyncio.Event()

    async def first_update_of(self, name: str) -> int:
        """The id that the first change of this connection begins with; 0 when none comes."""
        first = self._first.setdefault(name, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.wait_for(first, _FIRST_EVENT_S)
        except TimeoutError:
            return 0

    def opened(self, conn: Connection) -> None:
        """See `WsHandler`."""

    def frame(self, data: bytes, is_text: bool) -> None:  # noqa: ARG002 - the exchange speaks text
        """See `WsHandler`."""
        name = self._recorder.arrived(data)
        if name is None:
            self._control(data)
            return
        first = self._first.get(name)
        if first is not None and not first.done():
            with contextlib.suppress(msgspec.DecodeError):
                first.set_result(_read_event(data).data.first_id)

    def closed(self, reason: str) -> None:
        """See `WsHandler`."""
        self.ended.set()
        if not self.gone.done():
            self.gone.set_result(reason)

    def _control(self, data: bytes) -> None:
        try:
            reply = _read_any(data)
        except msgspec.DecodeError:
            return
        error = (reply.get("error") or ("code" in reply and reply)) if isinstance(reply, dict) else None
        if isinstance(error, dict) and not self.gone.done():
            self.gone.set_exception(VenueError(int(error.get("code", 0)), str(error.get("msg", ""))))
