"""What rules ask of a passage: its moments, what was locked by then, which scans prove something.

No rule is here. Facts decide; a statement's text is asked only what kind of statement it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pgrevise.catalog import Catalog
from pgrevise.rehearsal.facts import (
    IndexBuild,
    Lock,
    Observed,
    Passage,
    Relation,
    Rewrite,
    Scan,
    Statement,
)
from pgrevise.rehearsal.modes import Mode, blocks, is_stronger
from pgrevise.rehearsal.rules.registry import Hit

_TOKENS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<body>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<text>\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*")""",
    re.DOTALL | re.VERBOSE,
)
_ALTERED = re.compile(
    r"(?:ALTER|CREATE)(?: UNLOGGED)?(?: FOREIGN)? TABLE (?:IF (?:NOT )?EXISTS )?(?:ONLY )?"
    r'(?P<name>(?:(?:"(?:[^"]|"")*"|[\w$]+)\.?)+)',
    re.IGNORECASE,
)
_STEPS = re.compile(r";|\b(?:BEGIN|THEN|ELSE|LOOP|EXECUTE)\b")
_DATA = r"(?:WITH|UPDATE|DELETE|INSERT|MERGE|COPY|SELECT|TABLE|VALUES|CALL|DECLARE|FETCH)\b"
_CHANGES_ROWS = r"(?:UPDATE|DELETE|MERGE|WITH\b.*\b(?:UPDATE|DELETE|MERGE)|CALL|COPY)\b"


@dataclass(frozen=True)
class Held:
    """The strongest lock that a transaction holds on a table, and the statement that took it."""

    mode: Mode
    statement: Statement
    relation: Relation


@dataclass(frozen=True)
class Moment:
    """A statement of the revision's own, and where in its transaction it stands.

    ``held`` are the locks on tables of before that the transaction already held when the statement
    began, by table, and ``strong`` those of them that others' writes wait for; both are right only
    until the next moment is asked for. ``following`` counts the revision's statements that come
    after it in the same transaction.
    """

    passage: Passage
    statement: Statement
    held: Mapping[str, Held]
    strong: Mapping[str, Held]
    following: int

    def says(self, pattern: str) -> bool:
        """Whether it is a statement of this kind: a pattern for its beginning, in upper case."""
        return says(self.statement.sql, pattern)

    @property
    def blocking(self) -> tuple[Lock, ...]:
        """The locks on tables that it took anew and that others' reads or writes wait for."""
        return tuple(
            lock
            for lock in self.statement.locks
            if is_table(lock.relation) and "writes" in lock.blocks
        )

    @property
    def rewritten(self) -> tuple[Rewrite, ...]:
        """The tables of before that it rewrote; their indexes are not told apart."""
        return tuple(found for found in self.statement.rewrites if is_table(found.relation))

    @property
    def built(self) -> tuple[IndexBuild, ...]:
        """The new indexes on tables that it did not rewrite."""
        tables = {found.relation.name for found in self.rewritten}
        return tuple(
            build
            for build in self.statement.builds
            if not build.was_there and build.index.table not in tables
        )

    @property
    def rebuilt(self) -> tuple[Relation, ...]:
        """The indexes of before that it built again, on tables that it did not rewrite."""
        tables = {found.relation.name for found in self.rewritten}
        indexes = [build.index for build in self.statement.builds if build.was_there]
        indexes += [found.relation for found in self.statement.rewrites if is_index(found.relation)]
        kept = {index.name: index for index in indexes if index.table not in tables}
        return tuple(kept.values())

    @property
    def proving(self) -> tuple[Scan, ...]:
        """The scans that are not explained by building an index or rewriting the table."""
        rewritten = {found.relation.name for found in self.rewritten}
        built = {build.index.name: build.index.table for build in self.statement.builds}
        for found in self.statement.rewrites:
            if is_index(found.relation):
                built[found.relation.name] = found.relation.table
        left = []
        for scan in self.statement.scans:
            count = scan.count - list(built.values()).count(scan.relation.name)
            if count > 0 and scan.relation.name not in rewritten:
                left.append(Scan(scan.relation, count))
        return tuple(left)

    def mode_on(self, table: str) -> Mode | None:
        """The strongest lock on a table of before while it ran, None for none."""
        modes = [lock.mode for lock in self.statement.locks if lock.relation.name == table]
        if table in self.held:
            modes.append(self.held[table].mode)
        return _strongest(modes)

    def stops(self, table: str) -> bool:
        """Whether others' reads or writes of a table waited while it ran."""
        mode = self.mode_on(table)
        return mode is not None and "writes" in blocks(mode)

    def hit(self, sentence: str, relation: str = "", advice: str = "") -> Hit:
        """A hit at its line."""
        return Hit(self.passage.direction, self.statement.line, sentence, relation, advice)


def moments(seen: Observed) -> Iterator[Moment]:
    """Every statement of the revision's own on the way up and down, in order."""
    for passage in seen.passages():
        yield from moments_of(passage)


