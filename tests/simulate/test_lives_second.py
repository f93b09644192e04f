from __future__ import annotations

from tests.simulate.lived import Lives


class TestLives(Lives):
    seeds = range(1050, 1100)
