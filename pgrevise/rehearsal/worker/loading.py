"""The project's history, read in the worker: as Alembic's objects for it, as data for us."""

from __future__ import annotations

import re
from pathlib import Path

from alembic.script import Script, ScriptDirectory

from pgrevise.errors import HistoryConflict, ReviseError
from pgrevise.history.script import configuration, history_errors, open_history
from pgrevise.history.squash import stood_for
from pgrevise.rehearsal.facts import Revision
from pgrevise.rehearsal.protocol import History, Node, Setup
from pgrevise.rehearsal.worker.application import ADVICE, MISSING
from pgrevise.rehearsal.worker.failing import place_of, words_of

_SAYS_NOTHING = re.compile(r"(Revision ID|Revises|Create Date): ")
#: The identifier or date that a file's name begins with.
_NUMBER = re.compile(r"^(?:(?=[a-f]*\d)[0-9a-f]+[-_])+(?=\D)")
_GIVE = "What it reads from the environment can be given: --set NAME=value."


def load(setup: Setup) -> ScriptDirectory:
    """The history; its files are read, and imported when they are run.

    Raises `HistoryConflict` with the file's name and line when one cannot be read.
    """
    try:
        return open_history(configuration(setup.settings))
    except ReviseError as error:
        if MISSING in error.sentence:
            raise HistoryConflict(
                error.sentence.partition(MISSING)[0] + f"{MISSING}.", ADVICE
            ) from error
        if isinstance(error.__cause__, KeyError):
            raise HistoryConflict(error.sentence, f"{error.next_step} {_GIVE}") from error
        raise
    except BaseException as error:
        words, _ = words_of(error)
        place = place_of(error, setup.settings.root)
        raise HistoryConflict(
            f"The revisions cannot be loaded{f': {place}' if place else ''}: {words}.",
            f"Mend the file. {_GIVE}",
        ) from error


def history_of(script: ScriptDirectory, root: Path) -> History:
    """The history as data, in the order in which an upgrade applies it."""
    with history_errors():
        found = list(script.iterate_revisions("heads", "base", implicit_base=True))
    return History(tuple(_node(one, root) for one in reversed(found)))


def _node(script: Script, root: Path) -> Node:
    path = Path(script.path)
    revision = Revision(
        identifier=script.revision,
        subject=_subject(script.doc, path),
        file=str(path.relative_to(root)) if path.is_relative_to(root) else str(path),
        parents=tuple(script._versioned_down_revisions),
        docstring=script.longdoc,
        source=path.read_text(encoding="utf-8"),
    )
    parents = tuple(dict.fromkeys(script._all_down_revisions))
    return Node(revision, parents, stood_for(script), tuple(sorted(script._orig_branch_labels)))


def _subject(docstring: str, path: Path) -> str:
    """What a revision is about, on one line: the file's name where the docstring does not say.

    Alembic's template writes "empty message" for none; old files begin with "Revision ID: ".
    """
    words = " ".join(docstring.split())
    if words and words != "empty message" and not _SAYS_NOTHING.match(words):
        return words
    return _NUMBER.sub("", path.stem).replace("_", " ") or path.stem
