"""Nobody talks to anything but this machine: a client that goes to the real exchange unasked is caught."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["ForeignHost", "Guard"]


class ForeignHost(OSError):
    """Somebody wanted to leave this machine."""


class Guard:
    """Refuses every connection and every name look-up beyond loopback, and remembers who tried."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.attempts: list[str] = []
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, self._checking_address(getattr(socket.socket, name)))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, name, self._checking_host(getattr(socket, name)))
        # Else clients that read these would take every word through a proxy on this machine.
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)

    def _checking_address(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def checked(sock: socket.socket, *arguments: Any) -> Any:
            if isinstance(arguments[-1], tuple):
                self._check(arguments[-1][0])
            return real(sock, *arguments)

        return checked

    def _checking_host(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def checked(host: str | bytes | None, *arguments: Any, **named: Any) -> Any:
            self._check(host)
            return real(host, *arguments, **named)

        return checked

    def _check(self, host: str | bytes | None) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name in (None, "", "localhost"):
            return
        try:
            if ipaddress.ip_address(str(name)).is_loopback:
                return
        except ValueError:
            pass
        self.attempts.append(str(name))
        raise ForeignHost(f"{name} is not this machine")
