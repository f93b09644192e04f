"""The option of ``tradingsys sim``."""

from __future__ import annotations

import pytest

from tradingsys.cli.app import execute
from tradingsys.sim.chaos import PROFILES


def test_the_profiles_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["sim", "--chaos", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PROFILES)
    assert all(line.endswith(wanted.about) for line, wanted in zip(lines, PROFILES.values(), strict=True))


def test_an_unknown_profile_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["sim", "--chaos", "tempest"]) == 2
    told = capsys.readouterr().err
    assert "--chaos: no profile 'tempest'; there are calm, lossy" in " ".join(told.split())
