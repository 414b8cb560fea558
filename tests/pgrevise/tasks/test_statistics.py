"""``invoke db.stats``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.rehearsal.trial.statistics import load
from tests.pgrevise.conftest import Project
from tests.pgrevise.tasks.conftest import Refused

STATS = ("invoke", "db.stats")


@pytest.fixture
def filled(project: Project) -> Project:
    """A project whose database has 1234 jobs."""
    assert project.database
    with connect(project.database) as connection:
        connection.execute("CREATE TABLE jobs (id integer PRIMARY KEY, note text)")
        connection.execute("INSERT INTO jobs SELECT generate_series(1, 1234)")
        connection.execute("CREATE TABLE queues (id integer)")
        connection.execute("ANALYZE")
    return project


def test_it_prints_each_table_the_largest_first(filled: Project) -> None:
    done = filled.run(*STATS)
    assert done.returncode == 0, done
    head, columns, jobs, queues = done.stdout.splitlines()
    assert "at no revision, 2 tables" in head
    assert columns.split() == ["table", "rows", "bytes", "index", "bytes"]
    assert jobs.split()[:2] == ["jobs", "1,234"]
    assert queues.split() == ["queues", "0", "0", "0"]


def test_it_is_one_document_for_programs(filled: Project) -> None:
    told = json.loads(filled.run(*STATS, "--json").stdout)
    assert told["tables"]["jobs"]["rows"] == 1234
    assert told["stamped"] == []


def test_it_writes_the_file_that_a_rehearsal_takes(filled: Project) -> None:
    done = filled.run(*STATS, "--output", "stats.json")
    assert "The statistics are in stats.json." in done.stderr
    assert load(filled.root / "stats.json").rows("jobs") == 1234


def test_neither_file_nor_document_names_the_database(filled: Project) -> None:
    assert filled.database
    done = filled.run(*STATS, "--json", "--output", "stats.json")
    text = (filled.root / "stats.json").read_text() + done.stdout
    assert filled.database.database not in text


def test_a_url_can_be_given(filled: Project) -> None:
    assert filled.database
    url, filled.database = filled.database.url, None
    assert "1,234" in filled.run(*STATS, "--url", url).stdout


def test_an_empty_database_has_no_table(project: Project) -> None:
    assert "0 tables" in project.run(*STATS).stdout


def test_tables_that_nobody_counted_are_named(filled: Project) -> None:
    assert filled.database
    with connect(filled.database) as connection:
        connection.execute("CREATE TABLE fresh AS SELECT 1 AS a")
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT pg_stat_reset_single_table_counters('fresh'::regclass)")
    done = filled.run(*STATS)
    assert "Never analyzed: fresh. Let ANALYZE count their rows." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--output", "absent/stats.json"], 2, "there is no folder absent"),
        (["--output", "."], 2, "it is a folder"),
        (["--url", "mysql://u:s3cret@h/d"], 3, "not PostgreSQL"),
        (["--url", "postgresql://u:s3cret@localhost:1/d"], 3, "cannot be reached"),
        (["--url", "s3cret"], 2, "is not a URL"),
    ],
)
def test_what_it_cannot_do_it_refuses(
    filled: Project, refused: Refused, arguments: list[str], code: int, words: str
) -> None:
    done = refused(filled, *STATS, *arguments, code=code)
    assert words in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_file_that_may_not_be_written_is_refused(filled: Project, tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    done = filled.run(*STATS, "--output", str(full))
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
