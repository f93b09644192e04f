"""Short stories with one point each, for rules that other rules hide from lives, or that need a person's hand.

Each is told to the end by the product as it is, and what it says then is what is wrong: nothing.
"""

from __future__ import annotations

from tests.simulate.scenes import (
    audits,
    beliefs,
    books,
    clients,
    cuts,
    files,
    history,
    late,
    limits,
    questions,
    restrictions,
    strays,
    unknown,
)
from tests.simulate.scenes.stage import Scene

__all__ = ["SCENES", "Scene"]

_ORDERS = (cuts, history, late, unknown, beliefs, questions, strays)
_REST = (files, clients, restrictions, audits, books, limits)
SCENES = tuple(scene for subject in (*_ORDERS, *_REST) for scene in vars(subject).values() if isinstance(scene, Scene))
