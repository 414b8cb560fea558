"""A rehearsal as a comment on a pull request: the verdicts, the findings, and folded details.

What comes from the project is escaped, so that it neither breaks the page nor calls anybody; the
whole fits into what GitHub takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pgrevise.rehearsal.facts import Finding, Passage, Rehearsal, Rehearsed
from pgrevise.report.annotated import Block, Entry, annotate
from pgrevise.report.markdown_text import code, fence, folded, plain
from pgrevise.report.markdown_trial import with_rows
from pgrevise.report.summary import closing, counted_words
from pgrevise.report.trial_words import is_told_briefly
from pgrevise.report.words import (
    PASSAGES,
    amount,
    cut,
    duration,
    is_clean,
    listing,
    named,
    one_line,
    verdict_words,
    where,
    without_controls,
    worst_first,
)

#: What GitHub takes as the text of a comment, in characters.
LONGEST = 65_536
#: How a pipeline finds the comment that it made before.
MARKER = "<!-- pgrevise rehearsal -->"
MOST_CLEAN = 20
MOST_ROWS = 100
MOST_LOCKS = 40
MOST_LINES = 40
MOST_OF_A_RULE = 10
LONGEST_SQL = 120


def render(rehearsal: Rehearsal) -> str:
    """The report as GitHub's Markdown; what does not fit is left out, and that is said."""
    sections = list(_sections(rehearsal))
    reserve = 200
    text, left_out = "", 0
    for section in sections:
        if len(text) + len(section) > LONGEST - reserve:
            left_out += 1
            continue
        text += f"{section.rstrip()}\n\n"
    if left_out:
        text += f"_{amount(left_out, 'part')} of this report would not fit into a comment._\n\n"
    return text.rstrip() + "\n"


def _sections(rehearsal: Rehearsal) -> Iterator[str]:
    """The parts of the report, those that matter most first."""
    yield f"{MARKER}\n### Rehearsal: {plain(closing(rehearsal)[0])}"
    server = f"PostgreSQL {plain(rehearsal.server)}, {duration(rehearsal.seconds)}"
    yield f"{plain(rehearsal.selection)}. {server}."
    if rehearsal.revisions:
        yield _table(rehearsal.revisions)
    yield from _findings(rehearsal.all_findings())
    if rehearsal.notes:
        yield "\n".join(f"- {plain(note)}" for note in rehearsal.notes[:MOST_LINES])
    for rehearsed in rehearsal.revisions:
        if len(rehearsal.revisions) == 1 or not (
            is_clean(rehearsed) and is_told_briefly(rehearsed)
        ):
            yield _details(rehearsed)


def _table(revisions: Sequence[Rehearsed]) -> str:
    has_rows = any(rehearsed.observed.trial for rehearsed in revisions)
    heads = ["Revision", "Upgrade", "Downgrade", "Second upgrade", "Found"]
    if has_rows:
        heads.insert(4, "With rows")
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    clean = others = 0
    for rehearsed in revisions:
        clean += is_clean(rehearsed)
        others += not is_clean(rehearsed)
        if clean > MOST_CLEAN if is_clean(rehearsed) else others > MOST_ROWS:
            continue
        verdict, revision = rehearsed.verdict, rehearsed.observed.revision
        cells = (
            f"{code(revision.identifier)} {plain(revision.subject)}",
            verdict.upgrade,
            verdict.downgrade,
            verdict.second_upgrade,
            *([verdict.with_rows if rehearsed.observed.trial else ""] if has_rows else []),
            "" if is_clean(rehearsed) else counted_words(rehearsed.findings),
        )
        rows.append(f"| {' | '.join(cells)} |")
    empty = " |" * (len(heads) - 1)
    if others > MOST_ROWS:
        rows.append(f"| and {others - MOST_ROWS:,} more that are not clean |{empty}")
    if clean > MOST_CLEAN:
        rows.append(f"| and {clean - MOST_CLEAN:,} more clean ones |{empty}")
    return "\n".join(rows)


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    """Those that count, one by one and the worst first; those that are allowed, folded."""
    every = list(findings)
    counted = worst_first(f for f in every if not f.allowed)
    told: dict[str, int] = {}
    advised: set[str] = set()
    for finding in counted:
        told[finding.rule] = told.get(finding.rule, 0) + 1
        if told[finding.rule] <= MOST_OF_A_RULE:
            yield _finding(finding, with_advice=finding.advice not in advised)
            advised.add(finding.advice)
    for rule, count in told.items():
        if count > MOST_OF_A_RULE:
            yield f"- and {count - MOST_OF_A_RULE:,} more of {code(rule)}"
    allowed = [f for f in every if f.allowed]
    if allowed:
        lines = (f"- {_place(f)} {plain(f.sentence)} _{plain(f.allowed)}_" for f in allowed[:50])
        yield folded(amount(len(allowed), "allowed finding"), "\n".join(lines))


