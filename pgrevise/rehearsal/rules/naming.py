"""The rules about the names of constraints and indexes.

What a convention is, and what fits one, is in `pgrevise.catalog.naming`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog.naming import Named, fits, named
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import line_for, own
from pgrevise.rehearsal.rules.registry import Hit, rule

_TRUNCATED = re.compile(r'identifier "(?P<name>.+)" will be truncated to "(?P<cut>.+)"')
#: What PostgreSQL calls what has no name: a convention too, where the project has none.
_OF_POSTGRESQL = {
    "pk": r"{table}_pkey\d*",
    "uq": r"{table}_.+_key\d*",
    "fk": r"{table}_.+_fkey\d*",
    "ck": r"{table}_(?:.+_)?check\d*",
    "ix": r"{table}_.+_idx\d*",
}


@rule(
    "warning",
    means="The name of a new constraint or index does not follow the naming convention.",
    hurts="Autogenerate and later revisions look for it under the name that the convention gives, "
    "and downgrades drop what is not there.",
    instead="Leave the name to the naming convention of the models' MetaData, or write the one it "
    "gives, inside op.f().",
)
def name_off_convention(seen: Observed) -> Iterator[Hit]:
    """New names that the convention does not give; worth knowing only where there is none."""
    conventions: dict[str, list[str]] = {}
    for prefix, pattern in seen.naming:
        conventions.setdefault(prefix, []).append(pattern)
    for found in named(seen.touched):
        if found.entry.address in seen.before or _follows_its_parent(found):
            continue
        patterns = conventions.get(found.prefix, [])
        if patterns:
            if not any(fits(found.name, found.table, pattern) for pattern in patterns):
                yield _hit(seen, found, f"does not follow {' or '.join(patterns)}")
        elif not seen.naming and not _is_usual(found):
            said = f"begins neither with {found.prefix}_ nor is it PostgreSQL's own"
            yield _hit(seen, found, said, is_convention=False)


@rule(
    "warning",
    means="A name is longer than 63 bytes, and PostgreSQL cuts it.",
    hurts="The object is called otherwise than the code says: dropping it by its name works by "
    "luck, and two long names can become the same.",
    instead="Choose a shorter name.",
    manual="4.1.1 Identifiers and Key Words",
)
def name_truncated(seen: Observed) -> Iterator[Hit]:
    """Names that the server said it would cut."""
    for passage in seen.passages():
        for statement in own(passage):
            for notice in statement.notices:
                found = _TRUNCATED.search(notice)
                if found:
                    said = f"The name {found['name']} is cut to {found['cut']}."
                    yield Hit(passage.direction, statement.line, said)


def _follows_its_parent(found: Named) -> bool:
    """Whether PostgreSQL named it after what a partitioned table or a parent has."""
    facts = found.entry.facts
    return bool(facts.get("inherited only") or facts.get("parent index"))


def _is_usual(found: Named) -> bool:
    """Whether a name begins with the usual prefix, or is one that PostgreSQL gives."""
    if found.name.startswith(f"{found.prefix}_") or len(found.name) >= 55:
        return True
    if found.prefix == "ix" and found.name.startswith(("uq_", "ux_", "idx_", "uix_")):
        return True
    own_name = _OF_POSTGRESQL[found.prefix].format(table=re.escape(found.table))
    return re.fullmatch(own_name, found.name) is not None


def _hit(seen: Observed, found: Named, why: str, *, is_convention: bool = True) -> Hit:
    return Hit(
        "upgrade",
        line_for(seen, r"", found.table, found.name),
        f"The {found.kind} {found.name} of {found.table} {why}.",
        relation=found.table,
        severity=None if is_convention else "info",
    )
