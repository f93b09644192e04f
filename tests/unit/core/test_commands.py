from __future__ import annotations

from tradingsys.core import commands
from tradingsys.core.commands import Borrow, Query, Reading, Repay, SetLeverage, SetMarginType


def test_what_changes_something_is_no_reading() -> None:
    """Only readings may be asked patiently, that is until an answer comes: the types of `Inquiry.patiently` say so."""
    kinds = [kind for name in commands.__all__ if isinstance(kind := getattr(commands, name), type)]
    queries = {kind for kind in kinds if issubclass(kind, Query) and kind.__name__.endswith("Query")} - {Query}
    assert len(queries) > 12 and all(issubclass(kind, Reading) for kind in queries)
    assert not any(issubclass(kind, Reading) for kind in (Borrow, Repay, SetLeverage, SetMarginType))
