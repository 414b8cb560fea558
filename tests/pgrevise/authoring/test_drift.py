"""Drift: a live database beside what its history says, read and never written."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pgrevise.authoring.drift import Drift, drift
from pgrevise.errors import HistoryConflict, ServerError, SettingsError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.server import ServerSpec, acquire, destroy, stop
from pgrevise.postgres.target import Target, parse
from pgrevise.rollout import commands
from tests.pgrevise.conftest import Project

JOBS = "op.execute('CREATE TABLE jobs (id int CONSTRAINT pk_jobs PRIMARY KEY, kind text)')"


@pytest.fixture
def live(project: Project, database: Target) -> Project:
    """A history of two revisions, applied."""
    project.revision("202401010000", JOBS, "op.drop_table('jobs')")
    project.revision(
        "202401010001",
        "op.execute('CREATE INDEX ix_jobs_kind ON jobs (kind)')",
        "op.drop_index('ix_jobs_kind')",
        parent="202401010000",
    )
    commands.upgrade(project.settings, database)
    return project


def changed(database: Target, statements: str) -> None:
    with connect(database) as connection:
        connection.execute(statements.encode())


def sentences(found: Drift) -> list[str]:
    return [change.sentence for change in found.changes]


@pytest.fixture
def reader(database: Target) -> Iterator[Target]:
    """A role that may connect, and that could not write if it wanted to."""
    name = f"reader_{secrets.token_hex(4)}"
    changed(database, f"CREATE ROLE {name} LOGIN")
    changed(database, f"ALTER ROLE {name} SET default_transaction_read_only = on")
    yield replace(database, user=name)
    changed(database, f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_database_that_is_what_its_history_says_has_no_drift(
    live: Project, database: Target
) -> None:
    found = drift(live.settings, database)
    assert (found.changes, found.stamped) == ((), ("202401010001",))


def test_what_was_changed_by_hand_is_told_one_sentence_each(
    live: Project, database: Target
) -> None:
    changed(database, "DROP INDEX ix_jobs_kind; ALTER TABLE jobs ALTER kind SET NOT NULL")
    found = sentences(drift(live.settings, database))
    assert "index ix_jobs_kind is missing" in found
    assert any("jobs.kind" in sentence for sentence in found)


def test_it_is_compared_with_the_revision_it_is_stamped_with(
    live: Project, database: Target
) -> None:
    commands.downgrade(live.settings, database)
    assert drift(live.settings, database).changes == ()
    changed(database, "UPDATE alembic_version SET version_num = '202401010001'")
    assert sentences(drift(live.settings, database)) == ["index ix_jobs_kind is missing"]


def test_after_a_downgrade_to_base_everything_left_is_drift(
    live: Project, database: Target
) -> None:
    commands.downgrade(live.settings, database, "base")
    changed(database, "CREATE TABLE leftover (n int)")
    found = drift(live.settings, database)
    assert (found.stamped, sentences(found)) == ((), ["table leftover is new"])


def test_the_private_server_is_of_the_live_servers_version(live: Project, database: Target) -> None:
    other_default = replace(live.settings, postgres=18)
    assert drift(other_default, database).server == 17


def test_both_heads_of_a_history_are_built(live: Project, database: Target) -> None:
    live.revision("202401010002", "op.execute('CREATE TABLE other ()')", parent="202401010000")
    commands.upgrade(live.settings, database, "heads")
    found = drift(live.settings, database)
    assert (found.changes, found.stamped) == ((), ("202401010001", "202401010002"))


def test_a_role_that_may_only_read_the_stamp_is_enough(
    live: Project, database: Target, reader: Target
) -> None:
    changed(database, f"GRANT SELECT ON alembic_version TO {reader.user}; DROP INDEX ix_jobs_kind")
    assert sentences(drift(live.settings, reader)) == ["index ix_jobs_kind is missing"]


def test_a_role_that_may_not_read_the_stamp_can_be_told_it(live: Project, reader: Target) -> None:
    with pytest.raises(ServerError, match="permission denied") as refusal:
        drift(live.settings, reader)
    assert f"GRANT SELECT ON public.alembic_version TO {reader.user}" in refusal.value.next_step
    assert drift(live.settings, reader, revision="head").changes == ()


def test_privileges_count_unless_told_otherwise(
    live: Project, database: Target, reader: Target
) -> None:
    changed(database, f"GRANT SELECT ON jobs TO {reader.user}")
    assert reader.user in sentences(drift(live.settings, database))[0]
    assert drift(live.settings, database, privileges=False).changes == ()


def test_a_history_in_another_schema_is_found_by_its_name(live: Project, database: Target) -> None:
    commands.upgrade(live.settings, database.with_schema('the "app"'))
    changed(database, 'ALTER TABLE "the ""app""".jobs DROP COLUMN kind')
    found = sentences(drift(live.settings, database, schema='the "app"'))
    assert "column jobs.kind is missing" in found
    assert drift(live.settings, database).changes == ()


