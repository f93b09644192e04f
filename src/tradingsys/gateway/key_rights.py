"""Whether the API key may do more than trade: whoever steals such a key takes the money itself."""

from __future__ import annotations

from tradingsys.core.commands import Permissions, PermissionsQuery
from tradingsys.core.errors import TradingError, VenueError
from tradingsys.gateway.host import Host
from tradingsys.oms.procedure import Turn, ask, until

__all__ = ["KeyRights"]

_NS_PER_S, _NS_PER_MS = 1_000_000_000, 1_000_000
_AGAIN_NS = 24 * 3_600 * _NS_PER_S
"""A key is given rights while the gateway runs, too; and what nobody has mended is worth a line a day."""
_UNTOLD_NS = 600 * _NS_PER_S
_WHERE = "in the exchange's API management"


class KeyRights:
    """Asks as soon as the gateway is ready, and after everything else: nothing waits for the answer, or depends on it.

    A key that may too much is told, and stops no gateway: beside open positions one that does not come back does more
    harm, and a thief needs none.
    """

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway

    async def watch(self) -> None:
        """For as long as the process lives, if that is wanted."""
        while self._gateway.settings.asks_key_rights:
            pause_ns = _AGAIN_NS
            try:
                self._tell(await ask(PermissionsQuery(), Turn.STRATEGIES))
            except TradingError as error:
                # This is another host, with bans of its own: who knocks there is banned for longer, and all beside him.
                shut_out_ms = error.retry_after_ms if isinstance(error, VenueError) else None
                pause_ns = max(_UNTOLD_NS, (shut_out_ms or 0) * _NS_PER_MS)
                self._gateway.log.debug("what the API key may do is not known", error=str(error))
            await until(self._gateway.now_ns() + pause_ns)

    def _tell(self, allowed: Permissions) -> None:
        log = self._gateway.log
        too_much = {"withdraw": allowed.can_withdraw, "transfer": allowed.can_transfer}
        rights = " and ".join(right for right, may in too_much.items() if may)
        if rights:
            log.error(
                f"the API key may {rights}: whoever steals it can take the money; disable that {_WHERE}, or make a key "
                "that may trade only"
            )
        if allowed.is_ip_restricted is False and self._gateway.settings.is_live:
            log.warning(f"the API key works from any address: restrict it to this machine's {_WHERE}")
