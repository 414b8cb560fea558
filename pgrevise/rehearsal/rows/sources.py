"""Values for any type, made from the values of what it is made of. Pure.

Arrays, ranges, multiranges, composite types, enums and domains are put together from the `Source`s
of their parts; a domain's checks lend their constants. The server leaves out what it does not take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pgrevise.rehearsal.rows.constants import Constants, constants, mentioned
from pgrevise.rehearsal.rows.model import Type
from pgrevise.rehearsal.rows.values import Formula, Source, of, quoted

_T = TypeVar("_T")
_FEW = 6
_MOST_SPECIALS = 60
_SMALL = 100_000
_NOTHING = Constants((), ())


class Sources:
    """Proposes values for the types of one schema."""

    def __init__(self, types: Mapping[int, Type]) -> None:
        self._types = types

    def of(self, oid: int, typmod: int, found: Constants = _NOTHING) -> Source:
        """The source for a type; ``found`` are constants of conditions on it."""
        type_ = self._types[oid]
        base, base_typmod, checks = self._base(type_, typmod)
        if checks:
            more = constants(checks)
            found = Constants(found.strings + more.strings, found.numbers + more.numbers)
        plain = self._plain(base, base_typmod, found)
        near = mentioned(base.name, base.category, found)
        return Source(
            _distinct((*plain.specials[:_MOST_SPECIALS], *near.specials)),
            _distinct((*plain.formulas, *near.formulas)),
        )

    def type_of(self, oid: int) -> Type:
        """The type itself, or what a domain is made of."""
        return self._base(self._types[oid], -1)[0]

    def not_null(self, oid: int) -> bool:
        """Whether the type is a domain that takes no NULL."""
        type_ = self._types[oid]
        return type_.not_null or (type_.kind == "d" and self.not_null(type_.base))

    def _base(self, type_: Type, typmod: int) -> tuple[Type, int, tuple[str, ...]]:
        checks = type_.checks
        while type_.kind == "d":
            typmod = type_.base_typmod
            type_ = self._types[type_.base]
            checks += type_.checks
        return type_, typmod, checks

    def _plain(self, type_: Type, typmod: int, found: Constants) -> Source:
        if type_.kind == "e":
            return _enum(type_)
        if type_.kind == "c":
            return self._composite(type_)
        if type_.kind in "rm":
            return self._range(type_, found)
        if type_.element:
            return self._array(self.of(type_.element, typmod, found), type_)
        return of(type_.name, type_.category, typmod)

    def _array(self, part: Source, type_: Type) -> Source:
        element = self._types[type_.element].sql
        members = [_member(text) for text in part.specials]
        specials = ["{}", "{NULL}", *("{" + member + "}" for member in members)]
        specials.append("{" + ",".join(members) + "}")
        few = members[:2]
        if len(few) == 2:
            specials.append("{{" + few[0] + "},{" + few[1] + "}}")
        formulas = [
            Formula(f"ARRAY[{_cast(formula, element)}]", formula.capacity)
            for formula in part.formulas
        ]
        formulas += [
            Formula(
                f"ARRAY[{_cast(formula, element)}, {_shifted(formula, element)}]", formula.capacity
            )
            for formula in part.formulas[:_FEW]
        ]
        formulas += [
            _counter(formula, element)
            for formula in part.formulas[:1]
            if formula.capacity and 1 < formula.capacity < _SMALL
        ]
        return Source(tuple(specials), tuple(formulas))

    def _range(self, type_: Type, found: Constants) -> Source:
        """Ranges that do not touch each other, and the special ones; in braces for many."""
        many = type_.kind == "m"
        one = self._types[type_.subtype] if many else type_
        subtype = self._types[one.subtype]
        part = self.of(subtype.oid, -1, found)
        bounds = [_member(text) for text in part.specials[: 2 * _FEW]]
        specials = ["empty", "(,)"]
        specials += [text for b in bounds for text in (f"[{b},{b}]", f"[{b},)", f"(,{b})")]
        specials += [f"[{a},{b})" for a in bounds[:_FEW] for b in bounds[:_FEW] if a != b]
        formulas = []
        for formula in part.formulas:
            low, high = (
                f"({formula.at(f'({step})')})::{subtype.sql}" for step in ("4 * {i}", "4 * {i} + 2")
            )
            sql = f"{one.sql}(least({low}, {high}), greatest({low}, {high}), '[)')"
            capacity = formula.capacity // 4 if formula.capacity else None
            formulas.append(Formula(f"{type_.sql}({sql})" if many else sql, capacity))
        formulas += [
            Formula(f"{type_.sql}({sql})" if many else sql, formula.capacity)
            for formula in part.formulas[:2]
            for sql in [f"{one.sql}(({formula.sql})::{subtype.sql}, NULL, '[)')"]
        ]
        if many:
            specials = ["{}", *("{" + text + "}" for text in specials)]
        return Source(tuple(specials), tuple(formulas))

    def _composite(self, type_: Type) -> Source:
        parts = [self.of(oid, typmod) for oid, typmod in type_.fields]
        names = [self._types[oid].sql for oid, _ in type_.fields]
        if not parts:
            return Source(("()",), (Formula(f"ROW()::{type_.sql}", 1),))
        specials = ["(" + "," * (len(parts) - 1) + ")"]
        for number in range(min(_FEW * 2, max(len(part.specials) for part in parts))):
            texts = [
                part.specials[number % len(part.specials)] if part.specials else ""
                for part in parts
            ]
            specials.append("(" + ",".join(_field(text) for text in texts) + ")")
        formulas = []
        for number in range(min(4 * _FEW, max(len(part.formulas) for part in parts))):
            chosen = [part.formulas[number % len(part.formulas)] for part in parts]
            row = ", ".join(
                _cast(formula, name) for formula, name in zip(chosen, names, strict=True)
            )
            capacities = [formula.capacity for formula in chosen if formula.capacity]
            capacity = None if len(capacities) < len(chosen) else max(capacities)
            formulas.append(Formula(f"ROW({row})::{type_.sql}", capacity))
        return Source(tuple(specials), tuple(formulas))


def _enum(type_: Type) -> Source:
    if not type_.labels:
        return Source((), ())
    labels = ", ".join(quoted(label) for label in type_.labels)
    count = len(type_.labels)
    sql = f"(ARRAY[{labels}])[(1 + ({{i}}) % {count})::int]"
    return Source(type_.labels, (Formula(sql, count),))


def _counter(formula: Formula, name: str) -> Formula:
    """Arrays of few different elements, which are the digits of the index."""
    base = formula.capacity or 1
    strides = [1]
    while strides[-1] < _SMALL:
        strides.append(strides[-1] * base)
    elements = [f"({formula.at(f'({{i}} / {stride} % {base})')})::{name}" for stride in strides]
    return Formula(f"ARRAY[{', '.join(elements)}]", strides[-1] * base)


def _cast(formula: Formula, name: str) -> str:
    return f"({formula.sql})::{name}"


def _shifted(formula: Formula, name: str) -> str:
    return f"({formula.at('({i} + 1)')})::{name}"


def _member(text: str) -> str:
    """The text as a member of an array or a bound of a range."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(text: str) -> str:
    """The text as a field of a row."""
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def _distinct(found: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(found))
