"""What the account of a gateway trades, and how that is called: on the console, in the log, in pos.db."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ProductName", "book_name", "product_of_book"]

_VENUE = "binance"


class ProductName(StrEnum):
    """The products that a gateway can trade; the values are those of the exchange's codec."""

    USDM = "usdm"
    SPOT = "spot"
    MARGIN = "margin"

    @property
    def command(self) -> str:
        """The command that runs its gateway."""
        return "usdt" if self is ProductName.USDM else "spot"

    @property
    def log(self) -> str:
        """Names the log: gateways of several products may stand in one directory."""
        return "usdt" if self is ProductName.USDM else self.value

    @property
    def label(self) -> str:
        """For people."""
        return {"usdm": "Binance USDⓈ-M futures", "spot": "Binance spot", "margin": "Binance cross margin"}[self]

    @property
    def trade(self) -> str:
        """What an API key must be allowed to trade."""
        return {"usdm": "futures", "spot": "spot", "margin": "margin"}[self]


def book_name(product: ProductName, environment: str) -> str:
    """What pos.db calls the account: one file never keeps two."""
    return f"{_VENUE}-{product}-{environment}"


def product_of_book(name: str) -> tuple[ProductName | None, str]:
    """Product and environment of such a name; None and the name itself for any other."""
    venue, _, rest = name.partition("-")
    product, _, environment = rest.partition("-")
    if venue != _VENUE or product not in tuple(ProductName):
        return None, name
    return ProductName(product), environment
