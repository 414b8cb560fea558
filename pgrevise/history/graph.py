"""How the revisions of a history hang together, from their headers alone.

Pure. The graph answers what the everyday commands ask: heads, the order of the list, what comes
before what. It answers as Alembic does or not at all: labels, partial and relative identifiers,
and everything that is wrong with a history, is Alembic's to judge (`pgrevise.history.lazy`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pgrevise.history.headers import Header, Literal

#: Alembic refuses identifiers with these.
_ILLEGAL = frozenset("@-+:")


@dataclass(frozen=True)
class Node:
    """A revision in its graph: its header, its file, and what comes right before and after it."""

    header: Header
    path: str
    parents: tuple[str, ...]
    children: tuple[str, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """Of "head", "base", "branch point", "merge" those that it is."""
        marks = {
            "head": not self.children,
            "base": not self.parents,
            "branch point": len(self.children) > 1,
            "merge": len(self.parents) > 1,
        }
        return tuple(mark for mark, holds in marks.items() if holds)


@dataclass(frozen=True)
class Graph:
    """A history without faults, its revisions in the order of their files.

    ``parents`` are those of ``down_revision``; ``before`` has, after the parents, the revisions it
    depends on and does not already come after. ``heads`` are what ``head`` may mean, ``tips`` what
    ``heads`` means: nothing even depends on them. ``line`` has all revisions from base to head
    where each but the last has one after it.
    """

    headers: Mapping[str, Header]
    paths: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[str, ...]]
    heads: tuple[str, ...]
    tips: tuple[str, ...]
    line: tuple[str, ...] | None = None

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every revision from base to head: Alembic's ``history`` turned round."""
        return self.line or tuple(reversed(_walk(self)))

    def listing(self) -> list[Node]:
        """Every revision from base to head, with what there is to say of it."""
        children = _turned_round(self.parents)
        return [
            Node(self.headers[name], self.paths[name], self.parents[name], tuple(children[name]))
            for name in self.order
        ]

    def lineage(self, identifiers: Iterable[str]) -> set[str]:
        """These revisions and all that come before them, dependencies included."""
        found: set[str] = set()
        waiting = list(identifiers)
        while waiting:
            identifier = waiting.pop()
            if identifier not in found:
                found.add(identifier)
                waiting.extend(self.before[identifier])
        return found

    def is_apart(self, identifiers: Collection[str]) -> bool:
        """Whether none of these revisions comes before another one of them."""
        if len(identifiers) < 2:
            return True
        below = self.lineage(
            before for identifier in identifiers for before in self.before[identifier]
        )
        return below.isdisjoint(identifiers)

    def target(self, revision: str) -> tuple[str, ...] | None:
        """What an upgrade to ``revision`` aims at; None when only Alembic can tell."""
        if revision == "heads":
            return self.tips
        if revision == "head":
            return self.heads if len(self.heads) == 1 else None
        return (revision,) if revision in self.headers else None


def build(files: Iterable[tuple[str, Header]]) -> Graph | None:
    """The graph of these files; None when there is anything in it that Alembic may object to."""
    paths: dict[str, str] = {}
    headers: dict[str, Header] = {}
    count = 0
    for path, header in files:
        headers[header.revision] = header
        paths[header.revision] = path
        count += 1
    if len(headers) < count or not _are_plain(headers):
        return None
    return _line(headers, paths) or _branched(headers, paths)


def _are_plain(headers: Mapping[str, Header]) -> bool:
    """Whether Alembic takes the identifiers, and each branch label names one thing."""
    labels = [label for one in headers.values() for label in _several(one.branch_labels)]
    distinct = len(headers.keys() | set(labels)) == len(headers) + len(labels)
    return distinct and "" not in headers and _ILLEGAL.isdisjoint("".join(headers))


def _line(headers: Mapping[str, Header], paths: Mapping[str, str]) -> Graph | None:
    """The graph of most histories: one revision after the other."""
    child = {header.down_revision: name for name, header in headers.items()}
    order = []
    name = child.get(None)
    while name is not None and not headers[name].depends_on:
        order.append(name)
        name = child.get(name)
    if not order or len(order) < len(headers):
        return None
    parents = dict(zip(order[1:], zip(order), strict=False))
    before: dict[str, tuple[str, ...]] = {order[0]: (), **parents}
    last = (order[-1],)
    return Graph(headers, paths, before, before, last, last, tuple(order))


