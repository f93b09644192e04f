"""Executions whose owner nobody has told yet, and orders that are known to be nobody's of ours."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from msgspec import structs

from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill, FillKey, Order
from tradingsys.oms.effects import Attribute, Effect
from tradingsys.oms.fill_book import FillBook

__all__ = ["Strays"]

_FOREIGN_REMEMBERED = 100_000
_Key = tuple[str, str]
_NOTHING = Order()


class Strays:
    """Fills by (symbol, venue order id) until somebody claims them or nobody can."""

    def __init__(self, fills: FillBook, effects: list[Effect]) -> None:
        self._fills = fills
        self._effects = effects
        self.unattributed: dict[_Key, dict[FillKey, Fill]] = {}
        self._told: dict[_Key, Order] = {}
        # An ordinary dictionary walks over all it ever dropped to find its oldest.
        self._foreign: OrderedDict[_Key, None] = OrderedDict()

    def is_foreign(self, symbol: str, venue_order_id: str | None) -> bool:
        """Whether this order is known to be none of ours."""
        return venue_order_id is not None and (symbol, venue_order_id) in self._foreign

    def name(self, symbol: str, venue_order_id: str) -> str | None:
        """The client order id, not of our making, under which the venue knows an order whose owner is sought."""
        told = self.told(symbol, venue_order_id)
        return told.client_order_ids[0] if told.client_order_ids else None

    def told(self, symbol: str, venue_order_id: str) -> Order:
        """What the venue says of an order whose owner is sought, under an id that is not ours; no executions."""
        return self._told.get((symbol, venue_order_id)) or Order(venue_order_id=venue_order_id)

    def hold(self, facts: Order, venue_order_id: str, symbol: str) -> None:
        """Keep executions until their owner is found; ask for it when the first arrives."""
        if symbol not in self._fills.symbols:
            return
        if self.is_foreign(symbol, venue_order_id):
            self.disown(facts, symbol)
            return
        facts = self._fills.admitted(facts, _NOTHING)
        key = (symbol, venue_order_id)
        unknown = {
            fill.key: fill
            for fill in facts.fills.values()
            if not self._fills.complete(fill) and not self._fills.is_booked(fill)
        }
        if unknown and key not in self.unattributed:
            self.unattributed[key] = {}
            self._effects.append(Attribute(symbol, venue_order_id))
        if key in self.unattributed:
            held = self.unattributed[key]
            held |= {name: held[name].join(fill) if name in held else fill for name, fill in unknown.items()}
            if facts.client_order_ids:
                told = structs.replace(facts, fills={})
                self._told[key] = self._told[key].merge(told) if key in self._told else told

    def claim(self, symbol: str, venue_order_id: str) -> Iterable[Fill]:
        """The owner is known: its executions, which are no longer kept here."""
        key = (symbol, venue_order_id)
        self._told.pop(key, None)
        return self.unattributed.pop(key, {}).values()

    def disown(self, facts: Order, symbol: str) -> None:
        """An order is nobody's of ours: book its executions to EXTERNAL, now and from now on."""
        fills: Iterable[Fill] = facts.fills.values()
        client_order_id = facts.client_order_ids[0] if facts.client_order_ids else None
        venue_order_id = facts.venue_order_id
        if venue_order_id is not None:
            client_order_id = client_order_id or self.name(symbol, venue_order_id)
            self._foreign[symbol, venue_order_id] = None
            fills = [*fills, *self.claim(symbol, venue_order_id)]
            while len(self._foreign) > _FOREIGN_REMEMBERED:
                self._foreign.popitem(last=False)
        for fill in fills:
            self._fills.book(fill, EXTERNAL, client_order_id)
