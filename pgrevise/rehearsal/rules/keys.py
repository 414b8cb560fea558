"""The rules about foreign keys and constraints as the catalog has them afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog import Catalog
from pgrevise.catalog.keys import ForeignKey, column_name, foreign_keys, has_index_for
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import added, bare, line_for, table_name
from pgrevise.rehearsal.rules.registry import Hit, rule

_SIZE = re.compile(r"\([\d,-]+\)")
_TEXTS = ("character varying", "character")
_FOREIGN_KEY = r"\bREFERENCES\b"


@rule(
    "warning",
    means="No index begins with the columns of a new foreign key.",
    hurts="Each DELETE of a referenced row, and each change of its key, reads the whole "
    "referencing table, and holds its locks meanwhile.",
    instead="Create the index first, concurrently and in a revision of its own; leave it out, with "
    "a reason, where referenced rows are never deleted.",
    manual="5.5.5 Foreign Keys",
)
def foreign_key_without_index(seen: Observed) -> Iterator[Hit]:
    """New foreign keys whose columns no index begins with."""
    for key in _new(seen):
        if seen.after and not has_index_for(seen.after, key.table, key.columns):
            yield _hit(
                seen,
                key,
                f"No index of {key.table} begins with ({', '.join(key.columns)}), which refers to "
                f"{key.target}.",
            )


@rule(
    "warning",
    means="A column of a foreign key has another type than the column it refers to.",
    hurts="The smaller type runs out first: keys that the one table gives, the other cannot hold. "
    "Some pairs cannot use an index either.",
    instead="Give both columns the same type.",
    manual="5.5.5 Foreign Keys; ALTER TABLE",
)
def foreign_key_type_mismatch(seen: Observed) -> Iterator[Hit]:
    """New foreign keys between different types."""
    for key in _new(seen):
        for column, referenced in zip(key.columns, key.referenced, strict=False):
            one, other = column_name(key.table, column), column_name(key.target, referenced)
            here, there = _type(seen.after, one), _type(seen.after, other)
            if here and there and here != there:
                yield _hit(seen, key, f"{one} is {here}, and {other}, which it refers to, {there}.")


@rule(
    "info",
    means="A constraint is added NOT VALID, and nothing says that it will be validated.",
    hurts="Until then rows of before may break it, and the planner does not rely on it.",
    instead='Validate it in the next revision (op.execute("ALTER TABLE t VALIDATE CONSTRAINT c")), '
    "which stops neither reads nor writes, and say so in this one's docstring.",
    manual="ALTER TABLE, ADD table_constraint_using_index, NOT VALID",
)
def constraint_left_not_valid(seen: Observed) -> Iterator[Hit]:
    """New constraints that are not valid, if the docstring does not speak of validating."""
    if re.search(r"validat", seen.revision.docstring, re.IGNORECASE):
        return
    for constraint in added(seen, "constraint"):
        if constraint.facts.get("not valid") and not constraint.facts.get("inherited only"):
            table = table_name(constraint.name)
            yield Hit(
                "upgrade",
                line_for(seen, r"\bNOT\s+VALID\b", table, constraint.name),
                f"Constraint {bare(constraint.name)} of {table} is NOT VALID, and the docstring "
                "does not say when it will be validated.",
                relation=table,
            )


def _new(seen: Observed) -> Iterator[ForeignKey]:
    return foreign_keys(added(seen, "constraint"))


def _type(catalog: Catalog | None, column: str) -> str:
    """The type of a column without its size, of a domain that of its base; "" if unknown."""
    entry = catalog.get("column", column) if catalog else None
    if catalog is None or entry is None:
        return ""
    kind = _SIZE.sub("", str(entry.facts.get("type", "")))
    domain = catalog.get("domain", kind)
    if domain is not None:
        kind = _SIZE.sub("", str(domain.facts.get("type", "")))
    return "text" if kind in _TEXTS else kind


def _hit(seen: Observed, key: ForeignKey, sentence: str) -> Hit:
    name = bare(key.entry.name)
    by_name = line_for(seen, _FOREIGN_KEY, key.table, name)
    line = by_name or line_for(seen, _FOREIGN_KEY, key.table, *key.columns)
    return Hit("upgrade", line, sentence, relation=key.table)
