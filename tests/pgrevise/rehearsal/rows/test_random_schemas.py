"""Schemas drawn by chance are filled whole: types, checks, keys and references in any mixture."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.pgrevise.rehearsal.rows.conftest import Fill

TYPES = [
    *["smallint", "integer", "bigint", "numeric", "numeric(9,3)", "real", "boolean", "text"],
    *["varchar(9)", "varchar(60)", "char(4)", "date", "timestamp", "timestamptz(0)", "time"],
    *["interval", "uuid", "jsonb", "bytea", "inet", "bit(5)", "integer[]", "int8range", "mood"],
    *["adult", "pair", "mood[]", "nummultirange", "point", "oid", "money", "xml"],
]
UNIQUE = [t for t in TYPES if t not in ("boolean", "mood", "point", "xml", "bit(5)", "pair")]
CHECKS = {
    "integer": ["{0} > 0", "{0} BETWEEN -5 AND 5000", "{0} % 2 = 0", "{0} <> 0"],
    "bigint": ["{0} >= 100", "{0} < 0"],
    "numeric(9,3)": ["{0} >= 0", "{0} BETWEEN 0 AND 1"],
    "text": ["{0} <> ''", "length({0}) <= 20", "{0} ~ '^[a-z]+[0-9]*$'", "{0} = lower({0})"],
    "varchar(60)": ["{0} LIKE '%@%'", "{0} IN ('a', 'b', 'c')"],
    "date": ["{0} > '2020-05-05'", "isfinite({0})"],
    "timestamp": ["{0} < '2035-01-01'"],
    "interval": ["{0} > '0'"],
    "jsonb": ["jsonb_typeof({0}) IN ('object', 'array')"],
    "int8range": ["NOT isempty({0})"],
}
PAIRS = ["{0} <= {1}", "({0} IS NULL) = ({1} IS NULL)", "{0} IS DISTINCT FROM {1}"]
PREPARED = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN adult AS integer CHECK (VALUE >= 18);
CREATE TYPE pair AS (x integer, y text);
"""


def table(draw: random.Random, number: int) -> str:
    """The DDL of one table, which may refer to those with lower numbers and to itself."""
    id_type = ["id bigint GENERATED ALWAYS AS IDENTITY", "id serial", "id uuid", "id bigint"]
    lines = [draw.choice(id_type) + " PRIMARY KEY"]
    drawn = [(f"c{at}", draw.choice(TYPES)) for at in range(draw.randint(1, 9))]
    for name, type_ in drawn:
        words = [name, type_]
        if draw.random() < 0.4:
            words.append("NOT NULL")
        if type_ in CHECKS and draw.random() < 0.5:
            words.append(f"CHECK ({draw.choice(CHECKS[type_]).format(name)})")
        elif type_ in UNIQUE and draw.random() < 0.25:
            words.append("UNIQUE")
        lines.append(" ".join(words))
    same = [(a, b) for a, t in drawn for b, u in drawn if a < b and t == u and t in CHECKS]
    if same and draw.random() < 0.7:
        lines.append(f"CHECK ({draw.choice(PAIRS).format(*draw.choice(same))})")
    sortable = [name for name, type_ in drawn if type_ in UNIQUE]
    if len(sortable) > 1 and draw.random() < 0.4:
        lines.append(f"UNIQUE ({', '.join(draw.sample(sortable, 2))})")
    return f"CREATE TABLE t{number} ({', '.join(lines)});"


def references(draw: random.Random, count: int) -> list[str]:
    """Foreign keys in any direction; those that may close a circle are nullable or deferrable."""
    made = []
    for at in range(count):
        for target in draw.sample(range(count), draw.randint(0, min(2, count))):
            how = draw.choice(["", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"])
            needed = draw.choice(["", " NOT NULL"]) if how or target < at else ""
            made.append(
                f"ALTER TABLE t{at} ADD r{target} $type{target}${needed} REFERENCES t{target}{how};"
            )
    return made


@pytest.mark.parametrize("seed", range(40))
def test_a_random_schema_is_filled(
    given: Callable[[str], None], filled: Fill, has_xml: bool, seed: int
) -> None:
    draw = random.Random(seed)
    count = draw.randint(1, 6)
    tables = [table(draw, number) for number in range(count)]
    if not has_xml:
        tables = [ddl.replace(" xml", " text") for ddl in tables]
    ddl = PREPARED + "".join(tables) + "".join(references(draw, count))
    for number, text in enumerate(tables):
        ids = {"serial": "integer", "uuid": "uuid"}
        ddl = ddl.replace(f"$type{number}$", ids.get(text.split()[4], "bigint"))
    given(ddl)

    filled(rows=120, seed=seed)
