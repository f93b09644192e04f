"""What `tradingsys doctor` finds, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tradingsys.cli.app import FAILURE, OK, execute

Captured = pytest.CaptureFixture[str]
Checks = dict[str, dict[str, Any]]


def doctor(path: Path, capsys: Captured) -> tuple[int, Checks]:
    """Exit code and findings by check."""
    code = execute(["doctor", f"-c={path}", "--json"])
    captured = capsys.readouterr()
    assert captured.err == ""
    report = json.loads(captured.out)
    verdicts = [check["verdict"] for check in report["checks"]]
    assert (report["problems"], report["warnings"]) == (verdicts.count("problem"), verdicts.count("warning"))
    assert all(check["fix"] for check in report["checks"] if check["verdict"] != "ok")
    assert code == (FAILURE if report["problems"] else OK)
    return code, {check["check"]: check for check in report["checks"]}


def bad(checks: Checks) -> dict[str, str]:
    return {name: check["verdict"] for name, check in checks.items() if check["verdict"] != "ok"}
