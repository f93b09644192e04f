"""What is wrong with the keys of a configuration file, told with the one that was meant."""

from __future__ import annotations

from difflib import get_close_matches

from msgspec import Struct

__all__ = ["unknown_key"]


def unknown_key(given: object, kind: type[Struct], prefix: str) -> tuple[str, str] | None:
    """The first key that is none, and what to do about it."""
    known = kind.__struct_fields__
    unknown = [str(key) for key in given if key not in known] if isinstance(given, dict) else []
    if not unknown:
        return None
    near = get_close_matches(unknown[0], known, 1)
    hint = f"did you mean {near[0]}?" if near else "known keys: " + ", ".join(sorted(known))
    return prefix + unknown[0], hint
