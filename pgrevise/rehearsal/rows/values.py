"""Values for PostgreSQL's own types, as text and as formulas over a row's number. Pure.

A `Source` proposes; the server decides: what it does not take for a column is left out there. So a
type may list more here than one version, build or encoding of PostgreSQL knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pgrevise.rehearsal.rows.listed import LISTED

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BIGGEST = 9_000_000_000_000_000_000
_LONGEST = 2000
#: Where an alphabet of 36 does not go far, there is one of so many characters from U+4E00 on.
_HAN = 20_000
#: Texts that programs trip over: empty, blank, quoted, combining, astral, right to left.
TEXTS = (
    "",
    " ",
    "a",
    "0",
    "NULL",
    'O\'Reilly "quoted" \\ back',
    "tab\tand\nline",
    "é",
    "e\u0301 combining",
    "\U0001f600 astral",
    "\u0645\u0631\u062d\u0628\u0627",
    "ß İ ﬀ",
    "%_",
    "Z",
)


@dataclass(frozen=True)
class Formula:
    """An SQL expression over ``{i}``, a whole number from 0 on.

    Up to ``capacity`` its values all differ; None is without end.
    """

    sql: str
    capacity: int | None = None

    def at(self, index: str) -> str:
        """The expression for this index, which is SQL too."""
        return self.sql.replace("{i}", index)


@dataclass(frozen=True)
class Source:
    """Special values of a type, as text, and formulas for any number of ordinary ones."""

    specials: tuple[str, ...]
    formulas: tuple[Formula, ...]


def quoted(text: str) -> str:
    """The text as an SQL literal, whatever standard_conforming_strings says."""
    plain = text.replace("'", "''")
    return "E'" + plain.replace("\\", "\\\\") + "'" if "\\" in plain else f"'{plain}'"


def of(name: str, category: str, typmod: int) -> Source:
    """What is known of the base type ``name``; for one that is not, what many types take."""
    if name in _INTEGERS:
        return _integer(*_INTEGERS[name])
    if name == "numeric":
        return _numeric(typmod)
    if name in ("bit", "varbit"):
        return _bits(name, typmod)
    if name in ("text", "varchar", "bpchar", "name", "char", "refcursor") or (
        category == "S" and name not in LISTED
    ):
        return _text(name, typmod)
    if name in ("time", "timetz"):
        return _time(typmod)
    if name in LISTED:
        specials, formulas = LISTED[name]
        return Source(specials, tuple(Formula(sql, capacity) for sql, capacity in formulas))
    return _unknown(typmod)


_INTEGERS = {
    "int2": (-(2**15), 2**15 - 1),
    "int4": (-(2**31), 2**31 - 1),
    "int8": (-(2**63), 2**63 - 1),
}


def _integer(low: int, high: int) -> Source:
    formulas = (
        Formula("{i} + 1", high),
        Formula("- {i}", high),
        Formula("{i}", high),
        Formula("({i} + 1) * 2", high // 2),
        Formula("{i} + 1000", high - 1000),
    )
    return Source(tuple(map(str, (low, high, 0, 1, -1))), formulas)


def _numeric(typmod: int) -> Source:
    if typmod < 0:
        specials = ("0", "1", "-1", "0.5", "NaN", "Infinity", "-Infinity", "1e500", "-1e-500")
        return Source(
            (*specials, "12345678901234567890.0123456789"),
            (
                Formula("({i} + 1) * 0.01"),
                Formula("{i} + 1.0"),
                Formula("- {i}"),
                Formula("1.0 / ({i} + 2)"),
                Formula("({i} + 1) * 2.0"),
            ),
        )
    precision = ((typmod - 4) >> 16) & 0xFFFF
    scale = (((typmod - 4) & 0x7FF) ^ 1024) - 1024
    step = f"1e{-scale}::numeric"
    biggest = f"{10**precision - 1}e{-scale}"
    count = min(10**precision, BIGGEST)
    formulas: tuple[Formula, ...] = (
        Formula(f"(({{i}} + 1) % {count}) * {step}", count),
        Formula(f"- ({{i}} % {count}) * {step}", count),
        Formula(f"(({{i}} * 2) % {count}) * {step}", count // 2),
    )
    if scale > 0 and precision > scale:
        whole = min(10 ** (precision - scale), BIGGEST)
        formulas += (Formula(f"(({{i}} + 1) % {whole})::numeric", whole),)
    smallest = f"1e{-scale}"
    return Source(("0", "1", "-1", biggest, f"-{biggest}", smallest, "NaN"), formulas)


def _text(name: str, typmod: int) -> Source:
    length = {"name": 63, "char": 1}.get(name, typmod - 4 if typmod >= 4 else None)
    if name == "bpchar" and typmod < 4:
        length = None
    longest = "x" * length if length and length <= _LONGEST else "long " * (_LONGEST // 5)
    specials = tuple(text[:length] for text in TEXTS)
    formulas = text_formulas(length)
    if name == "char":
        specials = tuple(text for text in specials if text.isascii())
        formulas = (Formula("chr(33 + ({i} % 94)::int)", 94),)
    return Source(tuple(dict.fromkeys((*specials, longest))), formulas)


def text_formulas(length: int | None) -> tuple[Formula, ...]:
    """Texts of many shapes that differ from each other, none longer than ``length``."""
    if length is not None and length < 12:
        many = ("", *(f"{{i}} / {_HAN**n} % {_HAN}" for n in range(1, min(length, 3))))
        wide = " || ".join(f"chr(19968 + ({at or '{i} % ' + str(_HAN)})::int)" for at in many)
        return (
            *(
                Formula(positions([alphabet] * length), len(alphabet) ** length)
                for alphabet in (DIGITS, DIGITS.upper(), DIGITS[:10])
            ),
            Formula(wide, _HAN ** len(many)),
        )
    shapes = [
        "'v' || ({i})",
        "to_char({i}, 'FM000000000000')",
        "({i})::text",
        "'V' || ({i})",
        "'User ' || ({i})",
    ]
    if length is None or length >= 36:
        shapes += [
            "md5(({i})::text)",
            "'user' || ({i}) || '@example.com'",
            "'https://example.com/' || ({i})",
            "md5(({i})::text)::uuid::text",
        ]
    capacity = None if length is None or length >= 32 else 10 ** (length - 5)
    return tuple(Formula(shape, capacity) for shape in shapes)


def positions(alphabets: list[str]) -> str:
    """A text with one character from each alphabet: the index, written in these digits."""
    pieces, stride = [], 1
    for alphabet in reversed(alphabets):
        index = f"({{i}} / {stride})" if stride > 1 else "({i})"
        if len(alphabet) == 1:
            pieces.append(quoted(alphabet))
        elif stride < BIGGEST:
            size = len(alphabet)
            pieces.append(f"substr({quoted(alphabet)}, (1 + {index} % {size})::int, 1)")
        else:
            pieces.append(quoted(alphabet[0]))
        stride *= len(alphabet)
    return " || ".join(reversed(pieces)) or "''"


def _bits(name: str, typmod: int) -> Source:
    length = typmod if typmod > 0 else 1 if name == "bit" else 16
    used = min(length, 62)
    pad = f" || repeat('0', {length - used})" if name == "bit" and length > used else ""
    formula = f"(({{i}})::bit({used}))::text{pad}"
    specials = ("0" * length, "1" * length, ("01" * length)[:length])
    return Source(specials if name == "bit" else (*specials, "", "1"), (Formula(formula, 2**used),))


def _time(typmod: int) -> Source:
    specials = ("00:00:00", "24:00:00", "23:59:59.999999", "12:00:00", "00:00:00.000001")
    zones = ("00:00:00+15:59", "24:00:00-15:59")
    precision = typmod if typmod >= 0 else 6
    step = 10 ** (6 - precision)
    every = f"interval '{step} microseconds'"
    steps = 86_400_000_000 // step
    return Source(
        (*specials, *zones),
        (
            Formula("time '00:00' + ({i} % 86400) * interval '1 second'", 86400),
            Formula(f"time '00:00' + ({{i}} % {steps}) * {every}", steps),
            Formula("time '08:00' + ({i} % 36000) * interval '1 second'", 36000),
        ),
    )


def _unknown(typmod: int) -> Source:
    """What the input functions of types that extensions bring may take."""
    vector = ",".join(["1"] * max(typmod, 1))
    point = "'POINT(' || ({i} % 180) || ' ' || ({i} / 180 % 90) || ')'"
    specials = ("", "0", "1", "a", "a=>1", "(0,0)", f"[{vector}]", "1.0.0", "a.b", "POINT(0 0)")
    many = f"'[' || ({{i}}) || repeat(',1', {max(typmod, 1) - 1}) || ']'"
    return Source(
        specials,
        tuple(
            Formula(sql)
            for sql in (
                "'v' || ({i})",
                "({i})::text",
                "'k=>' || ({i})",
                "'1.0.' || ({i})",
                many,
                point,
                "'(' || ({i}) || ',' || ({i}) || ')'",
                "'978' || lpad(({i})::text, 9, '0')",
            )
        ),
    )
