"""Commands begin and end fast: they stay compiled, and what they imported is left alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pgrevise.conftest import Project

#: Says which of these modules the garbage collector would still go through at the end.
LEFT = """
import gc, json, sys
seen = {id(one) for one in gc.get_objects()}
names = ("invoke.program", "psycopg.connection", "sqlalchemy.engine.base", "alembic.command")
loaded = {name: id(vars(sys.modules[name])) in seen for name in names if name in sys.modules}
print("LEFT", json.dumps([gc.get_freeze_count(), loaded]))
"""
INVOKED = "import sys; from invoke.main import program; program.run(sys.argv[1:], exit=False)"
TYPED = "import sys; from alembic.config import main; main(sys.argv[1:])"
CALLED = """
from alembic.config import Config
from alembic import command
command.upgrade(Config("alembic.ini"), "head")
"""


@pytest.fixture
def one(project: Project) -> Project:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')")
    return project


def looked_through(project: Project, program: str, *words: str) -> tuple[int, dict[str, bool]]:
    """How many objects are left alone, and by module whether it is looked through."""
    done = subprocess.run(
        [sys.executable, "-c", program + LEFT, *words],
        cwd=project.root,
        env=project.variables(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    frozen, loaded = json.loads(done.stdout.rpartition("LEFT ")[2])
    return frozen, loaded


def test_the_list_of_tasks_ends_without_a_look_at_what_was_imported(one: Project) -> None:
    frozen, loaded = looked_through(one, INVOKED, "invoke", "--list")
    assert frozen > 10_000
    assert loaded == {"invoke.program": False}


def test_so_does_an_upgrade_with_work_to_do(one: Project) -> None:
    _, loaded = looked_through(one, INVOKED, "invoke", "db.upgrade")
    assert len(loaded) == 4
    assert not any(loaded.values())


def test_so_does_plain_alembic(one: Project) -> None:
    _, loaded = looked_through(one, TYPED, "upgrade", "head")
    assert loaded["alembic.command"] is False
    assert loaded["sqlalchemy.engine.base"] is False


def test_a_program_that_calls_alembic_keeps_its_garbage_collector(one: Project) -> None:
    frozen, loaded = looked_through(one, CALLED)
    assert frozen < 1000
    assert all(loaded.values())


def test_the_tasks_stay_compiled(one: Project, tmp_path: Path) -> None:
    done = one.run(
        "invoke", "--list", PYTHONPYCACHEPREFIX=str(tmp_path), PYTHONDONTWRITEBYTECODE=""
    )
    assert done.returncode == 0
    assert list(tmp_path.rglob("pgrevise/tasks/database.*.pyc"))


def test_nothing_is_compiled_to_stay_when_the_user_forbids_it(one: Project, tmp_path: Path) -> None:
    one.run("invoke", "--list", PYTHONPYCACHEPREFIX=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    assert not list(tmp_path.rglob("*.pyc"))
