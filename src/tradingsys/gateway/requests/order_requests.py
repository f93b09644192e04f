"""Requests about orders. What is refused here was never sent."""

from __future__ import annotations

from decimal import ROUND_UP, Context, Decimal

from msgspec import structs

from tradingsys.core.commands import Command, PlaceOrderList
from tradingsys.core.enums import TradingState
from tradingsys.core.errors import InvalidOrder, LocalProtocolError
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.host import Method, known_instrument, require_login, require_ready, require_trading
from tradingsys.gateway.market.market_words import in_market_words
from tradingsys.gateway.market.symbol_rules import explain_status
from tradingsys.gateway.ordering.order_lists import leg_name, one_symbol, rivals
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.oms.throttle import Share
from tradingsys.wire.codec import decode_params, encode_reply
from tradingsys.wire.messages import (
    AmendParams,
    CancelParams,
    ErrorCode,
    OrderListParams,
    OrderListResult,
    OrderParams,
    OrderResult,
    OrderView,
    Request,
    ResolveParams,
    ResolveResult,
)

__all__ = ["OrderRequests"]

_TO_TRADE = "send, amend or cancel orders"
_MOST_RESOLVED = 100
_MOST_EXECUTIONS = 5_000
"""In one answer to `resolve`, about a mebibyte of them; of a single order all there are."""
_MOST_LOOKED_UP = 8
"""For one answer on the disk, while all others wait."""
_FEW_DIGITS = Context(prec=12, rounding=ROUND_UP)
"""A quotient of more could not be added to other quantities, and taken away again, without leaving something."""
_REFUSALS = frozenset({ErrorCode.INVALID_ORDER, ErrorCode.DENIED})


