"""How the tests of the whole project run."""

from __future__ import annotations

import os

from hypothesis import settings

# A terminal's width is the test's to choose: some runners set it for all.
os.environ.pop("COLUMNS", None)

# A shared machine is no judge of how long an example may take.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")
