"""What the rules on locks, scans and rewrites say of single changes, each seen on a real server.

All changes are revisions of one history and are rehearsed once. Each has tables of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pgrevise import settings
from pgrevise.rehearsal.examples import PARENT, lay_out
from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.rehearse import rehearse
from pgrevise.rehearsal.rules.registry import rules
from pgrevise.rehearsal.selection import Selection

ROOT = Path(__file__).parents[3]
MAJOR = settings.load(ROOT).postgres
SUBJECTS = {"indexes", "locks", "partitions", "rewrites", "scans", "transactions"}

#: Tables by the end of their names, {0} is a name of the change's own; it gets those that it names.
TABLES = {
    "_rank": "CREATE DOMAIN {0}_rank AS integer CONSTRAINT positive CHECK (VALUE > 0);",
    "_queues": """
        CREATE TABLE {0}_queues (
            id bigint CONSTRAINT pk_{0}_queues PRIMARY KEY,
            name text,
            price numeric(6, 2)
        );""",
    "_workers": "CREATE TABLE {0}_workers (id bigint CONSTRAINT pk_{0}_workers PRIMARY KEY);",
    "_keyless": """
        CREATE TABLE {0}_keyless (a integer NOT NULL, b integer);
        CREATE UNIQUE INDEX {0}_keyless_a ON {0}_keyless (a);""",
    "": """
        CREATE TABLE {0} (
            id bigint CONSTRAINT pk_{0} PRIMARY KEY,
            queue_id bigint,
            state varchar(20) NOT NULL,
            note varchar(20) CONSTRAINT ck_{0}_note CHECK (note <> ''),
            owner text CONSTRAINT ck_{0}_owner CHECK (owner IS NOT NULL),
            price numeric(6, 2),
            due timestamp,
            seen timestamp
        );
        CREATE INDEX ix_{0}_state ON {0} (state);
        CREATE INDEX ix_{0}_seen ON {0} (seen);
        ALTER TABLE {0} ADD CONSTRAINT ck_{0}_price CHECK (price > 0) NOT VALID;""",
    "_attempts": """
        CREATE TABLE {0}_attempts (
            id bigint,
            job_id bigint CONSTRAINT fk_{0}_attempts REFERENCES {0}
        );
        ALTER TABLE {0}_attempts
            ADD CONSTRAINT fk_{0}_late FOREIGN KEY (id) REFERENCES {0} NOT VALID,
            ADD CONSTRAINT ck_{0}_late CHECK (id > 0) NOT VALID;""",
    "_days": """
        CREATE TABLE {0}_days (day date NOT NULL) PARTITION BY RANGE (day);
        CREATE TABLE {0}_days_1 PARTITION OF {0}_days
            FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');""",
    "_part": """
        CREATE TABLE {0}_parts (part integer NOT NULL) PARTITION BY LIST (part);
        CREATE TABLE {0}_parts_other PARTITION OF {0}_parts DEFAULT;
        CREATE TABLE {0}_part (part integer NOT NULL);""",
}

