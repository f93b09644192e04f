"""Everything about a gateway that is not the world around it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

from tradingsys.core.command_line import CommandLine
from tradingsys.core.secrecy import shown
from tradingsys.gateway.backups import BackupSettings
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.configuration.session_config import LimitsConfig, SessionConfig
from tradingsys.gateway.ordering.orders import OrderSettings
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.recovery import Margins, Timing

__all__ = ["GatewaySettings"]


class GatewaySettings(Struct, frozen=True):
    """One gateway's."""

    orders: OrderSettings
    margins: Margins = Margins()
    timing: Timing = Timing()
    commands: CommandLine = CommandLine()
    """What people who look after this gateway are told to type."""
    symbols: tuple[str, ...] = ()
    """Upper case; accounted for from the first start on, whether or not a strategy subscribes them."""
    scan: tuple[str, ...] = ()
    """Upper case; read from the book's beginning on at this start, as after a restore of an older pos.db."""
    token: str | None = None
    watch_ms: int = 30_000
    """How often open orders, the account and the clock are asked for."""
    cadence: Cadence = Cadence()
    product: ProductName = ProductName.USDM
    environment: str = ""
    """For people, as is ``db``."""
    db: str = ""
    shows_old_rules: Callable[[int, str], bool] = lambda _code, _message: False
    """Whether a refusal of an order by the venue shows that our copy of a symbol's rules is old."""
    limits: LimitsConfig = LimitsConfig()
    sessions: Mapping[int, SessionConfig] = {}
    """What is configured of single sessions."""
    admits_all: bool = True
    """Or only those that are configured."""
    countdown_s: int | None = None
    backups: BackupSettings = BackupSettings()
    history_ms: int | None = None
    """How far back the venue tells what the account did; None: as far as anybody asks."""
    asks_key_rights: bool = False
    """Whether to find out, and tell, that the API key may do more than trade."""
    is_live: bool = False
    """Whether real money is traded."""

    @property
    def admitted(self) -> Collection[int] | None:
        """The sessions that may be logged in to; None is any."""
        return None if self.admits_all else self.sessions.keys()

    def __repr__(self) -> str:
        return shown(self, "token")
