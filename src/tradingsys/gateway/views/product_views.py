"""The rules of all symbols as the wire shows them, encoded once: there are hundreds, and everybody may ask for all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from tradingsys.core.instrument import Instrument
from tradingsys.gateway.views.views import product_view
from tradingsys.wire.codec import encode

__all__ = ["ProductViews"]


class ProductViews:
    """Of instruments that others replace whenever the rules are read anew."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Instrument, bytes]] = {}
        self._all: tuple[list[Instrument], msgspec.Raw] = ([], msgspec.Raw(b"[]"))

    def encoded(self, listed: Mapping[str, Instrument], symbols: Collection[str]) -> msgspec.Raw:
        """A list of these symbols, or of all that are listed when none is named; who is not listed is left out."""
        if len(self._made) > len(listed):
            self._made.clear()  # of symbols that are gone
        if symbols:
            return self._list(each for each in listed.values() if each.symbol in symbols)
        instruments = list(listed.values())
        if self._all[0] != instruments:  # quick, as they are the same ones nearly always
            self._all = (instruments, self._list(instruments))
        return self._all[1]

    def _list(self, instruments: Iterable[Instrument]) -> msgspec.Raw:
        return msgspec.Raw(b"[" + b",".join(self._view(each) for each in instruments) + b"]")

    def _view(self, instrument: Instrument) -> bytes:
        made = self._made.get(instrument.symbol)
        if made is None or made[0] is not instrument:
            made = self._made[instrument.symbol] = (instrument, encode(product_view(instrument)))
        return made[1]
