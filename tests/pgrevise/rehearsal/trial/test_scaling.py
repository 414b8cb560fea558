"""Times at some sizes, and what is said of another."""

from __future__ import annotations

import pytest

from pgrevise.rehearsal.facts import Relation, Scan, Statement
from pgrevise.rehearsal.trial.scaling import FLOOR, SCATTER, depends_on_rows, scaled

MILLION = 1_000_000


def test_what_was_measured_is_not_scaled() -> None:
    told = scaled([(1000, 0.1), (MILLION, 2.0)], MILLION)
    assert (told.seconds, told.is_scaled) == (2.0, False)


def test_repeated_measurements_give_their_own_range() -> None:
    told = scaled([(MILLION, 2.2), (MILLION, 1.8), (MILLION, 2.0)], MILLION)
    assert (told.low, told.seconds, told.high) == (1.8, 2.0, 2.2)


def test_a_single_measurement_has_a_range_too() -> None:
    told = scaled([(MILLION, 2.0)], MILLION)
    assert told.low <= 2.0 / SCATTER
    assert told.high >= 2.0 * SCATTER


def test_work_for_each_row_grows_in_proportion() -> None:
    told = scaled([(10_000, 0.1), (100_000, 1.0)], MILLION)
    assert told.seconds == pytest.approx(10.0)
    assert told.is_scaled
    assert told.measured == (10_000, 100_000)


def test_what_every_size_takes_is_not_multiplied() -> None:
    told = scaled([(10_000, 1.1), (100_000, 2.0)], MILLION)
    assert told.seconds == pytest.approx(11.0)


def test_sorting_grows_faster_than_the_rows() -> None:
    seconds = [(rows, rows * 1e-6 * power) for rows, power in ((10_000, 4), (100_000, 5))]
    told = scaled(seconds, 10 * MILLION)
    assert told.seconds == pytest.approx(70.0, rel=0.05)


def test_what_grows_faster_than_sorting_is_followed() -> None:
    told = scaled([(1000, 0.01), (10_000, 1.0)], 100_000)
    assert told.seconds > 50


def test_the_same_time_at_every_size_stays() -> None:
    assert scaled([(10_000, 0.1), (100_000, 0.11)], MILLION).seconds == pytest.approx(0.11)


def test_short_times_may_hide_a_growth() -> None:
    told = scaled([(10_000, 0.0005), (100_000, 0.0006)], 100 * MILLION)
    assert told.seconds < FLOOR
    assert told.high > 1


def test_work_that_was_seen_not_to_depend_on_rows_hides_none() -> None:
    told = scaled([(10_000, 0.0005), (100_000, 0.0006)], 100 * MILLION, grows=False)
    assert told.high < 0.01


@pytest.mark.parametrize("samples", [[(100_000, 1.0)], [(10_000, 0.1), (100_000, 1.0)]])
def test_the_range_holds_the_time_and_widens_with_the_distance(
    samples: list[tuple[int, float]],
) -> None:
    near, far = scaled(samples, MILLION), scaled(samples, 1000 * MILLION)
    for told in (near, far):
        assert told.low < told.seconds < told.high
    assert far.high / far.seconds > near.high / near.seconds


def test_one_size_says_less_than_two() -> None:
    one = scaled([(100_000, 1.0)], MILLION)
    two = scaled([(10_000, 0.1), (100_000, 1.0)], MILLION)
    assert one.seconds == pytest.approx(two.seconds, rel=0.05)
    assert one.low < two.low


def test_the_range_is_not_narrower_than_measurements_scatter() -> None:
    told = scaled([(10_000, 0.1), (100_000, 0.5), (100_000, 1.5)], MILLION)
    assert told.high / told.seconds > 2.9
    assert told.seconds / told.low > 2.9


def test_a_smaller_table_takes_less() -> None:
    told = scaled([(100_000, 1.0), (MILLION, 10.0)], 1000)
    assert told.low < 0.01 < told.high
    assert told.seconds < 0.1


@pytest.mark.parametrize("rows", [0, 1, 10**12])
def test_any_size_can_be_asked_for(rows: int) -> None:
    told = scaled([(0, 0.001), (100, 0.002)], rows)
    assert 0 <= told.low <= told.seconds <= told.high


def test_no_measurement_gives_no_time() -> None:
    with pytest.raises(ValueError, match="no measurement"):
        scaled([], 1)


def test_only_work_on_rows_depends_on_them() -> None:
    assert not depends_on_rows(Statement(1, "ALTER TABLE jobs ADD COLUMN a int"))
    scanning = Statement(1, "ALTER TABLE jobs ADD CHECK (a > 0)", scans=(Scan(Relation("jobs")),))
    assert depends_on_rows(scanning)
