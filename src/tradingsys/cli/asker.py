"""Questions to the exchange from a command: the gateway's own protocol and transport, without a gateway."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from typing import TypeVar, cast

from tradingsys.core.commands import Ask, Query
from tradingsys.core.io import CloseWs, HttpRequest, Input, OpenWs, WsFrame
from tradingsys.core.reports import Answer, TradingState, UserStreamState
from tradingsys.gateway.transport import NetTransport
from tradingsys.net.clock import SystemClock
from tradingsys.venues.protocol import Output, VenueProtocol

__all__ = ["Asker"]

T = TypeVar("T")

_MS = 1_000_000


class Asker:
    """Asks one venue, one question after the other or several at once; never sends an order."""

    def __init__(self, protocol: VenueProtocol) -> None:
        self._protocol = protocol
        self._clock = SystemClock()
        self._transport = NetTransport(self._happened)
        self._tokens = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._states: dict[type, asyncio.Future[TradingState | UserStreamState]] = {}

    async def ask(self, query: Query[T]) -> T:
        """The answer. Raises the TradingError that prevented one."""
        token = next(self._tokens)
        answer = self._waiting[token] = asyncio.get_running_loop().create_future()
        self._perform(self._protocol.command(Ask(token, query), self._clock.monotonic_ns()))
        return cast("T", await answer)

    async def connect(self, patience_s: float) -> tuple[TradingState, UserStreamState]:
        """Open the order channel and the account's stream, log on, and tell how each came up.

        Raises TimeoutError when one of them says nothing for so long.
        """
        loop = asyncio.get_running_loop()
        trading, user = loop.create_future(), loop.create_future()
        self._states = {TradingState: trading, UserStreamState: user}
        self._perform(self._protocol.connect(self._clock.monotonic_ns()))
        async with asyncio.timeout(patience_s):
            await asyncio.gather(trading, user)
        return trading.result(), user.result()

    def skew_ms(self) -> tuple[int, int]:
        """How far this machine's clock is ahead of the venue's, and how exactly that is known.

        Only after a `TimeQuery` was answered.
        """
        now_ns = self._clock.monotonic_ns()
        ahead = self._clock.wall_ns() // _MS - self._protocol.clock.now_ms(now_ns)
        return ahead, self._protocol.clock.uncertainty_ms(now_ns)

    async def close(self) -> None:
        """Let go of everything."""
        await self._transport.close()

    def _happened(self, event: Input) -> None:
        self._perform(self._protocol.handle(event, self._clock.monotonic_ns()))

    def _perform(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case OpenWs() | WsFrame() | CloseWs() | HttpRequest():
                    self._transport.perform(output)
                case Answer(token, value, error):
                    answer = self._waiting.pop(token)
                    if answer.done():
                        continue
                    if error is not None:
                        answer.set_exception(error)
                    else:
                        answer.set_result(value)
                case TradingState() | UserStreamState():
                    state = self._states.get(type(output))
                    if state is not None and not state.done():
                        state.set_result(output)
                case _:
                    """What else an account has to tell is no answer."""
