"""Exchanges that refuse, lie, are somewhere else or are not there when a gateway starts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bad_input.case import Case
from tests.bad_input.exchange import Exchange, error, html
from tests.bad_input.line import Line
from tests.process.world import free_port
from tradingsys.cli.exits import USAGE
from tradingsys.sim.faces.transport import Reply, Request

__all__ = ["CASES", "ReachPlace"]


class ReachPlace:
    """A folder, and an exchange of its own; ``heal`` makes good what was wrong with it."""

    def __init__(self, folder: Path, exchange: Exchange, foreign_book: Path) -> None:
        self.folder, self.exchange = folder, exchange
        self.foreign_book = foreign_book
        self.run("usdt")
        self.heal: Callable[[], object] | None = None

    def run(self, account: str, **changes: Any) -> None:
        """Start this account's gateway."""
        self.account = account
        self.arguments = ["usdt" if account == "usdt" else "spot", f"-c={account}.json", "-l=info"]
        self.config(**changes)

    def config(self, **changes: Any) -> None:
        self.config_path = self.exchange.config(self.folder, self.account, **{"symbols": ["dogeusdt"], **changes})

    def answers(self, reply: Reply, path: str = "/fapi/") -> None:
        """All questions to a path get this, until the exchange is healed."""
        box = self.exchange.box

        def instead(request: Request) -> Reply | None:
            return reply if request.path.startswith(path) else None

        def heal() -> None:
            box.on_request = lambda request: None

        box.on_request, self.heal = instead, heal

    def healed(self, box: object) -> None:
        """To be called where the exchange runs."""
        if self.heal is not None:
            self.heal()

    def hedge_mode(self) -> None:
        def changed(request: Request, reply: Reply) -> Reply:
            body = json.loads(reply.body)
            if isinstance(body, dict) and "dualSidePosition" in body:
                body["dualSidePosition"] = True
                return Reply(reply.status, json.dumps(body).encode(), reply.headers)
            return reply

        self.exchange.box.on_reply = changed

    def with_foreign_book(self) -> None:
        for path in self.foreign_book.glob("pos.db*"):
            shutil.copy(path, self.folder)


def _refused(name: str, provoke: Callable[[ReachPlace], object], *says: str) -> Case[ReachPlace]:
    return Case(name, provoke, USAGE, says)


def _waits(name: str, provoke: Callable[[ReachPlace], object], *says: str) -> Case[ReachPlace]:
    """The gateway goes on asking, and says why."""
    return Case(name, provoke, 0, ("no answer from the exchange", *says, "tradingsys doctor"))


def _is_shut_out(name: str, provoke: Callable[[ReachPlace], object]) -> Case[ReachPlace]:
    """The same; but nobody is told to try the addresses, which would lengthen the ban."""
    says = ("no answer from the exchange", "banned. (wait as long as the answer says")
    return Case(name, provoke, 0, says, never=("tradingsys doctor",))


def _elsewhere(**urls: str) -> Callable[[ReachPlace], object]:
    return lambda place: place.config(urls=urls)


def _of(account: str, path: str, reply: Reply) -> Callable[[ReachPlace], object]:
    """This account's gateway, while all questions to a path get this."""

    def provoke(place: ReachPlace) -> None:
        place.run(account)
        place.answers(reply, path)

    return provoke


def _without(account: str, url: str) -> Callable[[ReachPlace], object]:
    """This account's gateway, where nobody listens at one of its addresses."""
    return lambda place: place.run(account, urls={url: f"ws://localhost:{free_port()}"})


_PAGE = html(200, "Please log in to this network")

_BANNED = error(418, -1003, "Way too many requests; banned.", {"Retry-After": "1"})

