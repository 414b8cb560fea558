"""The rules about rows that are there already and may not fit: duplicates, values too large.

A table that was not there before has no rows and is passed over. How one type is narrower than
another is told by `narrowing`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog import Entry
from pgrevise.catalog.keys import column_name, index_keys, table_of
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import (
    added,
    bare,
    column_changes,
    fills_before,
    line_for,
    statement_for,
    table_name,
    was_table,
)
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.tried import is_proved

_TYPE = re.compile(
    r"(?P<word>[a-z ]+?)(?:\((?P<size>[\d,-]+)\))?(?P<zone> with(?:out)? time zone)?"
)
_TEXTS = ("text", "character varying", "character")
#: The digits before the point that each whole number type holds.
_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
_WHOLE = tuple(_DIGITS)
_FLOATS = ("real", "double precision")
_TIMES = ("timestamp", "time", "interval")
#: Types that take a text apart, besides numbers and times; an enum is known by the catalog.
_PARSED = ("numeric", "boolean", "uuid", "date", "json", "jsonb", "inet", "cidr", "macaddr")
_ROUNDED = "values are rounded"
_CREATES_UNIQUE = r"\bUNIQUE\b|\bPRIMARY\s+KEY\b"


@rule(
    "info",
    means="A unique index or constraint is created over columns that rows have already.",
    hurts="It fails in production if two rows are alike, and only there; a concurrent build leaves "
    "an INVALID index behind.",
    instead="Look first: SELECT a, b, count(*) FROM t GROUP BY a, b HAVING count(*) > 1. Remove "
    "duplicates in this revision, or allow this here with the reason why there can be none.",
    manual="11.6 Unique Indexes; CREATE INDEX, Building Indexes Concurrently",
)
def unique_may_fail(seen: Observed) -> Iterator[Hit]:
    """New unique indexes over columns of before, if nothing unique of before implies them."""
    if seen.after is None:
        return
    for index in added(seen, "index"):
        table = table_of(seen.after, index)
        keys = [key for key in index_keys(index) if key is not None]
        if not index.facts.get("unique") or index.facts.get("parent index"):
            continue
        if not was_table(seen, table) or not _were_there(seen, table, keys):
            continue
        if _is_implied(seen, table, index):
            continue
        name = str(index.facts.get("constraint", "")) or bare(index.name)
        creating = statement_for(seen.upgrade, _CREATES_UNIQUE, table, name)
        if fills_before(seen.upgrade, creating, table):
            continue
        columns, line = ", ".join(_keys(index)), line_for(seen, _CREATES_UNIQUE, table, name)
        if is_proved(seen, "unique-may-fail", line):
            continue
        yield Hit(
            "upgrade",
            line,
            f"{bare(index.name)} makes ({columns}) of {table} unique: this fails if two rows are "
            "alike.",
            relation=table,
        )


@rule(
    "warning",
    means="A column gets a type that holds less.",
    hurts="The upgrade fails in production on the first value that does not fit, or cuts it for "
    "good; the downgrade does not bring it back.",
    instead="Add a column of the new type, fill it in batches, looking at the values that do not "
    "fit, and switch to it.",
    manual="5.7.6 Changing a Column's Data Type",
)
def type_narrowed(seen: Observed) -> Iterator[Hit]:
    """Columns of before whose new type holds less."""
    for change in column_changes(seen, "changed", "type"):
        was, now = str(change.was), str(change.now)
        why = narrowing(was, now)
        if seen.after and ("enum", now) in seen.after and ("enum", was) not in seen.before:
            why = f"a value that is no label of {now} fails"
        table = table_name(change.name)
        line = line_for(seen, r"\bTYPE\b", table, change.name) if why else 0
        if why and not is_proved(seen, "type-narrowed", line):
            yield Hit(
                "upgrade",
                line,
                f"Column {change.name} was {change.was} and becomes {change.now}: {why}.",
                relation=table,
            )


def narrowing(was: str, now: str) -> str:
    """What happens to values of a type that another does not hold; "" when it holds them all.

    Types are named as PostgreSQL's ``format_type`` does. Of types that it does not know it says
    nothing.
    """
    if was.endswith("[]") and now.endswith("[]"):
        return narrowing(was[:-2], now[:-2])
    old, new = _taken_apart(was), _taken_apart(now)
    for judge in (_texts, _numbers, _times):
        told = judge(*old, *new)
        if told:
            return told
    return ""


def _texts(old: str, old_size: tuple[int, ...], new: str, new_size: tuple[int, ...]) -> str:
    if old not in _TEXTS:
        return ""
    if new not in _TEXTS:
        is_parsed = new in (*_WHOLE, *_FLOATS, *_TIMES, *_PARSED)
        return f"a value that is no {new} fails" if is_parsed else ""
    limit = new_size[0] if new_size else None
    if limit is not None and (not old_size or old_size[0] > limit):
        return f"longer values than {limit} characters fail, or are cut by an explicit cast"
    return ""


def _numbers(old: str, old_size: tuple[int, ...], new: str, new_size: tuple[int, ...]) -> str:
    if old in _WHOLE and new in _WHOLE:
        return "greater values fail" if _DIGITS[new] < _DIGITS[old] else ""
    if old in (*_FLOATS, "numeric") and new in _WHOLE:
        return f"{_ROUNDED}, and greater ones fail"
    if old in ("numeric", "double precision") and new in _FLOATS and old != new:
        return _ROUNDED
    if old in (*_WHOLE, *_FLOATS, "numeric") and new == "numeric" and new_size:
        return _numeric(old, old_size, new_size)
    return ""


def _numeric(old: str, old_size: tuple[int, ...], new_size: tuple[int, ...]) -> str:
    precision, scale = (*new_size, 0)[:2]
    if old in _WHOLE:
        return "greater values fail" if precision - scale < _DIGITS[old] else ""
    if not old_size:
        return f"{_ROUNDED}, and greater ones fail"
    old_precision, old_scale = (*old_size, 0)[:2]
    told = [_ROUNDED] if scale < old_scale else []
    if precision - scale < old_precision - old_scale:
        told.append("greater ones fail" if told else "greater values fail")
    return ", and ".join(told)


def _times(old: str, old_size: tuple[int, ...], new: str, new_size: tuple[int, ...]) -> str:
    if old == "timestamp" and new == "date":
        return "the time of day is lost"
    if old == "timestamp" and new == "time":
        return "the date is lost"
    finest = (*old_size, 6)[0]
    if old in _TIMES and new in _TIMES and new_size and new_size[0] < finest:
        return f"fractions of a second are rounded to {new_size[0]} digits"
    return ""


def _taken_apart(name: str) -> tuple[str, tuple[int, ...]]:
    """The word and the size of a type: ``numeric(10,2)`` is numeric and 10, 2."""
    found = _TYPE.fullmatch(name)
    if not found:
        return name, ()
    size = found["size"]
    return found["word"].strip(), tuple(map(int, size.split(","))) if size else ()


def _keys(index: Entry) -> tuple[str, ...]:
    keys = index.facts.get("keys")
    return keys if isinstance(keys, tuple) else ()


def _were_there(seen: Observed, table: str, columns: list[str]) -> bool:
    return all(seen.before.get("column", column_name(table, column)) for column in columns)


def _is_implied(seen: Observed, table: str, index: Entry) -> bool:
    """Whether a unique index of before, over some of its keys, leaves no room for duplicates."""
    for other in seen.before.of_kind("index"):
        if table_of(seen.before, other) != table or not other.facts.get("unique"):
            continue
        if other.facts.get("invalid") or other.facts.get("WHERE") not in (
            None,
            index.facts.get("WHERE"),
        ):
            continue
        is_stricter = not index.facts.get("NULLS NOT DISTINCT") or bool(
            other.facts.get("NULLS NOT DISTINCT")
        )
        if set(_keys(other)) <= set(_keys(index)) and is_stricter:
            return True
    return False
