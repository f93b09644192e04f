"""One desk for everything that does not need an account of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.documents.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk.ready(tmp_path_factory.mktemp("desk")) as ready:
        yield ready
