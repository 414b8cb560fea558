"""The picture: self-contained, readable by those who do not see it, true to order and overlap."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.report.rehearsal import render
from pgrevise.report.timeline_facts import panel
from pgrevise.report.timeline_scale import Scale
from tests.pgrevise.report import samples

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*revisions: Rehearsed) -> ET.Element:
    return ET.fromstring(render(samples.of(*revisions), "svg"))  # noqa: S314 - our own text


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def bars(root: ET.Element, style: str) -> list[tuple[float, float]]:
    """From where to where the bars of a colour go, the legend's left out."""
    return [
        (float(bar.get("x", "0")), float(bar.get("x", "0")) + float(bar.get("width", "0")))
        for bar in root.iter(f"{SVG}rect")
        if bar.get("class") == style and bar.find(f"{SVG}title") is not None
    ]


def test_it_needs_nothing_from_elsewhere() -> None:
    text = render(samples.everything(), "svg")
    assert not re.search(r"<script|<image|@import|@font-face|url\(|href=|<foreignObject", text)
    assert re.findall(r"https?://[^\"']*", text) == ["http://www.w3.org/2000/svg"]


def test_it_has_a_title_and_a_description() -> None:
    root = drawn(samples.blocking_index())
    assert root.get("role") == "img"
    assert (root.findtext(f"{SVG}title") or "").startswith("Rehearsal: 1 revision")
    told = "202505010930 index jobs by region: 3 statements, 38 ms, blocks reads on queue_jobs"
    assert told in (root.findtext(f"{SVG}desc") or "")


def test_its_size_is_that_of_its_view_box() -> None:
    root = drawn(samples.clean())
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"


def test_it_is_legible_on_a_dark_page() -> None:
    assert "@media (prefers-color-scheme: dark)" in render(samples.of(samples.clean()), "svg")


def test_every_table_that_was_locked_has_a_lane() -> None:
    names = texts(drawn(samples.foreign_key()))
    assert names.count("queue_jobs") == names.count("queues") == 2  # up and down


def test_a_lock_has_the_colour_of_what_it_blocks() -> None:
    root = drawn(samples.blocking_index())
    titles = [
        (bar.get("class"), title.text)
        for bar in root.iter(f"{SVG}rect")
        if (title := bar.find(f"{SVG}title")) is not None and " on " in (title.text or "")[:20]
    ]
    assert ("reads", "ACCESS EXCLUSIVE on queue_jobs for 38 ms") in titles
    assert ("writes", "SHARE on queues for 2.6 ms") in titles


def test_a_weaker_lock_under_a_stronger_one_is_not_drawn() -> None:
    lanes = panel(samples.blocking_index(), samples.blocking_index().observed.upgrade).lanes
    assert [held.mode for held in lanes[0].held] == ["ACCESS EXCLUSIVE"]


def test_a_lock_outlives_its_statement_until_the_commit() -> None:
    root = drawn(samples.type_change())
    first = bars(root, "run")[0]
    lock = bars(root, "reads")[0]
    assert lock[0] == pytest.approx(first[0])
    assert lock[1] > first[1]


def test_time_in_which_python_runs_is_empty() -> None:
    _, second = bars(drawn(samples.type_change()), "run")[:2]
    first = bars(drawn(samples.type_change()), "run")[0]
    assert second[0] - first[1] > 100


def test_what_env_py_does_before_the_revision_is_not_drawn() -> None:
    one = samples.blocking_index()
    upgrade = one.observed.upgrade
    later = replace(
        upgrade,
        statements=tuple(
            replace(
                s, began=s.began + 5, locks=tuple(replace(k, began=k.began + 5) for k in s.locks)
            )
            for s in upgrade.statements
        ),
        transactions=tuple(
            replace(t, began=t.began + 5, ended=t.ended + 5) for t in upgrade.transactions
        ),
    )
    drawn_later = panel(replace(one, observed=replace(one.observed, upgrade=later)), later)
    assert drawn_later.origin == pytest.approx(upgrade.statements[0].began + 5)


def test_three_hundred_statements_are_a_few_bars() -> None:
    assert len(render(samples.of(samples.long()), "svg")) < 20_000


def test_what_the_project_writes_is_escaped() -> None:
    assert "202505011130 require owners <of queues> & more" in " ".join(
        " ".join(texts(drawn(samples.failing()))).split()
    )


def test_a_revision_without_statements_is_drawn_without_a_panel() -> None:
    one = samples.clean()
    nothing = replace(one.observed.upgrade, statements=(), transactions=(), seconds=0.0)
    empty = replace(one.observed, upgrade=nothing, downgrade=nothing)
    assert "Upgrade: works" not in texts(drawn(replace(one, observed=empty)))


def test_of_hundreds_of_revisions_those_that_are_not_clean_are_drawn() -> None:
    shown = " ".join(texts(drawn(*[samples.clean()] * 60, samples.failing())))
    assert "202505011130" in shown
    assert "21 more revisions not drawn" in shown


def test_a_scale_is_in_proportion_where_there_is_room() -> None:
    scale = Scale([0, 1, 2, 4], 0, 400)
    assert [scale.at(moment) for moment in (0, 1, 2, 3, 4)] == [0, 100, 200, 300, 400]
    assert scale.stretched() == []


def test_a_scale_keeps_the_order_of_microseconds_beside_seconds() -> None:
    moments = [0, 0.000001, 0.000003, 30, 30.000002]
    scale = Scale(moments, 0, 800)
    places = [scale.at(moment) for moment in moments]
    assert all(after - before >= 8 for before, after in pairwise(places))
    assert scale.stretched() == [(0, places[2]), (places[3], 800)]


@pytest.mark.parametrize("moments", [[], [0], [5.0], [i / 1e6 for i in range(5000)]])
def test_a_scale_fills_its_room(moments: list[float]) -> None:
    scale = Scale(moments, 10, 500)
    assert scale.at(0) == 10
    assert scale.at(scale.end) == pytest.approx(500)
    assert scale.ticks(50)[0] == 0
