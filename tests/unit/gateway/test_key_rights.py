"""When a gateway asks what its key may do, and what it says of the answers."""

from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.scripted_venue import ScriptedVenue
from tradingsys.core.commands import Permissions, PermissionsQuery
from tradingsys.core.errors import Banned, TransportError

HOUR_S = 3_600
TOO_MUCH = "error: the API key may withdraw: "
ANYWHERE = "warning: the API key works from any address"


def of_key(folder: Path, answer: object, *, is_live: bool = True) -> Scene:
    venue = ScriptedVenue()
    venue.answers[PermissionsQuery] = lambda _: answer
    settings = structs.replace(SETTINGS, asks_key_rights=True, is_live=is_live)
    return Scene(folder, settings, venue=venue).ready()


def told(scene: Scene, what: str) -> int:
    return sum(line.startswith(what) for line in scene.logged)


def asked(scene: Scene) -> int:
    return sum(isinstance(query, PermissionsQuery) for query in scene.venue.asked)


def test_what_is_too_much_is_told_once_a_day(tmp_path: Path) -> None:
    scene = of_key(tmp_path, Permissions(True, True, False, False))
    assert (told(scene, TOO_MUCH), told(scene, ANYWHERE)) == (1, 1)
    scene.now_ns += 23 * HOUR_S * 10**9
    scene.run(60)
    assert asked(scene) == told(scene, TOO_MUCH) == 1
    scene.now_ns += HOUR_S * 10**9
    scene.run(60)
    assert asked(scene) == told(scene, TOO_MUCH) == 2


@pytest.mark.parametrize("answer", [Permissions(True), Permissions(True, False, False, True)])
def test_what_is_not_too_much_or_not_known_is_not_told(tmp_path: Path, answer: Permissions) -> None:
    assert "API key" not in "".join(of_key(tmp_path, answer).logged)


def test_without_real_money_a_key_may_work_from_anywhere(tmp_path: Path) -> None:
    scene = of_key(tmp_path, Permissions(True, False, True, False), is_live=False)
    assert told(scene, "error: the API key may transfer: ") == 1 and not told(scene, ANYWHERE)


def test_another_host_that_wants_to_be_left_alone_is(tmp_path: Path) -> None:
    scene = of_key(tmp_path, Banned(-1003, "Way too much", retry_after_ms=2 * HOUR_S * 1_000))
    scene.run(HOUR_S)
    assert asked(scene) == 1 and scene.client().order()
    scene.run(HOUR_S + 1)
    assert asked(scene) == 2


def test_a_question_without_an_answer_is_asked_again_and_holds_up_nothing(tmp_path: Path) -> None:
    scene = of_key(tmp_path, TransportError("connection reset", sent=True))
    assert asked(scene) == 1 and scene.client().order()
    scene.venue.answers[PermissionsQuery] = lambda _: Permissions(True, True)
    scene.run(HOUR_S)
    assert asked(scene) == 2 and told(scene, TOO_MUCH) == 1
