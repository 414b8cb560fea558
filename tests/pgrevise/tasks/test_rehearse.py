"""``invoke db.rehearse``: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from pgrevise.postgres.connect import connect
from tests.pgrevise.conftest import Project

REHEARSE = ("invoke", "db.rehearse")


@pytest.fixture
def rehearsed(bare_project: Project) -> Project:
    """A project whose second revision makes writers wait."""
    bare_project.environment["PGREVISE_POSTGRES"] = "17"
    bare_project.revision(
        "202601010000",
        "op.execute('CREATE TABLE jobs (id int PRIMARY KEY, word text NOT NULL)')",
        "op.execute('DROP TABLE jobs')",
        subject="add jobs",
    )
    bare_project.revision(
        "202601010001",
        "op.execute('CREATE INDEX ix_jobs_word ON jobs (word)')",
        "op.execute('DROP INDEX ix_jobs_word')",
        parent="202601010000",
        subject="add an index",
    )
    return bare_project


def test_the_newest_revision_is_rehearsed_and_findings_end_it_with_1(rehearsed: Project) -> None:
    done = rehearsed.run(*REHEARSE)
    assert done.returncode == 1, done
    assert "202601010001" in done.stdout
    assert "Rehearsing the newest revision, 202601010001" in done.stderr
    assert "202601010000  add jobs" not in done.stderr


def test_a_revision_without_findings_ends_with_0(rehearsed: Project) -> None:
    done = rehearsed.run(*REHEARSE, "202601010000")
    assert done.returncode == 0, done


def test_how_severe_a_finding_must_be_is_said(rehearsed: Project) -> None:
    assert rehearsed.run(*REHEARSE, "--fail-on", "never").returncode == 0


def test_json_is_one_document_on_standard_output(rehearsed: Project) -> None:
    done = rehearsed.run(*REHEARSE, "--all", "--json")
    told = json.loads(done.stdout)
    assert [one["revision"] for one in told["revisions"]] == ["202601010000", "202601010001"]


def test_one_run_writes_several_reports(rehearsed: Project) -> None:
    outputs = ("--output", "report.md", "--output", "sarif=code.json", "--output", "junit.xml")
    done = rehearsed.run(*REHEARSE, *outputs)
    assert done.returncode == 1, done
    assert "202601010001" in (rehearsed.root / "report.md").read_text()
    assert json.loads((rehearsed.root / "code.json").read_text())["version"] == "2.1.0"
    assert (rehearsed.root / "junit.xml").read_text().startswith("<?xml")


def test_what_is_pending_in_a_database_is_rehearsed_and_nothing_there_changed(
    rehearsed: Project, project: Project
) -> None:
    assert project.database is not None
    done = rehearsed.run(*REHEARSE, "--url", project.database.url, "--fail-on", "never")
    assert "2 revisions pending" in done.stderr, done
    with connect(project.database) as connection:
        query = "SELECT count(*) FROM pg_class WHERE oid >= 16384"
        assert connection.execute(query).fetchone() == (0,)


def test_another_project_is_named_by_its_configuration(rehearsed: Project) -> None:
    other = rehearsed.root / "services" / "shop"
    other.mkdir(parents=True)
    shutil.copytree(rehearsed.root / "migrations", other / "migrations")
    ini = (rehearsed.root / "alembic.ini").read_text()
    (other / "shop.ini").write_text(ini)
    shutil.copy(rehearsed.root / "models.py", other)
    done = rehearsed.run(*REHEARSE, "202601010000", "--config", "services/shop/shop.ini")
    assert done.returncode == 0, done


def test_folders_relative_to_where_alembic_is_run_are_found(rehearsed: Project) -> None:
    ini = (
        (rehearsed.root / "alembic.ini")
        .read_text()
        .replace("%(here)s/", "")
        .replace("%(here)s", ".")
    )
    (rehearsed.root / "etc").mkdir()
    (rehearsed.root / "etc" / "alembic.ini").write_text(ini)
    done = rehearsed.run(*REHEARSE, "202601010000", "--config", "etc/alembic.ini")
    assert done.returncode == 0, done


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--format", "html"), "There is no format 'html'."),
        (("--fail-on", "worst"), "There is no severity 'worst'."),
        (("--output", "report"), "--output report does not say in which format."),
        (("--set", "NAME"), "--set 'NAME' does not name a variable and its value."),
        (("--baseline", "nowhere.sql"), "--baseline nowhere.sql is no file."),
        (("--deadline", "0"), "--deadline 0 is no time."),
        (("--deadline", "soon"), "--deadline soon is not a number."),
        (("--postgres", "new"), "--postgres new is not a whole number."),
        (("--format",), "--format needed value"),
        (("--output",), "--output needed value"),
        (("--output", "json="), "--output json= names no file."),
        (("--output", "no/where.json"), "there is no folder no."),
        (("--json", "--format", "svg"), "--json and --format svg ask for different formats."),
        (("-0",), "'-0' names no revision."),
        (("--config", "pyproject.toml"), "wants the project's alembic.ini."),
        (("--config", "tasks.py"), "tasks.py is no configuration of Alembic"),
        (("--all", "--revisions", "head"), "--all and head ask for different revisions."),
        (("--config", "nowhere.ini"), "--config names nowhere.ini, which is not a file."),
    ],
)
def test_words_that_cannot_be_taken_are_refused(
    rehearsed: Project, arguments: tuple[str, ...], told: str
) -> None:
    (rehearsed.root / "pyproject.toml").touch()
    done = rehearsed.run(*REHEARSE, *arguments)
    said = done.stderr + done.stdout
    assert (done.returncode, told in said) == (2, True), done
    assert "Traceback" not in said


def test_a_url_of_the_environment_is_not_connected_to(rehearsed: Project) -> None:
    nowhere = "postgresql://app:pw-s3cret@127.0.0.1:1/production"
    done = rehearsed.run(*REHEARSE, "202601010000", DATABASE_URL=nowhere)
    assert done.returncode == 0, done
    assert "s3cret" not in done.stdout + done.stderr
    assert os.environ.get("DATABASE_URL") is None


def test_the_newest_may_be_more_than_nine(rehearsed: Project) -> None:
    done = rehearsed.run(*REHEARSE, "-12", "--fail-on", "never")
    assert "Rehearsing 2 revisions: -12" in done.stderr, done


def test_a_database_at_the_head_leaves_nothing_to_do(rehearsed: Project, project: Project) -> None:
    assert project.database is not None
    with connect(project.database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('202601010001')")
    done = rehearsed.run(*REHEARSE, "--url", project.database.url)
    assert (done.returncode, "Nothing to do: nothing is pending" in done.stderr) == (0, True), done
