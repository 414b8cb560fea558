"""Histories that know nothing of this toolkit are rehearsed without touching a file of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgrevise.errors import HistoryConflict, SettingsError
from tests.pgrevise.rehearsal.foreign import ASYNC, GENERIC, OWN_SETTINGS, Foreign, outcomes

DONE = ("done", "done", "done")
PLACEHOLDER = "sqlalchemy.url = driver://user:pass@localhost/dbname"


def theirs(driver: str) -> str:
    """A line of an ini file that names a server which is nowhere."""
    return f"sqlalchemy.url = postgresql+{driver}://app:pw@db.invalid:5432/production"


@pytest.mark.parametrize(
    ("env", "line"),
    [
        (GENERIC, PLACEHOLDER),
        (GENERIC, theirs("psycopg2")),
        (GENERIC, theirs("psycopg")),
        (ASYNC, PLACEHOLDER),
        (ASYNC, theirs("asyncpg")),
    ],
    ids=["generic", "psycopg2", "psycopg", "async", "asyncpg"],
)
def test_alembics_own_templates_are_run_with_the_driver_they_name(
    tmp_path: Path, env: str, line: str
) -> None:
    project = Foreign.made(tmp_path, env, line)
    project.table("one", "a")
    observed = project.only()
    assert outcomes(project.rehearse()) == [("one", *DONE)]
    assert "CREATE TABLE a" in " ".join(s.sql for s in observed.upgrade.statements)


def test_a_project_with_settings_of_its_own_is_told_the_database_by_them(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path, OWN_SETTINGS)
    project.set = {"DB_HOST": "{host}", "DB_PORT": "{port}", "DB_NAME": "{database}"}
    project.table("one", "a")
    assert outcomes(project.rehearse()) == [("one", *DONE)]


def test_a_setting_that_is_missing_is_named_before_anything_runs(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path, OWN_SETTINGS)
    project.table("one", "a")
    with pytest.raises(SettingsError, match=r"env\.py:.*DB_HOST") as refused:
        project.rehearse()
    assert "--set" in refused.value.next_step


def test_a_connection_to_another_server_is_refused_before_it_is_made(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path, OWN_SETTINGS)
    project.set = {"DB_HOST": "db.invalid", "DB_PORT": "5432", "DB_NAME": "production"}
    project.table("one", "a")
    with pytest.raises(SettingsError, match=r"production on db\.invalid") as refused:
        project.rehearse()
    assert "secret" not in str(refused.value)


def test_a_file_based_database_is_refused(tmp_path: Path) -> None:
    env = GENERIC.replace("connectable = ", "connectable = create_engine('sqlite:///app.db') or ")
    project = Foreign.made(tmp_path, "from sqlalchemy import create_engine\n" + env)
    project.table("one", "a")
    with pytest.raises(SettingsError, match="sqlite"):
        project.rehearse()
    assert not (tmp_path / "app.db").exists()


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_a_revisions_own_connection_elsewhere_is_refused(tmp_path: Path, driver: str) -> None:
    project = Foreign.made(tmp_path)
    call = f"{driver}.connect('postgresql://app:pw@127.0.0.1:1/production')"
    project.revision(
        "one",
        f"import asyncio, {driver}\n" + (f"asyncio.run({call})" if driver == "asyncpg" else call),
    )
    upgrade = project.only().upgrade
    assert upgrade.outcome == "failed"
    assert "production on 127.0.0.1" in upgrade.error


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_session_beside_sqlalchemy_is_counted(tmp_path: Path, driver: str) -> None:
    project = Foreign.made(tmp_path)
    project.revision(
        "one", f"import os, {driver}\n{driver}.connect(os.environ['DATABASE_URL']).close()"
    )
    assert project.only().upgrade.unseen_sessions == 1


def test_an_env_py_that_takes_a_connection_is_told_the_url(tmp_path: Path) -> None:
    env = GENERIC.replace(
        "connectable = engine_from_config(",
        "connectable = config.attributes.get('connection') or engine_from_config(",
    )
    project = Foreign.made(tmp_path, env)
    project.table("one", "a")
    assert outcomes(project.rehearse()) == [("one", *DONE)]


def test_an_x_argument_reaches_env_py(tmp_path: Path) -> None:
    wanted = "assert context.get_x_argument(as_dictionary=True)['tenant'] == 'acme'\n"
    project = Foreign.made(tmp_path, GENERIC.replace("config = ", f"{wanted}config = ", 1))
    project.table("one", "a")
    assert outcomes(project.rehearse(x=("tenant=acme",))) == [("one", *DONE)]


def test_a_version_table_of_another_name_is_no_part_of_the_schema(tmp_path: Path) -> None:
    env = GENERIC.replace("target_metadata=target_metadata", "version_table='versions_applied'")
    project = Foreign.made(tmp_path, env)
    project.table("one", "a")
    observed = project.only()
    assert observed.after is not None
    assert [entry.name for entry in observed.after.of_kind("table")] == ["a"]


def test_an_env_py_that_forgets_to_commit_is_found_out(tmp_path: Path) -> None:
    env = GENERIC.replace(
        "    with context.begin_transaction():\n        context.run_migrations()",
        "    connection.exec_driver_sql('SELECT 1')\n    context.run_migrations()",
    )
    project = Foreign.made(tmp_path, env)
    project.table("one", "a")
    upgrade = project.only().upgrade
    assert upgrade.outcome == "failed"
    assert "nothing of it was committed" in upgrade.error


def test_several_bases_and_a_merge_are_taken_one_revision_at_a_time(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    project.table("left", "a")
    project.table("right", "b")
    project.revision("both", parent=("left", "right"))
    project.table("last", "c", parent="both")
    rehearsal = project.rehearse()
    assert {one[0] for one in outcomes(rehearsal)} == {"left", "right", "both", "last"}
    assert {one[1:] for one in outcomes(rehearsal)} == {DONE}
    assert rehearsal.findings == ()


def test_branches_that_depend_on_each_other_are_rehearsed(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    project.table("root", "a")
    project.table("left", "b", parent="root")
    right = project.table("right", "c", parent="root")
    right.write_text(right.read_text() + "depends_on = ('left',)\n")
    assert {one[1:] for one in outcomes(project.rehearse())} == {DONE}


def test_revisions_may_import_the_application(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("TABLE = 'a'\n")
    project.revision(
        "one",
        "op.execute(f'CREATE TABLE {TABLE} ()')",
        "op.execute(f'DROP TABLE {TABLE}')",
        head="from shop import TABLE",
    )
    assert outcomes(project.rehearse()) == [("one", *DONE)]


def test_what_a_revision_leaves_in_module_globals_does_not_reach_the_next_run(
    tmp_path: Path,
) -> None:
    project = Foreign.made(tmp_path)
    (tmp_path / "shop.py").write_text("seen = []\n")
    project.revision(
        "one",
        "assert not seen, seen\nseen.append('up')\nop.execute('CREATE TABLE a ()')",
        "assert not seen, seen\nop.execute('DROP TABLE a')",
        head="from shop import seen",
    )
    assert outcomes(project.rehearse()) == [("one", *DONE)]


def test_a_raw_commit_in_a_revision_is_survived(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path, line=theirs("psycopg2"))
    project.revision(
        "one",
        "op.execute('CREATE TABLE a ()')\nop.execute('COMMIT')\nop.execute('CREATE TABLE b ()')",
        "op.execute('DROP TABLE a, b')",
    )
    assert outcomes(project.rehearse()) == [("one", *DONE)]


def test_a_file_that_is_not_python_is_named_and_nothing_runs(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    project.table("one", "a")
    project.revision("two", parent="one").write_text("revision = 'two'\ndown_revision = (\n")
    with pytest.raises(HistoryConflict, match=r"two_change\.py, line 2"):
        project.rehearse()


def test_a_revision_that_cannot_be_imported_does_not_stop_the_others(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    project.table("one", "a")
    project.revision("two", parent="one", head="from shop.gone import missing")
    found = project.rehearse()
    assert [one[1] for one in outcomes(found)] == ["done", "failed"]
    assert "No module named 'shop'" in found.revisions[1].observed.upgrade.error


def test_what_env_py_puts_on_the_path_is_there_for_revisions(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path / "database")
    (tmp_path / "shop.py").write_text("TABLE = 'a'\n")
    project.env(f"import sys\nsys.path.append({str(tmp_path)!r})\n{GENERIC}")
    project.revision("one", "op.execute(f'CREATE TABLE {TABLE} ()')", head="from shop import TABLE")
    assert project.only().upgrade.outcome == "done"


def test_a_variable_that_a_revision_reads_when_it_is_imported_can_be_given(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    path = project.revision("one", "op.execute(f'CREATE TABLE {NAME} ()')", "pass")
    path.write_text("import os\nNAME = os.environ['TABLE_NAME']\n" + path.read_text())
    upgrade = project.only().upgrade
    assert (upgrade.outcome, upgrade.error_line) == ("failed", 2)
    assert upgrade.error == "KeyError: 'TABLE_NAME' is not there"
    project.set = {"TABLE_NAME": "a"}
    assert project.only().upgrade.outcome == "done"


def test_a_folder_named_alembic_does_not_stand_in_the_way(tmp_path: Path) -> None:
    project = Foreign.made(tmp_path)
    (tmp_path / "migrations").rename(tmp_path / "alembic")
    (tmp_path / "alembic" / "__init__.py").touch()
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text().replace("/migrations", "/alembic").replace("prepend", "# "))
    path = tmp_path / "alembic" / "versions" / "one.py"
    path.write_text("revision = 'one'\ndown_revision = None\ndef upgrade(): pass\n")
    assert project.only("one").upgrade.outcome == "done"
