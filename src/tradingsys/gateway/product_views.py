"""The rules of all symbols as the wire shows them, each encoded once: there are hundreds, and everybody may ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from tradingsys.core.instrument import Instrument
from tradingsys.gateway.views import product_view
from tradingsys.wire.codec import encode

__all__ = ["ProductViews"]


class ProductViews:
    """Of instruments that others replace whenever the rules are read anew."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Instrument, bytes]] = {}

    def encoded(self, listed: Mapping[str, Instrument], symbols: Collection[str]) -> msgspec.Raw:
        """A list of these symbols, or of all that are listed when none is named; who is not listed is left out."""
        if len(self._made) > len(listed):
            self._made.clear()  # of symbols that are gone
        views = [self._view(each) for each in listed.values() if not symbols or each.symbol in symbols]
        return msgspec.Raw(b"[" + b",".join(views) + b"]")

    def _view(self, instrument: Instrument) -> bytes:
        made = self._made.get(instrument.symbol)
        if made is None or made[0] is not instrument:
            made = self._made[instrument.symbol] = (instrument, encode(product_view(instrument)))
        return made[1]
