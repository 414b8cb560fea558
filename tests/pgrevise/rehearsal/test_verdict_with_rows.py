"""The verdict with rows: one word from what was seen, and a sentence where that is trouble."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.catalog import Catalog
from pgrevise.rehearsal.facts import Observed, Outcome, Passage, Revision, RowsVerdict, Verdict
from pgrevise.rehearsal.trial.facts import Broken, Damage, FilledTable, Loss, Released, Trial
from pgrevise.rehearsal.verdict import verdict_of

EMPTY = Catalog((), 17, ("public",))
TRIAL = Trial((FilledTable("jobs", 100),), Passage("upgrade"), Passage("downgrade"))


def judged(trial: Trial | None) -> Verdict:
    passages = (Passage("upgrade"), Passage("downgrade"), Passage("second_upgrade"))
    revision = Revision("202501010000", "change jobs", "versions/a.py")
    return verdict_of(Observed(revision, EMPTY, *passages, EMPTY, trial=trial))


def lost(damage: Damage, at: str = "downgrade") -> Loss:
    return Loss("jobs", "note", damage, at, 3, 100)  # type: ignore[arg-type] # one of the two


@pytest.mark.parametrize(
    ("up", "down", "verdict"),
    [
        ("done", "done", "keeps every value"),
        ("done", "refused", "works"),
        ("done", "skipped", "works"),
        ("failed", "skipped", "fails"),
        ("hung", "skipped", "hangs"),
        ("done", "failed", "downgrade fails"),
        ("done", "hung", "downgrade hangs"),
        ("skipped", "skipped", "not tried"),
    ],
)
def test_how_the_passages_ended_is_told_apart(
    up: Outcome, down: Outcome, verdict: RowsVerdict
) -> None:
    trial = replace(TRIAL, upgrade=Passage("upgrade", up), downgrade=Passage("downgrade", down))
    assert judged(trial).with_rows == verdict


@pytest.mark.parametrize(
    ("damage", "verdict"),
    [
        ("lost", "loses values"),
        ("rows lost", "loses values"),
        ("changed", "changes values"),
        ("rows added", "changes values"),
    ],
)
def test_what_is_not_back_is_told_apart(damage: Damage, verdict: RowsVerdict) -> None:
    assert judged(replace(TRIAL, losses=(lost(damage),))).with_rows == verdict


def test_what_the_upgrade_changed_and_the_downgrade_brought_back_is_kept() -> None:
    trial = replace(TRIAL, losses=(lost("changed", "upgrade"),))
    assert judged(trial).with_rows == "keeps every value"


def test_without_a_way_back_what_the_upgrade_lost_counts() -> None:
    refused = Passage("downgrade", "refused")
    trial = replace(TRIAL, downgrade=refused, losses=(lost("lost", "upgrade"),))
    assert judged(trial).with_rows == "loses values"


@pytest.mark.parametrize("trial", [None, replace(TRIAL, tables=(FilledTable("jobs", 0, "why"),))])
def test_without_rows_nothing_is_judged(trial: Trial | None) -> None:
    assert judged(trial).with_rows == "not tried"


def test_what_is_well_adds_no_words() -> None:
    assert judged(TRIAL).words == judged(None).words


def test_a_failure_with_rows_is_in_the_words() -> None:
    trial = replace(TRIAL, upgrade=Passage("upgrade", "failed", "no"))
    words = judged(trial).words
    assert words.startswith("The upgrade works, ")
    assert words.endswith("With rows there, the upgrade fails.")


def test_released_code_that_breaks_is_in_the_words() -> None:
    code = Released("main", broken=(Broken("app.Job", "jobs", "select", "no column"),))
    words = judged(replace(TRIAL, released=code)).words
    assert words.endswith("Released code breaks on the new schema.")
