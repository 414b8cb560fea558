"""Histories of any shape, written as files: what they are compared on is in the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import strategies as st

NAMES = ("2024aaaa", "2024aaab", "2024b", "2025aaaa", "ab", "abcdef", "beef01", "beef02")
LABELS = ("billing", "mail")


@dataclass(frozen=True)
class Revision:
    """One file: its facts, and whether it says them in a way that only running it tells."""

    name: str
    parents: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    computed: bool = False

    def write(self, folder: Path, place: int) -> None:
        lines = [
            f'"""subject of {self.name}\n\nmore of it\n"""',
            f"revision = {self.name!r}" + (" + str()" if self.computed else ""),
            f"down_revision = {_scalar(self.parents)!r}",
            f"branch_labels = {self.labels or None!r}",
            f"depends_on = {_scalar(self.depends)!r}",
            f"replaces = {self.replaces!r}",
            "def upgrade(): pass",
            "def downgrade(): pass",
        ]
        (folder / f"{place:02}_{self.name}.py").write_text("\n".join(lines) + "\n")


@st.composite
def histories(draw: st.DrawFn, *, broken: bool = False) -> list[Revision]:
    """Branches, merges, dependencies, labels and baselines, in files of any order.

    A broken one may name what is not there, what comes later, or itself. One revision at most has
    labels: with more, what Alembic says of them changes from run to run, for it goes through a set.
    """
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=len(NAMES), unique=True))
    labelled = draw(st.sampled_from([*names, None]))
    made: list[Revision] = []
    for place, name in enumerate(names):
        known = [*NAMES, "elsewhere"] if broken and draw(st.integers(0, 4)) == 0 else names[:place]
        some = st.lists(st.sampled_from(known), max_size=2, unique=True) if known else st.just([])
        labels = LABELS[: draw(st.integers(1, 2))] if name == labelled else ()
        parents = draw(some) or (names[place - 1 : place] if draw(st.booleans()) else [])
        depends = draw(some) if draw(st.integers(0, 2)) == 0 else []
        replaces = ("gone1", "gone2") if draw(st.integers(0, 5)) == 0 else ()
        computed = draw(st.integers(0, 5)) == 0
        made.append(Revision(name, tuple(parents), tuple(depends), labels, replaces, computed))
    return draw(st.permutations(made))


def written(history: list[Revision], root: Path) -> Path:
    """The files of a history and of its configuration; returns alembic.ini."""
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    for place, revision in enumerate(history):
        revision.write(versions, place)
    ini = root / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n")
    return ini


def stock(ini: Path) -> ScriptDirectory:
    """The history as Alembic loads it by itself."""
    return ScriptDirectory.from_config(Config(str(ini)))


def _scalar(names: tuple[str, ...]) -> str | tuple[str, ...] | None:
    return names if len(names) > 1 else next(iter(names), None)
