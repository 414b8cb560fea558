"""The rules about what goes away and is neither a table nor a column: released code names it still.

Tables, columns and views are in `released`, what guards rows in `guarantees`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pgrevise.catalog import Catalog, Change, Entry
from pgrevise.catalog.naming import parts
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import bare, documents, line_for, table_name
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.renames import new_name, routine

_ROUTINES = ("function", "procedure", "aggregate")
_TYPES = ("enum", "domain", "composite type", "range type")
_IN_SCHEMA = (
    "table",
    "foreign table",
    "view",
    "materialized view",
    "sequence",
    *_ROUTINES,
    *_TYPES,
)
#: Nobody calls these: their triggers do.
_OF_TRIGGERS = ("trigger", "event_trigger")
_ARRAY = re.compile(r"(?:\[\])+$")
_DEFAULT = re.compile(r"\bDEFAULT\b", re.IGNORECASE)


@rule(
    "warning",
    means="A schema is dropped or renamed.",
    hurts="With CASCADE everything in it goes, rows too, whatever came to be there since the "
    "revision was written; the downgrade brings back an empty one. The release that still runs "
    "fails where it names the schema or finds its tables through search_path.",
    instead="Drop what is in it one by one, each when no release knows it, and then the schema "
    "without CASCADE; name it in the docstring. Do not rename one.",
    manual="DROP SCHEMA; ALTER SCHEMA",
)
def schema_dropped(seen: Observed) -> Iterator[Hit]:
    """Schemas that are gone; an error when the docstring does not name them."""
    for change in _removed(seen, "schema"):
        now = new_name(seen, "schema", change.name)
        line = line_for(seen, r"\bSCHEMA\b", change.name)
        if now:
            said = f"Schema {change.name} is renamed to {now}: released code that names it fails."
            yield Hit("upgrade", line, said, severity="error")
            continue
        held = _contents(seen.before, bare(change.name))
        said = (
            f"Schema {change.name} is dropped with {held} in it"
            if held
            else (f"Schema {change.name} is dropped; it held nothing here")
        )
        is_told = documents(seen, change.name)
        end = "." if is_told else ", and the docstring does not name it."
        yield Hit("upgrade", line, said + end, severity="warning" if is_told else "error")


@rule(
    "warning",
    means="A function, procedure or aggregate is dropped or renamed, or takes other arguments.",
    hurts="The release that still runs fails where it calls it; so do queries of others.",
    instead="Make the new function beside the old one (functions of one name can differ in their "
    "arguments), and drop the old one when no release calls it; allow it here with that release as "
    "the reason. A new argument at the end with a default does no harm.",
    manual="DROP FUNCTION; 38.6 Function Overloading",
)
def function_dropped(seen: Observed) -> Iterator[Hit]:
    """Routines that are gone, unless another one takes the same calls; not those of triggers."""
    for change in _removed(seen, *_ROUTINES):
        entry = seen.before.get(change.object_kind, change.name)
        if entry is None or entry.facts.get("result") in _OF_TRIGGERS:
            continue
        if _takes_its_calls(seen, change):
            continue
        yield _of_lost_name(seen, change, "calls it", routine(change.name))


@rule(
    "warning",
    means="An enum, a domain or another type is dropped or renamed while columns that had it stay.",
    hurts="The release that still runs names the type in casts, which drivers and SQLAlchemy write "
    "by themselves (%s::job_state), and its statements fail.",
    instead="Leave the type until no release uses it, and drop it in a revision of its own; allow "
    "it here with that release as the reason.",
    manual="DROP TYPE; ALTER TYPE",
)
def type_dropped(seen: Observed) -> Iterator[Hit]:
    """Types that are gone; worth knowing only where no column had them, told already with it."""
    for change in _removed(seen, *_TYPES):
        users = _columns_of_type(seen.before, change.name)
        left = [name for name in users if seen.after and seen.after.get("column", name)]
        if users and not left:
            continue
        hit = _of_lost_name(seen, change, "names it", change.name)
        if left:
            told = f"{hit.sentence[:-1]} ({', '.join(left[:3])} had it)."
            yield Hit("upgrade", hit.line, told, table_name(left[0]))
        else:
            yield Hit("upgrade", hit.line, hit.sentence, severity="info")


@rule(
    "warning",
    means="A sequence is dropped or renamed, and what it counted for is still there.",
    hurts="The release that still runs fails where it asks for the next value (sa.Sequence does "
    "that before each INSERT). How far it had counted is lost: one that the downgrade makes begins "
    "at 1 again.",
    instead="Leave it until no release asks for it; allow it here with that release as the reason.",
    manual="DROP SEQUENCE",
)
def sequence_dropped(seen: Observed) -> Iterator[Hit]:
    """Sequences that are gone, though their column, if they had one, is not.

    Worth knowing only where another sequence, or identity, counts for the column.
    """
    for change in _removed(seen, "sequence"):
        hit = _of_lost_name(seen, change, "asks it for values", change.name)
        yield replace(hit, severity="info") if _counts_otherwise(seen, change) else hit


@rule(
    "warning",
    means="An extension is dropped.",
    hurts="Its functions, types and operators go; with CASCADE so do the columns, indexes and "
    "defaults that use them. The release that still runs fails where it needs one of them, and "
    "others of the same database may have asked for it.",
    instead="Leave it where it is: it costs nothing. Or allow it here, saying who needed it.",
    manual="DROP EXTENSION",
)
def extension_dropped(seen: Observed) -> Iterator[Hit]:
    """Extensions that are gone from every schema."""
    there = {bare(e.name) for e in seen.after.of_kind("extension")} if seen.after else set()
    for change in _removed(seen, "extension"):
        name = bare(change.name)
        if name not in there:
            line = line_for(seen, r"\bEXTENSION\b", name)
            yield Hit(
                "upgrade",
                line,
                f"Extension {name} is dropped: what uses its functions, types or operators fails.",
            )


@rule(
    "warning",
    means="A view that stays loses a column.",
    hurts="The release that still runs, and reports and other readers, fail where they name it.",
    instead="Keep the column in the view until nobody reads it, or give the new form of the view "
    "another name.",
    manual="CREATE VIEW",
)
def view_column_dropped(seen: Observed) -> Iterator[Hit]:
    """Columns of views of before that are gone while the view is there."""
    for change in _removed(seen, "column"):
        entry = seen.before.get("column", change.name)
        if entry and entry.parent and entry.parent[0] in ("view", "materialized view"):
            view = entry.parent[1]
            yield Hit(
                "upgrade",
                line_for(seen, r"\bVIEW\b", view),
                f"View {view} has no column {bare(change.name)} any more: released code that "
                "names it fails.",
                view,
            )


def _removed(seen: Observed, *kinds: str) -> Iterator[Change]:
    if seen.after is not None:
        for change in seen.changes:
            if change.kind == "removed" and change.object_kind in kinds:
                yield change


def _of_lost_name(seen: Observed, change: Change, use: str, path: str) -> Hit:
    """A hit about a name that is gone, with the new one where it has one."""
    now = new_name(seen, change.object_kind, change.name)
    how = f"is renamed to {now}" if now else "is dropped"
    line = line_for(seen, r"\b(?:DROP|RENAME|SET\s+SCHEMA)\b", path)
    kind = change.object_kind.capitalize()
    said = f"{kind} {change.name} {how}: released code that {use} fails."
    return Hit("upgrade", line, said)


def _counts_otherwise(seen: Observed, change: Change) -> bool:
    sequence = seen.before.get("sequence", change.name)
    owner = sequence.parent if sequence else None
    column = seen.after.get(*owner) if seen.after and owner else None
    return column is not None and any(column.facts.get(f) for f in ("identity", "default"))


def _contents(catalog: Catalog, schema: str) -> str:
    """What a schema holds, in words: "2 tables and 1 view"."""
    count: Counter[str] = Counter()
    for kind in _IN_SCHEMA:
        for entry in catalog.of_kind(kind):
            path = parts(routine(entry.name))
            if len(path) > 1 and path[0] == schema and not entry.parent:
                count[kind] += 1
    told = [f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in count.items()]
    return " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))


def _columns_of_type(catalog: Catalog, name: str) -> list[str]:
    return [
        entry.name
        for entry in catalog.of_kind("column")
        if parts(_ARRAY.sub("", str(entry.facts.get("type", "")))) == parts(name)
    ]


def _takes_its_calls(seen: Observed, change: Change) -> bool:
    """Whether a new routine of the name takes these arguments and has defaults for the others."""
    name = routine(change.name)
    wanted = _arguments(change.name)
    for kind in _ROUTINES:
        for entry in seen.after.of_kind(kind) if seen.after else ():
            if entry.address in seen.before or routine(entry.name) != name:
                continue
            given = _arguments(entry.name)
            if given[: len(wanted)] == wanted and _defaults(entry) >= len(given) - len(wanted):
                return True
    return False


def _arguments(name: str) -> list[str]:
    listed = name[len(routine(name)) + 1 : -1]
    return listed.split(", ") if listed else []


def _defaults(entry: Entry) -> int:
    return len(_DEFAULT.findall(str(entry.facts.get("arguments", ""))))
