"""What strategies and operators ask of the exchange through the gateway: bounded, and always answered in time.

The asker may be gone when the answer comes; then nobody is told, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tradingsys.core.commands import Query
from tradingsys.core.errors import LocalProtocolError, TradingError, VenueError
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.host import Host, reply
from tradingsys.oms.procedure import Turn, ask, until
from tradingsys.wire.codec import encode_error
from tradingsys.wire.messages import ErrorCode

__all__ = ["ask_for", "ask_within", "run_within"]

T = TypeVar("T")

_MAX_UNDER_WAY = 8
_ANSWER_MS = 15_000
_NS_PER_MS = 1_000_000


def ask_within(gateway: Host, query: Query[T], wait_ms: int, then: Callable[[T | TradingError | None], None]) -> None:
    """Ask the exchange; ``then`` gets the answer, the error that prevented one, or None after ``wait_ms``."""
    run_within(gateway, ask(query), wait_ms, then)


def run_within(
    gateway: Host, procedure: Coroutine[Any, Any, T], wait_ms: int, then: Callable[[T | TradingError | None], None]
) -> None:
    """Find something out; ``then`` gets it, the error that prevented it, or None after ``wait_ms``: it ends unheard."""
    is_over = False

    def over(outcome: T | TradingError | None) -> None:
        nonlocal is_over
        if not is_over:
            is_over = True
            then(outcome)

    async def wait_for_answer() -> None:
        try:
            answer = await procedure
        except TradingError as error:
            over(error)
        else:
            over(answer)

    async def wait_no_longer() -> None:
        await until(gateway.now_ns() + wait_ms * _NS_PER_MS)
        over(None)

    gateway.run(wait_for_answer())
    if not is_over:
        gateway.run(wait_no_longer())


def ask_for(
    gateway: Host,
    client: Client,
    request_id: int,
    query: Query[T],
    show: Callable[[T], object],
    *,
    doubt: str = "",
    heard: Callable[[T | TradingError | None], None] = lambda _: None,
) -> None:
    """Ask the exchange on behalf of a client, and reply with what ``show`` makes of the answer.

    ``doubt`` says what to do when no answer came, for requests that change something; ``heard`` is told of the answer,
    the error or (None) that none came in time, even if the client is gone by then. Raises LocalProtocolError (-10007)
    when the client has too many questions under way, or the rate budget has no room for one.
    """
    if client.questions >= _MAX_UNDER_WAY:
        raise LocalProtocolError(
            f"{_MAX_UNDER_WAY} questions to the exchange are under way already: wait for an answer",
            code=ErrorCode.DENIED,
        )
    wait_ms = gateway.venue.question_wait_ms(query)
    if wait_ms:
        raise LocalProtocolError(
            f"over the part of the exchange's rate limit that questions of strategies may use: not asked; "
            f"try again in {-(-wait_ms // 1000)} s",
            code=ErrorCode.DENIED,
        )
    client.questions += 1

    def then(outcome: T | TradingError | None) -> None:
        client.questions -= 1
        heard(outcome)
        if client.peer not in gateway.clients:
            return
        if outcome is None or isinstance(outcome, TradingError):
            client.peer.write(encode_error(request_id, *_failure(outcome, doubt)))
        else:
            reply(client, request_id, show(outcome))

    turn = Turn.READING if client.is_operator else Turn.STRATEGIES
    run_within(gateway, ask(query, turn), _ANSWER_MS, then)


def _failure(error: TradingError | None, doubt: str) -> tuple[int, str]:
    """Code and words of what went wrong; None is an answer that did not come in time."""
    todo = (doubt or "ask again") if error is None or error.in_doubt else ""
    if isinstance(error, VenueError):
        return error.code, f"{error.message}; {todo}" if todo else error.message
    why = f"no answer from the exchange: {error or f'waited {_ANSWER_MS // 1000} s'}"
    return ErrorCode.DISCONNECTED, f"{why}; {todo or 'ask again'}"
