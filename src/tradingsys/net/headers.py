"""HTTP headers as everybody here has them."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["lower_case"]


def lower_case(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case, repeated ones joined by a comma."""
    lowered: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        lowered[key] = f"{lowered[key]}, {value}" if key in lowered else value
    return lowered
