"""A history, a checkout or a project that is broken: told in a sentence, and nothing is changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pgrevise.conftest import Project
from tests.pgrevise.tasks.conftest import Refused

DOORS = [("invoke", "db.upgrade"), ("alembic", "upgrade", "head")]
both_doors = pytest.mark.parametrize("door", DOORS, ids=["invoke", "alembic"])

READ_ONLY = (
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && shift && exec "$@"'
)


@pytest.fixture
def written(project: Project) -> Project:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    return project


@both_doors
def test_a_syntax_error_is_told_with_file_and_line(
    written: Project, refused: Refused, door: tuple[str, ...]
) -> None:
    written.revision("202401010001", "pass)", parent="202401010000")
    done = refused(written, *door, code=2)
    assert re.search(r"202401010001_change\.py, line \d+, is not valid Python", done.stderr)


@both_doors
@pytest.mark.parametrize(
    ("parent", "words"),
    [("202401010001", "202401010001"), ("209901010000", "209901010000")],
    ids=["its own parent", "a parent that is not there"],
)
def test_a_revision_with_an_impossible_parent(
    written: Project, refused: Refused, door: tuple[str, ...], parent: str, words: str
) -> None:
    written.revision("202401010001", parent=parent)
    done = refused(written, *door, code=2)
    assert words in done.stderr
    assert "down_revision" in done.stderr


@both_doors
def test_an_identifier_that_is_there_twice(
    written: Project, refused: Refused, door: tuple[str, ...]
) -> None:
    written.revision("202401010000", subject="another")
    done = refused(written, *door, code=2)
    assert "202401010000_another.py, 202401010000_change.py" in done.stderr


@both_doors
def test_two_heads(written: Project, refused: Refused, door: tuple[str, ...]) -> None:
    written.revision("202401010001", parent="202401010000")
    written.revision("202401010002", parent="202401010000")
    done = refused(written, *door, code=2)
    assert "db.merge" in done.stderr


@pytest.mark.parametrize("command", [("invoke", "db.new", "x"), ("alembic", "revision", "-m", "x")])
def test_a_new_revision_on_two_heads(
    written: Project, refused: Refused, command: tuple[str, ...]
) -> None:
    written.revision("202401010001")
    assert "db.merge" in refused(written, *command, code=2).stderr


@pytest.mark.parametrize(
    "command",
    [
        ("invoke", "db.upgrade", "nope"),
        ("alembic", "upgrade", "nope"),
        ("invoke", "db.sql", "nope"),
        ("invoke", "db.stamp", "nope"),
    ],
)
def test_an_unknown_revision(written: Project, refused: Refused, command: tuple[str, ...]) -> None:
    done = refused(written, *command, code=2)
    assert "no revision 'nope'" in done.stderr


@both_doors
def test_an_ambiguous_revision(written: Project, refused: Refused, door: tuple[str, ...]) -> None:
    written.revision("202401010001", parent="202401010000")
    done = refused(written, door[0], *door[1:2], "2024", code=2)
    assert "'202401010000', '202401010001'" in done.stderr


def test_autogenerate_on_a_database_that_is_behind(written: Project, refused: Refused) -> None:
    command = ("alembic", "revision", "--autogenerate", "-m", "x")
    assert "not at head" in refused(written, *command, code=2).stderr


def test_a_folder_without_alembic_ini(project: Project, refused: Refused) -> None:
    (project.root / "alembic.ini").rename(project.root / "away.ini")
    done = refused(project, "invoke", "db.upgrade", code=2)
    assert "no alembic.ini" in done.stderr
    assert "ALEMBIC_CONFIG" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [("[tool.pgrevise\n", "not valid TOML"), ("[tool.pgrevise]\nlock_timeuot = 2\n", "timeuot")],
)
def test_a_broken_pyproject(project: Project, refused: Refused, text: str, words: str) -> None:
    (project.root / "pyproject.toml").write_text(text)
    assert words in refused(project, "invoke", "db.upgrade", code=2).stderr


def test_an_unknown_setting_through_plain_alembic(project: Project, refused: Refused) -> None:
    (project.root / "pyproject.toml").write_text("[tool.pgrevise]\nlock_timeuot = 2\n")
    assert "timeuot" in refused(project, "alembic", "upgrade", "head", code=2).stderr


def test_models_that_cannot_be_imported(project: Project, refused: Refused) -> None:
    project.models("1 / 0")
    done = refused(project, "invoke", "db.new", "x", code=2)
    assert re.search(r"models\.py:\d+ raised ZeroDivisionError", done.stderr)


def test_models_that_cannot_be_imported_do_not_hinder_the_listing(project: Project) -> None:
    project.models("1 / 0")
    assert project.run("invoke", "db.heads").returncode == 0


def test_upgrade_with_models_that_cannot_be_imported(project: Project, refused: Refused) -> None:
    project.models("1 / 0")
    done = refused(project, "invoke", "db.upgrade", code=2)
    assert re.search(r"models\.py:\d+ raised ZeroDivisionError", done.stderr)


@pytest.mark.parametrize("arguments", [("--empty",), ()], ids=["empty", "compared"])
def test_a_checkout_that_is_read_only(project: Project, arguments: tuple[str, ...]) -> None:
    project.models('Table("t", metadata, Column("n", BigInteger))')
    done = run_read_only(project, "invoke", "db.new", "x", *arguments)
    assert done.returncode == 2, done
    assert "Error: " in done.stderr
    assert "cannot be written: Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(project.versions.glob("*.py")) == []


def test_an_upgrade_of_a_checkout_that_is_read_only(written: Project) -> None:
    shutil.rmtree(written.root / "__pycache__", ignore_errors=True)
    done = run_read_only(written, "invoke", "db.upgrade")
    assert done.returncode == 0, done


def test_the_private_server_of_a_checkout_that_is_read_only(
    bare_project: Project, tmp_path: Path
) -> None:
    done = run_read_only(bare_project, "invoke", "db.upgrade")
    assert done.returncode == 2, done
    assert "cannot be created: Read-only file system" in done.stderr
    assert "DATABASE_URL" in done.stderr


def run_read_only(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m …`` in the project's folder, mounted read-only for this command alone.

    Permission bits would not do: root is not bound by them.
    """
    private = ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or sys.platform != "linux":
        pytest.skip("only Linux has mount namespaces, with which a folder is made read-only")
    possible = subprocess.run([*private, "true"], capture_output=True, check=False)
    if possible.returncode:
        if os.geteuid() != 0:
            pytest.skip("this machine does not let users have mount namespaces")
        private = ["unshare", "--mount"]
        if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this container may not have mount namespaces")
    return subprocess.run(
        [*private, "sh", "-c", READ_ONLY, "sh", str(project.root), *project.command(*arguments)],
        env={**project.variables(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
