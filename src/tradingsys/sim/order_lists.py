"""Orders that depend on each other, as accounts send them and as the exchange knows them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tradingsys.core.enums import Contingency
from tradingsys.sim.order_records import NewOrder

__all__ = ["ListLeg", "ListStatus", "ListStep", "NewOrderList", "OrderListRecord"]


class NewOrderList(Struct, frozen=True):
    """A list as an account sends it.

    OCO: the order above the market, then the one below, of one side and quantity. OTO: the one that works at once, then
    the one that waits for it. OTOCO: the one that works at once, then above and below.
    """

    account: str
    symbol: str
    contingency: Contingency
    orders: tuple[NewOrder, ...]
    client_list_id: str = ""
    """Empty: the exchange makes one."""
    pays_other: bool = False
    """Of OTO and OTOCO: those that wait sell what the first one bought, whatever quantity they were sent with."""


class ListStatus(StrEnum):
    """Whether a list is alive."""

    EXECUTING = "EXECUTING"
    ALL_DONE = "ALL_DONE"


class ListStep(StrEnum):
    """What happened to a list last."""

    EXEC_STARTED = "EXEC_STARTED"
    UPDATED = "UPDATED"
    """An order of it has another client id."""
    ALL_DONE = "ALL_DONE"


class ListLeg(Struct, frozen=True):
    """One order of a list."""

    order_id: int
    client_order_id: str


class OrderListRecord(Struct, frozen=True):
    """A list at one moment; its orders in the order they were sent."""

    list_id: int
    client_list_id: str
    account: str
    symbol: str
    contingency: Contingency
    legs: tuple[ListLeg, ...]
    created_ns: int
    updated_ns: int
    status: ListStatus = ListStatus.EXECUTING
    step: ListStep = ListStep.EXEC_STARTED
    pays_other: bool = False
