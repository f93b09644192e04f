"""Options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

__all__ = ["AsJson", "ConfigFile", "ConfigOption"]

ConfigFile = Annotated[Path, Parameter(name=["--config", "-c"])]
ConfigOption = Annotated[Path | None, Parameter(name=["--config", "-c"])]
AsJson = Annotated[bool, Parameter(negative="")]