def _branched(headers: Mapping[str, Header], paths: Mapping[str, str]) -> Graph | None:
    parents = {name: _several(header.down_revision) for name, header in headers.items()}
    depends = {name: _several(header.depends_on) for name, header in headers.items()}
    everything = {name: (*parents[name], *depends[name]) for name in headers}
    if not _is_closed(everything) or _unfounded(everything):
        return None
    before = _before(parents, depends)
    if before is None:
        return None
    children, after = _turned_round(parents), _turned_round(everything)
    return Graph(
        headers,
        paths,
        parents,
        before,
        heads=tuple(name for name in headers if not children[name]),
        tips=tuple(name for name in headers if not after[name]),
    )


def _several(value: Literal) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _is_closed(before: Mapping[str, Sequence[str]]) -> bool:
    """Whether every revision that is named is there, and none is named twice by one revision."""
    return all(
        len(set(named)) == len(named) and all(name in before for name in named)
        for named in before.values()
    )


def _turned_round(before: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    after: dict[str, list[str]] = {name: [] for name in before}
    for name, named in before.items():
        for one in named:
            after[one].append(name)
    return after


def circles(before: Mapping[str, Sequence[str]]) -> list[str]:
    """The revisions that come before themselves, sorted; ``before`` names known ones only."""
    upwards = _unfounded(before)
    return sorted(upwards & _unfounded(_turned_round(before)))


def _unfounded(before: Mapping[str, Sequence[str]]) -> set[str]:
    """The revisions that are in a circle, or come after one."""
    after = _turned_round(before)
    left = {name: len(named) for name, named in before.items()}
    free = [name for name, count in left.items() if not count]
    while free:
        name = free.pop()
        del left[name]
        for later in after[name]:
            left[later] -= 1
            if not left[later]:
                free.append(later)
    return set(left)


def _before(
    parents: Mapping[str, tuple[str, ...]], depends: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]] | None:
    """Parents and the dependencies that count, None where Alembic's order of them is random."""
    before = dict(parents)
    for name in (name for name, named in depends.items() if named):
        needed = set(depends[name])
        for older in _older(parents, name):
            needed.difference_update(depends[older])
        if len(needed) > 1:
            return None
        before[name] += tuple(needed)
    return before


def _older(parents: Mapping[str, tuple[str, ...]], name: str) -> Iterator[str]:
    seen: set[str] = set()
    waiting = list(parents[name])
    while waiting:
        older = waiting.pop()
        if older not in seen:
            seen.add(older)
            waiting.extend(parents[older])
            yield older


def _walk(graph: Graph) -> list[str]:
    """From heads to bases in the order of Alembic's own topological sort.

    It goes down one branch as long as no other branch comes after the next revision of it.
    """
    lineage, bit = _lineages(graph)
    places = {name: place for place, name in enumerate(graph.headers)}
    left = set(graph.headers)
    ends = sorted(graph.tips, key=places.__getitem__)
    order: list[str] = []
    current = 0
    while ends:
        name = ends[current]
        later = next(
            (n for n, end in enumerate(ends) if n != current and lineage[end] & bit[name]), None
        )
        if later is not None:
            current = later
            continue
        if name in left:
            order.append(name)
            left.remove(name)
        nexts = [one for one in graph.before[name] if one in left and one not in ends]
        if nexts:
            ends[current] = nexts[0]
            ends.extend(nexts[1:])
        else:
            del ends[current]
            current = max(current - 1, 0)
    return order


def _lineages(graph: Graph) -> tuple[dict[str, int], dict[str, int]]:
    """For each revision the set of itself and what comes before it, as bits; and its own bit."""
    bit = {name: 1 << place for place, name in enumerate(graph.headers)}
    lineage: dict[str, int] = {}
    waiting = list(graph.headers)
    while waiting:
        name = waiting[-1]
        open_ones = [one for one in graph.before[name] if one not in lineage]
        if open_ones:
            waiting.extend(open_ones)
            continue
        waiting.pop()
        if name not in lineage:
            found = bit[name]
            for one in graph.before[name]:
                found |= lineage[one]
            lineage[name] = found
    return lineage, bit
