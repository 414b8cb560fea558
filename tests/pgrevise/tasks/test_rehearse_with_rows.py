"""``invoke db.rehearse`` with rows: what is refused, what is tried by default, what is measured."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.pgrevise.conftest import Project
from tests.pgrevise.tasks.conftest import Refused

REHEARSE = ("invoke", "db.rehearse")
JOBS = "op.execute('CREATE TABLE jobs (id int PRIMARY KEY, word text)')"
INDEX = "op.execute('CREATE INDEX ix_jobs_word ON jobs (word)')"
REQUIRE = "op.execute('ALTER TABLE jobs ADD owner text NOT NULL')"


@pytest.fixture
def jobs(bare_project: Project) -> Project:
    """A project with one table, and a revision that rows do not survive."""
    bare_project.environment["PGREVISE_POSTGRES"] = "17"
    bare_project.revision("202601010000", JOBS, "op.execute('DROP TABLE jobs')", subject="add jobs")
    bare_project.revision(
        "202601010001",
        INDEX,
        "op.execute('DROP INDEX ix_jobs_word')",
        parent="202601010000",
        subject="index words",
    )
    bare_project.revision(
        "202601010002",
        REQUIRE,
        "op.execute('ALTER TABLE jobs DROP owner')",
        parent="202601010001",
        subject="require owners",
    )
    return bare_project


def trial(project: Project, *arguments: str) -> dict[str, Any]:
    """The only revision of a report, and what was seen with rows."""
    done = project.run(*REHEARSE, *arguments, "--json", "--fail-on", "never")
    assert done.returncode == 0, done
    (revision,) = json.loads(done.stdout)["revisions"]
    return {**(revision["trial"] or {}), "verdict": revision["with_rows"]}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rows", "many"), "--rows 'many' is no number of rows."),
        (("--rows", "-5"), "--rows '-5' is no number of rows."),
        (("--rows", "1e99"), "--rows 1e99 is more than the 10,000,000,000 "),
        (("--rows", "0", "--probe"), "--rows 0 tries no rows, and --probe needs some."),
        (("--max-stall", "soon"), "--max-stall 'soon' is no time"),
        (("--stats", "nowhere.json"), "--stats nowhere.json is no file."),
        (("--stats", "models.py"), "models.py holds statistics that are damaged"),
        (("--released-python", "python3"), "--released names no code to run with it."),
        (("--released", "x", "--released-python", "no/python"), "no/python is no program."),
    ],
)
def test_what_cannot_be_taken_is_refused_before_anything_starts(
    jobs: Project, refused: Refused, arguments: tuple[str, ...], told: str
) -> None:
    done = refused(jobs, *REHEARSE, *arguments, code=2)
    assert told in done.stderr


def test_a_few_rows_are_tried_by_default(jobs: Project) -> None:
    found = trial(jobs, "202601010001")
    assert found["verdict"] == "keeps every value"
    assert [(t["table"], t["rows"] > 0) for t in found["tables"]] == [("jobs", True)]
    assert found["stalls"] == []


def test_a_revision_that_fails_with_rows_ends_it_with_1(jobs: Project) -> None:
    done = jobs.run(*REHEARSE, "202601010002")
    assert done.returncode == 1, done
    assert "with rows  fails" in done.stdout
    assert 'column "owner" of relation "jobs" contains null values' in done.stdout


def test_no_rows_can_be_asked_for(jobs: Project) -> None:
    assert trial(jobs, "202601010002", "--rows", "0")["verdict"] == "not tried"


def test_a_new_table_is_not_tried_with_rows(jobs: Project) -> None:
    assert trial(jobs, "202601010000") == {"verdict": "not tried"}


def test_a_size_that_was_not_said_is_told(jobs: Project) -> None:
    done = jobs.run(*REHEARSE, "202601010000", "--max-stall", "1min")
    assert "Times are measured at 100,000 rows; --rows N is another size." in done.stderr, done


def test_a_size_that_was_said_is_not_told_again(jobs: Project) -> None:
    done = jobs.run(*REHEARSE, "202601010000", "--max-stall", "1min", "--rows", "1e3")
    assert "Times are measured" not in done.stderr, done


def test_times_are_measured_at_the_size_asked_for(jobs: Project) -> None:
    stalls = trial(jobs, "202601010001", "--rows", "5e3")["stalls"]
    (writes,) = (s for s in stalls if (s["traffic"], s["direction"]) == ("writes", "upgrade"))
    assert writes["predicted"]["measured"] == [5000]
    assert writes["probed"] is None


def test_a_probe_says_what_clients_saw(jobs: Project) -> None:
    stalls = trial(jobs, "202601010001", "--rows", "5e3", "--probe")["stalls"]
    seen = [s["probed_rows"] for s in stalls if s["traffic"] == "writes" and s["probed"]]
    assert seen
    assert set(seen) == {5000}


def test_a_stall_longer_than_the_limit_ends_it_with_1(jobs: Project) -> None:
    allow = ("--rows", "5e3", "--max-stall", "0.001ms", "--json")
    done = jobs.run(*REHEARSE, "202601010001", *allow)
    (revision,) = json.loads(done.stdout)["revisions"]
    assert "stall-longer-than-limit" in {f["rule"] for f in revision["findings"]}, done


@pytest.mark.skipif(shutil.which("git") is None, reason="released code comes from git")
def test_released_code_without_a_repository_is_refused(jobs: Project, refused: Refused) -> None:
    refused(jobs, *REHEARSE, "202601010001", "--released", "v1", code=2)
