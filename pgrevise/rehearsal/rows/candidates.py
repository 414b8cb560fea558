"""Candidates for each slot of a unit: the values and formulas that the server takes for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pgrevise.rehearsal.rows.asking import Server, statement
from pgrevise.rehearsal.rows.constants import Constants, constants
from pgrevise.rehearsal.rows.model import Column, ForeignKey, Row, Table
from pgrevise.rehearsal.rows.sources import Sources
from pgrevise.rehearsal.rows.units import Slot, Unit
from pgrevise.rehearsal.rows.values import Formula, Source, quoted

Hint = str | Sequence[str]
_KEYS_TO_CHOOSE_FROM = 10_000


@dataclass(frozen=True)
class Maker:
    """How a slot's values come from an index: an expression for each column, or a table of keys.

    ``samples`` are its values at the points that were asked for. ``varied``: not always the same.
    """

    expressions: tuple[str, ...]
    capacity: int | None
    samples: tuple[Row, ...]
    keys: str | None = None
    varied: bool = True


@dataclass(frozen=True)
class Candidates:
    """What may stand in a slot. ``specials`` are the values of the type worth having."""

    slot: Slot
    values: tuple[Row, ...]
    makers: tuple[Maker, ...]
    specials: tuple[str, ...] = ()
    problem: str | None = None
    hinted: bool = False


@dataclass
class Proposer:
    """Finds candidates; remembers what it was told of each type."""

    server: Server
    sources: Sources
    tables: Mapping[int, Table]
    hints: Mapping[str, Hint]
    points: tuple[int, ...]
    key_tables: list[str] = field(default_factory=list)
    _known: dict[tuple[object, ...], tuple[list[str], list[Maker]]] = field(default_factory=dict)

    def propose(self, table: Table, unit: Unit, limit: int | None) -> list[Candidates]:
        """Candidates for each slot; ``limit``: how many different keys are wanted, at most."""
        found = constants(
            text
            for check in (*unit.checks, *unit.leaves)
            for text in (check.expression, *check.bodies)
        )
        return [self._slot(table, slot, found, limit) for slot in unit.slots]

    def _slot(self, table: Table, slot: Slot, found: Constants, limit: int | None) -> Candidates:
        if slot.blank:
            nulls: Row = (None,) * len(slot.columns)
            return Candidates(slot, (nulls,), (constant(nulls, len(self.points)),))
        if slot.same:
            return self._same(slot, found)
        hint = self._hint(table, slot)
        if slot.foreign_keys and hint is None:
            return self._keys(slot, limit or _KEYS_TO_CHOOSE_FROM)
        return self._column(slot, found, hint)

    def _hint(self, table: Table, slot: Slot) -> Hint | None:
        if len(slot.columns) > 1:
            return None
        return self.hints.get(f"{table.label}.{slot.columns[0].name}")

    def _column(self, slot: Slot, found: Constants, hint: Hint | None) -> Candidates:
        column = slot.columns[0]
        if not slot.written:
            numbers = Formula("{i} + 1")
            (_, makers) = self._ask(column, Source((), (numbers,)))
            return Candidates(slot, (), tuple(makers))
        if isinstance(hint, str):
            return self._hinted(slot, hint)
        if hint is not None:
            texts, _ = self._ask(column, Source(tuple(hint), ()))
            values: tuple[Row, ...] = tuple((text,) for text in texts)
            makers = [constant(row, len(self.points)) for row in values]
            problem = None if values else f"{column.type_sql} takes none of the hint's values."
            return Candidates(slot, values, tuple(makers), (), problem, hinted=True)
        own, makers = self._ask(column, self.sources.of(column.type, column.typmod))
        if slot.placeholder and len(makers) > 1:
            # The first maker is likely to have made the keys as well.
            return Candidates(slot, (), tuple(makers[1:]))
        specials = tuple(own)
        texts = own
        if found.strings or found.numbers:
            texts, makers = self._ask(column, self.sources.of(column.type, column.typmod, found))
        values = tuple((text,) for text in sorted(texts, key=specials.__contains__))
        if not column.not_null and not self.sources.not_null(column.type):
            values = (*values, (None,))
        problem = None
        if not makers and not texts and column.not_null:
            problem = f"No value is known for column {column.name} of type {column.type_sql}."
        return Candidates(slot, values, tuple(makers), specials, problem)

    def _hinted(self, slot: Slot, hint: str) -> Candidates:
        """The expression may be NULL at times; if it always fails, that is told."""
        column = slot.columns[0]
        made = self.server.hint(column.type_sql, hint, self.points)
        if isinstance(made, str):
            return Candidates(slot, (), (), (), f"The hint for {column.name} failed: {made}", True)
        rows = tuple((text,) for text in made)
        return Candidates(slot, (), (Maker((hint,), None, rows),), hinted=True)

    def _ask(self, column: Column, source: Source) -> tuple[list[str], list[Maker]]:
        known = (column.type_sql, source)
        if known not in self._known:
            texts = self.server.texts(column.type_sql, source.specials)
            makers = [
                Maker((formula.sql,), formula.capacity, tuple((text,) for text in texts_))
                for formula, texts_ in self.server.samples(
                    column.type_sql, source.formulas, self.points
                )
            ]
            self._known[known] = (texts, makers)
        return self._known[known]

    def _same(self, slot: Slot, found: Constants) -> Candidates:
        """A row that refers to itself: the referring column repeats the key."""
        second = {b: a for a, b in slot.same}
        own = [column for column in slot.columns if column.number not in second]
        if any(column.automatic for column in slot.columns):
            problem = (
                "Its rows must refer to rows of the same table that PostgreSQL numbers itself."
            )
            return Candidates(slot, (), (), (), problem)
        makers = []
        parts = [self._column(Slot((column,)), found, None).makers for column in own]
        for chosen in zip(*parts, strict=False):
            by_number = dict(zip((column.number for column in own), chosen, strict=True))
            makers_ = [by_number[second.get(c.number, c.number)] for c in slot.columns]
            makers.append(
                Maker(
                    tuple(maker.expressions[0] for maker in makers_),
                    chosen[0].capacity,
                    tuple(
                        tuple(row[0] for row in rows)
                        for rows in zip(*(maker.samples for maker in makers_), strict=True)
                    ),
                )
            )
        return Candidates(slot, tuple(makers[0].samples) if makers else (), tuple(makers))

    def _keys(self, slot: Slot, limit: int) -> Candidates:
        """The keys that the referenced tables hold, in a table of their own."""
        name = f"pgrevise_keys_{len(self.key_tables)}"
        names = [f"c{number}" for number in range(len(slot.columns))]
        place = {column.number: names[at] for at, column in enumerate(slot.columns)}
        covered: dict[int, str] = {}
        targets, present = "", []
        for at, key in enumerate(_in_reach(slot)):
            alias = f"k{at}"
            agree = []
            for number, referenced in zip(key.columns, key.referenced, strict=True):
                value = f"{alias}.{referenced}"
                if number in covered:
                    agree.append(f"{value} = {covered[number]}")
                else:
                    covered[number] = value
                    present.append(f"{value} IS NOT NULL")
            target = f"{self.tables[key.target].sql} AS {alias}"
            targets += f" JOIN {target} ON {' AND '.join(agree) or 'true'}" if at else target
        self.server.run(
            statement(
                "keys",
                name=name,
                columns=", ".join(names),
                values=", ".join(f"{value} AS {place[n]}" for n, value in covered.items()),
                targets=targets,
                present=" AND ".join(present),
                limit=limit,
            )
        )
        self.server.run(statement("index_keys", name=name))
        self.key_tables.append(name)
        count = int(self.server.run(statement("count", table=name))[0][0])
        texts = ", ".join(f"{text}::text" for text in names)
        rows = self.server.run(
            statement("key_samples", name=name, texts=texts, count=count).replace("%%", "%")
        )
        return self._of_keys(slot, name, names, count, [tuple(row) for row in rows])

    def _of_keys(
        self, slot: Slot, name: str, names: list[str], count: int, rows: list[Row]
    ) -> Candidates:
        targets = " and ".join(self.tables[key.target].label for key in slot.foreign_keys)
        free = [column.number for column in slot.columns if not column.not_null]
        problem = None
        if not count:
            problem = f"It refers to {targets}, which has no rows to refer to."
        makers = []
        if rows:
            samples = tuple(rows[point % len(rows)] for point in self.points)
            makers = [Maker(tuple(f"{name}.{text}" for text in names), count, samples, name)]
        if free and rows:
            rows = [
                *rows,
                tuple(
                    None if column.number in free else text
                    for column, text in zip(slot.columns, rows[0], strict=True)
                ),
            ]
        return Candidates(slot, tuple(rows), tuple(makers), (), problem)


def constant(row: Row, points: int) -> Maker:
    """A maker that always gives this row."""
    expressions = tuple("NULL" if text is None else quoted(text) for text in row)
    return Maker(expressions, 1, (row,) * points, varied=False)


def _in_reach(slot: Slot) -> list[ForeignKey]:
    """The foreign keys in an order in which each shares a column with one before it."""
    left = list(slot.foreign_keys)
    found = [left.pop(0)]
    while left:
        covered = {number for key in found for number in key.columns}
        at = next((n for n, key in enumerate(left) if covered & set(key.columns)), 0)
        found.append(left.pop(at))
    return found
