"""The proof: catalogs are equal exactly when what `pg_dump --schema-only` prints is equal.

One way there is no exception: where the dumps differ, so do the catalogs. The other way there are
the few that `beyond_pg_dump` lists: differences that are real and that pg_dump does not print.

A case is a seed. It builds a schema of random statements (`statements.sql`) and then alters it
step by step; after each step the catalog and the dump must agree on whether anything changed. At
the end the last dump is restored into a second database, whose catalog must be the same.
``PGREVISE_CATALOG_CASES=500`` runs more cases than the few of an ordinary run,
``PGREVISE_CATALOG_FIRST_SEED`` says where they begin.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest

from pgrevise.catalog import COLUMN_ORDER, Catalog, Change, diff, read
from pgrevise.postgres.server import RunningServer

CASES = int(os.environ.get("PGREVISE_CATALOG_CASES", "4"))
FIRST_SEED = int(os.environ.get("PGREVISE_CATALOG_FIRST_SEED", "1"))
CREATED, ALTERED, TRIES = 120, 12, 6
#: How much likelier than the others the statements of a class are: what most schemas are made of.
WEIGHTS = {"tables": 2, "columns": 2, "constraints": 2, "replaced under the same name": 6}

NAMES = {
    "table": ("t1", "t2", '"T ""3"""', "t4"),
    "column": ("c1", "c2", "c3", '"C 4"'),
    "index": ("i1", "i2", "i3", "i4", "i5", "i6", "i7"),
    "child": ("h1", "h2"),
    "parted": ("p1", "p2"),
    "part": ("r1", "r2", "r3", "r4"),
    "matview": ("m1", "m2"),
    "domain": ("dom1", "dom2"),
    "enum": ("e1", "e2"),
    "composite": ("y1", "y2"),
    "range": ("z1", "z2", "z3"),
    "view": ("v1", "v2"),
    "sequence": ("q1", "q2", "q3"),
    "function": ("f1", "f2"),
    "procedure": ("w1",),
    "aggregate": ("a1",),
    "trigger": ("g1", "g2"),
    "rule": ("u1", "u2"),
    "policy": ("o1", "o2"),
    "statistics": ("s1", "s2", "s3"),
    "constraint": ("k1", "k2", "k3", "k4"),
}


@dataclass(frozen=True)
class Template:
    """One line of `statements.sql`: its class, the first major it is for, and the text."""

    group: str
    since: int
    text: str

    def fill(self, chance: random.Random) -> str:
        """Choose among the alternatives and the names."""
        text = re.sub(
            r"\[([^\[\]]*\|[^\[\]]*)\]", lambda m: chance.choice(m[1].split("|")), self.text
        )
        return re.sub(
            r"\{(\w+)\}", lambda m: chance.choice(NAMES[m[1]]) if m[1] in NAMES else m[0], text
        )


@cache
def templates(major: int) -> tuple[Template, ...]:
    found, group = [], ""
    for line in (Path(__file__).parent / "statements.sql").read_text("utf-8").splitlines():
        if line.startswith("-- class: "):
            group = line.removeprefix("-- class: ")
        elif line and not line.startswith("--"):
            since, text = re.fullmatch(r"(?:@(\d+) )?(.*)", line).groups()  # type: ignore[union-attr] # always matches
            found.append(Template(group, int(since or 14), text))
    return tuple(template for template in found if template.since <= major)


def chosen(major: int, chance: random.Random) -> Iterator[Template]:
    """Yield templates: first those that build, class by class in the file's order, then any."""
    everything = templates(major)
    groups = list(dict.fromkeys(template.group for template in everything))
    building = [template for template in everything if template.text.startswith("CREATE")]
    first = chance.choices(building, [WEIGHTS.get(t.group, 1) for t in building], k=CREATED)
    yield from sorted(first, key=lambda template: groups.index(template.group))
    weights = [WEIGHTS.get(template.group, 1) for template in everything]
    while True:
        yield from chance.choices(everything, weights)


