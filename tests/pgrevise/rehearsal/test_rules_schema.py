"""Findings about rows, types, keys and names, on real schemas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Passage
from pgrevise.rehearsal.rules.rows import narrowing
from tests.pgrevise.rehearsal.sql_revisions import found, observe, sentences

JOBS = """CREATE TABLE queues (id int PRIMARY KEY, name text);
CREATE TABLE jobs (id bigserial PRIMARY KEY, queue_id int, kind varchar(40), key text)"""


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE UNIQUE INDEX uq_it ON jobs (queue_id, key)",
        "ALTER TABLE jobs ADD CONSTRAINT uq_it UNIQUE (queue_id, key)",
    ],
)
def test_a_unique_index_over_old_columns_may_fail(database: Target, statement: str) -> None:
    assert sentences(observe(database, JOBS, [statement]), "unique-may-fail") == [
        "uq_it makes (queue_id, key) of jobs unique: this fails if two rows are alike."
    ]


@pytest.mark.parametrize(
    "upgrade",
    [
        ["CREATE UNIQUE INDEX i ON jobs (id, key)"],  # id is unique already
        ["CREATE INDEX i ON jobs (key)"],
        ["CREATE TABLE t (a int UNIQUE)"],
        ["ALTER TABLE jobs ADD token uuid", "CREATE UNIQUE INDEX i ON jobs (token)"],
        ["WITH twice AS (SELECT 1) DELETE FROM jobs", "CREATE UNIQUE INDEX i ON jobs (key)"],
        ["DELETE FROM jobs WHERE key = 'twice'", "CREATE UNIQUE INDEX i ON jobs (key)"],
    ],
)
def test_a_unique_index_that_cannot_fail_is_fine(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, JOBS, upgrade), "unique-may-fail") == []


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("text", "character varying(10)", "longer values than 10 characters fail"),
        ("character varying(20)", "character(10)", "longer values than 10 characters fail"),
        ("text", "integer", "a value that is no integer fails"),
        ("bigint", "integer", "greater values fail"),
        ("numeric(10,2)", "numeric(10,1)", "values are rounded"),
        ("numeric(10,2)", "numeric(9,2)", "greater values fail"),
        ("numeric", "numeric(9,2)", "values are rounded, and greater ones fail"),
        ("bigint", "numeric(18,0)", "greater values fail"),
        ("numeric(8,2)", "bigint", "values are rounded, and greater ones fail"),
        ("double precision", "real", "values are rounded"),
        ("timestamp with time zone", "date", "the time of day is lost"),
        ("timestamp(3) with time zone", "timestamp(0) with time zone", "fractions of a second"),
        ("bigint[]", "integer[]", "greater values fail"),
    ],
)
def test_a_narrower_type_is_told_with_what_it_does(was: str, now: str, told: str) -> None:
    assert narrowing(was, now).startswith(told)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("character varying(10)", "character varying(20)"),
        ("character varying(10)", "text"),
        ("integer", "bigint"),
        ("numeric(10,2)", "numeric(12,2)"),
        ("numeric(10,2)", "numeric"),
        ("integer", "numeric(10,0)"),
        ("real", "double precision"),
        ("date", "timestamp with time zone"),
        ("timestamp(0) without time zone", "timestamp without time zone"),
        ("integer[]", "bigint[]"),
        ("uuid", "text"),
        ("text", "citext"),
        ("public.mood", "public.state"),
    ],
)
def test_a_type_that_holds_as_much_is_fine(was: str, now: str) -> None:
    assert narrowing(was, now) == ""


def test_a_narrowed_column_is_found(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs ALTER kind TYPE varchar(8)"])
    assert sentences(seen, "type-narrowed") == [
        "Column jobs.kind was character varying(40) and becomes character varying(8): longer "
        "values than 8 characters fail, or are cut by an explicit cast."
    ]


def test_a_text_that_becomes_an_enum_is_found(database: Target) -> None:
    up = [
        "CREATE TYPE kind AS ENUM ('mail')",
        "ALTER TABLE jobs ALTER kind TYPE kind USING kind::text::kind",
    ]
    (said,) = sentences(observe(database, JOBS, up), "type-narrowed")
    assert said.endswith("becomes kind: a value that is no label of kind fails.")


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("json", "json-column"),
        ("timestamp", "timestamp-without-time-zone"),
        ("timestamp(0)[]", "timestamp-without-time-zone"),
        ("bigserial", "serial-column"),
    ],
)
def test_a_column_s_type_is_judged_in_old_and_new_tables(
    database: Target, column: str, rule: str
) -> None:
    up = [f"ALTER TABLE queues ADD c {column}", f"CREATE TABLE t (c {column})"]
    assert [finding.line for finding in found(observe(database, JOBS, up), rule)] == [1, 2]


@pytest.mark.parametrize("rule", ["json-column", "timestamp-without-time-zone", "serial-column"])
def test_better_types_are_fine(database: Target, rule: str) -> None:
    up = ["CREATE TABLE t (i int GENERATED ALWAYS AS IDENTITY, j jsonb, w timestamptz)"]
    assert found(observe(database, JOBS, up), rule) == []


@pytest.mark.parametrize("column", ["id serial", "id int GENERATED ALWAYS AS IDENTITY"])
def test_a_counted_key_that_runs_out(database: Target, column: str) -> None:
    seen = observe(database, JOBS, [f"CREATE TABLE t ({column} PRIMARY KEY)"])
    assert sentences(seen, "integer-primary-key") == [
        "The key t.id is integer: it runs out at 2147483647."
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (id bigserial PRIMARY KEY)",
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE t (id serial, queue_id int, PRIMARY KEY (id, queue_id))",
        "ALTER TABLE jobs RENAME TO work",
    ],
)
def test_keys_that_do_not_run_out(database: Target, statement: str) -> None:
    assert found(observe(database, JOBS, [statement]), "integer-primary-key") == []


def test_a_sequence_that_stays_behind_its_column(database: Target) -> None:
    parent = "CREATE TABLE t (id serial PRIMARY KEY)"
    seen = observe(database, parent, ["ALTER TABLE t ALTER id TYPE bigint"])
    assert sentences(seen, "sequence-stays-small") == [
        "Column t.id is bigint, its sequence t_id_seq still integer."
    ]


def test_a_sequence_that_goes_along_is_fine(database: Target) -> None:
    parent = "CREATE TABLE t (id serial PRIMARY KEY)"
    up = ["ALTER TABLE t ALTER id TYPE bigint", "ALTER SEQUENCE t_id_seq AS bigint"]
    assert found(observe(database, parent, up), "sequence-stays-small") == []


REFER = "ALTER TABLE jobs ADD CONSTRAINT fk_q FOREIGN KEY (queue_id) REFERENCES queues (id)"


def test_a_foreign_key_without_an_index(database: Target) -> None:
    (finding,) = found(observe(database, JOBS, ["SELECT 1", REFER]), "foreign-key-without-index")
    assert (finding.line, finding.relation) == (2, "jobs")
    assert finding.sentence == "No index of jobs begins with (queue_id), which refers to queues."


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX ON jobs (queue_id)",
        "CREATE INDEX ON jobs (queue_id DESC, key)",
        "CREATE INDEX ON jobs (queue_id) WHERE queue_id IS NOT NULL",
        "ALTER TABLE jobs ADD UNIQUE (queue_id, key)",
    ],
)
def test_a_foreign_key_with_an_index(database: Target, index: str) -> None:
    assert found(observe(database, JOBS, [index, REFER]), "foreign-key-without-index") == []


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX ON jobs (key, queue_id)",
        "CREATE INDEX ON jobs (queue_id) WHERE key IS NULL",
        "CREATE INDEX ON jobs ((queue_id + 1))",
    ],
)
def test_an_index_that_does_not_serve_the_foreign_key(database: Target, index: str) -> None:
    seen = observe(database, JOBS, [index, REFER])
    assert len(found(seen, "foreign-key-without-index")) == 1


def test_a_foreign_key_of_several_quoted_columns(database: Target) -> None:
    parent = """CREATE SCHEMA s;
    CREATE TABLE s."P t" ("A" int, "b c" int, PRIMARY KEY ("A", "b c"));
    CREATE TABLE "Child" ("X" int, "y z" int)"""
    refer = 'ALTER TABLE "Child" ADD FOREIGN KEY ("X", "y z") REFERENCES s."P t"'
    seen = observe(database, parent, [refer, 'CREATE INDEX ON "Child" ("y z", "X")'])
    assert found(seen, "foreign-key-without-index") == []
    assert found(seen, "foreign-key-type-mismatch") == []


def test_a_foreign_key_between_types(database: Target) -> None:
    refer = "CREATE TABLE t (q bigint PRIMARY KEY REFERENCES queues)"
    assert sentences(observe(database, JOBS, [refer]), "foreign-key-type-mismatch") == [
        "t.q is bigint, and queues.id, which it refers to, integer."
    ]


def test_lengths_and_domains_are_no_other_types(database: Target) -> None:
    parent = """CREATE DOMAIN short_name AS varchar(9); CREATE TABLE p (n varchar(20) PRIMARY KEY);
    CREATE TABLE t (n short_name)"""
    seen = observe(database, parent, ["ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES p"])
    assert found(seen, "foreign-key-type-mismatch") == []


def test_a_constraint_that_nobody_announced_to_validate(database: Target) -> None:
    seen = observe(database, JOBS, [f"{REFER} NOT VALID"])
    assert sentences(seen, "constraint-left-not-valid") == [
        "Constraint fk_q of jobs is NOT VALID, and the docstring does not say when it will be "
        "validated."
    ]


def test_a_constraint_that_will_be_validated_or_is(database: Target) -> None:
    told = observe(database, JOBS, [f"{REFER} NOT VALID"], docstring="The next one validates it.")
    assert found(told, "constraint-left-not-valid") == []
    up = [f"{REFER} NOT VALID", "ALTER TABLE jobs VALIDATE CONSTRAINT fk_q"]
    is_valid = replace(told, after=observe(database, "DROP TABLE jobs, queues;" + JOBS, up).after)
    assert found(is_valid, "constraint-left-not-valid") == []


CONVENTION = (("ix", "ix_%(table_name)s_%(column_0_N_name)s"), ("pk", "pk_%(table_name)s"))


def test_a_name_off_the_project_s_convention(database: Target) -> None:
    seen = observe(database, JOBS, ["CREATE INDEX jobs_key ON jobs (key)"], naming=CONVENTION)
    (finding,) = found(seen, "name-off-convention")
    assert (finding.line, finding.severity) == (1, "warning")
    assert finding.sentence == (
        "The index jobs_key of jobs does not follow ix_%(table_name)s_%(column_0_N_name)s."
    )


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX ix_jobs_key ON jobs (key)",
        "ALTER TABLE jobs ADD CONSTRAINT whatever UNIQUE (key)",  # no convention for it
        "CREATE TABLE t (id int CONSTRAINT pk_t PRIMARY KEY)",
    ],
)
def test_a_name_of_the_project_s_convention(database: Target, statement: str) -> None:
    seen = observe(database, JOBS, [statement], naming=CONVENTION)
    assert found(seen, "name-off-convention") == []


def test_without_a_convention_unusual_names_are_worth_knowing(database: Target) -> None:
    seen = observe(database, JOBS, ["CREATE INDEX by_key ON jobs (key)"])
    (finding,) = found(seen, "name-off-convention")
    assert finding.severity == "info"
    assert finding.sentence == (
        "The index by_key of jobs begins neither with ix_ nor is it PostgreSQL's own."
    )


def test_without_a_convention_usual_names_are_fine(database: Target) -> None:
    up = [
        "CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE REFERENCES queues, CHECK (a > 0), b int)",
        "CREATE INDEX ON t (b)",
        "CREATE INDEX ix_t_b ON t (b)",
        "CREATE TABLE p (i int UNIQUE) PARTITION BY RANGE (i)",
        "CREATE TABLE p1 PARTITION OF p DEFAULT",
    ]
    assert found(observe(database, JOBS, up), "name-off-convention") == []


def test_a_name_that_the_server_cuts(database: Target) -> None:
    long = "ix_" + "x" * 70
    seen = observe(database, JOBS, [f"CREATE INDEX {long} ON jobs (key)"])
    assert sentences(seen, "name-truncated") == [f"The name {long} is cut to {long[:63]}."]


def test_sessions_and_threads_beside_alembic_s_are_told(database: Target) -> None:
    seen = observe(database, JOBS, [])
    seen = replace(seen, upgrade=Passage("upgrade", unseen_sessions=2, threads=1))
    assert sentences(seen, "unseen-sessions") == [
        "upgrade() opened 2 sessions beside SQLAlchemy; what happened there was not seen."
    ]
    assert sentences(seen, "thread-left-running") == ["upgrade() left a thread running."]
