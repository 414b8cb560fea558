"""What a run of the bench found: as a table, as JSON, as a picture."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.chart import Scale, drawn
from bench.places import Sizes
from bench.plan import chosen
from bench.results import Report, Row, line, read, table, written

ROW = Row("`db.current`", "`alembic current`", "in turn", "seconds", (0.2, 0.1), (1.0,), 0.3)
MISSED = replace(ROW, what="memory", unit="bytes", ours=(2.0**20,), theirs=(2.0**21,))
TOLD = replace(ROW, to_reach=None, theirs=(1e-6,))
MACHINE = {"processors": "2", "Python": "3.11.7", "PostgreSQL": "17.10"}
REPORT = Report("2026-11-23", MACHINE, False, (ROW, MISSED, TOLD))


def test_a_ratio_is_that_of_the_medians() -> None:
    assert ROW.ratio == pytest.approx(0.15)


def test_what_was_to_be_reached_is_reached_or_not() -> None:
    assert [row.is_reached for row in REPORT.rows] == [True, False, True]


def test_a_report_survives_being_written() -> None:
    assert read(written(REPORT)) == REPORT


def test_the_table_has_a_line_for_each_row() -> None:
    assert table(REPORT).splitlines()[2:4] == [
        "| `db.current` | `alembic current` | 150 ms | 1.00 s | 2 : 1 | 0.15 | ≤ 0.3 |",
        "| memory | `alembic current` | 1.0 MB | 2.0 MB | 1 : 1 | 0.50 | ≤ 0.3, missed |",
    ]


def test_a_line_says_whether_it_was_reached() -> None:
    assert "(to reach: 0.3, reached)" in line(ROW)
    assert "(to reach: 0.3, MISSED)" in line(MISSED)
    assert "to reach" not in line(TOLD)


def test_equal_factors_are_equally_far_on_the_scale() -> None:
    scale = Scale((ROW,))
    assert scale.at(0.5) - scale.at(0.25) == pytest.approx(scale.at(1) - scale.at(0.5))


def test_the_picture_has_a_bar_for_each_row_and_a_mark_where_it_has_to_be() -> None:
    root = ET.fromstring(drawn(REPORT))  # noqa: S314 - we have just drawn it
    shapes = [shape.get("class") for shape in root if len(shape) or shape.get("class") == "mark"]
    assert shapes == ["reached", "mark", "missed", "mark", "told", "mark"]


def test_words_choose_rows_by_their_names() -> None:
    names = [m.named(Sizes()) for m in chosen(Sizes(), ["current"])]
    assert names == ["`db.current`, 5,000 revisions", "plain `alembic current`, 5,000 revisions"]
    assert len(chosen(Sizes(), [])) > len(chosen(Sizes(), ["memory", "LIST"])) == 5
