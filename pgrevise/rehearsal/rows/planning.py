"""Making the plan of one table: choices for its units, then who turns with the row's number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgrevise.rehearsal.rows.asking import Server
from pgrevise.rehearsal.rows.candidates import Candidates, Proposer
from pgrevise.rehearsal.rows.composing import Plan, dials_of
from pgrevise.rehearsal.rows.model import Check, Key, Row, Table
from pgrevise.rehearsal.rows.search import Choice, choose
from pgrevise.rehearsal.rows.spread import spread
from pgrevise.rehearsal.rows.units import Late, Unit, units

_MOST_FORMULAS = 10


def _at_the_root(table: Table, key: Key) -> Key:
    """The key with generated columns replaced by what they are computed from."""
    generated = [table.by_number[n] for n in key.columns if table.by_number[n].generated]
    if not generated:
        return key
    inputs = {number for column in generated for number in column.inputs}
    columns = key.columns - {column.number for column in generated} | inputs
    return replace(key, columns=columns, computed=True)


class Unplannable(Exception):
    """No row of the table can be made; says why."""


@dataclass(frozen=True)
class _Keyed:
    """The columns that keys hold, the last row's number, and how many rows are wanted."""

    columns: frozenset[int]
    last: int
    wanted: int


@dataclass
class Planner:
    """Plans tables; ``specials`` are the special values of the columns' types, by column name."""

    server: Server
    proposer: Proposer
    seed: int
    specials: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def plan(self, table: Table, late: Mapping[str, Late], last: int, wanted: int) -> Plan:
        """Decide everything about rows numbered up to ``last``; Unplannable if none can be made."""
        referring = {n for key in table.foreign_keys if key.name not in late for n in key.columns}
        automatic = frozenset(
            c.number for c in table.columns if c.automatic and c.number not in referring
        )
        keys = tuple(_at_the_root(table, key) for key in table.keys)
        keyed = frozenset(
            number
            for key in keys
            if not key.columns & automatic or key.computed
            for number in key.columns
        )
        choices = [
            self._choice(replace(table, keys=keys), unit, _Keyed(keyed, last, wanted), number)
            for number, unit in enumerate(units(table, late))
        ]
        problems = [choice.problem for choice in choices if choice.problem]
        if problems:
            raise Unplannable(" ".join(problems))
        turns = spread(dials_of(choices), keys, automatic, last, self.seed)
        return Plan(replace(table, keys=keys), tuple(choices), turns)

    def forget(self) -> None:
        """Drop the tables of keys."""
        for name in self.proposer.key_tables:
            self.server.write(f"DROP TABLE IF EXISTS {name}")

    def _choice(self, table: Table, unit: Unit, keyed: _Keyed, number: int) -> Choice:
        limit = keyed.wanted if unit.numbers & keyed.columns else None
        candidates = self.proposer.propose(table, unit, limit)
        for one in candidates:
            if one.specials:
                self.specials[one.slot.columns[0].name] = one.specials
        candidates = [self._apart(table, one, keyed) for one in candidates]
        there = unit.numbers
        generated = [c for c in unit.generated if set(c.inputs) <= there]

        def judge(rows: Sequence[Row], checks: Sequence[Check]) -> list[tuple[bool, ...]]:
            return self.server.satisfied(table.bare, unit.columns, generated, rows, checks)

        return choose(unit, candidates, keyed.columns, keyed.last, judge, self.seed * 31 + number)

    def _apart(self, table: Table, one: Candidates, keyed: _Keyed) -> Candidates:
        """The makers in another order where keys hold them: those that repeat least first."""
        column = one.slot.columns[0]
        if keyed.columns.isdisjoint(column.number for column in one.slot.columns):
            return one
        reach = sorted(
            one.makers, key=lambda m: m.capacity is not None and m.capacity <= keyed.last
        )
        one = replace(one, makers=tuple(reach))
        keys = [k for k in table.keys if k.computed and k.columns == {column.number}]
        if not keys or len(one.makers) < 2 or one.hinted:
            return one
        distinct = {
            maker: min(
                self.server.distinct(
                    table.bare, column, key.expressions, maker.expressions[0].replace("{i}", "s.i")
                )
                for key in keys
            )
            for maker in one.makers[:_MOST_FORMULAS]
        }
        makers = sorted(one.makers, key=lambda maker: -distinct.get(maker, 0))
        return replace(one, makers=tuple(makers))
