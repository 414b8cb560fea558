"""A passage and a whole rehearsal in a line each, and the counts that go with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pgrevise.rehearsal.facts import Finding, Passage, Rehearsal
from pgrevise.rehearsal.modes import Blocked
from pgrevise.report.words import BROKEN, amount, duration, fails_with_rows, is_clean, listing

#: What is blocked, the worst first.
BLOCKED: tuple[Blocked, ...] = ("reads", "writes", "DDL")


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each severity count, and how many are allowed."""
    found = Counter("allowed" if f.allowed else f.severity for f in findings)
    return {name: found[name] for name in ("error", "warning", "info", "allowed")}


def counted_words(findings: Iterable[Finding]) -> str:
    """The same in words: "2 errors, 1 allowed", "nothing found"."""
    found = counts(findings)
    plural = {"error": "errors", "warning": "warnings", "info": "info", "allowed": "allowed"}
    words = [amount(count, name, plural[name]) for name, count in found.items() if count]
    return ", ".join(words) or "nothing found"


def closing(rehearsal: Rehearsal) -> tuple[str, str]:
    """The last line and its style: revisions, those that are broken, findings."""
    total = len(rehearsal.revisions)
    if not total:
        return "No revision to rehearse.", "dim"
    broken = [
        r
        for r in rehearsal.revisions
        if {r.verdict.upgrade, r.verdict.downgrade, r.verdict.second_upgrade} & set(BROKEN)
    ]
    clean = sum(is_clean(rehearsed) for rehearsed in rehearsal.revisions)
    words = f"{amount(total, 'revision')}: {clean:,} clean"
    if broken:
        words += f", {len(broken):,} broken"
    stopped = sum(fails_with_rows(rehearsed) for rehearsed in rehearsal.revisions)
    if stopped:
        words += f", {stopped:,} failing with rows"
    untried = sum(r.verdict.upgrade == "not tried" for r in rehearsal.revisions)
    if untried:
        words += f", {untried:,} not tried"
    tried = sum(r.verdict.with_rows != "not tried" for r in rehearsal.revisions)
    if tried and total > 1:
        words += f", {tried:,} tried with rows"
    words += f"; {counted_words(rehearsal.all_findings())}."
    has_errors = bool(broken or stopped or rehearsal.counted("error"))
    style = "bold red" if has_errors else ("yellow" if rehearsal.counted("warning") else "green")
    return words, style


def shape(passage: Passage, briefly: bool = False) -> str:
    """What a passage amounts to: statements, transactions and the worst that it blocked."""
    if passage.outcome == "skipped":
        return "not tried"
    own = [statement for statement in passage.statements if not statement.is_foreign]
    if not own:
        return "no statements"
    words = [amount(len(own), "statement"), duration(lasted(passage))]
    transactions = len({s.transaction for s in own} - {None})
    if transactions > 1:
        words.insert(1, amount(transactions, "transaction"))
    if briefly:
        return ", ".join(words)
    worst = _blocking(passage)
    return ", ".join([*words, worst] if worst else [*words, "blocks nobody"])


def lasted(passage: Passage) -> float:
    """Seconds from the revision's first statement to its last, or to the end of its transactions.

    What ``env.py`` and Alembic do before and after is left out.
    """
    own = [statement for statement in passage.statements if not statement.is_foreign]
    if not own:
        return 0.0
    numbers = {statement.transaction for statement in own}
    ends = [statement.ended for statement in own]
    ends += [t.ended for t in passage.transactions if t.number in numbers]
    return max(ends) - min(statement.began for statement in own)


def _blocking(passage: Passage) -> str:
    """What is blocked on which tables, and for how long at most."""
    for what in BLOCKED:
        tables = dict.fromkeys(
            lock.relation.name
            for _, lock in passage.locks()
            if what in lock.blocks and lock.relation.kind != "index"
        )
        if tables:
            names = list(tables)
            shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
            longest = max(passage.blocked(name, what) for name in names)
            return f"blocks {what} on {listing(shown)} for {duration(longest)}"
    return ""
