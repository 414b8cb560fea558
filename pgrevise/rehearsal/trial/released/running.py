"""Released code through one rehearsal: its tree, its process, and what is said when these fail.

Every trouble with it becomes a sentence and a next step in a `Released`; the rehearsal goes on.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pgrevise.errors import SettingsError
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.protocol import Setup
from pgrevise.rehearsal.trial.facts import Released
from pgrevise.rehearsal.trial.released.checkout import MERGE_BASE, Tree, found, room, written
from pgrevise.rehearsal.trial.released.comparing import Tried, released, tried
from pgrevise.rehearsal.trial.released.process import Gone, Process
from pgrevise.rehearsal.trial.released.surroundings import (
    carried,
    parameters,
    place_of,
    told,
    variables,
)
from pgrevise.settings import Settings

#: How long importing released code may take, in seconds.
LOADING = 120.0
_PYTHON = (
    "Run it with the interpreter that has what it needs: --released-python PATH; what it reads "
    "from the environment is given with --set NAME=value."
)
_MORE_TIME = "Give it more time with --deadline, or leave --released out."


class Trouble(Exception):
    """Nothing can be said of released code: a sentence and a next step."""

    def __init__(self, sentence: str, next_step: str, *, is_final: bool = False) -> None:
        super().__init__(sentence, next_step)
        self.sentence, self.next_step, self.is_final = sentence, next_step, is_final


class Running:
    """The `ReleasedCode` of one rehearsal. A context manager."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self.settings = settings
        self.options = options
        self.reference = found(settings.root, options.released or MERGE_BASE)
        self._tree: Tree | None = None
        self._process: Process | None = None
        self._parent: list[Tried] = []
        self._trouble: Trouble | None = None

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        if self._tree is not None:
            shutil.rmtree(self._tree.folder, ignore_errors=True)
            self._tree = None

    def parent(self, target: Target, tables: Collection[str]) -> None:
        """Try everything before the upgrade."""
        if self._trouble is not None and self._trouble.is_final:
            return
        self._trouble = None
        try:
            self._started(target)
            self._parent = tried(self._asked("parent", target, tables))
        except Trouble as trouble:
            self._trouble = trouble

    def upgraded(self, target: Target, tables: Collection[str]) -> Released:
        """Try the same after the upgrade."""
        words, commit = self.reference.words, self.reference.commit
        try:
            if self._trouble is not None:
                raise self._trouble
            answers = tried(self._asked("upgraded", target, tables))
        except Trouble as trouble:
            return Released(words, commit, error=trouble.sentence, next_step=trouble.next_step)
        return released(words, commit, self._parent, answers)

    def _started(self, target: Target) -> None:
        """Import released code, unless that was done before."""
        if self._process is not None:
            return
        options = self.options
        setup = Setup(self.settings, place_of(target), options.set_, options.driver, options.x)
        self._tree = self._tree or room()
        # It begins while git writes, and from now on it removes the folder if we are killed.
        self._process = self._begun(setup, self._tree)
        tree = self._tree = self._written(self._tree)
        carried(setup, self.reference, tree)
        first = told(setup, self.reference, tree, options.deadline)
        if not Path(str(first["ini"])).is_file():
            self._end()
            raise Trouble(
                f"{self._name} has no {Path(str(first['ini'])).relative_to(tree.path)}.",
                "Name a reference in which Alembic is where it is now: --released REF.",
                is_final=True,
            )
        answer = self._answered(first, LOADING, _PYTHON)
        if "error" in answer:
            raise self._unimportable(answer, tree)

    def _begun(self, setup: Setup, tree: Tree) -> Process:
        python = self._python()
        try:
            return Process(python, tree.folder, variables(setup, self.reference, tree))
        except OSError as error:
            raise Trouble(
                f"The interpreter {python} cannot be run: {error.strerror}.",
                "Name one that can: --released-python PATH.",
                is_final=True,
            ) from error

    def _written(self, tree: Tree) -> Tree:
        try:
            return tree if tree.is_written else written(self.reference, tree)
        except SettingsError as error:
            self._end()
            raise Trouble(error.sentence, error.next_step, is_final=True) from error

    def _python(self) -> str:
        named = self.options.released_python
        if not named:
            return sys.executable
        path = Path(named).expanduser()
        # A name without a folder is looked for as the shell does; links lead to environments.
        return str(path.absolute()) if "/" in named else shutil.which(named) or named

    def _asked(self, phase: str, target: Target, tables: Collection[str]) -> list[dict[str, Any]]:
        request = {
            "phase": phase,
            "place": parameters(place_of(target)),
            "tables": sorted(tables),
        }
        answer = self._answered(request, self.options.deadline, _MORE_TIME)
        if "error" in answer:
            place = f"{answer['place']}: " if answer["place"] else ""
            raise Trouble(
                f"{self._name} could not be tried: {place}{answer['error']}.",
                "What it maps may need more of its application than env.py imports.",
            )
        found: list[dict[str, Any]] = answer["tried"]
        return found

    def _answered(self, request: dict[str, Any], deadline: float, step: str) -> dict[str, Any]:
        """What it answers; ``step`` is what to do when it does not."""
        if self._process is None:
            raise Trouble(f"{self._name} does not run any more.", _PYTHON)
        try:
            return self._process.ask(request, deadline)
        except Gone as gone:
            last = self._last_printed()
            self._end()
            raise Trouble(
                f"{self._name} could not be tried: {gone}{last}.",
                step,
                # What cannot be imported once cannot be the next time.
                is_final="phase" not in request,
            ) from gone
        except BaseException:
            self._end()
            raise

    def _unimportable(self, answer: dict[str, Any], tree: Tree) -> Trouble:
        words = str(answer["error"])
        if "sys.exit" in words:
            words += self._last_printed()
        place = f"{answer['place']}: " if answer["place"] else ""
        step = _PYTHON
        if tree.missing:
            step += f" Not in the tree that git gives: {', '.join(tree.missing)}."
        self._end()
        return Trouble(f"{self._name} cannot be imported: {place}{words}.", step, is_final=True)

    def _last_printed(self) -> str:
        """The last line that it printed, after a colon."""
        lines = self._process.printed.text.strip().splitlines() if self._process else []
        return f": {lines[-1].strip().rstrip('.')[:300]}" if lines else ""

    @property
    def _name(self) -> str:
        return f"The released code ({self.reference.words}, {self.reference.commit[:10]})"

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
