"""The simulator's own records, read through its operator's window."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Struct

from tradingsys.cli.demo.reckoning import Execution
from tradingsys.core.errors import TransportError
from tradingsys.core.io import HttpReply, HttpRequest
from tradingsys.net.http import HttpClient

__all__ = ["Account", "ExchangeReader"]

_ASSET = "USDT"

T = TypeVar("T")


class _Addresses(Struct):
    admin: str


class _Balance(Struct):
    asset: str
    wallet: Decimal


class _Position(Struct):
    symbol: str
    net: Decimal


class Account(Struct, frozen=True):
    """What the account holds."""

    wallet: Decimal
    positions: Mapping[str, Decimal]


class ExchangeReader:
    """Asks the simulator; ``announcement`` is the line of JSON with its addresses that it printed."""

    def __init__(self, announcement: str) -> None:
        self._url = msgspec.json.decode(announcement, type=_Addresses).admin
        self._http = HttpClient()

    async def __aenter__(self) -> ExchangeReader:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def executions(self) -> list[Execution]:
        """All executions of the account, oldest first."""
        return await self._get("ledger", list[Execution])

    async def account(self) -> Account:
        """Wallet and positions now."""
        balances = await self._get("balances", list[_Balance])
        positions = await self._get("positions", list[_Position])
        wallet = next((each.wallet for each in balances if each.asset == _ASSET), Decimal(0))
        return Account(wallet, {each.symbol: each.net for each in positions})

    async def _get(self, what: str, kind: type[T]) -> T:
        reply = await self._http.send(HttpRequest(0, "GET", f"{self._url}/{what}", {}))
        if not isinstance(reply, HttpReply) or reply.status != 200:
            raise TransportError(f"the simulator does not tell its {what}: {reply}", sent=True)
        return msgspec.json.decode(reply.body, type=kind)