def moments_of(passage: Passage) -> Iterator[Moment]:
    """Every statement of the revision's own in one passage, in order."""
    own = [statement for statement in passage.statements if not statement.is_foreign]
    left: dict[int, int] = {}
    for statement in own:
        if statement.transaction is not None:
            left[statement.transaction] = left.get(statement.transaction, 0) + 1
    held: dict[int, tuple[dict[str, Held], dict[str, Held]]] = {}
    for statement in own:
        if statement.transaction is None:
            yield Moment(passage, statement, {}, {}, 0)
            continue
        left[statement.transaction] -= 1
        locks, strong = held.setdefault(statement.transaction, ({}, {}))
        yield Moment(passage, statement, locks, strong, left[statement.transaction])
        for lock in statement.locks:
            name = lock.relation.name
            known = locks.get(name)
            if is_table(lock.relation) and (not known or is_stronger(lock.mode, known.mode)):
                locks[name] = Held(lock.mode, statement, lock.relation)
                if "writes" in lock.blocks:
                    strong.setdefault(name, locks[name])


def transactions(passage: Passage) -> Iterator[list[Moment]]:
    """The moments of one passage by transaction; their ``held`` is that of its end."""
    grouped: dict[int, list[Moment]] = {}
    for moment in moments_of(passage):
        if moment.statement.transaction is not None:
            grouped.setdefault(moment.statement.transaction, []).append(moment)
    yield from grouped.values()


def catalogs(seen: Observed, passage: Passage) -> tuple[Catalog, Catalog | None]:
    """What the schema was when the passage began, and what it is to be at its end."""
    if passage.direction == "downgrade":
        return (seen.after or seen.before, seen.before)
    return (seen.before, seen.after)


def family(catalog: Catalog, table: str) -> str:
    """The topmost table that a table is a partition or a child of; itself when of none."""
    for _ in range(50):  # deeper than anybody nests
        entry = catalog.get("table", table)
        parents = entry.facts.get("parent tables") if entry else None
        if not isinstance(parents, tuple) or not parents:
            break
        table = parents[0]
    return table


def is_table(relation: Relation) -> bool:
    """Whether rows are read from it: a table of any sort or a materialized view."""
    return "table" in relation.kind or relation.kind == "materialized view"


def is_index(relation: Relation) -> bool:
    """Whether it is an index, of a partitioned table too."""
    return "index" in relation.kind


def is_data(statement: Statement) -> bool:
    """Whether it reads or changes rows rather than the schema."""
    return says(statement.sql, _DATA)


def changes_rows(statement: Statement) -> bool:
    """Whether it is of a kind that changes rows that are there."""
    return says(statement.sql, _CHANGES_ROWS)


def says(sql: str, pattern: str) -> bool:
    """Whether a statement in the text begins with the pattern, in upper case."""
    return any(re.match(pattern, part) for part in plain(sql))


@lru_cache(maxsize=16384)
def plain(sql: str) -> tuple[str, ...]:
    """The statements of a text in upper case, with single spaces, without what is quoted.

    Comments go; texts and quoted names become empty ones. What DO runs is looked into.
    """
    runs_a_body = re.match(r"\s*DO\b", sql, re.IGNORECASE) is not None

    def replaced(token: re.Match[str]) -> str:
        if token["comment"]:
            return " "
        if token["name"]:
            return '""'
        if runs_a_body and token["body"]:
            length = len(token["tag"]) + 2
            return " ; " + token["body"][length:-length].replace("'", " ")
        return "''"

    text = " ".join(_TOKENS.sub(replaced, sql).split()).upper()
    parts = _STEPS.split(text) if runs_a_body else text.split(";")
    return tuple(part.strip() for part in parts if part.strip())


def altered(sql: str) -> str:
    """The bare name of the table that ALTER TABLE or CREATE TABLE is about, "" for others."""
    found = _ALTERED.match(" ".join(_TOKENS.sub(_without_comments, sql).split()))
    return bare(found["name"]) if found else ""


def bare(name: str) -> str:
    """A relation's name without its schema and quotes."""
    last: str = re.findall(r'"(?:[^"]|"")*"|[^."]+', name)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def waiting(mode: Mode) -> str:
    """What waits for a lock of this mode, in words: "reads and writes"."""
    words = [what for what in blocks(mode) if what != "DDL"]
    return " and ".join(words) or "other schema changes"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence: "a, b and 3 more"."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) > most:
        return f"{', '.join(distinct[:most])} and {len(distinct) - most} more"
    if len(distinct) < 2:
        return "".join(distinct)
    return f"{', '.join(distinct[:-1])} and {distinct[-1]}"


def under(moment: Moment, tables: Sequence[str]) -> str:
    """Under which lock, and what waits: "under ACCESS EXCLUSIVE: reads and writes wait"."""
    mode = _strongest([mode for table in tables if (mode := moment.mode_on(table))])
    return f"under {mode}: {waiting(mode)} wait" if mode else "without a lock that blocks"


def _without_comments(token: re.Match[str]) -> str:
    return " " if token["comment"] else token[0]


def _strongest(modes: Sequence[Mode]) -> Mode | None:
    strongest: Mode | None = None
    for mode in modes:
        if strongest is None or is_stronger(mode, strongest):
            strongest = mode
    return strongest
