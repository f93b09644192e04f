"""docs/errors.md: its table of the exchange's codes.

This writes it: ``python -m tests.unit.venues.binance.error_page``
"""

from pathlib import Path

from tradingsys.venues.binance.errors import as_markdown
from tradingsys.venues.binance.usdm import ERRORS

PAGE = Path(__file__).parents[4] / "docs" / "errors.md"
BEGIN, END = "<!-- venue errors: begin -->\n", "<!-- venue errors: end -->\n"


def generated(page: str) -> str:
    """The page with the table as the code has it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin and end, f"{PAGE.name} has lost the marks between which its table belongs"
    return f"{before}{begin}\n{as_markdown(ERRORS)}\n{end}{after}"


if __name__ == "__main__":
    PAGE.write_text(generated(PAGE.read_text("utf-8")), "utf-8")