#: What each does, the statements, and the rules that speak.
CHANGES: list[tuple[str, list[str], set[str]]] = [
    (
        "a new table with everything",
        [
            "CREATE TABLE {0}_new (id bigserial PRIMARY KEY, queue_id bigint, n text)",
            "CREATE INDEX ON {0}_new (n)",
            "ALTER TABLE {0}_new ADD CHECK (n <> ''), ADD UNIQUE (n), ALTER queue_id SET NOT NULL",
            "INSERT INTO {0}_new (queue_id, n) VALUES (1, 'a')",
            "UPDATE {0}_new SET n = 'b'",
            "ALTER TABLE {0}_new ALTER n TYPE varchar(5)",
        ],
        set(),
    ),
    ("a wider varchar", ["ALTER TABLE {0} ALTER state TYPE varchar(40)"], set()),
    ("varchar to text", ["ALTER TABLE {0} ALTER state TYPE text"], set()),
    ("a larger precision", ["ALTER TABLE {0}_queues ALTER price TYPE numeric(9, 2)"], set()),
    (
        "timestamptz without an index",
        ["ALTER TABLE {0} ALTER due TYPE timestamptz"],
        {"type-change-depends-on-time-zone"},
    ),
    ("a constant default", ["ALTER TABLE {0} ADD p integer NOT NULL DEFAULT 0"], set()),
    ("a stable default", ["ALTER TABLE {0} ADD p timestamptz NOT NULL DEFAULT now()"], set()),
    ("a nullable reference", ["ALTER TABLE {0} ADD w bigint REFERENCES {0}_workers"], set()),
    ("a check not valid", ["ALTER TABLE {0} ADD CHECK (id > 0) NOT VALID"], set()),
    (
        "a foreign key not valid",
        ["ALTER TABLE {0} ADD FOREIGN KEY (queue_id) REFERENCES {0}_queues NOT VALID"],
        set(),
    ),
    ("validating alone", ["ALTER TABLE {0} VALIDATE CONSTRAINT ck_{0}_price"], set()),
    ("a proven NOT NULL", ["ALTER TABLE {0} ALTER owner SET NOT NULL"], set()),
    (
        "a primary key over what is NOT NULL",
        ["ALTER TABLE {0}_keyless ADD PRIMARY KEY USING INDEX {0}_keyless_a"],
        set(),
    ),
    ("a column goes", ["ALTER TABLE {0} DROP COLUMN due"], set()),
    (
        "a comment and a grant",
        ["COMMENT ON TABLE {0} IS 'x'", "GRANT SELECT ON {0} TO PUBLIC"],
        set(),
    ),
    ("one row", ["UPDATE {0} SET state = 'done' WHERE id = 1"], set()),
    (
        "a new row while locked",
        ["ALTER TABLE {0} ADD p integer", "INSERT INTO {0}_queues VALUES (1)"],
        set(),
    ),
    (
        "a parent and its partition",
        ["ALTER TABLE {0}_days ADD x integer", "ALTER TABLE {0}_days_1 SET (fillfactor = 90)"],
        set(),
    ),
    (
        "a new partition attached",
        [
            "CREATE TABLE {0}_days_2 (LIKE {0}_days)",
            "ALTER TABLE {0}_days ATTACH PARTITION {0}_days_2"
            " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        ],
        set(),
    ),
    ("two tables go", ["DROP TABLE {0}_workers", "DROP TABLE {0}_keyless"], set()),
    ("serial", ["ALTER TABLE {0}_keyless ADD id bigserial PRIMARY KEY"], {"column-rewrites-table"}),
    (
        "identity",
        ["ALTER TABLE {0} ADD x bigint GENERATED ALWAYS AS IDENTITY"],
        {"column-rewrites-table"},
    ),
    (
        "stored generated",
        ["ALTER TABLE {0} ADD x bigint GENERATED ALWAYS AS (id + 1) STORED"],
        {"column-rewrites-table"},
    ),
    ("a constrained domain", ["ALTER TABLE {0} ADD x {0}_rank"], {"column-rewrites-table"}),
    (
        "a volatile default and a unique key",
        ["ALTER TABLE {0} ADD x uuid UNIQUE DEFAULT gen_random_uuid()"],
        {"column-rewrites-table"},
    ),
    (
        "a type that is stored otherwise, indexed",
        ["ALTER TABLE {0} ALTER state TYPE integer USING state::integer"],
        {"type-change-rewrites-table"},
    ),
    (
        "timestamptz with an index",
        ["ALTER TABLE {0} ALTER seen TYPE timestamptz"],
        {"type-change-rebuilds-index", "type-change-depends-on-time-zone"},
    ),
    (
        "a wider varchar under a check",
        ["ALTER TABLE {0} ALTER note TYPE varchar(40)"],
        {"check-scans-table"},
    ),
    ("a column with a check", ["ALTER TABLE {0} ADD x int CHECK (x > 0)"], {"check-scans-table"}),
    ("NOT NULL", ["ALTER TABLE {0} ALTER queue_id SET NOT NULL"], {"not-null-scans-table"}),
    (
        "NOT NULL and a check",
        ["ALTER TABLE {0} ALTER queue_id SET NOT NULL, ADD CHECK (id > 0)"],
        {"not-null-scans-table", "check-scans-table"},
    ),
    (
        "a primary key over what is nullable",
        ["ALTER TABLE {0}_keyless ADD PRIMARY KEY (b)"],
        {"unique-builds-index"},
    ),
    ("a unique column", ["ALTER TABLE {0} ADD x integer UNIQUE"], {"unique-builds-index"}),
    (
        "an exclusion",
        ["ALTER TABLE {0} ADD EXCLUDE (state WITH =)"],
        {"unique-builds-index"},
    ),
    (
        "a reference with a default",
        ["ALTER TABLE {0} ADD w bigint DEFAULT 1 REFERENCES {0}_workers"],
        {"foreign-key-scans-table"},
    ),
    ("unlogged", ["ALTER TABLE {0}_workers SET UNLOGGED"], {"storage-change-rewrites-table"}),
    ("clustering", ["CLUSTER {0} USING pk_{0}"], {"storage-change-rewrites-table"}),
    ("an index on partitions", ["CREATE INDEX ON {0}_days (day)"], {"index-blocks-writes"}),
    (
        "an index made by a block",
        ["DO $$ BEGIN IF true THEN CREATE INDEX ON {0} (due); END IF; END $$"],
        {"index-blocks-writes"},
    ),
    (
        "a partition beside a default one",
        ["CREATE TABLE {0}_parts_1 PARTITION OF {0}_parts FOR VALUES IN (1)"],
        {"partition-locks-parent"},
    ),
    (
        "a table attached beside a default partition",
        ["ALTER TABLE {0}_parts ATTACH PARTITION {0}_part FOR VALUES IN (1)"],
        {"attach-scans-partition"},
    ),
    ("a partition goes", ["DROP TABLE {0}_days_1"], {"detach-blocks-parent"}),
    (
        "a table with a reference goes",
        ["DROP TABLE {0}_attempts"],
        {"foreign-key-locks-referenced"},
    ),
    (
        "a new table with two references",
        [
            "CREATE TABLE {0}_new"
            " (a bigint REFERENCES {0}_queues, b bigint REFERENCES {0}_workers)",
        ],
        {"locks-several-tables"},
    ),
    (
        "a reference and more in a transaction",
        [
            "CREATE TABLE {0}_new (a bigint REFERENCES {0}_queues)",
            "CREATE INDEX ON {0}_new (a)",
        ],
        {"foreign-key-locks-referenced"},
    ),
    (
        "a column and its values",
        ["ALTER TABLE {0} ADD x text", "UPDATE {0} SET x = note"],
        {"lock-held-during-data"},
    ),
    ("its values alone", ["UPDATE {0} SET note = owner"], {"backfill-in-one-statement"}),
    (
        "two changes of type",
        [
            "ALTER TABLE {0} ALTER id TYPE integer",
            "ALTER TABLE {0} ALTER queue_id TYPE integer",
        ],
        {"type-change-rewrites-table", "repeated-scans"},
    ),
    (
        "validating a check and a foreign key",
        [
            "ALTER TABLE {0} VALIDATE CONSTRAINT ck_{0}_price",
            "ALTER TABLE {0}_attempts VALIDATE CONSTRAINT fk_{0}_late",
            "ALTER TABLE {0}_attempts VALIDATE CONSTRAINT ck_{0}_late",
        ],
        set(),
    ),
    (
        "the type of what another table refers to",
        ["ALTER TABLE {0} ALTER id TYPE integer", "COMMENT ON TABLE {0}_attempts IS 'x'"],
        {"type-change-rewrites-table", "foreign-key-scans-table"},
    ),
    (
        "several in one text",
        ["DROP INDEX ix_{0}_seen; COMMENT ON TABLE {0} IS 'x'"],
        {"drop-index-blocks-reads"},
    ),
]
if MAJOR >= 18:
    CHANGES += [
        ("virtual", ["ALTER TABLE {0} ADD x bigint GENERATED ALWAYS AS (id + 1)"], set()),
        ("NOT NULL not valid", ["ALTER TABLE {0} ADD CONSTRAINT c NOT NULL due NOT VALID"], set()),
        (
            "a NOT NULL constraint",
            ["ALTER TABLE {0} ADD CONSTRAINT c NOT NULL due"],
            {"not-null-scans-table"},
        ),
    ]


def name_of(number: int) -> str:
    return f"jobs_{number}"


def identifier(number: int) -> str:
    at = datetime.strptime(PARENT, "%Y%m%d%H%M").replace(tzinfo=UTC) + timedelta(minutes=number)
    return f"{at:%Y%m%d%H%M}"


def schema(number: int, statements: list[str]) -> str:
    text = " ".join(statements)
    wanted = [end for end in TABLES if re.search(rf"\{{0\}}{end}(?:(?![a-z_])|_\d)", text)]
    if "_attempts" in wanted:
        wanted = ["", *wanted]
    if "{0}_part" in text:
        wanted.append("_part")
    return "".join(TABLES[end].format(name_of(number)) for end in dict.fromkeys(wanted))


def revision(number: int, statements: list[str]) -> str:
    lines = "".join(
        f"    op.get_bind().exec_driver_sql({statement.format(name_of(number))!r})\n"
        for statement in statements
    )
    return (
        "from alembic import op\n"
        f"revision = '{identifier(number)}'\ndown_revision = '{identifier(number - 1)}'\n"
        f"def upgrade():\n{lines}"
        "def downgrade():\n    raise NotImplementedError\n"
    )


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rehearsed, ...]:
    root = tmp_path_factory.mktemp("changes")
    numbers = range(1, len(CHANGES) + 1)
    tables = "".join(schema(number, CHANGES[number - 1][1]) for number in numbers)
    texts = {f"change_{number}": revision(number, CHANGES[number - 1][1]) for number in numbers}
    chosen = Selection(lay_out(root, tables, texts), "changes")
    return rehearse(settings.load(root), chosen, Options(major=MAJOR)).revisions


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[words for words, _, _ in CHANGES])
def test_what_is_found(rehearsed: tuple[Rehearsed, ...], number: int) -> None:
    of_ours = {rule for rule, r in rules().items() if r.judge.__module__.split(".")[-1] in SUBJECTS}
    seen = rehearsed[number]
    assert seen.verdict.upgrade == "works", seen.observed.upgrade.error
    found = {f.rule: f.sentence for f in seen.findings if f.rule in of_ours}
    assert found.keys() == CHANGES[number][2], found