class OrderRequests:
    """``order``, ``order_list``, ``amend``, ``cancel``, ``resolve``."""

    def __init__(self, gateway: GuardedHost) -> None:
        self._gateway = gateway
        self.methods: dict[str, Method] = {
            "order": self._counted(self._order),
            "order_list": self._counted(self._order_list),
            "amend": self._counted(self._amend),
            "cancel": self._cancel,
            "resolve": self._resolve,
        }

    def _counted(self, method: Method) -> Method:
        """The same, and what is refused counts: a strategy that takes no heed of it is stopped. What other sessions are
        the reason of does not, or they could have it stopped.
        """

        def counted(client: Client, request: Request) -> None:
            try:
                method(client, request)
            except InvalidOrder as error:
                if client.session is not None and error.code in _REFUSALS and not error.for_others:
                    self._gateway.limiting.refused(client.session.id)
                raise

        return counted

    def _order(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        session = require_trading(client, _TO_TRADE).id
        desk = self._started_desk()
        params = decode_params(request, OrderParams)
        key = desk.key(client, params)
        instrument = self._tradable(params.symbol)
        restriction = self._restriction(session, instrument.symbol)
        command, asked = desk.prepare(key, params, instrument, gateway.venue.venue_ms(), restriction)
        reference_px = gateway.market.reference_px(instrument.symbol)
        command = structs.replace(command, terms=in_market_words(command.terms, instrument, reference_px))
        refusal = gateway.venue.refusal(command.terms, instrument, reference_px)
        if refusal:
            raise InvalidOrder(refusal, code=ErrorCode.INVALID_ORDER)
        presumed_qty = self._presumed_qty(session, asked)
        gateway.limiting.order(session, [(command, asked)], presumed_qty)
        self._check_room(session, "order", command)
        desk.commit(session, [(command, asked)], presumed_qty=presumed_qty)
        gateway.venue.send_for(session, command)
        client.peer.write(encode_reply(request.id, OrderResult(command.client_order_id)))

    def _order_list(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        session = require_trading(client, _TO_TRADE).id
        desk = self._started_desk()
        params = decode_params(request, OrderListParams)
        keys = desk.list_keys(client, params)
        instrument = self._tradable(one_symbol(params))
        restriction = self._restriction(session, instrument.symbol)
        prepared = desk.prepare_list(keys, params, instrument, gateway.venue.venue_ms(), restriction)
        reference_px = gateway.market.reference_px(instrument.symbol)
        for number, (command, _) in enumerate(prepared, 1):
            refusal = gateway.venue.refusal(command.terms, instrument, reference_px)
            if refusal:
                raise InvalidOrder(f"{leg_name(params, number)}: {refusal}", code=ErrorCode.INVALID_ORDER)
        together = PlaceOrderList(params.contingency, tuple(command for command, _ in prepared))
        refusal = gateway.venue.list_refusal(together)
        if refusal:
            raise InvalidOrder(refusal, code=ErrorCode.INVALID_ORDER)
        pairs = rivals(params.contingency, [command.client_order_id for command in together.orders])
        first = prepared[0][1] if params.contingency.has_first else None
        gateway.limiting.order(session, prepared, rivals=pairs, first=first)
        self._check_room(session, "order list", together)
        desk.commit(session, prepared, rivals=pairs)
        gateway.venue.send_for(session, together)
        names = [command.client_order_id for command in together.orders]
        client.peer.write(encode_reply(request.id, OrderListResult(names)))

    def _amend(self, client: Client, request: Request) -> None:
        gateway = self._gateway
        session = require_trading(client, _TO_TRADE).id
        desk = self._started_desk()
        params = decode_params(request, AmendParams)
        require_ready(gateway)
        order = desk.own(client, params.client_order_id)
        restriction = self._restriction(session, order.symbol)
        command, terms = desk.amend(order, params, gateway.instruments, gateway.venue.venue_ms(), restriction)
        instrument = self._tradable(command.symbol)
        refusal = gateway.venue.refusal(terms, instrument, gateway.market.reference_px(instrument.symbol))
        if refusal:
            raise InvalidOrder(refusal, code=ErrorCode.INVALID_ORDER)
        gateway.limiting.amend(order, terms)
        self._check_room(session, "amend", command)
        desk.amending(command, terms)
        gateway.venue.send_for(session, command)
        client.peer.write(encode_reply(request.id))

    def _cancel(self, client: Client, request: Request) -> None:
        session = require_trading(client, _TO_TRADE).id
        desk = self._started_desk()
        params = decode_params(request, CancelParams)
        command = desk.cancel(client, params)
        if command is not None:
            if not self._gateway.venue.admits(command, Share.CANCELS):
                raise self._gateway.venue.denial("cancel", command, Share.CANCELS)
            desk.canceling(command)
            self._gateway.venue.send_for(session, command)
        client.peer.write(encode_reply(request.id))

    def _resolve(self, client: Client, request: Request) -> None:
        require_login(client)
        desk = self._started_desk()
        params = decode_params(request, ResolveParams)
        require_ready(self._gateway)
        if len(params.orders) > _MOST_RESOLVED:
            raise LocalProtocolError(
                f"{len(params.orders)} orders are too many for one resolve: {_MOST_RESOLVED} at a time",
                code=ErrorCode.BAD_REQUEST,
            )
        views: list[OrderView] = []
        executions = 0
        recalling = self._gateway.book.recalling
        most_lookups = recalling.lookups + _MOST_LOOKED_UP
        for item in params.orders:
            if recalling.lookups >= most_lookups:
                break
            try:
                view = desk.resolve(client, item, self._gateway.instruments, self._presumed_qty)
            except LocalProtocolError:
                if views:
                    break
                raise
            executions += len(view.fills)
            if views and executions > _MOST_EXECUTIONS:
                break
            views.append(view)
        client.peer.write(encode_reply(request.id, ResolveResult(views), is_bounded=False))

    def _presumed_qty(self, session: int, terms: Terms) -> Decimal:
        """What an order for an amount of the quote asset may come to: at the lowest price that is known.

        At least all that the session holds to reduce: at a worse price a sale takes more, and how much nobody knows.
        """
        if terms.quote_order_qty is None:
            return Decimal(0)
        gateway = self._gateway
        px = gateway.limiting.valuing.lowest_px(terms.symbol, terms.side)
        held = -gateway.book.net(session, terms.symbol) * terms.side.sign
        return max(_FEW_DIGITS.divide(terms.quote_order_qty, px) if px else Decimal(0), held, Decimal(0))

    def _check_room(self, session: int, what: str, command: Command) -> None:
        """Raises LimitExceeded when the exchange's rate limit has no room for it, whoever took that."""
        venue = self._gateway.venue
        if not venue.admits(command):
            is_own = venue.is_filled_by(session, command)
            raise venue.denial(what, command, for_others=not is_own)

    def _started_desk(self) -> OrderDesk:
        desk = self._gateway.orders
        if desk is None:
            raise LocalProtocolError("the gateway is starting", code=ErrorCode.NOT_READY)
        return desk

    def _restriction(self, session: int, symbol: str) -> str:
        """Why only orders that reduce what the session holds may be sent now; empty when any may.

        Raises LocalProtocolError when nothing that may change a position can be sent.
        """
        gateway = self._gateway
        require_ready(gateway)
        if gateway.halting.fault:
            raise InvalidOrder(f"halted: {gateway.halting.fault}", code=ErrorCode.HALTED)
        why = gateway.book.halts.why(session, symbol)
        if gateway.book.halts.state(session, symbol) is TradingState.HALTED:
            raise InvalidOrder(why, code=ErrorCode.HALTED)
        disconnected = gateway.venue.why_not_trading()
        if disconnected:
            raise LocalProtocolError(disconnected, code=ErrorCode.DISCONNECTED)
        return why

    def _tradable(self, symbol: str) -> Instrument:
        instrument = known_instrument(self._gateway, symbol)
        name = instrument.symbol.lower()
        if instrument.symbol not in self._gateway.book.symbols:
            why = self._gateway.recovery.why_not_entered(instrument.symbol)
            if why:
                raise LocalProtocolError(f"{name} cannot be traded yet: {why}", code=ErrorCode.NOT_READY)
            raise InvalidOrder(f"subscribe {name} before trading it", code=ErrorCode.INVALID_ORDER)
        if not instrument.is_trading:
            raise InvalidOrder(
                f"{name} does not trade now: its status is {explain_status(instrument.status)}",
                code=ErrorCode.INVALID_ORDER,
            )
        return instrument
