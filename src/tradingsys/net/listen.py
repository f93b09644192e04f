"""Listening sockets, and the one meaning of "localhost": loopback only, IPv4 and, where it exists, IPv6."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

__all__ = ["listening_sockets", "meant"]

Address = tuple[socket.AddressFamily, str]

_LOOPBACK = (socket.AF_INET, "127.0.0.1")
_LOOPBACK_6 = (socket.AF_INET6, "::1")
_ATTEMPTS = 16
_BACKLOG = 128


async def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind ``host`` on one port, the same on each address family; port 0 chooses a free one.

    Raises OSError when the address is taken or not this machine's.
    """
    if host == "localhost":
        return _listen_on_loopback(port)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, address = meant([(family, str(address[0])) for family, _, _, _, address in found])
    return [_listen(family, address, port)]


def meant(found: list[Address]) -> Address:
    """Where those come who know this machine by a name that leads to all these: not to loopback, if there is more."""
    outside = (row for row in found if not ipaddress.ip_address(row[1].partition("%")[0]).is_loopback)
    return next(outside, found[0])


def _listen_on_loopback(port: int) -> list[socket.socket]:
    for attempt in range(_ATTEMPTS):
        first = _listen(*_LOOPBACK, port)
        try:
            return [first, _listen(*_LOOPBACK_6, first.getsockname()[1])]
        except OSError as error:
            if not _exists(_LOOPBACK_6):
                return [first]
            first.close()
            if port or attempt == _ATTEMPTS - 1:
                raise OSError(error.errno, f"port {port} on ::1: {error.strerror}") from error
    raise AssertionError("unreachable")


def _exists(address: tuple[socket.AddressFamily, str]) -> bool:
    try:
        _listen(*address, 0).close()
    except OSError:
        return False
    return True


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)
