"""Trials with rows made by hand, for the reports: one that went well, and one for each trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pgrevise.rehearsal.facts import Passage, Rehearsed
from pgrevise.rehearsal.trial.facts import (
    Broken,
    FilledTable,
    Loss,
    Operation,
    Released,
    Seconds,
    Stall,
    Timed,
    Trial,
)
from pgrevise.rehearsal.verdict import verdict_of
from tests.pgrevise.report import samples

Made = Callable[[], Trial]

UP, DOWN = Passage("upgrade"), Passage("downgrade")
FILLED = (FilledTable("queue_jobs", 100), FilledTable("queues", 100))
REFUSED = 'column "owner" of relation "queues" contains null values'
OPERATIONS: tuple[Operation, ...] = ("select", "insert", "update", "delete")
MEASURED = Seconds(0.43, 0.40, 0.47, 1_000_000, (1_000_000,))
SCALED = Seconds(125.0, 90.0, 180.0, 5_000_000, (10_000, 100_000))
SQL = "CREATE INDEX ix_queue_jobs_region ON queue_jobs (region, status)"


def tried(trial: Trial | None, rehearsed: Rehearsed | None = None) -> Rehearsed:
    """A revision with this trial, judged anew; without one of its own, a clean one."""
    one = rehearsed or samples.clean()
    observed = replace(one.observed, trial=trial)
    return replace(one, observed=observed, verdict=verdict_of(observed))


def good() -> Trial:
    """Everything filled, up and down, and every value back."""
    return Trial(FILLED, UP, DOWN)


def failing() -> Trial:
    """Rows that a NOT NULL does not accept."""
    upgrade = Passage("upgrade", "failed", REFUSED, 13)
    return Trial(FILLED, upgrade, Passage("downgrade", "skipped", "the upgrade failed"))


def losing() -> Trial:
    """A column that comes back empty, one that is rounded, and rows that are gone."""
    return replace(
        good(),
        losses=(
            Loss("queues", "owner", "lost", "downgrade", 97, 100, "ada", None),
            Loss("queue_jobs", "price", "changed", "upgrade", 12, 100, "1.239", "1.24"),
            Loss("queue_jobs", "", "rows lost", "downgrade", 3, 100, "(7,new)", None),
        ),
    )


def unfillable() -> Trial:
    """A table that got no rows, beside one that did and what that refers to."""
    tables = (
        FilledTable("queue_jobs", 100),
        FilledTable("audit_log", 0, "its trigger refuses: read only"),
        FilledTable("queues", 3, is_touched=False),
    )
    return replace(good(), tables=tables)


def timed() -> Trial:
    """Times at the size of production, with what a probe saw."""
    return replace(
        good(),
        timed=(
            Timed(13, SQL, "upgrade", MEASURED),
            Timed(12, "ALTER TABLE queue_jobs ADD COLUMN region TEXT", "upgrade", tiny()),
        ),
        stalls=(
            Stall("queue_jobs", "writes", "upgrade", SCALED, 0.45, 100_000, 13),
            Stall("queue_jobs", "reads", "upgrade", MEASURED, 0.41, 1_000_000, 12),
            Stall("queue_jobs", "reads", "downgrade", MEASURED, line=24),
        ),
    )


def tiny() -> Seconds:
    """A time that nobody notices."""
    return Seconds(0.0004, 0.0003, 0.0005, 1_000_000, (1_000_000,))


def breaking() -> Trial:
    """Released code that reads a column which is gone."""
    error = "column queue_jobs.region does not exist"
    broken = tuple(
        Broken("app.models.Job", "queue_jobs", operation, error, "42703")
        for operation in OPERATIONS[:3]
    )
    untried = ("app.models.Audit: there are no rows in audit_log",)
    code = Released("v1.2", "3f2a1bc09d8e7f6a5b4c", 3, 12, broken, untried)
    return replace(good(), released=code)


def working() -> Trial:
    """Released code that goes on working."""
    return replace(good(), released=Released("v1.2", "3f2a1bc09d8e7f6a5b4c", 3, 12))


def unimportable() -> Trial:
    """Released code that needs what is not installed."""
    code = Released(
        "v1.2",
        "3f2a1bc09d8e7f6a5b4c",
        error="No module named 'flask'",
        next_step="Name its own interpreter: --released-python PATH.",
    )
    return replace(good(), released=code)


def renamed(name: str) -> Trial:
    """A trial of a table with another name."""
    one = timed()
    return replace(
        one,
        tables=(FilledTable(name, 100),),
        losses=(Loss(name, name, "changed", "downgrade", 1, 2, name, name),),
        stalls=(replace(one.stalls[0], table=name),),
        notes=(name,),
    )
