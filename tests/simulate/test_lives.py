"""The campaign in small: every kind meets every profile. Lives that once found something, and those with one source of
truth alone, are lived by tests of their own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_lives_end_well_and_meet_what_they_are_about() -> None:
    campaign = [sys.executable, "-W", "error", "-m", "tests.simulate", "--first", "1000", "--seeds", "270"]
    ended = subprocess.run(campaign, cwd=_ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
