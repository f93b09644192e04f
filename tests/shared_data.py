"""The folder of recorded data that lies beside the repository on machines that have it.

Tests that read it are marked ``@requires_shared``: they are skipped, with the reason, where the folder is missing,
except under CI (environment variable ``CI=true``), where a missing folder is a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["SHARED", "requires_shared"]

SHARED = Path(__file__).resolve().parents[2] / "shared"

requires_shared = pytest.mark.skipif(
    not SHARED.is_dir() and os.environ.get("CI") != "true",
    reason="needs the recorded data in ../shared, beside the repository",
)
