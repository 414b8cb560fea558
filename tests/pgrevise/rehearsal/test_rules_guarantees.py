"""Findings about keys, references, checks and indexes that the schema has no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.postgres.target import Target
from tests.pgrevise.rehearsal.sql_revisions import found, observe, sentences

JOBS = """CREATE TABLE queues (id int CONSTRAINT pk_queues PRIMARY KEY);
CREATE TABLE jobs (id bigint CONSTRAINT pk_jobs PRIMARY KEY, name text, key text, size int,
    queue_id int CONSTRAINT fk_q REFERENCES queues ON DELETE CASCADE,
    CONSTRAINT uq_jobs_key UNIQUE (name, key), CONSTRAINT ck_jobs_size CHECK (size > 0));
CREATE INDEX ix_jobs_queue ON jobs (queue_id)"""
DROP_UNIQUE = "ALTER TABLE jobs DROP CONSTRAINT uq_jobs_key"


def test_a_unique_constraint_without_a_successor(database: Target) -> None:
    (finding,) = found(observe(database, JOBS, ["SELECT 1", DROP_UNIQUE]), "unique-dropped")
    assert (finding.line, finding.relation) == (2, "jobs")
    assert finding.sentence == (
        "Unique constraint uq_jobs_key (name, key) of jobs is gone: ON CONFLICT (name, key) fails, "
        "and rows may be alike."
    )


def test_a_unique_index_that_a_shorter_one_implies_is_worth_knowing(database: Target) -> None:
    parent = f"{JOBS}; CREATE UNIQUE INDEX u ON jobs (id, name)"
    (finding,) = found(observe(database, parent, ["DROP INDEX u"]), "unique-dropped")
    assert finding.severity == "info"
    assert finding.sentence == (
        "Unique index u (id, name) of jobs is gone: ON CONFLICT (id, name) fails."
    )


def test_a_primary_key_that_becomes_another_one(database: Target) -> None:
    up = ["ALTER TABLE jobs DROP CONSTRAINT pk_jobs, ADD PRIMARY KEY (id, name)"]
    (said,) = sentences(observe(database, JOBS, up), "unique-dropped")
    assert said.startswith("Primary key pk_jobs (id) of jobs is gone: ON CONFLICT (id) fails")


def test_an_index_that_is_unique_no_more(database: Target) -> None:
    up = ["DROP INDEX u", "CREATE INDEX u ON jobs (name)"]
    parent = f"{JOBS}; CREATE UNIQUE INDEX u ON jobs (name)"
    assert len(found(observe(database, parent, up), "unique-dropped")) == 1


def test_an_exclusion_that_is_gone(database: Target) -> None:
    parent = f"{JOBS}; ALTER TABLE jobs ADD CONSTRAINT ex_jobs EXCLUDE (name WITH =)"
    seen = observe(database, parent, ["ALTER TABLE jobs DROP CONSTRAINT ex_jobs"])
    assert sentences(seen, "unique-dropped") == [
        "Exclusion constraint ex_jobs (name) of jobs is gone: rows may be alike."
    ]


@pytest.mark.parametrize(
    "upgrade",
    [
        [DROP_UNIQUE, "CREATE UNIQUE INDEX u ON jobs (key, name)"],
        ["ALTER TABLE jobs RENAME CONSTRAINT uq_jobs_key TO uq"],
        ["ALTER TABLE jobs RENAME name TO title"],
        ["ALTER TABLE jobs DROP COLUMN key"],
        ["DROP TABLE jobs"],
        ["ALTER TABLE jobs RENAME TO work"],
        ["CREATE TABLE t (a int UNIQUE)", "ALTER TABLE t DROP CONSTRAINT t_a_key"],
        ["DROP INDEX ix_jobs_queue"],
        ["ALTER TABLE jobs ALTER key TYPE varchar(90)"],
    ],
)
def test_what_stays_unique_or_goes_with_its_columns(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, JOBS, upgrade), "unique-dropped") == []


def test_a_foreign_key_that_deleted_along(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs DROP CONSTRAINT fk_q"])
    (finding,) = found(seen, "foreign-key-dropped")
    assert finding.severity == "warning"
    assert finding.sentence == (
        "Foreign key (queue_id) of jobs to queues is gone: rows may refer to what is not there, "
        "and deleting a row of queues no longer deletes the rows that refer to it."
    )


def test_a_foreign_key_that_only_refused_is_worth_knowing(database: Target) -> None:
    parent = JOBS.replace(" ON DELETE CASCADE", "")
    seen = observe(database, parent, ["ALTER TABLE jobs DROP CONSTRAINT fk_q"])
    assert found(seen, "foreign-key-dropped")[0].severity == "info"


@pytest.mark.parametrize(
    "upgrade",
    [
        ["ALTER TABLE jobs DROP COLUMN queue_id"],
        ["DROP TABLE queues CASCADE"],
        ["DROP TABLE jobs"],
        ["ALTER TABLE jobs RENAME CONSTRAINT fk_q TO fk_queue"],
        ["ALTER TABLE jobs RENAME queue_id TO q"],
        ["ALTER TABLE queues RENAME id TO number"],
        ["ALTER TABLE jobs RENAME TO work"],
    ],
)
def test_foreign_keys_that_stay_or_go_with_their_columns(
    database: Target, upgrade: list[str]
) -> None:
    seen = observe(database, JOBS, upgrade)
    assert found(seen, "foreign-key-dropped") == found(seen, "foreign-key-action-changed") == []


def test_another_action_on_delete(database: Target) -> None:
    up = [
        "ALTER TABLE jobs DROP CONSTRAINT fk_q",
        "ALTER TABLE jobs ADD CONSTRAINT fk_q FOREIGN KEY (queue_id) REFERENCES queues",
    ]
    seen = observe(database, JOBS, up)
    assert sentences(seen, "foreign-key-action-changed") == [
        "Deleting a row of queues that jobs refers to is NO ACTION instead of CASCADE: it is "
        "refused."
    ]
    assert found(seen, "foreign-key-dropped") == []


def test_a_check_that_is_gone(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs DROP CONSTRAINT ck_jobs_size"])
    assert sentences(seen, "check-dropped") == [
        "ck_jobs_size of jobs is gone: CHECK ((size > 0)) may be broken from now on."
    ]


@pytest.mark.parametrize(
    "upgrade",
    [
        ["ALTER TABLE jobs DROP CONSTRAINT ck_jobs_size, ADD CHECK (size > 9)"],
        ["ALTER TABLE jobs DROP COLUMN size"],
        ["ALTER TABLE jobs ALTER name SET NOT NULL", "ALTER TABLE jobs DROP CONSTRAINT ck_name"],
        ["DROP TABLE jobs"],
        ["ALTER TABLE jobs RENAME CONSTRAINT ck_jobs_size TO ck"],
    ],
)
def test_a_check_that_something_stands_for(database: Target, upgrade: list[str]) -> None:
    parent = f"{JOBS}; ALTER TABLE jobs ADD CONSTRAINT ck_name CHECK (name IS NOT NULL)"
    assert found(observe(database, parent, upgrade), "check-dropped") == []


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE jobs DROP CONSTRAINT pk_jobs", "ALTER TABLE jobs REPLICA IDENTITY NOTHING"],
)
def test_a_table_that_replication_cannot_follow_any_more(database: Target, statement: str) -> None:
    assert sentences(observe(database, JOBS, [statement]), "replica-identity-lost") == [
        "jobs has no replica identity any more: where it is published, UPDATE and DELETE fail."
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE jobs REPLICA IDENTITY FULL",
        "ALTER TABLE jobs DROP CONSTRAINT pk_jobs, ADD PRIMARY KEY (id, name)",
        DROP_UNIQUE,
    ],
)
def test_a_table_that_replication_can_follow(database: Target, statement: str) -> None:
    assert found(observe(database, JOBS, [statement]), "replica-identity-lost") == []


def test_a_foreign_key_that_loses_its_index(database: Target) -> None:
    (finding,) = found(
        observe(database, JOBS, ["SELECT 1", "DROP INDEX ix_jobs_queue"]), "foreign-key-loses-index"
    )
    assert (finding.line, finding.relation) == (2, "jobs")
    assert finding.sentence == (
        "No index of jobs begins with (queue_id) any more, which refers to queues."
    )


def test_the_index_that_served_the_foreign_key_is_pointed_at(database: Target) -> None:
    up = ["DROP INDEX a_first", "DROP INDEX ix_jobs_queue"]
    seen = observe(database, f"{JOBS}; CREATE INDEX a_first ON jobs (size)", up)
    assert [finding.line for finding in found(seen, "foreign-key-loses-index")] == [2]


@pytest.mark.parametrize(
    "upgrade",
    [
        ["CREATE INDEX i ON jobs (queue_id, name)", "DROP INDEX ix_jobs_queue"],
        ["DROP INDEX ix_jobs_queue", "ALTER TABLE jobs DROP CONSTRAINT fk_q"],
        ["ALTER TABLE jobs RENAME queue_id TO q"],
        ["ALTER INDEX ix_jobs_queue RENAME TO i"],
    ],
)
def test_a_foreign_key_that_keeps_an_index(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, JOBS, upgrade), "foreign-key-loses-index") == []


def test_an_index_that_goes_with_one_of_its_columns(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs DROP COLUMN key"])
    assert sentences(seen, "index-dropped-with-column") == [
        "uq_jobs_key goes with column key: no index of jobs begins with name any more."
    ]


@pytest.mark.parametrize(
    "upgrade",
    [
        [DROP_UNIQUE, "ALTER TABLE jobs DROP COLUMN key"],
        ["CREATE INDEX i ON jobs (name)", "ALTER TABLE jobs DROP COLUMN key"],
        ["ALTER TABLE jobs DROP COLUMN queue_id"],
        ["ALTER TABLE jobs RENAME key TO word"],
        ["ALTER TABLE jobs DROP COLUMN key, DROP COLUMN name"],
    ],
)
def test_indexes_that_nobody_loses_unknowingly(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, JOBS, upgrade), "index-dropped-with-column") == []


REPLACED = ["DROP INDEX ix_jobs_queue", "CREATE INDEX i ON jobs (queue_id, id)"]


def test_an_index_that_is_missing_for_a_while(database: Target) -> None:
    seen = observe(database, JOBS, REPLACED)
    assert sentences(seen, "index-dropped-before-replacement") == [
        "ix_jobs_queue of jobs is dropped before i (line 2) is built: meanwhile no index begins "
        "with queue_id."
    ]


def test_an_index_that_is_replaced_in_one_transaction_is_not_missed(database: Target) -> None:
    seen = observe(database, JOBS, REPLACED)
    statements = tuple(replace(s, transaction=1) for s in seen.upgrade.statements)
    seen = replace(seen, upgrade=replace(seen.upgrade, statements=statements))
    assert found(seen, "index-dropped-before-replacement") == []


def test_an_index_that_is_there_before_the_old_one_goes(database: Target) -> None:
    seen = observe(database, JOBS, REPLACED[::-1])
    assert found(seen, "index-dropped-before-replacement") == []
