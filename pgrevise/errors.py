"""Every expected failure, as one tree: a sentence, a next step and an exit code.

Inner code raises these with facts; the doors (`pgrevise.tasks`, `pgrevise.environment`) print
them and exit. Nothing here prints, and nothing here knows how a failure came about.

Exit codes: 0 clean, 1 findings or drift, 2 usage, settings or history conflict, 3 wrong,
unreachable or refused server, 4 lock or timeout (try again), 5 stopped part-way, 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_INTERRUPTED = 130


class ReviseError(Exception):
    """An expected failure: what is wrong, what to do next, and the exit code to leave with.

    ``sentence`` says what is wrong with the actual values; ``next_step`` says what to do.
    Neither ever holds a password.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, sentence: str, next_step: str) -> None:
        super().__init__(sentence, next_step)
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence}\n{self.next_step}"


class UsageError(ReviseError):
    """A task was called with words it cannot take."""


class SettingsError(ReviseError):
    """A setting, an option or a configuration file is wrong."""


class HistoryConflict(ReviseError):
    """The revisions on disk, or those a database is stamped with, do not fit together."""


class ServerError(ReviseError):
    """The server is the wrong one, cannot be reached, or refuses."""

    exit_code = 3


class NotPostgres(ServerError):
    """The URL names something other than PostgreSQL."""


class ServerUnavailable(ServerError):
    """Nothing answers, or it refuses the connection."""


class ServerUnsupported(ServerError):
    """The server is older than the toolkit supports."""


class BinariesMissing(ServerError):
    """No PostgreSQL binaries of the wanted major version can be had."""


class StatementFailed(ServerError):
    """PostgreSQL refused a statement, and nothing of its revision was kept."""


class LockBusy(ReviseError):
    """A lock could not be had within its deadline; the same command may succeed later."""

    exit_code = 4


class PartialRun(ReviseError):
    """A run stopped part-way: some revisions are applied and committed, the rest are not.

    ``applied`` holds the revision identifiers that were completed by this run, in order.
    """

    exit_code = 5

    def __init__(self, sentence: str, next_step: str, applied: Sequence[str]) -> None:
        super().__init__(sentence, next_step)
        self.applied = tuple(applied)
