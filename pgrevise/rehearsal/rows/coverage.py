"""What the rows that were added show: special values, NULLs, duplicates."""

from __future__ import annotations

from collections.abc import Mapping

from pgrevise.rehearsal.rows.asking import Server, statement
from pgrevise.rehearsal.rows.composing import Plan, pool_position
from pgrevise.rehearsal.rows.inserting import Inserted
from pgrevise.rehearsal.rows.model import ColumnFilled, Text


def look(
    server: Server, plan: Plan, inserted: Inserted, specials: Mapping[str, tuple[str, ...]]
) -> tuple[ColumnFilled, ...]:
    """What each column of the table holds now."""
    shown: dict[str, set[Text]] = {}
    for offset, pooled in inserted.pooled:
        for number in pooled:
            at = pool_position(plan, number, offset)
            choice = plan.choices[number]
            if at is None:
                continue
            for column, text in zip(choice.unit.columns, choice.pool[at], strict=True):
                shown.setdefault(column.name, set()).add(text)
    columns = plan.table.columns
    if not columns:
        return ()
    counts = ", ".join(f"count({c.sql}), count(DISTINCT {c.sql}::text)" for c in columns)
    rows, *numbers = server.run(statement("look", counts=counts, table=plan.table.sql))[0]
    found = []
    for at, column in enumerate(columns):
        there, different = numbers[2 * at], numbers[2 * at + 1]
        values = shown.get(column.name, set())
        known = specials.get(column.name, ())
        found.append(
            ColumnFilled(
                name=column.name,
                specials=tuple(text for text in known if text in values),
                missed=tuple(text for text in known if text not in values),
                nulls=there < rows or None in values,
                duplicates=different < there,
            )
        )
    return tuple(found)
