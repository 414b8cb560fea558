"""Commands that need nothing heavy load nothing heavy, and skip no guard for it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rollout.lock import lock_key
from pgrevise.rollout.pending import standing_at
from tests.pgrevise.conftest import ENV, Project

HEAVY = {"sqlalchemy", "alembic", "rich"}
#: Runs a task as `invoke` does, then says what is loaded.
LOADED = (
    "import sys; from invoke.main import program; program.run(sys.argv[1:], exit=False); "
    "import json; print('LOADED', json.dumps(sorted(sys.modules)))"
)
Query = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def upgraded(project: Project) -> Project:
    """A database at the head of two revisions, the second with a mark that it was imported."""
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", subject="one")
    path = project.revision("202401010001", parent="202401010000", subject="two")
    path.write_text(f"{path.read_text()}\nprint('IMPORTED')\n")
    done = project.run("invoke", "db.upgrade")
    assert done.returncode == 0, done
    return project


def at(project: Project, revision: str = "head") -> tuple[str, ...] | None:
    assert project.database
    return standing_at(project.settings, project.database, revision)


@pytest.mark.parametrize(
    "task", ["db.upgrade", "db.status", "db.current", "db.heads", "db.history", "db.url"]
)
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["people", "programs"])
def test_nothing_heavy_is_loaded(upgraded: Project, task: str, more: tuple[str, ...]) -> None:
    command = upgraded.command("invoke")[:1]
    upgraded.command = lambda *words: [*command, "-c", LOADED, *words]  # type: ignore[method-assign] # not `-m`
    done = upgraded.run("invoke", task, *more)
    shown, _, loaded = done.stdout.partition("LOADED ")
    assert done.returncode == 0, done
    assert HEAVY & set(json.loads(loaded)) == set()
    assert shown
    assert "IMPORTED" not in shown


@pytest.mark.parametrize("more", [(), ("head",), ("heads",), ("202401010001",), ("202401010000",)])
def test_nothing_to_do_is_told_as_ever(upgraded: Project, more: tuple[str, ...]) -> None:
    quick = upgraded.run("invoke", "db.upgrade", *more)
    env = upgraded.root / "migrations" / "env.py"
    env.write_text(f"{ENV}\nprint(end='')\n")
    full = upgraded.run("invoke", "db.upgrade", *more)
    assert full.stdout.replace("IMPORTED\n", "") == quick.stdout
    assert full.stderr == quick.stderr


def test_a_database_at_head_has_nothing_pending(upgraded: Project) -> None:
    assert at(upgraded) == ("202401010001",)
    assert at(upgraded, "202401010000") == ("202401010001",)


@pytest.mark.parametrize("revision", ["2024", "+1", "-1", "base", "nothing", "x@head", ""])
def test_other_ways_to_name_a_revision_are_left_to_alembic(
    upgraded: Project, revision: str
) -> None:
    assert at(upgraded, revision) is None


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
        "UPDATE alembic_version SET version_num = '202401010000'",
        "UPDATE alembic_version SET version_num = 'elsewhere'",
        "INSERT INTO alembic_version VALUES ('elsewhere')",
        "INSERT INTO alembic_version VALUES ('202401010000')",
    ],
)
def test_a_database_that_is_not_plainly_at_head_is_upgraded_in_full(
    upgraded: Project, query: Query, database: Target, change: str
) -> None:
    with connect(database) as connection:
        connection.execute(change.encode())
    assert at(upgraded) is None


def test_another_head_is_not_overlooked(upgraded: Project) -> None:
    upgraded.revision("202401010002", parent="202401010000")
    assert at(upgraded) is None
    done = upgraded.run("invoke", "db.upgrade")
    assert (done.returncode, "db.merge" in done.stderr) == (2, True)


def test_a_runner_that_is_at_work_is_waited_for(upgraded: Project, database: Target) -> None:
    with connect(database) as runner:
        runner.execute("SELECT pg_advisory_lock(%s)", [lock_key("public", "alembic_version")])
        assert at(upgraded) is None
    assert at(upgraded) is not None


@pytest.mark.parametrize(
    "env",
    [
        "from models import metadata\n",
        ENV.replace("run(metadata)", "run(metadata, version_table='another')"),
        ENV.replace("run(metadata)", "run(metadata, **{})"),
        ENV.replace("from pgrevise import environment", "import models as environment"),
        ENV + "print()\n",
        ENV + "if True:\n    environment.run(metadata)\n",
        "metadata = open('x')\n" + ENV,
        "not python",
    ],
)
def test_an_env_py_that_does_more_is_run(upgraded: Project, env: str) -> None:
    (upgraded.root / "migrations" / "env.py").write_text(env)
    assert at(upgraded) is None


def test_an_env_py_with_filters_need_not_be_run(upgraded: Project) -> None:
    filters = "\nNAMES = {'a'}\n\ndef include(*_):\n    return True\n"
    env = ENV.replace(
        "\nenvironment.run(metadata)", filters + "\nenvironment.run(metadata, x=include)"
    )
    (upgraded.root / "migrations" / "env.py").write_text(env)
    assert at(upgraded) is not None


@pytest.mark.parametrize(("unwanted", "kept"), [("", 1), ("1", 0)])
def test_what_was_compiled_is_kept_unless_the_user_says_no(
    project: Project, monkeypatch: pytest.MonkeyPatch, unwanted: str, kept: int
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", unwanted)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')")
    done = project.run("invoke", "db.upgrade")
    assert done.returncode == 0, done
    assert len(list(project.versions.glob("__pycache__/*"))) == kept