def _finding(finding: Finding, with_advice: bool) -> str:
    text = (
        f"- **{finding.severity}** {_place(finding)} {plain(finding.sentence)} "
        f"({code(finding.rule)})"
    )
    if not (with_advice and finding.advice):
        return text
    lead, example = _parted(without_controls(finding.advice))
    text += f"\n  {plain(lead)}"
    return f"{text}\n\n{fence(example, '  ')}" if example else text


def _parted(advice: str) -> tuple[str, str]:
    """Advice as prose and the code that it ends with, which is indented."""
    lines = advice.split("\n")
    first = next((n for n, line in enumerate(lines) if line.startswith(" ")), len(lines))
    quoted = lines[first:]
    margin = min((len(q) - len(q.lstrip()) for q in quoted if q.strip()), default=0)
    return " ".join(lines[:first]), "\n".join(line[margin:] for line in quoted)


def _place(finding: Finding) -> str:
    return code(f"{finding.file}:{finding.line}" if finding.line else finding.file or "history")


def _details(rehearsed: Rehearsed) -> str:
    observed = rehearsed.observed
    parts = [plain(verdict_words(rehearsed))]
    if rehearsed.verdict.differences:
        parts.append("The downgrade leaves:")
        parts.append("\n".join(f"- {plain(line)}" for line in rehearsed.verdict.differences[:50]))
    if observed.second_differences:
        parts.append("The second upgrade differs:")
        changes = observed.second_differences[:50]
        parts.append("\n".join(f"- {plain(change.sentence)}" for change in changes))
    for passage in (observed.upgrade, observed.downgrade, observed.second_upgrade):
        findings = [f for f in rehearsed.findings if f.direction == passage.direction]
        if passage.direction == "upgrade" or findings or passage.outcome in ("failed", "hung"):
            parts += _passage(rehearsed, passage)
    if observed.trial is not None:
        parts += with_rows(observed.trial)
    title = f"{observed.revision.identifier} {observed.revision.subject}"
    return folded(title, "\n\n".join(parts))


def _passage(rehearsed: Rehearsed, passage: Passage) -> Iterator[str]:
    if not passage.statements and not passage.error:
        return
    seen = annotate(rehearsed.observed, passage, rehearsed.findings)
    yield f"**{PASSAGES[passage.direction].capitalize()}**"
    lines = [line for block in seen.blocks for line in _lines(block)]
    if seen.trouble is not None:
        lines.append(f"{seen.trouble.label}: {cut(seen.trouble.text, 400)}")
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"… {len(lines) - MOST_LINES:,} more lines"]
    yield fence("\n".join(lines))
    locks = _locks(passage)
    if locks:
        yield locks


def _lines(block: Block) -> Iterator[str]:
    """A transaction as text: its lines, and what they did."""
    entries = block.shown()
    for entry in entries:
        yield from _entry(entry)
    if block.transaction is not None and entries:
        end = "commit" if block.transaction.is_committed else "rollback"
        times = f", the first of {block.times:,} such transactions" if block.times > 1 else ""
        lasted = duration(block.transaction.ended - block.transaction.began)
        yield f"      -- {end} after {lasted}{times}"


def _entry(entry: Entry) -> Iterator[str]:
    count = len(entry.statements)
    times = f"{count:,}x " if count > 1 else ""
    number = str(entry.line or "")
    yield f"{number:>4}  {cut(entry.source, LONGEST_SQL)}  -- {times}{duration(entry.seconds)}"
    for note in entry.notes:
        if note.label not in ("lock", ""):
            yield f"        {note.label}: {cut(note.text, 200)}"


def _locks(passage: Passage) -> str:
    rows = []
    for statement, lock in passage.locks():
        if not lock.blocks or lock.relation.kind == "index":
            continue
        relation = named(lock.relation.kind, lock.relation.name)
        cells = (
            where(statement),
            code(relation),
            lock.mode,
            listing(lock.blocks),
            duration(lock.held),
            code(cut(one_line(statement.sql), LONGEST_SQL)),
        )
        rows.append(f"| {' | '.join(cells)} |")
    if not rows:
        return ""
    if len(rows) > MOST_LOCKS:
        rows = [*rows[:MOST_LOCKS], f"| and {len(rows) - MOST_LOCKS:,} more | | | | | |"]
    head = "| Where | Table | Lock | Blocks | Held | Statement |\n|---|---|---|---|---|---|"
    return "\n".join([head, *rows])
