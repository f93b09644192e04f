"""How long a venue is left alone, and what the next gateway knows of it."""

from tradingsys.core.ban import LONGEST_BAN_MS, Ban, BanRecord

SECOND_NS = 1_000_000_000
HOUR_MS = 3_600_000
WALL_MS = 1_800_000_000_000


def test_a_ban_lasts_as_long_as_was_said() -> None:
    ban = Ban()
    assert ban.left_ms(0) == 0, "a machine that was just switched on is not banned"
    ban.hold(2_000, SECOND_NS)
    assert ban.left_ms(SECOND_NS) == 2_000
    assert ban.left_ms(3 * SECOND_NS - 1) == 1
    assert ban.left_ms(3 * SECOND_NS) == 0


def test_what_is_said_later_makes_it_longer_and_never_shorter() -> None:
    ban = Ban()
    assert ban.hold(10_000, 0) == 10_000
    assert ban.hold(2_000, SECOND_NS) == 0 and ban.left_ms(SECOND_NS) == 9_000
    assert ban.hold(10_000, SECOND_NS) == 1_000 and ban.left_ms(SECOND_NS) == 10_000
    assert ban.hold(None, SECOND_NS) == 0
    assert ban.hold(2_000, 60 * SECOND_NS) == 2_000, "the one before is over"


def test_whoever_waits_for_its_end_looks_then() -> None:
    ban = Ban()
    ban.hold(90_000, 0)
    assert ban.soonest(0) == 90 * SECOND_NS
    assert ban.soonest(95 * SECOND_NS) == 95 * SECOND_NS


def test_what_is_kept_of_a_ban_runs_out_and_grows_no_longer() -> None:
    told = BanRecord(WALL_MS, HOUR_MS)
    assert told.left_ms(WALL_MS + 1_000) == HOUR_MS - 1_000
    assert told.left_ms(WALL_MS + 30 * 24 * HOUR_MS) == 0
    assert told.left_ms(WALL_MS - 24 * HOUR_MS) == HOUR_MS
    assert BanRecord(WALL_MS, -HOUR_MS).left_ms(WALL_MS) == 0
    assert BanRecord(WALL_MS, 10**15).left_ms(WALL_MS) == LONGEST_BAN_MS
