"""What a revision did to rows, as Markdown: what became of them, times and released code as tables.

The words are `trial_words`'; every number stands beside how it came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgrevise.rehearsal.trial.facts import Released, Trial
from pgrevise.report import trial_words
from pgrevise.report.markdown_text import code, plain
from pgrevise.report.words import amount, cut, duration, listing, one_line

MOST_LOSSES = 40
MOST_STALLS = 40
MOST_STATEMENTS = 10
MOST_BROKEN = 40
LONGEST_SQL = 120

_STALL = ("Table", "Stands still", "For", "Range", "How it came about", "Probe saw", "Where")
_TIMED = ("Where", "Takes", "Range", "How it came about", "Statement")
_BROKEN = ("Class", "Table", "Breaks", "Because")


def with_rows(trial: Trial) -> Iterator[str]:
    """The parts of a revision's details that are about rows."""
    yield f"**With rows**\n\n{plain(trial_words.summary(trial))}"
    told = [*_what_became(trial), *(plain(note) for note in trial.notes)]
    if told:
        yield "\n".join(f"- {line}" for line in told)
    stalls = list(_stalls(trial))
    if stalls:
        yield _table(_STALL, stalls, MOST_STALLS)
    timed = list(_timed(trial))
    if timed:
        yield _table(_TIMED, timed, MOST_STATEMENTS)
    if trial.released is not None:
        yield from _released(trial.released)


def _what_became(trial: Trial) -> Iterator[str]:
    """What could not be filled, and what is not as it was."""
    referred = trial_words.referred(trial)
    if referred:
        yield f"Also filled: {plain(referred)}, for foreign keys"
    for table, reason in trial_words.unfilled(trial):
        yield f"No rows in {code(table)}" + (f": {plain(reason)}" if reason else "")
    for loss in trial.losses[:MOST_LOSSES]:
        yield plain(trial_words.loss(loss))
    if len(trial.losses) > MOST_LOSSES:
        yield f"and {len(trial.losses) - MOST_LOSSES:,} more like these"


def _stalls(trial: Trial) -> Iterator[tuple[str, ...]]:
    for still in trial_words.standstills(trial):
        yield (
            code(still.table),
            still.traffic,
            duration(still.took.seconds),
            trial_words.span(still.took),
            trial_words.origin(still.took),
            still.probed,
            _where(still.first.direction, still.first.line),
        )


def _timed(trial: Trial) -> Iterator[tuple[str, ...]]:
    for timed in trial_words.slowest(trial, MOST_STATEMENTS):
        yield (
            _where(timed.direction, timed.line),
            duration(timed.took.seconds),
            trial_words.span(timed.took),
            trial_words.origin(timed.took),
            code(cut(one_line(timed.sql), LONGEST_SQL)),
        )


def _released(found: Released) -> Iterator[str]:
    step = f" {plain(found.next_step)}" if found.error and found.next_step else ""
    yield f"Released code: {plain(trial_words.released(found))}.{step}"
    broken = [
        (code(one.mapped), code(one.table), listing(one.operations), plain(cut(one.error, 300)))
        for one in trial_words.breakages(found.broken)
    ]
    if broken:
        yield _table(_BROKEN, broken, MOST_BROKEN)
    if found.untried:
        yield "\n".join(f"- not tried: {plain(words)}" for words in found.untried[:MOST_BROKEN])


def _where(direction: str, line: int) -> str:
    place = f"line {line}" if line else ""
    return " ".join(filter(None, ("" if direction == "upgrade" else direction, place)))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], most: int) -> str:
    every = [f"| {' | '.join(row)} |" for row in rows]
    left_out = len(every) - most
    more = [f"| and {amount(left_out, 'more', 'more')} |{' |' * (len(heads) - 1)}"]
    shown = [*every[:most], *(more if left_out > 0 else [])]
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *shown])
