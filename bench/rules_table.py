"""`python -m bench.rules_table`: each rule's examples on several majors, and squawk beside them.

For each rule: its severity, whether its unsafe example is found on each major, and whether nothing
that its files do not announce is found in the safe one. With ``--squawk PATH``, what squawk says of
the statements that the upgrade executed: all of a revision's in one file, between BEGIN and COMMIT
where they ran in a transaction. Its rules of style are left out.

A row is printed as soon as it is known. ``--json FILE`` keeps the rows, so that the table can be
made in parts: what is in FILE already is kept, what is asked for is done again, and the whole table
is printed at the end. ``--missing`` asks for what FILE lacks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from pgrevise import settings
from pgrevise.errors import ReviseError
from pgrevise.rehearsal.examples import Example, also_found, build, example, examples
from pgrevise.rehearsal.facts import Rehearsal, Rehearsed
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


@dataclass(frozen=True)
class Cell:
    """One rule on one major: what was found, what squawk said, or why it could not be tried.

    ``squawk`` and ``squawk_safe`` are names of squawk's rules, None when it was not asked.
    """

    rule: str
    major: int
    is_found: bool = False
    is_clean: bool = False
    squawk: tuple[str, ...] | None = None
    squawk_safe: tuple[str, ...] | None = None
    error: str = ""


Cells = dict[tuple[str, int], Cell]


def main() -> None:
    given = _arguments()
    known = rules()
    unknown = set(given.rules) - set(known)
    if unknown:
        sys.exit(f"There is no rule {', '.join(sorted(unknown))}.")
    cells = read(given.json)
    chosen = [known[e.rule] for e in examples() if e.rule in (given.rules or known)]
    wanted = [
        (rule.identifier, major)
        for rule in chosen
        for major in given.majors
        if rule.since <= major <= rule.until
        and not (given.missing and (rule.identifier, major) in cells)
    ]
    ask = partial(cell, squawk=given.squawk)
    with ProcessPoolExecutor(given.jobs) as pool:
        asked = {key: pool.submit(ask, *key) for key in wanted}
        for rule in chosen:
            for major in given.majors:
                key = (rule.identifier, major)
                if key in asked:
                    cells[key] = asked[key].result()
                    write(given.json, cells)
            print(row(rule, cells, given.majors, with_squawk=bool(given.squawk)), flush=True)
    if given.json:
        shown = [rule for rule in known.values() if rule.identifier in {name for name, _ in cells}]
        print("", *table(shown, cells, given.majors, with_squawk=bool(given.squawk)), sep="\n")


def cell(identifier: str, major: int, squawk: Path | None) -> Cell:
    """Rehearse both sides of one rule's example on one major."""
    one = example(identifier)
    try:
        unsafe = rehearsed(one, one.unsafe, major)
        safe = rehearsed(one, one.safe, major)
        return Cell(
            identifier,
            major,
            identifier in {finding.rule for finding in unsafe.all_findings()},
            not any(unannounced(safe, one.safe)),
            complaints(squawk, unsafe.revisions) if squawk else None,
            complaints(squawk, safe.revisions) if squawk else None,
        )
    except ReviseError as error:
        return Cell(identifier, major, error=" ".join(str(error).split()))


def rehearsed(one: Example, revisions: Sequence[Path], major: int) -> Rehearsal:
    with tempfile.TemporaryDirectory() as folder:
        chosen = Selection(build(one, revisions, Path(folder)), "an example")
        return rehearse(settings.load(Path(folder)), chosen, replace(one.options, major=major))


def unannounced(rehearsal: Rehearsal, files: Sequence[Path]) -> Iterator[str]:
    """The rules that find something in a revision whose file does not say so."""
    for revision, path in zip(rehearsal.revisions, files, strict=True):
        told = also_found(path)
        for finding in revision.findings:
            if finding.rule not in told and not finding.allowed:
                yield finding.rule


def complaints(squawk: Path, revisions: Sequence[Rehearsed]) -> tuple[str, ...]:
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
    return tuple(sorted(found - ALIKE))


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


def read(path: Path | None) -> Cells:
    """What an earlier part has left in a file."""
    if path is None or not path.is_file():
        return {}
    kept = (Cell(**one) for one in json.loads(path.read_text("utf-8")))
    return {(one.rule, one.major): one for one in kept}


def write(path: Path | None, cells: Cells) -> None:
    """Keep everything; a part that is interrupted loses no row."""
    if path is not None:
        listed = [asdict(cells[key]) for key in sorted(cells)]
        beside = path.with_name(f"{path.name}.part")
        beside.write_text(json.dumps(listed, indent=1) + "\n", "utf-8")
        beside.replace(path)


def table(
    shown: Sequence[Rule], cells: Cells, majors: Sequence[int], *, with_squawk: bool
) -> Iterator[str]:
    """The table in Markdown."""
    columns = ["rule", "severity"]
    columns += [f"unsafe found on {major}" for major in majors]
    columns += [f"safe clean on {major}" for major in majors]
    if with_squawk:
        columns += ["squawk on unsafe", "squawk on safe"]
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for rule in shown:
        yield row(rule, cells, majors, with_squawk=with_squawk)


def row(rule: Rule, cells: Cells, majors: Sequence[int], *, with_squawk: bool) -> str:
    """One line of it; squawk's words are those on the last major."""
    tried = [cells.get((rule.identifier, major)) for major in majors]
    words = [rule.identifier, rule.severity]
    words += [_word(one, is_safe=False) for one in tried]
    words += [_word(one, is_safe=True) for one in tried]
    if with_squawk:
        last = next((one for one in reversed(tried) if one and not one.error), None)
        said = (last.squawk, last.squawk_safe) if last else (None, None)
        words += ["" if names is None else ", ".join(names) or "nothing" for names in said]
    return "| " + " | ".join(words) + " |"


def _word(one: Cell | None, *, is_safe: bool) -> str:
    if one is None:
        return "-"
    if one.error:
        return f"not tried: {one.error}"
    return "yes" if (one.is_clean if is_safe else one.is_found) else "**no**"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--majors", type=int, nargs="+", default=list(MAJORS))
    parser.add_argument("--squawk", type=Path, help="the program of squawk-cli 2.70")
    parser.add_argument("--json", type=Path, help="keep the rows in this file, and go on from it")
    parser.add_argument("--missing", action="store_true", help="only what the file lacks")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    parser.add_argument("--rules", nargs="+", default=[], help="only these")
    return parser.parse_args()


if __name__ == "__main__":
    main()
