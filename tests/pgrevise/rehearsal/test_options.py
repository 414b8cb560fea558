"""Numbers and times as a command line says them, and what follows from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgrevise.errors import UsageError
from pgrevise.rehearsal.options import (
    MEASURED_ROWS,
    Options,
    limit_of_stalls,
    number_of_rows,
    sized,
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0", 0),
        ("100", 100),
        ("1e5", 100_000),
        ("1.5E6", 1_500_000),
        ("100_000", 100_000),
        ("1,000,000", 1_000_000),
        ("10000.0", 10_000),
    ],
)
def test_a_number_of_rows_is_written_in_several_ways(text: str, rows: int) -> None:
    assert number_of_rows(text) == rows


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "1e-3", "nan", "inf", "1e6 rows", "", "1e400"])
def test_what_is_no_number_of_rows_is_refused_with_what_was_said(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        number_of_rows(text)
    assert text in refused.value.sentence


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("2s", 2.0), ("1.5 s", 1.5), (".5", 0.5), ("3", 3.0), ("2min", 120.0)],
)
def test_a_limit_has_a_unit_or_is_seconds(text: str, seconds: float) -> None:
    assert limit_of_stalls(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "0ms", "-1s", "1h", "fast", "1e9", "99999999", "s"])
def test_what_is_no_time_is_refused_with_what_was_said(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        limit_of_stalls(text)
    assert text in refused.value.sentence


@pytest.mark.parametrize(
    "options",
    [Options(is_probed=True), Options(max_stall=1.0), Options(statistics=Path("stats.json"))],
)
def test_where_times_are_asked_for_there_is_a_size(options: Options) -> None:
    assert sized(options).rows == MEASURED_ROWS


def test_a_size_that_is_said_stays() -> None:
    assert sized(Options(rows=7, is_probed=True)).rows == 7


def test_without_times_there_is_no_size() -> None:
    assert sized(Options(released="main")).rows is None


@pytest.mark.parametrize(
    "options",
    [
        Options(rows=0, is_probed=True),
        Options(rows=0, max_stall=1.0),
        Options(rows=0, statistics=Path("stats.json")),
        Options(rows=0, released="main"),
        Options(released_python="python3"),
    ],
)
def test_what_contradicts_itself_is_refused(options: Options) -> None:
    with pytest.raises(UsageError):
        sized(options)