def test_a_schema_that_the_history_makes_is_compared_too(live: Project, database: Target) -> None:
    live.revision(
        "202401010002",
        "op.execute('CREATE SCHEMA audit'); op.execute('CREATE TABLE audit.log (n int)')",
        parent="202401010001",
    )
    commands.upgrade(live.settings, database)
    assert drift(live.settings, database).changes == ()
    changed(database, "ALTER TABLE audit.log ADD m int")
    assert sentences(drift(live.settings, database)) == ["column audit.log.m is new"]
    changed(database, "DROP SCHEMA audit CASCADE")
    assert "schema audit is missing" in sentences(drift(live.settings, database))


def test_other_schemas_of_the_database_are_not_looked_at(live: Project, database: Target) -> None:
    changed(database, "CREATE SCHEMA other; CREATE TABLE other.t ()")
    assert drift(live.settings, database).changes == ()


def test_a_database_that_was_never_migrated_is_refused(project: Project, database: Target) -> None:
    with pytest.raises(HistoryConflict, match="was never migrated: its schema public has no"):
        drift(project.settings, database)


def test_a_schema_that_has_the_stamp_is_pointed_to(live: Project, database: Target) -> None:
    changed(database, "CREATE SCHEMA s; ALTER TABLE alembic_version SET SCHEMA s")
    with pytest.raises(HistoryConflict) as refusal:
        drift(live.settings, database)
    assert "--schema s" in refusal.value.next_step


def test_a_revision_of_another_branch_is_named(live: Project, database: Target) -> None:
    changed(database, "UPDATE alembic_version SET version_num = 'f00'")
    with pytest.raises(HistoryConflict, match="stamped with revision f00") as refusal:
        drift(live.settings, database)
    assert "another branch" in refusal.value.next_step


def test_a_history_that_does_not_run_is_told_apart(live: Project, database: Target) -> None:
    live.revision("202401010002", "op.execute('SELECT 1/0')", parent="202401010001")
    changed(database, "UPDATE alembic_version SET version_num = '202401010002'")
    with pytest.raises(HistoryConflict, match=r"does not run on an empty database: .* by zero"):
        drift(live.settings, database)


def test_a_schema_that_is_not_there_is_refused(live: Project, database: Target) -> None:
    with pytest.raises(SettingsError, match='has no schema "nowhere"') as refusal:
        drift(live.settings, database, schema="nowhere")
    assert refusal.value.next_step == "Its schemas are: public."


def test_a_role_without_any_schema_is_told_what_to_grant(
    live: Project, database: Target, reader: Target
) -> None:
    changed(database, "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(SettingsError, match="no schema on the search path") as refusal:
        drift(live.settings, reader)
    assert "GRANT USAGE" in refusal.value.next_step


def test_the_task_exits_with_1_and_prints_a_document(live: Project, database: Target) -> None:
    assert live.run("invoke", "db.drift").returncode == 0
    changed(database, "DROP INDEX ix_jobs_kind")
    done = live.run("invoke", "db.drift", "--json")
    assert done.returncode == 1, done
    told = json.loads(done.stdout)
    assert told["equal"] is False
    assert [d["sentence"] for d in told["differences"]] == ["index ix_jobs_kind is missing"]


def test_the_task_writes_nothing(live: Project, database: Target, reader: Target) -> None:
    changed(database, f"GRANT SELECT ON alembic_version TO {reader.user}")
    done = live.run("invoke", "db.drift", "--url", reader.url, "--no-privileges")
    assert done.returncode == 0, done
    assert "is what its history says at 202401010001" in done.stdout


def test_a_hot_standby_is_looked_at_like_any_other(bare_project: Project) -> None:
    bare_project.revision("202401010000", JOBS, "op.drop_table('jobs')")
    spec = ServerSpec("development", project=bare_project.root)
    try:
        with acquire(spec) as lease:
            commands.upgrade(bare_project.settings, parse(lease.server.url("postgres")))
            data = lease.server.data
        stop(spec)
        (data / "standby.signal").touch()
        with acquire(spec) as lease:
            standby = parse(lease.server.url("postgres"))
            with connect(standby) as connection:
                assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
            assert drift(bare_project.settings, standby).changes == ()
    finally:
        destroy(spec)
