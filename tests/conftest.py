"""How the tests of the whole project run."""

from __future__ import annotations

import os
import sys

from hypothesis import settings

# A terminal's width is the test's to choose: some runners set it for all.
os.environ.pop("COLUMNS", None)

# Hundreds of processes start here: with this set, each of them would compile the whole program first.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shared machine is no judge of how long an example may take.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")
