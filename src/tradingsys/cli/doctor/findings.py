"""What a check found."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

__all__ = ["Finding", "Verdict", "fine", "problem", "warning"]


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well, or not for ever."""
    PROBLEM = "problem"
    """The gateway will not work, or must not be trusted with money."""


class Finding(Struct, frozen=True):
    """One line of the report."""

    check: str
    """A stable name, such as ``key-file``."""
    verdict: Verdict
    text: str
    fix: str = ""


def fine(check: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Verdict.OK, text)


def warning(check: str, text: str, fix: str) -> Finding:
    """Worth mending."""
    return Finding(check, Verdict.WARNING, text, fix)


def problem(check: str, text: str, fix: str) -> Finding:
    """Must be mended."""
    return Finding(check, Verdict.PROBLEM, text, fix)
