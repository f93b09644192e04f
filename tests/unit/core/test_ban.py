"""How long a venue is left alone, by two clocks neither of which is always right."""

from tradingsys.core.ban import Ban, BanRecord

SECOND_NS = 1_000_000_000
HOUR_MS = 3_600_000
WALL_MS = 1_800_000_000_000


def test_a_ban_lasts_as_long_as_was_said() -> None:
    ban = Ban()
    assert ban.left_ms(0) == 0, "a machine that was just switched on is not banned"
    ban.hold(2_000, SECOND_NS, WALL_MS)
    assert ban.left_ms(SECOND_NS, WALL_MS) == 2_000
    assert ban.left_ms(3 * SECOND_NS - 1, WALL_MS) == 1
    assert ban.left_ms(3 * SECOND_NS, WALL_MS) == 0


def test_what_is_said_later_makes_it_longer_and_never_shorter() -> None:
    ban = Ban()
    ban.hold(10_000, 0, WALL_MS)
    assert ban.hold(2_000, SECOND_NS, WALL_MS) == 0 and ban.left_ms(SECOND_NS) == 9_000
    assert ban.hold(10_000, SECOND_NS, WALL_MS) == 1_000 and ban.left_ms(SECOND_NS) == 10_000
    assert ban.hold(None, SECOND_NS, WALL_MS) == 0


def test_a_short_ban_is_over_by_the_monotonic_clock_alone() -> None:
    ban = Ban()
    ban.hold(60_000, 0, WALL_MS)
    assert ban.left_ms(SECOND_NS, WALL_MS + HOUR_MS) == 59_000, "somebody set the time of day"


def test_who_slept_through_a_long_ban_does_not_wait_for_it_once_more() -> None:
    ban = Ban()
    ban.hold(HOUR_MS, 0, WALL_MS)
    assert ban.left_ms(SECOND_NS, WALL_MS + HOUR_MS - 500) == 500
    assert ban.left_ms(SECOND_NS, WALL_MS + HOUR_MS) == 0
    assert ban.left_ms(SECOND_NS) == HOUR_MS - 1_000, "who has no time of day cannot know"
    ban.hold(2_000, SECOND_NS, WALL_MS + HOUR_MS)
    assert ban.left_ms(SECOND_NS, WALL_MS + HOUR_MS) == 2_000, "a new one, however long the old one seems to last"
    ban.end()
    assert ban.left_ms(SECOND_NS) == 0


def test_a_time_of_day_that_is_set_back_makes_no_ban_longer() -> None:
    ban = Ban()
    ban.hold(HOUR_MS, 0, WALL_MS)
    assert ban.left_ms(3_600 * SECOND_NS, WALL_MS - HOUR_MS) == 0


def test_whoever_waits_for_the_end_of_a_long_ban_looks_again_every_minute() -> None:
    ban = Ban()
    ban.hold(90_000, 0)
    assert ban.soonest(0) == 60 * SECOND_NS
    assert ban.soonest(60 * SECOND_NS) == 90 * SECOND_NS
    assert ban.soonest(95 * SECOND_NS) == 95 * SECOND_NS


def test_what_is_kept_of_a_ban_runs_out_and_grows_no_longer() -> None:
    told = BanRecord(WALL_MS, HOUR_MS)
    assert told.left_ms(WALL_MS + 1_000) == HOUR_MS - 1_000
    assert told.left_ms(WALL_MS + 30 * 24 * HOUR_MS) == 0
    assert told.left_ms(WALL_MS - 24 * HOUR_MS) == HOUR_MS
