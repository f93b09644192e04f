"""Requests of operators that stop trading, and let it go on."""

from __future__ import annotations

from msgspec import structs

from tradingsys.core.enums import TradingState
from tradingsys.core.errors import LocalProtocolError, StoreError
from tradingsys.core.instrument import plain
from tradingsys.core.records import HaltCause, HaltDuty, HaltRecord, Scope
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, check_session, known_instrument, require_ready
from tradingsys.gateway.requests.operator_views import session_orders
from tradingsys.gateway.stops.clearing import Clearing
from tradingsys.oms.halts import by_operator, printable, wanted
from tradingsys.wire.codec import decode_params, encode_reply
from tradingsys.wire.messages import ErrorCode, Request
from tradingsys.wire.operator import HaltParams, ScopeParams, StoppingParams, StoppingView, TradedAway

__all__ = ["StopDesk"]

_SHOWN = 50


class StopDesk:
    """``op.halt``, ``op.cancel``, ``op.flatten``, ``op.stopping`` and ``op.resume``."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway
        self.methods: dict[str, Method] = {
            "op.halt": self._halt,
            "op.cancel": self._cancel,
            "op.flatten": self._flatten,
            "op.stopping": self._stopping,
            "op.resume": self._resume,
        }

    def _halt(self, client: Client, request: Request) -> None:
        params = decode_params(request, HaltParams)
        state, duty = wanted(reducing=params.reducing, keep_orders=params.keep_orders)
        self._impose(client, request, self._scope(params.session_id, params.symbol), state, params.reason, duty)

    def _flatten(self, client: Client, request: Request) -> None:
        params = decode_params(request, ScopeParams)
        scope, duty = self._scope(params.session_id, params.symbol), HaltDuty.FLATTEN
        self._impose(client, request, scope, TradingState.HALTED, params.reason, duty)

    def _cancel(self, client: Client, request: Request) -> None:
        params = decode_params(request, ScopeParams)
        scope = self._scope(params.session_id, params.symbol)
        require_ready(self._gateway)
        self._impose(client, request, scope, TradingState.ACTIVE, params.reason, HaltDuty.CANCEL)

    def _stopping(self, client: Client, request: Request) -> None:
        clearing = self._gateway.stopping.numbered(decode_params(request, StoppingParams).number)
        if clearing is None:
            raise LocalProtocolError("it was lifted meanwhile, or was long ago", code=ErrorCode.BAD_REQUEST)
        client.peer.write(encode_reply(request.id, self._view(clearing)))

    def _resume(self, client: Client, request: Request) -> None:
        gateway, params = self._gateway, decode_params(request, ScopeParams)
        scope = Scope(params.session_id, params.symbol.upper())
        if scope.symbol and not gateway.book.halts.of(scope):
            known_instrument(gateway, scope.symbol)
        if scope == Scope() and gateway.store.kill_file() is not None:
            raise LocalProtocolError(
                f"{gateway.db}.kill is there: as long as it is, the account stays halted; remove it first",
                code=ErrorCode.BAD_REQUEST,
            )
        gateway.limiting.resumes(scope)
        if not gateway.halting.lift(scope, reason=printable(params.reason)):
            how = gateway.book.commands.line("status")
            raise LocalProtocolError(f"{scope} is not halted: `{how}` lists what is", code=ErrorCode.BAD_REQUEST)
        client.peer.write(encode_reply(request.id))

    def _impose(
        self, client: Client, request: Request, scope: Scope, state: TradingState, reason: str, duty: HaltDuty
    ) -> None:
        """Restrict first, durably; what is to be done about it begins before the answer."""
        gateway = self._gateway
        cause = HaltCause.CANCEL if state is TradingState.ACTIVE else HaltCause.OPERATOR
        gateway.halting.impose(scope, state, cause, by_operator(reason), duty)
        if gateway.halting.is_final:
            raise StoreError(gateway.halting.fault)
        clearing = gateway.stopping.carry_out(scope, cause)
        view = self._view(clearing) if clearing is not None else StoppingView(0, str(scope), None)
        row = next((row for row in gateway.book.halts.of(scope) if row.cause is cause), None)
        if row is not None and (row.state, row.duty) != (state, duty):
            view = structs.replace(view, stands=self._stands(row))
        client.peer.write(encode_reply(request.id, view))

    def _stands(self, row: HaltRecord) -> str:
        """What was there before allows less than what was asked for now, or does more."""
        does = {
            HaltDuty.FLATTEN: ", and what is held is still traded away",
            HaltDuty.CANCEL: ", and orders are canceled",
            HaltDuty.REDUCE: ", and orders that could add are canceled",
        }
        ends = self._gateway.book.commands.line(f"resume {row.scope.words}")
        return f"{row.scope} stays {row.state}{does.get(row.duty, '')}, as was asked for before: `{ends}` ends that"

    def _view(self, clearing: Clearing) -> StoppingView:
        gateway, left = self._gateway, clearing.left()
        traded = sorted(clearing.traded().items())[:_SHOWN]
        waits = "" if gateway.is_ready else f"the gateway is not ready ({gateway.text}): it begins as soon as it is"
        return StoppingView(
            clearing.number,
            str(clearing.scope),
            clearing.is_confirmed,
            clearing.canceled,
            session_orders(left[:_SHOWN]),
            [str(remainder) for remainder in clearing.remainders[:_SHOWN]],
            [TradedAway(session, symbol.lower(), side, plain(qty)) for (session, symbol, side), qty in traded],
            waits or clearing.problem,
        )

    def _scope(self, session: int | None, symbol: str) -> Scope:
        """Raises LocalProtocolError for a session or a symbol that there is not."""
        check_session(session)
        if symbol and symbol.upper() not in self._gateway.book.symbols:
            known_instrument(self._gateway, symbol)
        return Scope(session, symbol.upper())
