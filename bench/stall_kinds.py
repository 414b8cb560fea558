"""The kinds of statements that `bench.stalls` measures, each on a schema of its own."""

from __future__ import annotations

from dataclasses import dataclass

JOBS = """
CREATE TABLE queues (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE jobs (
    id bigint PRIMARY KEY, queue_id bigint REFERENCES queues, kind varchar(20) NOT NULL,
    attempts integer NOT NULL, note text NOT NULL, created timestamptz NOT NULL
);
"""
LOOSE = JOBS.replace(" REFERENCES queues", "").replace("note text NOT NULL", "note text")
KEYLESS = LOOSE.replace("id bigint PRIMARY KEY, queue_id", "id bigint NOT NULL, queue_id")
RATED = "CREATE DOMAIN rating AS integer; CREATE TABLE jobs (id bigint PRIMARY KEY, rate rating);"
PARTED = LOOSE.replace(
    "id bigint PRIMARY KEY, queue_id", "id bigint NOT NULL CHECK (id >= 0), queue_id"
) + (
    "CREATE TABLE parted (LIKE jobs) PARTITION BY RANGE (id);"
    "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (0);"
)


@dataclass(frozen=True)
class Kind:
    """Statements on a schema; ``tables`` are looked at. ``is_outside`` a transaction."""

    name: str
    statements: tuple[str, ...]
    schema: str = JOBS
    tables: tuple[str, ...] = ("jobs",)
    is_outside: bool = False


def of(name: str, *statements: str, schema: str = JOBS, tables: str = "jobs") -> Kind:
    return Kind(name, statements, schema, tuple(tables.split()))


def outside(name: str, *statements: str, schema: str = JOBS) -> Kind:
    return Kind(name, statements, schema, is_outside=True)


KINDS = (
    of("add column", "ALTER TABLE jobs ADD COLUMN weight integer NOT NULL DEFAULT 0"),
    of(
        "add column, volatile default",
        "ALTER TABLE jobs ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    ),
    of(
        "add stored generated column",
        "ALTER TABLE jobs ADD COLUMN twice integer GENERATED ALWAYS AS (attempts / 2) STORED",
    ),
    of("drop column", "ALTER TABLE jobs DROP COLUMN note"),
    of("rename column", "ALTER TABLE jobs RENAME COLUMN note TO remark"),
    of("change type, rewrite", "ALTER TABLE jobs ALTER COLUMN attempts TYPE bigint"),
    of("change type, wider varchar", "ALTER TABLE jobs ALTER COLUMN kind TYPE varchar(40)"),
    of("create index", "CREATE INDEX ix_jobs_note ON jobs (note, id)"),
    outside("create index concurrently", "CREATE INDEX CONCURRENTLY ix_jobs_note ON jobs (note)"),
    of(
        "drop index",
        "DROP INDEX ix_jobs_note",
        schema=JOBS + "CREATE INDEX ix_jobs_note ON jobs (note);",
    ),
    of("reindex table", "REINDEX TABLE jobs"),
    of("add check", "ALTER TABLE jobs ADD CONSTRAINT c CHECK (length(note) >= 0)"),
    of(
        "add check not valid",
        "ALTER TABLE jobs ADD CONSTRAINT c CHECK (length(note) >= 0) NOT VALID",
    ),
    of(
        "validate check",
        "ALTER TABLE jobs VALIDATE CONSTRAINT c",
        schema=JOBS + "ALTER TABLE jobs ADD CONSTRAINT c CHECK (length(note) >= 0) NOT VALID;",
    ),
    of(
        "set not null, filled before",
        "ALTER TABLE jobs ALTER COLUMN rank SET NOT NULL",
        schema=JOBS
        + "ALTER TABLE jobs ADD rank integer CONSTRAINT c CHECK (rank IS NOT NULL OR id < 0);",
    ),
    of(
        "set not null, proved",
        "ALTER TABLE jobs ALTER COLUMN note SET NOT NULL",
        schema=LOOSE + "ALTER TABLE jobs ADD CONSTRAINT c CHECK (note IS NOT NULL);",
    ),
    of(
        "add foreign key",
        "UPDATE jobs SET queue_id = NULL WHERE false",
        "ALTER TABLE jobs ADD CONSTRAINT f FOREIGN KEY (queue_id) REFERENCES queues",
        schema=JOBS.replace("REFERENCES queues", "CONSTRAINT e REFERENCES queues"),
        tables="jobs queues",
    ),
    of(
        "add foreign key not valid",
        "ALTER TABLE jobs ADD CONSTRAINT f FOREIGN KEY (queue_id) REFERENCES queues NOT VALID",
        tables="jobs queues",
    ),
    of(
        "validate foreign key",
        "ALTER TABLE jobs VALIDATE CONSTRAINT f",
        schema=JOBS
        + "ALTER TABLE jobs ADD CONSTRAINT f FOREIGN KEY (queue_id) REFERENCES queues NOT VALID;",
        tables="jobs queues",
    ),
    of("add unique constraint", "ALTER TABLE jobs ADD CONSTRAINT u UNIQUE (note, id)"),
    of(
        "add unique constraint using index",
        "ALTER TABLE jobs ADD CONSTRAINT u UNIQUE USING INDEX u",
        schema=JOBS + "CREATE UNIQUE INDEX u ON jobs (note, id);",
    ),
    of(
        "add primary key",
        "ALTER TABLE jobs ADD PRIMARY KEY (id)",
        schema=KEYLESS + "CREATE UNIQUE INDEX u ON jobs (id);",
    ),
    of("cluster", "CLUSTER jobs USING jobs_pkey"),
    outside("vacuum full", "VACUUM FULL jobs"),
    of("set unlogged", "ALTER TABLE jobs SET UNLOGGED", schema=LOOSE),
    of(
        "attach partition",
        "ALTER TABLE parted ATTACH PARTITION jobs FOR VALUES FROM (0) TO (MAXVALUE)",
        schema=PARTED,
        tables="jobs parted",
    ),
    of("backfill in one statement", "UPDATE jobs SET attempts = 0"),
    of("delete every row", "DELETE FROM jobs"),
    of("truncate", "TRUNCATE jobs"),
    of("drop table", "DROP TABLE jobs", tables="jobs queues"),
    of("alter domain", "ALTER DOMAIN rating ADD CHECK (VALUE > -2147483649)", schema=RATED),
    of(
        "create trigger",
        "CREATE TRIGGER t BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION"
        " suppress_redundant_updates_trigger()",
    ),
    of(
        "lock held while another table works",
        "ALTER TABLE queues ADD COLUMN note text",
        "UPDATE jobs SET attempts = 0",
        tables="queues jobs",
    ),
)
