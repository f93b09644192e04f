"""A desk for each module: the levers of a page leave their marks on an account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.documents.desk import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk.ready(tmp_path_factory.mktemp("desk")) as ready:
        yield ready
