from __future__ import annotations

import pytest

from tradingsys.core.deadlines import earliest


@pytest.mark.parametrize(
    ("dues", "first"), [((), None), ((None,), None), ((None, 0, 5), 0), ((7, None, 3, 9), 3), ((-1, 0), -1)]
)
def test_the_first_of_some_instants(dues: tuple[int | None, ...], first: int | None) -> None:
    assert earliest(dues) == first