def normalised(dump: str) -> str:
    """Sort a dump's entries, and what has no order within them; drop what names no object."""
    entries = []
    for entry in re.split(r"\n--\n(?=-- (?:Name|Data for Name): )", dump)[1:]:
        lines = [
            re.sub(r"WITH \(([^()]*)\)", _sorted_options, line)
            for line in entry.splitlines()
            if not re.match(r"--$|\\|SET default_|-- PostgreSQL database dump complete", line)
        ]
        kept = [line for line in lines if line]
        if "; Type: ACL;" in kept[0] or "; Type: DEFAULT ACL;" in kept[0]:
            kept.sort()
        entries.append("\n".join(kept))
    return "\n\n".join(sorted(entries))


def _sorted_options(match: re.Match[str]) -> str:
    return f"WITH ({', '.join(sorted(match[1].split(', ')))})"


@dataclass(frozen=True)
class Twins:
    """Two databases of one server: where a schema is built, and where its dump is restored."""

    bindir: Path
    built: psycopg.Connection[tuple[object, ...]]
    restored: psycopg.Connection[tuple[object, ...]]

    def dump(self, connection: psycopg.Connection[tuple[object, ...]]) -> str:
        about = connection.info
        where = ["-h", about.host, "-p", str(about.port), "-U", about.user, "-d", about.dbname]
        command = [str(self.bindir / "pg_dump"), "--schema-only", "--no-owner", *where]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def restore(self, dump: str) -> None:
        lines = [line for line in dump.splitlines() if not line.startswith("\\")]
        self.restored.execute("\n".join(lines).encode())
        self.restored.execute("SELECT pg_catalog.set_config('search_path', 's', false)")


@pytest.fixture(scope="module")
def twins(server: RunningServer, new_database: Callable[[], str]) -> Iterator[Twins]:
    with ExitStack() as opened:
        built, restored = (
            opened.enter_context(psycopg.connect(new_database(), autocommit=True)) for _ in "ab"
        )
        yield Twins(server.binaries.bindir, built, restored)


