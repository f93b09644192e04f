"""Values that hold a secret, shown without it: a repr ends up in logs, tracebacks and reports of bugs."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["shown"]


def shown(value: Struct, *secret: str) -> str:
    """As `repr` shows it, with ``…`` for what the fields named ``secret`` hold, unless that is nothing."""

    def told(name: str) -> str:
        held = getattr(value, name)
        return "…" if name in secret and held else repr(held)

    fields = ", ".join(f"{name}={told(name)}" for name in value.__struct_fields__)
    return f"{type(value).__name__}({fields})"
