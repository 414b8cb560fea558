"""What a condition mentions, as candidates for the columns in it. Pure, and only a proposal.

The server's normal form of an expression is searched for the constants in it; nothing else of it is
understood. Whether a candidate meets the condition is asked of the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

from pgrevise.rehearsal.rows.patterns import formulas_for
from pgrevise.rehearsal.rows.values import Formula, Source, quoted

_STRING = re.compile(r"(E?)'((?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w.])\(?(-?)\)?(\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?![\w.])")
_ARRAY_MEMBER = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)')
_QUOTED_NAME = re.compile(r'"(?:[^"]|"")*"')
_PATTERN = re.compile(r"[\[\](){}*+?^$|\\]|\.\*")
_MOST = 12
_LONGEST = 10_000


@dataclass(frozen=True)
class Constants:
    """The strings and the numbers of some expressions, in the order of their appearance."""

    strings: tuple[str, ...]
    numbers: tuple[str, ...]


def constants(expressions: Iterable[str]) -> Constants:
    """The constants in these expressions; an array's members count too."""
    strings: list[str] = []
    numbers: list[str] = []
    for expression in expressions:
        text = _QUOTED_NAME.sub(" ", _without_strings(expression))
        for escape, body in _STRING.findall(expression):
            plain = body.replace("''", "'")
            plain = plain.replace("\\\\", "\\") if escape else plain
            strings.append(plain)
            if plain.startswith("{") and plain.endswith("}"):
                strings += [quoted or bare for quoted, bare in _ARRAY_MEMBER.findall(plain)]
        numbers += [sign + digits for sign, digits in _NUMBER.findall(text)]
    numbers += [text for text in strings if re.fullmatch(r"-?\d+(\.\d+)?", text)]
    return Constants(tuple(dict.fromkeys(strings)), tuple(dict.fromkeys(numbers)))


def _without_strings(expression: str) -> str:
    return _STRING.sub(" ", expression)


def mentioned(name: str, category: str, found: Constants) -> Source:
    """Candidates for a column of this type: the constants, what is near, what is made of them."""
    if category == "N":
        return _numbers(found.numbers)
    if category in "DT":
        return _moments(name, found.strings)
    if category == "S":
        return _texts(found)
    if name in ("json", "jsonb"):
        return _documents(name, found)
    return Source(found.strings[: 2 * _MOST] + found.numbers[:_MOST], ())


def _numbers(numbers: Sequence[str]) -> Source:
    specials = [text for number in numbers for text in (number, f"{number}e0")]
    formulas = []
    for number in sorted(numbers, key=float)[: 2 * _MOST]:
        base = f"({number})"
        formulas += [
            Formula(f"{base} + {{i}}"),
            Formula(f"{base} - {{i}}"),
            Formula(f"{base} + ({{i}} + 1) * 0.01"),
            Formula(f"{base} - ({{i}} + 1) * 0.01"),
        ]
        if number not in ("0", "1"):
            formulas += [Formula(f"{base} * {{i}}"), Formula(f"{base} / ({{i}} + 1.0)")]
    return Source(tuple(specials), tuple(formulas))


def _moments(name: str, strings: Sequence[str]) -> Source:
    """Steps from each constant that is such a moment, and each that is a span from a start."""
    formulas = []
    for value in (f"{quoted(text)}::{name}" for text in strings[:_MOST]):
        if name == "date":
            formulas += [
                Formula(f"{value} + ({{i}} % 2000000)::int", 2_000_000),
                Formula(f"{value} - ({{i}} % 2000000)::int", 2_000_000),
            ]
        for sign in "+-":
            formulas.append(Formula(f"{value} {sign} {{i}} * interval '1 second'"))
            if name != "interval":
                start = f"{name} '2020-01-01' + ({{i}} % 100000000) * interval '1 minute'"
                span = value.removesuffix(name) + "interval"
                formulas.append(Formula(f"{start} {sign} {span}"))
    return Source(tuple(strings[: 2 * _MOST]), tuple(formulas))


def _texts(found: Constants) -> Source:
    specials = list(found.strings)
    formulas: list[Formula] = []
    for text in found.strings[:_MOST]:
        if _PATTERN.search(text):
            formulas += formulas_for(text)
        if "%" in text or "_" in text:
            head, _, tail = text.partition("%")
            specials.append(text.replace("%", "").replace("_", "a"))
            formulas.append(Formula(f"{quoted(head)} || ({{i}}) || {quoted(tail)}"))
        formulas.append(Formula(f"{quoted(text)} || ({{i}})"))
        formulas.append(Formula(f"({{i}}) || {quoted(text)}"))
        formulas.append(Formula(f"'v' || {quoted(text)} || ({{i}})"))
    for number in found.numbers:
        length = float(number)
        if 0 < length <= _LONGEST and length.is_integer():
            specials += ["x" * near for near in (int(length) - 1, int(length), int(length) + 1)]
            formulas.append(
                Formula(f"lpad(({{i}})::text, {int(length)}, '0')", 10 ** min(int(length), 18))
            )
    return Source(tuple(specials), tuple(formulas))


def _documents(name: str, found: Constants) -> Source:
    """Objects with the keys that are mentioned, all of them and in pairs with the other words."""
    words = [text for text in found.strings if text and not text.startswith(("{", "["))][:6]
    specials = list(found.strings)
    values = ["1", '"x"', "{}", "[]", "true", *found.numbers[:4]]
    specials += [
        "{" + ", ".join(f"{_json(word)}: {value}" for word in words) + "}" for value in values
    ]
    specials += [f"{{{_json(a)}: {_json(b)}}}" for a, b in permutations(words, 2)]
    formulas = []
    build = f"{name}_build_object"
    for value in ("{i}", "'v' || ({i})"):
        pairs = ", ".join(f"{quoted(word)}, {value}" for word in words)
        formulas.append(Formula(f"{build}({pairs})" if words else f"{build}('id', {value})"))
    return Source(tuple(specials), tuple(formulas))


def _json(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
