"""Which HTTP call is answered by what, who may ask, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic

from msgspec import Struct

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance import params
from tradingsys.sim.faces.binance.call import Call, S
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.limits import Limits
from tradingsys.sim.faces.binance.params import Keyring, Params
from tradingsys.sim.faces.binance.routes import Route, Routes, Security, check_names
from tradingsys.sim.faces.binance.troubles import Asked, Lost
from tradingsys.sim.faces.transport import NO_ANSWER, Reply, Request
from tradingsys.venues.binance.encode import to_bytes

__all__ = ["Manners", "Rest"]

_JSON = {"Content-Type": "application/json"}


class Manners(Struct, frozen=True):
    """How a product answers by HTTP."""

    check_time: Callable[[Params, int], None]
    """Raises Fault for a timestamp that is too old, or too far ahead, of a time in ms."""
    asked: Callable[[Request], Asked | None]
    """What a request wants with an order."""
    no_route: Callable[[Request], Fault]
    """The answer where there is none."""
    body: Callable[[Fault, Request, int], object]
    """The body of an error."""
    tells_retry_after: bool = False


class Rest(Generic[S]):
    """Answers HTTP requests."""

    def __init__(
        self, state: S, keyring: Keyring, routes: Routes[S], manners: Manners, weights: Limits | None = None
    ) -> None:
        """``weights`` counts what requests weigh, when they do not weigh on ``state.limits``."""
        self._state = state
        self._weights = weights or state.limits
        self._keyring = keyring
        self._routes = routes
        self._manners = manners

    def answers(self, path: str) -> bool:
        """Whether there is anything at a path."""
        return any(known == path for _, known in self._routes)

    def answer(self, request: Request, now_ns: int) -> Reply:
        """The reply, whatever the request; its effects wait in ``state.happened``."""
        now_ms = ms(now_ns)
        headers: dict[str, str] = {}
        route = self._routes.get((request.method, request.path))
        try:
            status, body = 200, to_bytes(self._perform(route, request, now_ns, headers))
        except Fault as fault:
            status, body = fault.status, to_bytes(self._manners.body(fault, request, now_ms))
            headers |= self._wait(fault)
        except VenueError as refused:
            status, body = 400, to_bytes(Fault(400, refused.code, refused.message).body())
        except Lost:
            return Reply(NO_ANSWER, b"")
        used = {} if route is not None and route.is_of_account else self._weights.weight_headers(now_ms)
        return Reply(status, body, {**_JSON, **used, **headers})

    def _wait(self, fault: Fault) -> Mapping[str, str]:
        if fault.wait is None or not self._manners.tells_retry_after:
            return {}
        now_ms, until_ms = fault.wait
        return {"Retry-After": str(max(1, -((now_ms - until_ms) // 1000)))}

    def _perform(self, route: Route[S] | None, request: Request, now_ns: int, headers: dict[str, str]) -> object:
        limits, now_ms = self._weights, ms(now_ns)
        limits.spend_request(now_ms)
        if route is None:
            limits.spend(1, now_ms)
            raise self._manners.no_route(request)
        given = Params.from_http(request.query, request.body)
        if not route.is_free_when_done:
            limits.spend(0 if route.is_of_account else route.weight(given), now_ms)
            return self._answer(route, given, request, now_ns, headers)
        limits.check(now_ms)
        try:
            return self._answer(route, given, request, now_ns, headers)
        except (Fault, VenueError):
            limits.spend(route.weight(given), now_ms)
            raise

    def _spent_of_account(self, account: str, weight: int, now_ms: int) -> dict[str, str]:
        self._weights.spend_of_account(account, weight, now_ms)
        return self._weights.account_headers(account, now_ms)

    def _answer(self, route: Route[S], given: Params, request: Request, now_ns: int, headers: dict[str, str]) -> object:
        now_ms = ms(now_ns)
        call = Call(self._state, given, now_ns)
        if route.security is not Security.NONE:
            owner = self._keyring.find(request.headers.get("x-mbx-apikey"))
            call = Call(self._state, given, now_ns, owner.account, owner.key)
            if route.security is Security.SIGNED:
                self._manners.check_time(given, now_ms)
                params.check_http_signature(owner, given, request.query, request.body)
            if route.is_of_account:
                headers.update(self._spent_of_account(owner.account, route.weight(given), now_ms))
        check_names(given, route.parameters)
        asked = self._manners.asked(request)
        result = self._state.troubles.answer(asked, lambda: route.answer(call), reduces=call.reduces)
        if route.is_order:
            headers.update(self._state.limits.order_headers(call.account, now_ms))
        return result
