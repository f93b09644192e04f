"""The campaign in small: lives of every kind and profile, twice or more often each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_lives_end_well_and_meet_what_they_are_about() -> None:
    campaign = [sys.executable, "-W", "error", "-m", "tests.simulate", "--first", "1000", "--seeds", "300"]
    ended = subprocess.run(campaign, cwd=_ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
