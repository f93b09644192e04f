"""Where a simulator is that was started without options."""

from __future__ import annotations

from tradingsys.gateway.configuration.config import Urls

__all__ = ["SIMULATOR"]

SIMULATOR = Urls(rest="http://localhost:8100", ws_api="ws://localhost:8101/ws-fapi/v1", streams="ws://localhost:8101")
