from __future__ import annotations

import pytest

from tests.unit.pyalgo.bench import Bench


@pytest.fixture
def bench() -> Bench:
    """Logged in, subscribed to a book, and delivering."""
    bench = Bench()
    bench.context.open_subscription("dogeusdt", "depth")
    bench.settle()
    bench.client.start_delivery()
    return bench
