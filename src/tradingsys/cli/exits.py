"""How a command ends: its exit code, and the error that means there was nothing to talk to."""

from __future__ import annotations

from tradingsys.core.errors import TradingError

__all__ = ["FAILURE", "INTERRUPTED", "NOTHING", "OK", "UNCONFIRMED", "UNREAD", "USAGE", "NothingThere"]

OK, FAILURE, USAGE, NOTHING, UNCONFIRMED = 0, 1, 2, 3, 4
"""Done; refused or failed; a command line or configuration that cannot be used; no gateway and no pos.db; begun, but
the exchange has not confirmed it in time: the gateway goes on."""

INTERRUPTED, UNREAD = 130, 141
"""Ctrl-C; nobody reads the output any more. What a shell reports for programs ended by SIGINT and SIGPIPE."""


class NothingThere(TradingError):
    """No gateway answers and there is no pos.db to read instead."""
