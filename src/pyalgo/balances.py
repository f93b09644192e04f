"""The account's balances, as far as told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct, structs

from pyalgo.requests import Request
from pyalgo.streams import may_help_to_wait
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import BalanceView, Reply, SymbolsParams

__all__ = ["Balances"]

_log = logging.getLogger(__name__)

_QUERY_MS = 30_000


class _Channel(Protocol):
    """The connection that requests go through."""

    now_ms: int

    def request(self, method: str, params: Struct, request: Request) -> None:
        """Write a request."""

    def retry(self, action: Callable[[], None]) -> None:
        """Do something in a moment, if the connection still stands then."""


class Balances:
    """Keeps them up to date: pushes tell what changed of the wallets, but not what a margin account owes."""

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel
        self.by_asset: dict[str, BalanceView] = {}
        self.is_margin = False
        """Whether the account may owe something."""
        self._is_asked_soon = False

    def ask(self) -> None:
        """Ask for all of them."""
        self._is_asked_soon = False
        # The gateway passes this on to the exchange: an answer that does not come means nothing for the connection.
        deadline_ms = self._channel.now_ms + _QUERY_MS
        self._channel.request("get_balances", SymbolsParams(), Request(self._on_reply, lambda: None, deadline_ms))

    def changed(self, views: list[BalanceView]) -> None:
        """Take a push."""
        may_owe = self.is_margin
        for told in views:
            view, known = told, self.by_asset.get(told.asset)
            if known is not None and (view.borrowed, view.interest) == ("0", "0"):
                view = structs.replace(view, borrowed=known.borrowed, interest=known.interest)
                may_owe |= (known.borrowed, known.interest) != ("0", "0")
            self.by_asset[view.asset] = view
        if may_owe and not self._is_asked_soon:
            self._is_asked_soon = True
            self._channel.retry(self.ask)

    def _on_reply(self, reply: Reply) -> None:
        try:
            views = decode_result(reply, list[BalanceView])
        except LocalProtocolError as error:
            if may_help_to_wait(error.code):
                self._channel.retry(self.ask)
            else:
                _log.debug("no balances: %s", error)
            return
        self.by_asset.update({view.asset: view for view in views})
