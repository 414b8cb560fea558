"""Asking the server: what a type takes, what a formula gives, which rows meet a condition.

Each question is one statement for many candidates in a savepoint. Where the server refuses, because
one candidate is malformed or makes an expression fail, the candidates are halved until it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from string import Template
from typing import Any, TypeVar

import psycopg
from psycopg.rows import tuple_row

from pgrevise.queries import load
from pgrevise.rehearsal.rows.model import Check, Column, Row, Text
from pgrevise.rehearsal.rows.values import Formula

_T = TypeVar("_T")
_A = TypeVar("_A")
_MOST_QUESTIONS = 600
_REFUSALS = (psycopg.DataError, psycopg.errors.IntegrityError, psycopg.ProgrammingError)
_MORE_REFUSALS = (psycopg.NotSupportedError, psycopg.InternalError, psycopg.OperationalError)
_FATAL = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.AdminShutdown,
    psycopg.errors.DiskFull,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
)


def statement(name: str, /, **parts: object) -> str:
    """The named statement with its parts filled in."""
    text = load("pgrevise.rehearsal.rows", "statements.sql")[name]
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return Template("\n".join(lines)).substitute(parts)


class Server:
    """Statements on one connection, in the transaction that is open."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def run(self, text: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement; its rows, if it gives any."""
        with self._connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(text.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def write(self, text: str, least: int = 0) -> int | psycopg.Error:
        """Run a statement that writes; keep it if it wrote at least so many rows.

        Returns how many it wrote, kept or not, or why it could not. What has nothing to do with the
        rows (no disk, no connection, a lock) is raised.
        """
        try:
            with self._connection.transaction() as savepoint, self._connection.cursor() as cursor:
                cursor.execute(text.encode())
                count = cursor.rowcount
                if 0 <= count < least:
                    raise psycopg.Rollback(savepoint)
        except psycopg.Error as error:
            if self._connection.closed or isinstance(error, _FATAL):
                raise
            return error
        return count

    def _try(self, text: str, **parameters: object) -> list[tuple[Any, ...]] | None:
        try:
            with self._connection.transaction():
                return self.run(text, **parameters)
        except (*_REFUSALS, *_MORE_REFUSALS) as error:
            if self._connection.closed or isinstance(error, _FATAL):
                raise
            return None

    def texts(self, type_sql: str, candidates: Iterable[str]) -> list[str]:
        """Those candidates that are values of the type, each once, in the type's own form."""
        question = statement("texts", type=type_sql)
        answers = _halving(
            list(dict.fromkeys(candidates)),
            lambda some: self._try(_escaped(question), texts=some),
        )
        return list(
            dict.fromkeys(answer[0] for answer in answers if answer and answer[0] is not None)
        )

    def samples(
        self, type_sql: str, formulas: Sequence[Formula], points: Sequence[int]
    ) -> list[tuple[Formula, tuple[Text, ...]]]:
        """What each formula gives at these points; those that the type refuses are left out."""

        def ask(some: list[Formula]) -> list[tuple[Any, ...]] | None:
            values = ", ".join(f"(({formula.at('s.i')})::{type_sql})::text" for formula in some)
            question = statement("samples", values=values)
            answer = self._try(_escaped(question), points=list(points))
            return None if answer is None else list(zip(*answer, strict=True))

        answers = _halving(list(formulas), ask)
        return [
            (formula, tuple(answer))
            for formula, answer in zip(formulas, answers, strict=True)
            if answer is not None and None not in answer
        ]

    def hint(self, type_sql: str, hint: str, points: Sequence[int]) -> list[Text] | str:
        """What a hint gives at these points, or why it cannot be used."""
        question = statement("samples", values=f"(({hint})::{type_sql})::text")
        try:
            with self._connection.transaction():
                return [row[0] for row in self.run(_escaped(question), points=list(points))]
        except (*_REFUSALS, *_MORE_REFUSALS) as error:
            if self._connection.closed or isinstance(error, _FATAL):
                raise
            return error.diag.message_primary or str(error)

    def distinct(self, table: str, column: Column, expressions: Sequence[str], value: str) -> int:
        """How many different keys 200 of these values give; 0 if that cannot be told."""
        question = statement(
            "distinct",
            expressions=", ".join(expressions),
            value=f"({value})::{column.type_sql}",
            column=column.sql,
            table=table,
        )
        answer = self._try(question)
        return int(answer[0][0]) if answer else 0

    def satisfied(
        self,
        table: str,
        columns: Sequence[Column],
        generated: Sequence[Column],
        rows: Sequence[Row],
        checks: Sequence[Check],
    ) -> list[tuple[bool, ...]]:
        """For each row, which of the conditions it meets; one that fails on it is not met."""
        names = [f"v{number}" for number in range(len(columns))]
        question = statement(
            "satisfied",
            conditions=", ".join(f"({check.expression}) IS NOT FALSE" for check in checks),
            generated="".join(f", ({c.generated})::{c.type_sql} AS {c.sql}" for c in generated),
            casts=", ".join(
                f"{name}::{column.type_sql} AS {column.sql}"
                for name, column in zip(names, columns, strict=True)
            ),
            arrays=", ".join(f"\0{name}\0" for name in names),
            names=", ".join(names),
            table=table,
        )
        question = _escaped(question)
        for name in names:
            question = question.replace(f"\0{name}\0", f"%({name})s::text[]")

        def ask(some: list[Row]) -> list[tuple[Any, ...]] | None:
            lists: Mapping[str, list[Text]] = {
                name: [row[number] for row in some] for number, name in enumerate(names)
            }
            return self._try(question, **lists)

        answers = _halving(list(rows), ask)
        return [(False,) * len(checks) if answer is None else tuple(answer) for answer in answers]


def _escaped(question: str) -> str:
    """Percent signs doubled, but for those of our own parameters."""
    doubled = question.replace("%", "%%")
    for name in ("texts", "points"):
        doubled = doubled.replace(f"%%({name})s", f"%({name})s")
    return doubled


def _halving(
    candidates: list[_A], ask: Callable[[list[_A]], Sequence[_T] | None]
) -> list[_T | None]:
    """An answer for each candidate; None for those that the server refuses.

    After so many questions the rest counts as refused: there are other candidates.
    """
    answers: list[_T | None] = [None] * len(candidates)
    left = [(0, len(candidates))] if candidates else []
    asked = 0
    while left and asked < _MOST_QUESTIONS:
        start, end = left.pop()
        asked += 1
        found = ask(candidates[start:end])
        if found is not None:
            answers[start:end] = found
        elif end - start > 1:
            middle = (start + end) // 2
            left += [(middle, end), (start, middle)]
    return answers
