"""What holds for a rehearsal in every format."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.report.rehearsal import FORMATS, Format, render
from tests.pgrevise.report import samples


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_report_ends_with_one_line_break(wanted: Format) -> None:
    text = render(samples.everything(), wanted)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("wanted", FORMATS)
def test_an_empty_rehearsal_has_a_report(wanted: Format) -> None:
    assert render(samples.of(), wanted)


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_report_is_the_same_each_time(wanted: Format) -> None:
    assert render(samples.everything(), wanted) == render(samples.everything(), wanted)


@pytest.mark.parametrize("wanted", ["terminal", "markdown", "json", "sarif", "junit"])
def test_a_finding_of_an_unknown_rule_is_shown(wanted: Format) -> None:
    one = samples.foreign_key()
    odd = replace(one.findings[0], rule="of-another-version")
    assert "of-another-version" in render(samples.of(replace(one, findings=(odd,))), wanted)


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_revision_whose_source_is_unknown_has_a_report(wanted: Format) -> None:
    one = samples.foreign_key()
    revision = replace(one.observed.revision, source="")
    bare = replace(one, observed=replace(one.observed, revision=revision))
    assert render(samples.of(bare), wanted)
