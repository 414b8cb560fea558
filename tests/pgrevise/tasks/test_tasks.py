"""The tasks as they are used: what they print for people and for programs."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pgrevise.postgres.target import Target
from pgrevise.tasks import namespace
from tests.pgrevise.conftest import ROOT, Project

Query = Callable[..., list[tuple[object, ...]]]

NAMES = sorted(namespace().task_names)
APPLIED = {"revision", "subject", "direction", "seconds", "attempts"}
MIGRATED = {"database", "before", "after", "applied"}
ESCAPE = "\x1b["


@pytest.fixture
def two(project: Project) -> Project:
    project.revision(
        "202401010000",
        "op.execute('CREATE TABLE a (n int)')",
        "op.drop_table('a')",
        subject="create a",
    )
    project.revision("202401010001", parent="202401010000", subject="do nothing")
    return project


def invoke(project: Project, *arguments: str, **variables: str) -> str:
    """The standard output of a task that succeeds."""
    done = project.run("invoke", *arguments, **variables)
    assert done.returncode == 0, done
    assert ESCAPE not in done.stdout + done.stderr
    return done.stdout


def told(project: Project, *arguments: str, **variables: str) -> Any:
    """What a task that succeeds prints for programs: its standard output is nothing but that."""
    return json.loads(invoke(project, *arguments, "--json", **variables))


def test_the_list_shows_every_task(bare_project: Project) -> None:
    shown = invoke(bare_project, "--list")
    assert re.findall(r"^  (\w+\.\w+)  ", shown, re.MULTILINE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_help(name: str) -> None:
    task = namespace()[name]
    assert task.__doc__
    for argument in task.get_arguments():
        assert argument.help, f"{name} does not say what --{argument.name} is"


def test_help_of_one_task(bare_project: Project) -> None:
    shown = invoke(bare_project, "--help", "db.upgrade")
    for words in ("Apply pending revisions", "--revision", "how far", "--url", "--json"):
        assert words in shown


def test_loading_the_tasks_loads_nothing_heavy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import pgrevise.tasks, sys; print(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    heavy = {"sqlalchemy", "alembic", "psycopg", "rich", "dotenv", "pgrevise.settings"}
    assert heavy & set(loaded) == set()


def test_people_are_told_of_an_upgrade(two: Project) -> None:
    done = two.run("invoke", "db.upgrade")
    assert re.search(r"^  \+ 202401010000  create a  \(\d+\.\d\d s\)$", done.stdout, re.MULTILINE)
    assert re.search(r"^Upgraded .* to 202401010001: 2 revisions in", done.stdout, re.MULTILINE)
    assert "(from the environment variable DATABASE_URL)" in done.stderr
    assert invoke(two, "db.upgrade").startswith("Nothing to do: ")


def test_programs_are_told_of_every_move(two: Project, query: Query) -> None:
    up = told(two, "db.upgrade", "+1")
    assert up.keys() == MIGRATED
    assert up["applied"][0].keys() == APPLIED
    assert (up["before"], up["after"]) == ([], ["202401010000"])
    assert told(two, "db.upgrade", "head")["after"] == ["202401010001"]
    down = told(two, "db.downgrade")
    assert (down["after"], down["applied"][0]["direction"]) == (["202401010000"], "downgrade")
    assert told(two, "db.stamp")["after"] == ["202401010001"]
    assert told(two, "db.downgrade", "base")["after"] == []
    assert query("SELECT to_regclass('a')") == [(None,)]


@pytest.mark.parametrize(
    ("words", "after"),
    [
        (["db.downgrade", "-1"], ["202401010000"]),
        (["db.downgrade", "-2"], []),
        (["db.downgrade", "--revision=-2"], []),
        (["db.downgrade", "base"], []),
        (["db.downgrade", "202401010000"], ["202401010000"]),
        (["db.upgrade", "--revision", "head"], ["202401010001"]),
        (["db.downgrade", "-1", "db.upgrade"], ["202401010001"]),
    ],
)
def test_the_revision_may_be_left_out_named_or_counted(
    two: Project, query: Query, words: list[str], after: list[str]
) -> None:
    invoke(two, "db.upgrade")
    invoke(two, *words)
    assert query("SELECT version_num FROM alembic_version") == [(name,) for name in after]


def test_what_follows_two_dashes_is_refused_and_not_left_out(two: Project, query: Query) -> None:
    invoke(two, "db.upgrade")
    done = two.run("invoke", "db.downgrade", "--", "-2")
    assert (done.returncode, "No task takes what follows --: -2." in done.stderr) == (2, True)
    assert query("SELECT version_num FROM alembic_version") == [("202401010001",)]


def test_current_and_history(two: Project) -> None:
    invoke(two, "db.upgrade", "202401010000")
    found = told(two, "db.current")
    assert found.keys() == {"database", "origin", "stamped", "subjects", "unknown", "pending"}
    assert (found["stamped"], found["pending"]) == (["202401010000"], ["202401010001"])
    assert "1 pending: 202401010001" in invoke(two, "db.current")
    entries = told(two, "db.history")
    assert entries[0].keys() == {"revision", "subject", "parents", "marks", "file"}
    assert invoke(two, "db.history").splitlines() == [
        "202401010001  do nothing  (head)",
        "202401010000  create a  (base)",
    ]
    assert [entry["revision"] for entry in told(two, "db.heads")] == ["202401010001"]


def test_a_stamp_of_another_branch_is_shown_as_such(two: Project) -> None:
    invoke(two, "db.upgrade")
    max(two.versions.glob("*.py")).unlink()
    assert told(two, "db.current")["unknown"] == ["202401010001"]
    assert "another branch" in two.run("invoke", "db.current").stderr


def test_check_tells_what_differs_and_exits_1(bare_project: Project) -> None:
    bare_project.revision("202401010000", "op.execute('CREATE TABLE a (n bigint)')")
    done = bare_project.run("invoke", "db.check", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["equal"]) == (1, False)
    assert found["differences"][0].keys() == {"sentence", "change"}
    bare_project.models('Table("a", metadata, Column("n", BigInteger))')
    nothing = {"equal": True, "differences": [], "unimported": []}
    assert told(bare_project, "db.check") == nothing
    assert "describe the same schema" in invoke(bare_project, "db.check")


def test_new_and_merge_tell_the_file(two: Project) -> None:
    two.revision("202401010002", parent="202401010000")
    merged = told(two, "db.merge", "join")
    assert merged.keys() == {"path", "revision", "missing", "failure"}
    written = invoke(two, "db.new", "more", "--empty").strip()
    assert (two.root / written).is_file()
    assert merged["revision"] in (two.root / written).read_text()


def test_reset_empties_the_database(two: Project, database: Target, query: Query) -> None:
    invoke(two, "db.upgrade")
    name = database.database
    assert told(two, "db.reset", "--yes-destroy", name)["after"] == ["202401010001"]
    assert query("SELECT count(*) FROM a") == [(0,)]


def test_sql_of_both_directions(two: Project) -> None:
    up = invoke(two, "db.sql", DATABASE_URL="postgresql://127.0.0.1:1/d")
    assert "CREATE TABLE a" in up
    assert "DROP TABLE a" in invoke(two, "db.sql", "--down")
    assert "CREATE TABLE a" not in invoke(two, "db.sql", "202401010000:head")


@pytest.mark.parametrize("command", [("invoke", "db.sql"), ("alembic", "upgrade", "head", "--sql")])
def test_a_reader_that_has_read_enough_makes_no_traceback(
    bare_project: Project, command: tuple[str, ...]
) -> None:
    bare_project.revision(
        "202401010000", "for _ in range(5000):\n    op.execute('SELECT ' + '1' * 99)"
    )
    runner = subprocess.Popen(
        bare_project.command(*command),
        cwd=bare_project.root,
        env=bare_project.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert runner.stdout
    assert runner.stderr
    with runner.stdout, runner.stderr:
        runner.stdout.readline()
        runner.stdout.close()
        assert b"Traceback" not in (told := runner.stderr.read())
        assert b"BrokenPipe" not in told
    assert runner.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("option", "from --url"),
        ("ini", "from sqlalchemy.url in alembic.ini"),
        ("variable", "from the environment variable DATABASE_URL"),
        ("file", "from DATABASE_URL in "),
    ],
)
def test_url_says_where_it_comes_from(bare_project: Project, source: str, words: str) -> None:
    url = "postgresql://u:s3cret@db.example.com/d"
    arguments = ["--url", url] if source == "option" else []
    variables = {"DATABASE_URL": url} if source == "variable" else {}
    if source == "ini":
        ini = bare_project.root / "alembic.ini"
        ini.write_text(ini.read_text() + f"sqlalchemy.url = {url}\n")
    if source == "file":
        (bare_project.root / ".env").write_text(f"DATABASE_URL={url}\n")
    done = bare_project.run("invoke", "db.url", *arguments, **variables)
    assert done.stdout == "postgresql://u:***@db.example.com/d\n"
    assert done.stderr.startswith(words)


def on_a_terminal(project: Project, *arguments: str, **variables: str) -> str:
    """What a command shows on a terminal, its escape codes included."""
    master, slave = pty.openpty()
    runner = subprocess.Popen(
        project.command(*arguments),
        cwd=project.root,
        env={**project.variables(), "TERM": "xterm", **variables},
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65536):
            shown += chunk
    except OSError:
        pass  # Linux says so when the other end is closed
    os.close(master)
    assert runner.wait(timeout=60) == 0, shown
    return shown.decode()


def test_a_terminal_gets_colour_unless_it_is_not_wanted(two: Project) -> None:
    assert ESCAPE in on_a_terminal(two, "invoke", "db.upgrade")
    assert ESCAPE not in on_a_terminal(two, "invoke", "db.upgrade", NO_COLOR="1")


@pytest.fixture
def private(bare_project: Project) -> Iterator[Project]:
    """A project with a private server of its own, which is destroyed afterwards."""
    runtime = tempfile.mkdtemp(prefix="pgr-")
    bare_project.environment = {"PGREVISE_RUNTIME": runtime, "PGREVISE_POSTGRES": "17"}
    yield bare_project
    destroyed = bare_project.run("invoke", "pg.destroy", "--yes")
    shutil.rmtree(runtime)
    assert destroyed.returncode == 0, destroyed


def test_the_private_server_by_hand(private: Project) -> None:
    assert told(private, "pg.status")["running"] is False
    started = told(private, "pg.start")
    assert started.keys() == {"version", "url", "data"}
    status = told(private, "pg.status")
    assert status.keys() == {
        "running", "pinned", "version", "uptime", "users", "data", "size", "log",
    }  # fmt: skip
    assert (status["running"], status["pinned"]) == (True, True)
    assert Path(status["data"]).is_relative_to(private.root)
    assert "running until pg.stop" in invoke(private, "pg.status")
    invoke(private, "pg.shell", "--command", "CREATE TABLE kept AS SELECT 42 AS answer")
    assert told(private, "pg.stop") == {"stopped": True}
    assert invoke(private, "pg.stop") == "It was not running.\n"
    assert "42" in invoke(private, "pg.shell", "--command", "SELECT answer FROM kept")
    assert "database system is ready" in invoke(private, "pg.logs", "--lines", "500")


def test_a_statement_that_fails_in_the_shell_fails_the_task(
    project: Project,
) -> None:
    assert project.run("invoke", "pg.shell", "--command", "SELECT 1/0").returncode != 0


def test_without_a_url_it_is_the_private_server(private: Project) -> None:
    private.revision("202401010000", "op.execute('CREATE TABLE a (n int)')")
    invoke(private, "db.upgrade")
    found = told(private, "db.url")
    assert found["private"] is True
    assert found["origin"].startswith("the private development server, PostgreSQL 17.")
    assert told(private, "db.reset")["after"] == ["202401010000"]


def test_destroying_wants_to_be_said_twice(bare_project: Project) -> None:
    done = bare_project.run("invoke", "pg.destroy")
    assert done.returncode == 2
    assert "--yes" in done.stderr


def test_the_log_of_a_server_that_never_ran(bare_project: Project) -> None:
    done = bare_project.run("invoke", "pg.logs", PGREVISE_POSTGRES="17")
    assert done.returncode == 2
    assert "pg.start" in done.stderr
