"""Symbols without new orders, until an operator resumes them: over restarts too."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.command_line import CommandLine
from tradingsys.core.records import HaltRecord
from tradingsys.oms.effects import Effect, Halt, Save

__all__ = ["Halts"]


class Halts:
    """Halts by symbol; what follows goes to ``effects``."""

    def __init__(self, saved: Iterable[HaltRecord], effects: list[Effect], commands: CommandLine) -> None:
        self._effects = effects
        self._commands = commands
        self.by_symbol: dict[str, HaltRecord] = {row.symbol: row for row in saved}

    def halt(self, symbol: str, reason: str, ts_ms: int) -> None:
        """No new orders on a symbol. One that is halted stays as it is."""
        if symbol not in self.by_symbol:
            self.by_symbol[symbol] = HaltRecord(symbol, reason, ts_ms)
            self._effects += [Save(self.by_symbol[symbol]), Halt(reason, symbol)]

    def halt_forced(self, symbol: str, forced: str, ts_ms: int) -> None:
        """The exchange traded for the account: nobody may go on as if nothing had happened."""
        name = symbol.lower()
        reason = (
            f"the exchange itself traded {name} for the account ({forced}), booked to EXTERNAL: look at the "
            f"account, put the sessions right (`{self._commands.line('pos show')}`), then "
            f"`{self._commands.line(f'resume {name}')}`"
        )
        self.halt(symbol, reason, ts_ms)

    def resume(self, symbol: str, ts_ms: int) -> bool:
        """Lift a symbol's halt; False when there is none."""
        if self.by_symbol.pop(symbol, None) is None:
            return False
        self._effects.append(Save(HaltRecord(symbol, "", ts_ms)))
        return True
