"""Every kind of object: alter it, and the difference is named; put it back, and it is gone.

The alterations are in `changes.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgrevise.catalog import diff, read

Connection = psycopg.Connection[tuple[object, ...]]

BASE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS integer CONSTRAINT above CHECK (VALUE > 0);
CREATE TYPE pair AS (x integer, y text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE parent (id integer);
CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a integer, b text, c text,
    CONSTRAINT t_pk PRIMARY KEY (id), CONSTRAINT t_check CHECK (a > 0));
CREATE TABLE ref (id bigint, CONSTRAINT ref_fk FOREIGN KEY (id) REFERENCES t);
CREATE INDEX i ON t (a) WHERE a > 1;
CREATE UNIQUE INDEX iu ON t (id);
CREATE SEQUENCE q;
CREATE VIEW v AS SELECT id, a FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
CREATE FUNCTION f(n integer) RETURNS integer LANGUAGE sql AS 'select 1';
CREATE PROCEDURE p() LANGUAGE sql AS 'select 1';
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE AGGREGATE agg(integer) (SFUNC = int4pl, STYPE = integer);
CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
CREATE RULE r AS ON DELETE TO t DO ALSO NOTIFY x;
CREATE POLICY po ON t USING (a > 1);
CREATE STATISTICS st ON a, b FROM t;
CREATE TABLE part (id integer, k integer) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (1) TO (5);
CREATE TABLE loose (id integer, k integer);
CREATE TYPE idtype AS (id integer);
"""

BLOCK = re.compile(r"^do {4}(?:@(\d+) )?(.+)\nundo {2}(.+)\nsays {2}(.+)$", re.MULTILINE)
CHANGES = BLOCK.findall((Path(__file__).parent / "changes.txt").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def base(url: str) -> Iterator[Connection]:
    """The schema that each change is made in and, as the test proves, undone in."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA s")
        connection.execute("SET search_path = s")
        connection.execute(BASE.encode())
        yield connection


@pytest.mark.parametrize(("since", "do", "undo", "says"), CHANGES, ids=[c[1] for c in CHANGES])
def test_a_change_is_named_and_its_reverse_is_seen(
    base: Connection, since: str, do: str, undo: str, says: str
) -> None:
    if base.info.server_version // 10000 < int(since or 0):
        pytest.skip(f"since PostgreSQL {since}")
    before = read(base, ["s"])
    base.execute(do.encode())
    sentences = [change.sentence for change in diff(before, read(base, ["s"]))]
    if says == "anything":
        assert sentences
    else:
        beginning, cut, _ = says.partition("…")
        assert [s[: len(beginning)] if cut else s for s in sentences] == (
            [] if says == "nothing" else [beginning]
        )
    base.execute(undo.encode())
    assert diff(before, read(base, ["s"])) == []


def test_all_changes_are_found_in_the_file() -> None:
    assert len(CHANGES) > 80
