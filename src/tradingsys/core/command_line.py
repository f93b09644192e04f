"""Advice that can be copied: commands about one gateway as a person types them beside it."""

from __future__ import annotations

import shlex

from msgspec import Struct

__all__ = ["CommandLine"]


class CommandLine(Struct, frozen=True):
    """The commands of one gateway."""

    options: tuple[str, ...] = ()
    """Say which gateway is meant, such as ``-c spot.json``; none where it is the only one that can be."""

    def line(self, words: str) -> str:
        """A whole command: ``words`` are its name and arguments."""
        return " ".join(("tradingsys", words, *map(shlex.quote, self.options)))
