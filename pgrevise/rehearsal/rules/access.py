"""The rules about who may see and change what: privileges, row-level security.

What is new has no readers yet; an object that was not there before is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgrevise.catalog import Catalog, Change
from pgrevise.rehearsal.facts import Observed, Statement
from pgrevise.rehearsal.rules.common import bare, line_for, statement_for, was_table
from pgrevise.rehearsal.rules.evidence import listed
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.renames import routine

_SECURITY = r"\bROW\s+LEVEL\s+SECURITY\b"
_ENABLED, _FORCED = "row-level security", "row-level security for the owner"
_COMMANDS = ("select", "insert", "update", "delete")


@rule(
    "warning",
    means="A privilege is taken away, or lost because its object was dropped and made again.",
    hurts="Whoever had it is refused at once: the release that still runs, if it connects as that "
    "role, and reports, dashboards and replication. DROP and CREATE of a table, view or function "
    "loses every GRANT on it without a word.",
    instead="Release code that does without it first, and allow it here with the reason. After "
    "making an object again, GRANT again what was granted; better, change it in place (CREATE OR "
    "REPLACE, ALTER).",
    manual="5.8 Privileges; REVOKE",
)
def privilege_revoked(seen: Observed) -> Iterator[Hit]:
    """Privileges on objects of before that are there no more."""
    for change in seen.changes:
        lost = _lost_privileges(change)
        if change.kind != "changed" or not lost:
            continue
        called = change.name or seen.before.schemas[0]
        name = bare(routine(called))
        revoking = _revoking(seen, name)
        if revoking:
            line, how = revoking.line, "is taken away"
        else:
            line, how = (
                line_for(seen, r"\b(?:CREATE|DROP)\b", name),
                ("is lost: it was dropped and made again, without the privileges"),
            )
        told = listed(lost)
        what = f"{change.object_kind} {called}"
        yield Hit("upgrade", line, f"On {what}, {told} {how}.", relation=_table(change))


@rule(
    "warning",
    means="Row-level security is on for a table of before, and no policy lets anybody use it.",
    hurts="Everybody but the owner of the table (and the owner too, when it is forced) is shown no "
    "row, or is refused: queries do not fail, they find nothing. The release that still runs goes "
    "on as if the table were empty.",
    instead="Create the policies first, or in the same transaction, for each command that the "
    "application uses; a permissive one for all: CREATE POLICY … USING (true).",
    manual="5.9 Row Security Policies",
)
def row_security_without_policy(seen: Observed) -> Iterator[Hit]:
    """Commands that no permissive policy allows any more; an error when these are all."""
    for table in _tables_of_both(seen):
        was, now = (_security(catalog, table) for catalog in (seen.before, seen.after))
        newly = [c for c in now.refused if c not in was.refused]
        if not newly and (not now.is_forced or was.is_forced or not now.refused):
            continue
        everything = len(now.refused) == len(_COMMANDS)
        line = line_for(seen, rf"{_SECURITY}|\bPOLICY\b", bare(table))
        what = "no policy" if everything else f"no policy for {_spoken(now.refused)}"
        who = "everybody, its owner too" if now.is_forced else "everybody but its owner"
        said = f"{table} has row-level security and {what}: " + (
            f"it is empty for {who}." if everything else f"{who} can do none of it."
        )
        yield Hit("upgrade", line, said, table, severity="error" if everything else None)


@rule(
    "warning",
    means="Row-level security of a table is switched off, or a restrictive policy goes.",
    hurts="Rows that it kept from somebody are theirs to read and change at once: what looks like "
    "tidying up shows one customer's rows to another.",
    instead="Let the new policies stand before the old ones go; allow it here, saying what keeps "
    "the rows apart from now on.",
    manual="5.9 Row Security Policies",
)
def row_security_lifted(seen: Observed) -> Iterator[Hit]:
    """Tables whose rows are less guarded than before."""
    for table in _tables_of_both(seen):
        was, now = (_security(catalog, table) for catalog in (seen.before, seen.after))
        if not was.is_on:
            continue
        gone = [name for name in was.restrictive if name not in now.restrictive]
        if not now.is_on:
            what = "Row-level security is switched off"
        elif was.is_forced and not now.is_forced:
            what = "Row-level security no longer binds the owner"
        elif gone:
            what = f"The restrictive policy {listed(gone)} is dropped"
        else:
            continue
        line = line_for(seen, rf"{_SECURITY}|\bDROP\s+POLICY\b", bare(table))
        yield Hit("upgrade", line, f"{what} for {table}: rows that it hid are there.", table)


@dataclass(frozen=True)
class _Security:
    """Row-level security of one table: ``refused`` are the commands that no policy allows."""

    is_on: bool = False
    is_forced: bool = False
    refused: tuple[str, ...] = ()
    restrictive: tuple[str, ...] = ()


def _security(catalog: Catalog | None, table: str) -> _Security:
    entry = catalog.get("table", table) if catalog else None
    if catalog is None or entry is None or not entry.facts.get(_ENABLED):
        return _Security()
    allowed, restrictive = set(), []
    for policy in catalog.of_kind("policy"):
        if policy.parent != entry.address:
            continue
        if policy.facts.get("restrictive"):
            restrictive.append(bare(policy.name))
        else:
            allowed.add(policy.facts.get("command"))
    refused = () if "all" in allowed else tuple(c for c in _COMMANDS if c not in allowed)
    return _Security(True, bool(entry.facts.get(_FORCED)), refused, tuple(restrictive))


def _tables_of_both(seen: Observed) -> Iterator[str]:
    """The tables of before with a change that may be about row-level security."""
    names = set()
    for change in seen.changes:
        if change.object_kind == "table" and change.fact in (_ENABLED, _FORCED):
            names.add(change.name)
        if change.object_kind == "policy" and change.kind != "changed":
            for catalog in (seen.before, seen.after):
                entry = catalog.get("policy", change.name) if catalog else None
                if entry is not None and entry.parent is not None:
                    names.add(entry.parent[1])
    for name in sorted(names):
        if was_table(seen, name) and seen.after and seen.after.get("table", name):
            yield name


def _lost_privileges(change: Change) -> list[str]:
    """What was granted and is not, or is revoked and was not."""
    was = change.was if isinstance(change.was, tuple) else ()
    now = change.now if isinstance(change.now, tuple) else ()
    if change.fact == "grants":
        lost = [item for item in was if item not in now]
        return [item.replace(" to ", " of ", 1) for item in lost if not _is_kept(item, now)]
    if change.fact == "revocations":
        return [item.replace(" from ", " of ", 1) for item in now if item not in was]
    return []


def _is_kept(item: str, now: tuple[str, ...]) -> bool:
    """Whether the same privilege is still there with more to it, or was given by somebody else."""
    return any(other.startswith(f"{item} ") for other in now)


def _revoking(seen: Observed, name: str) -> Statement | None:
    return statement_for(seen.upgrade, r"\bREVOKE\b", name) or statement_for(
        seen.upgrade, r"\bREVOKE\b.*\bIN\s+SCHEMA\b|\bDROP\s+OWNED\b"
    )


def _table(change: Change) -> str:
    return change.name if change.object_kind in ("table", "view", "materialized view") else ""


def _spoken(commands: tuple[str, ...]) -> str:
    return listed([command.upper() for command in commands])