def start_over(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    # The tables first: PostgreSQL fails to drop an extension along with an index that passes
    # options to one of its operator classes ("cache lookup failed for function").
    tables = ", ".join(f"s.{name}" for name in NAMES["table"])
    connection.execute(f"DROP TABLE IF EXISTS {tables} CASCADE".encode())
    connection.execute("DROP SCHEMA IF EXISTS s CASCADE")
    connection.execute("DROP EXTENSION IF EXISTS hstore, citext, pg_trgm CASCADE")
    connection.execute("DROP FOREIGN DATA WRAPPER IF EXISTS nothing CASCADE")


def build(twins: Twins) -> None:
    start_over(twins.built)
    twins.built.execute("CREATE FOREIGN DATA WRAPPER nothing")
    twins.built.execute("CREATE SERVER remote FOREIGN DATA WRAPPER nothing")
    twins.built.execute("CREATE SCHEMA s")
    twins.built.execute("SET search_path = s, pg_catalog")
    twins.built.execute(
        "CREATE FUNCTION trigger_function() RETURNS trigger LANGUAGE plpgsql AS 'begin end';"
        "CREATE TABLE fixed (c1 integer, c2 text, c3 integer);"
        "CREATE TABLE fixed_too (c1 integer PRIMARY KEY);"
        "CREATE TABLE fixed_parts (c1 integer) PARTITION BY RANGE (c1)"
    )


def beyond_pg_dump(change: Change, catalog: Catalog) -> bool:
    """Whether pg_dump is known not to say this.

    It leaves what is inherited to the parent tables. That loses the order of a child's columns,
    that a child's copy of a NOT VALID constraint is valid and, up to 17, a NOT NULL that only the
    child dropped; from 18 on it makes the child's NOT NULL constraints its own. And it
    does not say that the index of a partitioned table is invalid.
    """
    if change.object_kind == "index" and change.fact == "invalid":
        index = catalog.get("index", change.name)
        table = index and catalog.get("table", str(index.facts["table"]))
        return table is not None and "partition key" in table.facts
    name = change.name if change.object_kind == "table" else change.name.rpartition(".")[0]
    table = catalog.get("table", name)
    if table is None or "parent tables" not in table.facts or "partition bound" in table.facts:
        return False
    return change.fact in (COLUMN_ORDER, "NOT NULL", "inherited only", "not valid")


def check(before: Catalog, after: Catalog, *, same_text: bool, where: str) -> None:
    changes = diff(before, after)
    sentences = "; ".join(change.sentence for change in changes) or "no difference"
    assert (changes == []) == (before == after), where
    if same_text:
        changes = [change for change in changes if not beyond_pg_dump(change, after)]
    assert (changes == []) == same_text, f"{where}\n{sentences}"


@dataclass
class Walk:
    """One case under way: its chance, the statements that the server took, and the steps."""

    seed: int
    chance: random.Random
    accepted: Counter[str]
    steps: int = 0


def run_case(twins: Twins, seed: int) -> Walk:
    """Build, alter, compare after every step, restore; an AssertionError names the statement."""
    walk = Walk(seed, random.Random(seed), Counter())
    build(twins)
    stream = chosen(twins.built.info.server_version // 10000, walk.chance)
    for _ in range(CREATED):
        attempt(twins, walk, next(stream))
    before, before_dump = read(twins.built, ["s"]), twins.dump(twins.built)
    while walk.steps < ALTERED:
        statement = attempt(twins, walk, next(stream))
        if statement is None:
            continue
        walk.steps += 1
        after, after_dump = read(twins.built, ["s"]), twins.dump(twins.built)
        same_text = normalised(before_dump) == normalised(after_dump)
        where = f"seed {seed}, step {walk.steps}: {statement}"
        check(before, after, same_text=same_text, where=where)
        before, before_dump = after, after_dump
    check_restored(twins, before, before_dump, f"seed {seed}")
    return walk


def attempt(twins: Twins, walk: Walk, template: Template) -> str | None:
    """Run the statement with one choice of names after another until the server takes it."""
    for _ in range(TRIES):
        statement = template.fill(walk.chance)
        try:
            twins.built.execute(statement.encode())
        except psycopg.Error:
            continue
        walk.accepted[template.group] += 1
        return statement
    return None


def check_restored(twins: Twins, catalog: Catalog, dump: str, where: str) -> None:
    """Restore the dump into the other database, and compare what comes of it."""
    start_over(twins.restored)
    try:
        twins.restore(dump)
    except psycopg.Error:  # some schemas pg_dump itself cannot bring back
        return
    again, again_dump = read(twins.restored, ["s"]), twins.dump(twins.restored)
    same_text = normalised(again_dump) == normalised(dump)
    check(catalog, again, same_text=same_text, where=f"{where}, restored")


def found_cases() -> dict[str, list[str]]:
    """The cases of `regressions.sql` by their heads: what random cases have found so far."""
    text = (Path(__file__).parent / "regressions.sql").read_text("utf-8")
    cases = re.split(r"^-- case: ", text, flags=re.MULTILINE)[1:]
    return {
        case.splitlines()[0]: [line for line in case.splitlines()[1:] if line[:2] not in ("", "--")]
        for case in cases
    }


@pytest.mark.parametrize("head", found_cases())
def test_what_was_found_once_stays_right(twins: Twins, head: str) -> None:
    build(twins)
    *first, last = found_cases()[head]
    for statement in first:
        twins.built.execute(statement.encode())
    before, before_dump = read(twins.built, ["s"]), twins.dump(twins.built)
    with suppress(psycopg.errors.InvalidTableDefinition):  # majors that have learnt to refuse it
        twins.built.execute(last.encode())
    after, after_dump = read(twins.built, ["s"]), twins.dump(twins.built)
    same_text = normalised(before_dump) == normalised(after_dump)
    check(before, after, same_text=same_text, where=last)
    check_restored(twins, after, after_dump, head)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + CASES))
def test_equal_exactly_when_dumps_are_equal(twins: Twins, seed: int) -> None:
    walk = run_case(twins, seed)
    assert walk.steps == ALTERED
