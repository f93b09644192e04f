"""Clients that nobody here wrote judge the simulator."""

import pytest

pytest.register_assert_rewrite("tests.judges.ccxt_words", "tests.judges.sdk_client")
