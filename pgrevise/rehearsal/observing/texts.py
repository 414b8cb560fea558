"""What the text of a statement tells without asking PostgreSQL: which kinds it can be. Pure.

It decides how a statement is looked at, never what it did; nothing is parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

#: Comments, strings and dollar-quoted bodies, which must not be taken for words of the statement.
_OPAQUE = re.compile(
    r"--[^\n]*|/\*.*?\*/|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|(\$\w*\$).*?\1|(\"(?:[^\"]|\"\")*\")",
    re.DOTALL,
)
_WORD = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_LIGHT = re.compile(
    r"(SET(?!\s+CONSTRAINTS)|SHOW|RESET|SAVEPOINT|RELEASE|BEGIN|START|COMMIT|END|ROLLBACK|ABORT|"
    r"DISCARD|DEALLOCATE|LISTEN|UNLISTEN|NOTIFY|CHECKPOINT)\b[^;]*;?\s*",
    re.IGNORECASE,
)
_BACK_TO = re.compile(r"(?:^|;)\s*ROLLBACK\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b", re.IGNORECASE)
_CONTROL = re.compile(
    r"(?:^|;)\s*(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|"
    r"PREPARE\s+TRANSACTION)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"(?:^|;)\s*(?:COMMIT|END|ABORT|PREPARE\s+TRANSACTION|"
    r"ROLLBACK(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b))(?:\s|;|$)",
    re.IGNORECASE,
)
_ROLLS_BACK = re.compile(
    r"(?:^|;)\s*(?:ABORT|ROLLBACK(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b))(?:\s|;|$)", re.IGNORECASE
)
_CONCURRENT = re.compile(
    r"(?:(?:CREATE\s+(?:UNIQUE\s+)?|DROP\s+)INDEX\s+CONCURRENTLY\b"
    r"|REINDEX\b.*\bCONCURRENTLY\b|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY\b)",
    re.IGNORECASE | re.DOTALL,
)
#: What is refused inside a transaction, or outside one. Others are found out by trying.
_ALONE = re.compile(
    r"(?:VACUUM|REINDEX\s+(?:\([^)]*\)\s*)?(?:DATABASE|SYSTEM|SCHEMA))\b", re.IGNORECASE
)
_UNWRAPPED = re.compile(
    r"(?:ALTER\s+SYSTEM|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE|SUBSCRIPTION)|LOCK|DECLARE)\b",
    re.IGNORECASE,
)
#: What concerns nothing but the relations that it names, and only adds to them.
_ADDITION = re.compile(
    r"(?:CREATE\s+TABLE\b(?!.*\b(?:SELECT|VALUES|EXECUTE|AS\s+TABLE)\b)"
    r"|CREATE\s+(?:UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY)|CREATE\s+(?:TYPE|SEQUENCE)\b|COMMENT\s+ON\b"
    r"|ALTER\s+TABLE\s+\S+\s+ADD\b(?!.*\b(?:ALTER|ATTACH|DETACH|DISABLE|DROP|ENABLE|INHERIT|NO)\b)"
    r")[^;]*;?",
    re.IGNORECASE | re.DOTALL,
)
_ADOPTION = re.compile(r"\b(?:ATTACH|INHERIT)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Traits:
    """What one text tells.

    ``is_light``: it concerns the session or the transaction, and there is nothing to look at.
    ``ends``: it ends a transaction, with ``rolls_back`` undoing it. ``goes_back``: it returns to a
    savepoint. ``is_concurrent``: it commits by itself, with waits in between. ``runs_alone``: that,
    or else it works on tables in transactions of its own. ``stays_bare``: it must not be wrapped
    into a transaction that it does not have. ``only_adds``: it adds to the relations that it names,
    and concerns no others. ``adopts``: it may make one relation a part of another. ``names``: its
    identifiers as PostgreSQL folds them, and words besides.
    """

    is_light: bool
    ends: bool
    rolls_back: bool
    goes_back: bool
    is_concurrent: bool
    runs_alone: bool
    stays_bare: bool
    only_adds: bool
    adopts: bool
    names: frozenset[str]


@lru_cache(maxsize=512)
def traits(sql: str) -> Traits:
    """What a statement's text tells; it may hold several statements."""
    plain = _OPAQUE.sub(lambda found: found[2] or " ", sql).strip()
    is_light = _LIGHT.fullmatch(plain) is not None
    has_control = _CONTROL.search(plain) is not None
    is_concurrent = _CONCURRENT.match(plain) is not None
    runs_alone = is_concurrent or _ALONE.match(plain) is not None
    return Traits(
        is_light=is_light,
        ends=has_control and _ENDS.search(plain) is not None,
        rolls_back=has_control and _ROLLS_BACK.search(plain) is not None,
        goes_back=has_control and _BACK_TO.search(plain) is not None,
        is_concurrent=is_concurrent,
        runs_alone=runs_alone,
        stays_bare=is_light or has_control or runs_alone or _UNWRAPPED.match(plain) is not None,
        only_adds=_ADDITION.fullmatch(plain) is not None,
        adopts=_ADOPTION.search(plain) is not None,
        names=frozenset(
            found[1].replace('""', '"') if found[1] else found[2].lower()
            for found in _WORD.finditer(plain)
        ),
    )


def seconds_of(setting: str) -> float:
    """A time as ``current_setting`` renders it ("0", "500ms", "2s", "5min", "1h", "1d").

    PostgreSQL 17 manual, 19.1.1 Parameter Names and Values.
    """
    number, unit = re.fullmatch(r"(\d+)\s*(\D*)", setting.strip()).groups()  # type: ignore[union-attr]  # PostgreSQL's own rendering
    factors = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    return int(number) * factors.get(unit, 0.001)
