"""docs/errors.md and docs/errors-spot.md: their tables of the exchange's codes.

This writes them: ``python -m tests.unit.venues.binance.error_page``
"""

from __future__ import annotations

from pathlib import Path

from tradingsys.venues.binance.error_codes import remedies_as_markdown
from tradingsys.venues.binance.errors import as_markdown
from tradingsys.venues.binance.products import PRODUCTS

DOCS = Path(__file__).parents[4] / "docs"
PAGE = DOCS / "errors.md"
PAGES = {PAGE: ("usdm",), DOCS / "errors-spot.md": ("spot", "margin")}
"""Whose codes each has."""


def generated(page: str, products: tuple[str, ...] = ("usdm",)) -> str:
    """The page with the tables as the code has them."""
    for product in products:
        begin, end = (f"<!-- {'venue' if product == 'usdm' else product} errors: {at} -->\n" for at in ("begin", "end"))
        page = _between(page, begin, end, as_markdown(PRODUCTS[product].errors))
        if product == "spot":
            begin, end = (f"<!-- messages: {at} -->\n" for at in ("begin", "end"))
            page = _between(page, begin, end, remedies_as_markdown(PRODUCTS[product].errors))
    return page


def _between(page: str, begin: str, end: str, table: str) -> str:
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    assert found and ended, f"the page has lost the marks between which a table belongs: {begin}"
    return f"{before}{begin}\n{table}\n{end}{after}"


if __name__ == "__main__":
    for path, products in PAGES.items():
        path.write_text(generated(path.read_text("utf-8"), products), "utf-8")
