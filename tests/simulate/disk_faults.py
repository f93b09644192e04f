"""How bad the disk of a life is, and what people do to the files on it."""

from __future__ import annotations

from random import Random

from msgspec import Struct

__all__ = ["DiskFaults"]


class DiskFaults(Struct, frozen=True):
    """Rates; all are zero in a third of the lives."""

    ambushes_per_s: float = 0.0
    """The process dies where it writes, syncs, boots, is answered or tells."""
    full_per_s: float = 0.0
    """The disk is full, for up to some seconds."""
    failed_syncs_per_s: float = 0.0
    """An fsync fails, and what it was for may be gone."""
    slow_commit: float = 0.0
    """Of jobs of the store's thread: up to two seconds long."""
    shortest_slow_ms: int = 20
    """So long is a slow one at least: the same in all lives."""
    locks_per_s: float = 0.0
    """Somebody's SQL shell keeps pos.db locked for some seconds."""
    flip_at_death: float = 0.0
    """A bit of the journal or of pos.db is another one when the gateway comes back."""
    restore_at_death: float = 0.0
    """Somebody puts an older copy of pos.db in its place."""

    @property
    def needs_backups(self) -> bool:
        """Whether the gateway makes them, every few seconds."""
        return bool(self.flip_at_death or self.restore_at_death)

    @classmethod
    def draw(cls, rng: Random, *, often: bool = False) -> DiskFaults:
        """The faults of one life; ``often`` where this is what the life is about."""
        if not often and rng.random() < 0.35:
            return cls()
        more = 4.0 if often else 1.0

        def rate(highest: float) -> float:
            return 0.0 if rng.random() < 0.35 else rng.random() * highest * more

        return cls(
            ambushes_per_s=rate(0.3),
            full_per_s=rate(0.02),
            failed_syncs_per_s=rate(0.02),
            slow_commit=rate(0.02),
            locks_per_s=rate(0.02),
            flip_at_death=rate(0.05),
            restore_at_death=rate(0.05),
        )
