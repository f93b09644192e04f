"""What goes with an order by keyword."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypedDict

from msgspec import Struct, structs

from pyalgo.arguments import invalid, one_of, switch
from pyalgo.words import PriceMatch, SideEffect, TriggerPrice

__all__ = ["Options", "OrderOptions", "check_names", "chosen", "refuse_any"]


class OrderOptions(TypedDict, total=False):
    """What `add_order`, `SmartOrder.send` and `Leg` take by keyword, beyond the original's arguments.

    ``stop_price`` triggers the orders that wait for a price; ``callback_rate`` (percent) is how far a stop follows the
    market, from ``activation_price`` on (TRAILING_STOP_MARKET) or ``stop_price`` (the spot market's words).
    ``reduce_only``: only against what the session holds. ``post_only``: never take.

    Futures: ``trigger_by`` says whose movement triggers, LAST or MARK; ``price_protect`` does not let it while the two
    are far apart. ``close_position``: close all that is held when triggered; the quantity is not used. ``good_till`` (a
    datetime with a time zone, or Unix ms) ends a Tif.GTD order. ``price_match``: the exchange takes the price from the
    book; the price is not used.

    Spot: ``quote_quantity``: a MARKET order for so much of the quote asset; the quantity is not used. ``iceberg``: as
    much as the book shows at a time. ``side_effect``: what an order of a margin account borrows or pays back.
    """

    stop_price: float | None
    callback_rate: float | None
    activation_price: float | None
    reduce_only: bool
    close_position: bool
    good_till: dt.datetime | int | None
    post_only: bool
    price_match: PriceMatch | str | None
    trigger_by: TriggerPrice | str | None
    price_protect: bool
    quote_quantity: float | None
    iceberg: float | None
    side_effect: SideEffect | str | None


class Options(Struct, frozen=True):
    """The same with their defaults."""

    stop_price: float | None = None
    callback_rate: float | None = None
    activation_price: float | None = None
    reduce_only: bool = False
    close_position: bool = False
    good_till: dt.datetime | int | None = None
    post_only: bool = False
    price_match: PriceMatch | str | None = None
    trigger_by: TriggerPrice | str | None = None
    price_protect: bool = False
    quote_quantity: float | None = None
    iceberg: float | None = None
    side_effect: SideEffect | str | None = None


_PLAIN = Options()
_NAMES = tuple(field.name for field in structs.fields(Options))
_SWITCHES = tuple(field.name for field in structs.fields(Options) if isinstance(field.default, bool))


def check_names(options: OrderOptions) -> None:
    """Raises TypeError for an option that does not exist."""
    for name in options:
        one_of("option", name, _NAMES)


def chosen(options: OrderOptions) -> Options:
    """All options. Raises TypeError for one that does not exist, and InvalidOrder for a switch that is none."""
    if not options:
        return _PLAIN
    check_names(options)
    full = Options(**options)
    for name in _SWITCHES:
        switch(name, getattr(full, name))
    return full


def refuse_any(names: Iterable[str], options: Options, why: str) -> None:
    """Raises InvalidOrder when one of these was chosen."""
    for name in names:
        # 0 is no choice of an amount, and None of nothing.
        if getattr(options, name):
            raise invalid(f"{name} does not go with {why}")
