"""Filling tables: read, order, plan and insert, table by table, in one transaction."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from pgrevise.rehearsal.rows import circles, inserting, reader
from pgrevise.rehearsal.rows.asking import Server, statement
from pgrevise.rehearsal.rows.candidates import Hint, Proposer
from pgrevise.rehearsal.rows.composing import Plan
from pgrevise.rehearsal.rows.coverage import look
from pgrevise.rehearsal.rows.model import (
    Filled,
    ForeignKey,
    Schema,
    Table,
    TableFilled,
    Unfillable,
)
from pgrevise.rehearsal.rows.order import Order, how_it_can_wait, order
from pgrevise.rehearsal.rows.planning import Planner, Unplannable
from pgrevise.rehearsal.rows.sources import Sources
from pgrevise.rehearsal.rows.units import Late

Progress = Callable[[str], None]
_FEWEST_REFERENCED, _MOST_REFERENCED = 10, 1000


def fill(
    connection: psycopg.Connection[Any],
    tables: Sequence[str] | None = None,
    *,
    rows: int | Mapping[str, int] = 100,
    seed: int = 0,
    schemas: Sequence[str] = ("public",),
    hints: Mapping[str, Hint] | None = None,
    leave_out: Collection[str] = ("alembic_version",),
    progress: Progress | None = None,
) -> Filled:
    """Add rows to tables, and a few to what they reference where that is empty.

    ``tables`` are names as in the catalog: bare in the first of ``schemas``, with their schema in
    the others; None means all but partitions and ``leave_out``. ``rows`` is how many, for all or
    for each name (100 for those not named). ``hints`` give for "table.column" an SQL expression
    over ``i`` or a list of values.

    All happens in one transaction (or in the one that is open, whose deferrable constraints are
    immediate from then on), on a connection that may write to these tables. A table that cannot be
    filled is told in `Filled.unfilled`; what has nothing to do with rows, such as a full disk or a
    lock that is not granted, is raised as psycopg raises it, and nothing is left behind.
    """
    sizes = rows if isinstance(rows, Mapping) else {}
    number = rows if isinstance(rows, int) else 100
    excluded: dict[int, Unfillable] = {}
    while True:
        try:
            with connection.transaction():
                run = _Run(
                    Server(connection),
                    reader.read(connection, tables, schemas, leave_out),
                    _Wish(number, sizes, seed, hints or {}),
                    progress or (lambda _: None),
                    dict(excluded),
                )
                return run.everything()
        except _CircleError as error:
            excluded |= error.reasons


class _CircleError(Exception):
    """Deferred foreign keys could not be satisfied: begin again without their tables."""

    def __init__(self, reasons: dict[int, Unfillable]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


@dataclass(frozen=True)
class _Wish:
    """What was asked for."""

    rows: int
    sizes: Mapping[str, int]
    seed: int
    hints: Mapping[str, Hint]


@dataclass
class _Run:
    """One attempt at everything; what it found so far."""

    server: Server
    schema: Schema
    wish: _Wish
    progress: Progress
    refused: dict[int, Unfillable]
    done: dict[int, TableFilled] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)
    notes: dict[int, list[str]] = field(default_factory=dict)

    def everything(self) -> Filled:
        """Fill all tables in their order, then close the circles."""
        self.server.run(statement("settings"))
        tables = self.schema.tables
        self.before = {
            oid: int(self.server.run(statement("count", table=table.sql))[0][0])
            for oid, table in tables.items()
        }
        wanted = self._sizes()
        plan = order(tables, wanted)
        for oid, keys in plan.stuck.items():
            self.refused[oid] = Unfillable(
                tables[oid].label,
                f"Its foreign keys form a circle that cannot be opened ({keys}): none of them may "
                "be NULL or is deferrable.",
                "Make one of them DEFERRABLE, or bring rows of your own.",
            )
        for oid in plan.tables:
            if oid not in self.refused:
                self._table(tables[oid], wanted[oid], plan)
        self._close(plan)
        return self._result()

    def _sizes(self) -> dict[int, int]:
        """How many rows each table gets; those that are only referenced get few, if empty."""
        tables = self.schema.tables
        sizes = {
            oid: self.wish.sizes.get(tables[oid].label, self.wish.rows)
            for oid in self.schema.wanted
        }
        open_ = list(sizes)
        while open_:
            oid = open_.pop()
            for key in tables[oid].foreign_keys:
                if key.target in self.schema.wanted or self.before[key.target]:
                    continue
                needed = self._needed(tables[oid], key, sizes[oid])
                if needed > sizes.get(key.target, 0):
                    sizes[key.target] = needed
                    open_.append(key.target)
        return sizes

    def _needed(self, table: Table, key: ForeignKey, rows: int) -> int:
        """As many keys as rows where each may be used once, else about the root of that."""
        named = self.wish.sizes.get(self.schema.tables[key.target].label)
        if named is not None:
            return named
        if any(unique.columns <= set(key.columns) for unique in table.keys):
            return rows
        return min(
            max(math.isqrt(rows) + 1, min(_FEWEST_REFERENCED, rows)), max(_MOST_REFERENCED, 1)
        )

    def _table(self, table: Table, wanted: int, plan: Order) -> None:
        started = time.perf_counter()
        self.progress(f"{table.label}: {wanted} rows")
        if not wanted:
            self.done[table.oid] = TableFilled(name=table.label, rows=0, wanted=0, seconds=0.0)
            return
        self._idle_hints(table)
        late = dict(plan.late[table.oid]) | self._without_target(table, plan)
        waiting = [key for key in table.foreign_keys if late.get(key.name) == "anything"]
        if waiting:
            self.server.run(circles.deferred((table, key) for key in waiting))
        first = self.before[table.oid]
        planner = Planner(
            self.server,
            Proposer(
                self.server,
                Sources(self.schema.types),
                self.schema.tables,
                self.wish.hints,
                _points(first, wanted),
            ),
            self.wish.seed,
        )
        try:
            made = planner.plan(table, late, first + wanted, wanted)
            inserted = inserting.run(self.server, made, wanted, first)
        except Unplannable as error:
            self.refused[table.oid] = self._hinting(table, str(error))
            return
        finally:
            planner.forget()
        self._record(table, wanted, inserted, made, planner, time.perf_counter() - started)

    def _record(
        self,
        table: Table,
        wanted: int,
        inserted: inserting.Inserted,
        plan: Plan,
        planner: Planner,
        seconds: float,
    ) -> None:
        short = _short(inserted, plan, wanted)
        if not inserted.rows:
            self.refused[table.oid] = self._hinting(table, short or "No row was accepted.")
            return
        self.done[table.oid] = TableFilled(
            name=table.label,
            rows=inserted.rows,
            wanted=wanted,
            seconds=seconds,
            columns=look(self.server, plan, inserted, planner.specials),
            short=short,
            notes=tuple(self.notes.get(table.oid, [])),
        )

    def _without_target(self, table: Table, plan: Order) -> dict[str, Late]:
        """Foreign keys to tables that stay empty: NULL, where they may be."""
        found: dict[str, Late] = {}
        for key in table.foreign_keys:
            if key.name in plan.late[table.oid]:
                continue
            rows = self.before[key.target]
            filled = self.done.get(key.target)
            if not rows and not (filled and filled.rows) and how_it_can_wait(table, key) == "null":
                found[key.name] = "null"
                self._note(table, f"{key.name} is NULL: what it references has no rows.")
        return found

    def _hinting(self, table: Table, reason: str) -> Unfillable:
        step = f'Give a hint in [tool.pgrevise.rows], "{table.label}.<column>" = "<SQL over i>", '
        return Unfillable(table.label, reason, step + "or bring rows of your own.")

    def _idle_hints(self, table: Table) -> None:
        """A hint for a column that is not there may be a slip of the pen."""
        names = {f"{table.label}.{column.name}" for column in table.columns}
        for hint in self.wish.hints:
            if hint.rpartition(".")[0] == table.label and hint not in names:
                self._note(table, f"The hint {hint} names no column.")

    def _note(self, table: Table, words: str) -> None:
        self.notes.setdefault(table.oid, []).append(words)

    def _close(self, plan: Order) -> None:
        tables = self.schema.tables
        deferred: set[int] = set()
        for oid in plan.tables:
            for key in tables[oid].foreign_keys:
                how = plan.late[oid].get(key.name)
                if how is None or how == "itself" or oid not in self.done:
                    continue
                if how == "null" and self.before[oid]:
                    self._note(tables[oid], f"{key.name} stays NULL: rows were there before.")
                    continue
                words = circles.close(self.server, tables[oid], tables[key.target], key, how)
                if how == "anything":
                    deferred.add(oid)
                if words:
                    self._note(tables[oid], f"{key.name} stays as it was: {words}.")
        if deferred:
            answer = self.server.write("SET CONSTRAINTS ALL IMMEDIATE")
            if isinstance(answer, psycopg.Error):
                words = inserting.reason(answer)
                reason = f"Its deferred foreign keys could not be met: {words}."
                raise _CircleError(
                    {
                        oid: Unfillable(tables[oid].label, reason, "Bring rows of your own.")
                        for oid in deferred
                    }
                )

    def _result(self) -> Filled:
        unfilled = {
            label: Unfillable(label, reason, "Name a table.")
            for label, reason in self.schema.not_tables.items()
        }
        unfilled |= {one.table: one for one in self.refused.values()}
        filled = {}
        for oid, done in self.done.items():
            notes = tuple(self.notes.get(oid, []))
            filled[done.name] = TableFilled(**(done.__dict__ | {"notes": notes})) if notes else done
        return Filled(filled, unfilled)


def _points(first: int, wanted: int) -> tuple[int, ...]:
    """Row numbers at which formulas are tried: the first ones, and some up to the last."""
    last = first + 2 * wanted
    points = {0, 1, 2, 3, first, first + 1, first + wanted // 2, first + wanted, last}
    step = 7
    while step < last:
        points.add(step)
        step = step * 5 // 2
    return tuple(sorted(point for point in points if point <= last))


def _short(inserted: inserting.Inserted, plan: Plan, wanted: int) -> str | None:
    """Why there are fewer rows than wanted."""
    if inserted.rows >= wanted:
        return None
    told = [f"{words} ({count} times)" for words, count in inserted.refusals.most_common(2)]
    told += [
        f"{name} lets in {count} rows of the values that are known"
        for name, count in plan.spread.bounded.items()
        if count < wanted
    ]
    if inserted.passed_over and not told:
        told.append("rows were passed over because of keys that are there already, or by a trigger")
    return "; ".join(told) + "." if told else "No more rows were accepted."