CASES: tuple[Case[ReachPlace], ...] = (
    _refused(
        "key of another account", lambda place: place.config(apikey="another"), "-2015", "apikey and pem", "environment"
    ),
    _refused("wrong secret", lambda place: place.config(secret="wrong"), "-1022", "apikey and pem (or secret)"),
    _refused("hedge mode", ReachPlace.hedge_mode, "hedge mode", "Position Mode to One-way"),
    _refused("unknown symbol", lambda place: place.config(symbols=["nosuchusdt"]), "symbols", "nosuchusdt", "spelled"),
    _refused(
        "unknown symbol to scan", lambda place: place.arguments.append("--scan=nosuchusdt"), "nosuchusdt", "spelled"
    ),
    _refused(
        "book of another account at the exchange",
        ReachPlace.with_foreign_book,
        "the API key of main",
        "a file of its own",
    ),
    _waits("nobody listens", lambda place: _elsewhere(rest=f"http://localhost:{free_port()}")(place), "connect"),
    _waits("unknown host", _elsewhere(rest="https://nosuch.invalid"), "nosuch.invalid"),
    _waits(
        "no TLS there",
        lambda place: _elsewhere(rest=place.exchange.urls.rest.replace("http", "https"))(place),
        "SSL",
    ),
    _waits("bad gateway", lambda place: place.answers(html(502, "Bad Gateway")), "502", "Bad Gateway"),
    _waits("maintenance", lambda place: place.answers(error(503, 0, "Service Unavailable.")), "503"),
    _waits("a page instead of answers", lambda place: place.answers(_PAGE), "unreadable answer"),
    _waits("a firewall", lambda place: place.answers(html(403, "Forbidden")), "403", "Forbidden"),
    _waits("another server", lambda place: place.answers(Reply(200, b"[]")), "unreadable answer"),
    _waits("an empty answer", lambda place: place.answers(Reply(200, b"")), "unreadable answer"),
    _waits("a redirect", lambda place: place.answers(Reply(302, b"", {"Location": "/login"})), "302"),
    _waits(
        "no rules",
        lambda place: place.answers(html(500, "oops"), "/fapi/v1/exchangeInfo"),
        "500",
        "oops",
    ),
    _is_shut_out("banned", lambda place: place.answers(_BANNED)),
    Case(
        "no listen key",
        lambda place: place.answers(html(500, "oops"), "/fapi/v1/listenKey"),
        0,
        ("no listen key", "500"),
    ),
    Case(
        "no streams",
        lambda place: _elsewhere(streams=f"ws://localhost:{free_port()}")(place),
        0,
        ("events do not arrive", "Connect call failed"),
    ),
    _waits("spot: bad gateway", _of("spot", "/api/", html(502, "Bad Gateway")), "502", "Bad Gateway"),
    _waits("margin: bad gateway", _of("margin", "/sapi/", html(502, "Bad Gateway")), "502", "Bad Gateway"),
    _waits("margin: no rules", _of("margin", "/api/", html(500, "oops")), "500", "oops"),
    _waits("spot: a page instead of answers", _of("spot", "/api/", _PAGE), "unreadable answer"),
    _waits("margin: a page instead of answers", _of("margin", "/sapi/", _PAGE), "unreadable answer"),
    _waits("spot: another server", _of("spot", "/api/", Reply(200, b"[]")), "unreadable answer"),
    _waits("margin: another server", _of("margin", "/sapi/", Reply(200, b"[]")), "unreadable answer"),
    _is_shut_out("spot: banned", _of("spot", "/api/", _BANNED)),
    _is_shut_out("margin: banned", _of("margin", "/sapi/", _BANNED)),
    Case(
        "margin: no listen token",
        _of("margin", "/sapi/v1/userListenToken", html(500, "oops")),
        0,
        ("events do not arrive", "500"),
    ),
    Case(
        "margin: no key for the warnings",
        _of("margin", "/sapi/v1/margin/listen-key", html(500, "oops")),
        0,
        ("warnings", "500"),
    ),
    Case("spot: no WS-API", _without("spot", "ws_api"), 0, ("events do not arrive", "Connect call failed")),
    Case("margin: no WS-API", _without("margin", "ws_api"), 0, ("events do not arrive", "Connect call failed")),
)


def trades(line: Line) -> None:
    """An order reaches the exchange."""
    client_order_id = line.order()
    line.order_that("rests", client_order_id, lambda order: order["status"] == "NEW")
