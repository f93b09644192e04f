"""Making things go wrong: answers, queries, events and books that fail as the real ones do now and then."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.sim.admin_calls import Answer, Box, Handler, Problem, Row, decode
from tradingsys.sim.faces.binance.faults import NO_CODE
from tradingsys.sim.faces.binance.troubles import Asked, Trouble, Troubles
from tradingsys.sim.faces.transport import Request

__all__ = ["FAULTS"]

_NS_PER_MS = 1_000_000
_LONGEST_MS = 600_000
_MOST = 10_000


class _Faults(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not named stays as it is."""

    answer: Trouble | None = None
    call: Asked = Asked.PLACE
    count: int = 1
    code: int | None = None
    queries_late_ms: int | None = None
    events_late_ms: int | None = None
    events_twice: int | None = None
    lose_change: str | None = None


def _set(box: Box, request: Request, _now_ns: int) -> Answer:
    body = decode(request.body, _Faults)
    troubles = box.face.troubles
    _check("count", body.count, _MOST)
    _check("events_twice", body.events_twice, _MOST)
    for name, value in (("queries_late_ms", body.queries_late_ms), ("events_late_ms", body.events_late_ms)):
        _check(name, value, _LONGEST_MS)
    lost = None if body.lose_change is None else body.lose_change.upper()
    if lost is not None and lost not in box.exchange.venues:
        raise Problem(400, f"no symbol {body.lose_change!r}; there are {', '.join(box.exchange.venues)}")
    if body.answer is Trouble.OVERLOADED and body.call is not Asked.PLACE:
        raise Problem(400, "an overloaded exchange throttles new orders only: leave out call")
    code = _code(body, troubles)
    if body.answer is not None:
        troubles.plan(body.call, body.answer, body.count, code)
    if body.queries_late_ms is not None:
        troubles.queries_late_ns = body.queries_late_ms * _NS_PER_MS
    if body.events_late_ms is not None:
        troubles.events_late_ns = body.events_late_ms * _NS_PER_MS
    if body.events_twice is not None:
        troubles.events_twice = body.events_twice
    return Answer(_row(troubles) if lost is None else {**_row(troubles), "lost_in": box.face.lose_change(lost)})


def _code(body: _Faults, troubles: Troubles) -> int:
    if (body.answer is Trouble.REFUSED) is not (body.code is not None):
        raise Problem(400, "code and the answer refused belong together")
    if body.code is None:
        return NO_CODE
    try:
        troubles.refusal(body.code)
    except KeyError:
        raise Problem(400, f"the exchange has no code {body.code}") from None
    return body.code


def _check(name: str, value: int | None, most: int) -> None:
    if value is not None and not 0 <= value <= most:
        raise Problem(400, f"{name} must be 0 to {most}")


def _get(box: Box, _request: Request, _now_ns: int) -> Answer:
    return Answer(_row(box.face.troubles))


def _row(troubles: Troubles) -> Row:
    return {
        "answers": {
            asked: [str(code or trouble) for trouble, code in planned] for asked, planned in troubles.answers.items()
        },
        "queries_late_ms": troubles.queries_late_ns // _NS_PER_MS,
        "events_late_ms": troubles.events_late_ns // _NS_PER_MS,
        "events_twice": troubles.events_twice,
    }


FAULTS: dict[tuple[str, str], Handler] = {
    ("GET", "/admin/faults"): _get,
    ("POST", "/admin/faults"): _set,
}
"""Calls about what goes wrong."""
