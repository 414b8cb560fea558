"""`python -m bench.rules_table`: each rule's examples on several majors, and squawk beside them.

For each rule: its severity, on which majors it finds its unsafe example, and on which nothing that
its files do not announce is found in the safe one. With ``--squawk PATH``, what squawk says of the
statements that the upgrade executed: all of a revision's in one file, between BEGIN and COMMIT
where they ran in a transaction. Its rules of style are left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from pgrevise import settings
from pgrevise.rehearsal.examples import Example, also_found, build, examples
from pgrevise.rehearsal.facts import Rehearsal, Rehearsed
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.rehearse import rehearse
from pgrevise.rehearsal.rules.registry import Rule, rules
from pgrevise.rehearsal.selection import Selection

MAJORS = (14, 17, 18)
#: What squawk says of taste, or of every file that locks something: timeouts are `env.py`'s to
#: set, and are in no revision.
ALIKE = {
    "ban-char-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-timestamptz",
    "prefer-timestamp-tz",
    "require-lock-timeout",
    "require-statement-timeout",
    "require-table-schema",
}


@dataclass
class Row:
    """One rule; ``squawk`` and ``squawk_safe`` are names of squawk's rules, on the last major."""

    rule: Rule
    fires: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    tried: list[int] = field(default_factory=list)
    squawk: set[str] = field(default_factory=set)
    squawk_safe: set[str] = field(default_factory=set)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--majors", type=int, nargs="+", default=list(MAJORS))
    parser.add_argument("--squawk", type=Path, help="the program of squawk-cli 2.70")
    parser.add_argument("rules", nargs="*", help="only these")
    given = parser.parse_args()
    known = rules()
    wanted = set(given.rules or known) & set(known)
    table = [
        row(example, known[example.rule], given.majors, given.squawk)
        for example in examples()
        if example.rule in wanted
    ]
    print("\n".join(lines(table, with_squawk=given.squawk is not None)))


def row(example: Example, rule: Rule, majors: Sequence[int], squawk: Path | None) -> Row:
    """Rehearse both sides of one example on each major."""
    made = Row(rule)
    for major in majors:
        if not rule.since <= major <= rule.until:
            continue
        made.tried.append(major)
        unsafe = rehearsed(example, example.unsafe, major)
        safe = rehearsed(example, example.safe, major)
        if rule.identifier in {finding.rule for finding in unsafe.all_findings()}:
            made.fires.append(major)
        if not any(unannounced(safe, example.safe)):
            made.silent.append(major)
        if squawk is not None:
            made.squawk = complaints(squawk, unsafe.revisions)
            made.squawk_safe = complaints(squawk, safe.revisions)
    return made


def rehearsed(example: Example, revisions: Sequence[Path], major: int) -> Rehearsal:
    with tempfile.TemporaryDirectory() as folder:
        chosen = Selection(build(example, revisions, Path(folder)), "an example")
        return rehearse(settings.load(Path(folder)), chosen, Options(major=major))


def unannounced(rehearsal: Rehearsal, files: Sequence[Path]) -> Iterator[str]:
    """The rules that find something in a revision whose file does not say so."""
    for revision, path in zip(rehearsal.revisions, files, strict=True):
        told = also_found(path)
        for finding in revision.findings:
            if finding.rule not in told and not finding.allowed:
                yield finding.rule


def complaints(squawk: Path, revisions: Sequence[Rehearsed]) -> set[str]:
    """What squawk says of what each upgrade executed, between the BEGIN and COMMIT it ran in."""
    found: set[str] = set()
    for revision in revisions:
        # A placeholder is no SQL; such statements change rows, which squawk does not look at.
        own = [
            one
            for one in revision.observed.upgrade.statements
            if not one.is_foreign and "%(" not in one.sql
        ]
        texts = []
        for transaction, together in groupby(own, key=lambda one: one.transaction):
            inside = [one.sql.strip().rstrip(";") + ";\n" for one in together]
            texts += inside if transaction is None else ["BEGIN;\n", *inside, "COMMIT;\n"]
        if texts:
            found |= _squawk(squawk, "".join(texts), revision.observed.server)
    return found - ALIKE


def _squawk(squawk: Path, text: str, major: int) -> set[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upgrade.sql"
        path.write_text(text, "utf-8")
        done = subprocess.run(
            [str(squawk), "--reporter=json", f"--pg-version={major}.0", str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return {str(violation["rule_name"]) for violation in json.loads(done.stdout or "[]")}


def lines(table: Sequence[Row], *, with_squawk: bool) -> Iterator[str]:
    """The table in Markdown."""
    columns = ["rule", "severity", "unsafe: found on", "safe: silent on"]
    if with_squawk:
        columns += ["squawk on unsafe", "squawk on safe"]
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for made in table:
        cells = [made.rule.identifier, made.rule.severity]
        cells += [_majors(made.fires, made.tried), _majors(made.silent, made.tried)]
        if with_squawk:
            cells += [", ".join(sorted(names)) or "-" for names in (made.squawk, made.squawk_safe)]
        yield "| " + " | ".join(cells) + " |"


def _majors(those: Sequence[int], tried: Sequence[int]) -> str:
    missing = [str(major) for major in tried if major not in those]
    found = ", ".join(str(major) for major in those) or "none"
    return f"{found} (not {', '.join(missing)})" if missing else found


if __name__ == "__main__":
    main()
