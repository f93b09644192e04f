"""The exchange's own HTTP interface, for what no session carries. The only part of pyalgo that may hold a key."""

from __future__ import annotations

import datetime as dt
import http.client
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from pyalgo.phase import to_datetime
from tradingsys.core.errors import TransportError

if TYPE_CHECKING:
    from tradingsys.venues.auth import Signer

__all__ = ["PremiumIndex", "Rest"]

_TIMEOUT_S = 10.0
_MAX_BYTES = 64 * 1024 * 1024


class PremiumIndex(Struct, frozen=True):
    """Mark price and funding of a futures symbol, from GET /fapi/v1/premiumIndex. Times are Unix ms."""

    time: int
    symbol: str
    """As the exchange writes it, upper case."""
    mark_price: float
    index_price: float
    estimated_settle_price: float
    last_funding_rate: float
    """As a fraction; 0.0 for a contract without funding."""
    next_funding_time: int
    interest_rate: float

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    @property
    def next_funding_dt(self) -> dt.datetime:
        """`next_funding_time` in UTC+8."""
        return to_datetime(self.next_funding_time)


class _Row(Struct, frozen=True, rename="camel"):
    """As the exchange sends it; contracts without funding have empty texts."""

    symbol: str
    mark_price: str
    index_price: str
    estimated_settle_price: str
    last_funding_rate: str
    next_funding_time: int
    interest_rate: str
    time: int


class Rest:
    """Asks the exchange directly, one request at a time, each sent once.

    ``base_uri`` such as ``https://fapi.binance.com``; ``pem`` is a file with a private key (Ed25519 or RSA, PKCS#8
    PEM), or that text itself, and may be empty when nothing is signed; ``recvwindow`` in ms. Programs that trade
    through a session need none of this: keep keys in the gateway.

    Raises ValueError for an address that is none, OSError for a file that cannot be read, and ConfigError for a key
    that cannot be used.
    """

    def __init__(
        self, base_uri: str, apikey: str = "", pem: str = "", recvwindow: int = 3000, *, timeout_s: float = _TIMEOUT_S
    ) -> None:
        address = urlsplit(base_uri)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"base_uri is {base_uri!r}: it looks like https://fapi.binance.com")
        self._address, self._apikey = address, apikey
        self._recvwindow, self._timeout_s = recvwindow, timeout_s
        self._signer = _load(pem) if pem else None

    def __repr__(self) -> str:
        return f"Rest({self._address.scheme}://{self._address.netloc})"

    def get(self, path: str, params: dict[str, str] | None = None, authenticate: bool = False) -> str:
        """The body of the answer as text, whatever its status: an exchange's error is text too, with code and msg.

        ``authenticate`` adds timestamp, recvWindow and signature. Raises TransportError when there is no answer (its
        ``in_doubt``: the request may have been executed) and ValueError when there is no key to sign with.
        """
        return self._request("GET", path, params, authenticate)

    def post(self, path: str, params: dict[str, str] | None = None, authenticate: bool = False) -> str:
        """As `get`. It is never repeated."""
        return self._request("POST", path, params, authenticate)

    def put(self, path: str, params: dict[str, str] | None = None, authenticate: bool = False) -> str:
        """As `post`."""
        return self._request("PUT", path, params, authenticate)

    def delete(self, path: str, params: dict[str, str] | None = None, authenticate: bool = False) -> str:
        """As `post`."""
        return self._request("DELETE", path, params, authenticate)

    def patch(self, path: str, params: dict[str, str] | None = None, authenticate: bool = False) -> str:
        """As `post`."""
        return self._request("PATCH", path, params, authenticate)

    def sign(self, data: str) -> str:
        """The base64 signature of a text. Raises ValueError when there is no key."""
        if self._signer is None:
            raise ValueError("there is no key to sign with: give Rest a pem")
        return self._signer.sign(data.encode())

    def get_premium_index(self) -> list[PremiumIndex]:
        """Mark prices and funding of all futures symbols.

        Raises ValueError with the exchange's text on refusal.
        """
        text = self.get("/fapi/v1/premiumIndex")
        try:
            return [_premium_index(row) for row in msgspec.json.decode(text, type=list[_Row])]
        except (msgspec.DecodeError, ValueError) as error:
            raise ValueError(f"no premium index: {text[:200]} ({error})") from None

    def _request(self, method: str, path: str, params: dict[str, str] | None, authenticate: bool) -> str:
        query = self._query(params or {}, authenticate)
        target = f"{self._address.path.rstrip('/')}{path}{'?' if query else ''}{query}"
        headers = {"X-MBX-APIKEY": self._apikey} if self._apikey else {}
        secure = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._address.hostname or "", self._address.port, timeout=self._timeout_s)
        is_sent = False
        try:
            connection.connect()
            is_sent = True
            connection.request(method, target, headers=headers)
            return connection.getresponse().read(_MAX_BYTES).decode("utf-8", errors="replace")
        except (OSError, http.client.HTTPException) as error:
            # The target is left out: it has the signature in it.
            raise TransportError(
                f"{method} {path}: no answer: {str(error) or type(error).__name__}", sent=is_sent
            ) from None
        finally:
            connection.close()

    def _query(self, params: dict[str, str], authenticate: bool) -> str:
        if not authenticate:
            return urlencode(params, quote_via=quote)
        stamped = {**params, "timestamp": str(time.time_ns() // 1_000_000), "recvWindow": str(self._recvwindow)}
        # What is signed is what is sent: percent-encoded.
        encoded = urlencode(stamped, quote_via=quote)
        return f"{encoded}&signature={quote(self.sign(encoded), safe='')}"


def _premium_index(row: _Row) -> PremiumIndex:
    return PremiumIndex(
        row.time,
        row.symbol,
        float(row.mark_price or 0),
        float(row.index_price or 0),
        float(row.estimated_settle_price or 0),
        float(row.last_funding_rate or 0),
        row.next_funding_time,
        float(row.interest_rate or 0),
    )


def _load(pem: str) -> Signer:
    from tradingsys.venues.auth import load_signer

    text = pem if "-----BEGIN" in pem else Path(pem).read_text("utf-8")
    return load_signer(pem_text=text)
