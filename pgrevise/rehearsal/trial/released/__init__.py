"""Released code on the new schema: does what runs in production still work after an upgrade?

`open_released` is the way in, once for a rehearsal. It gives a `ReleasedCode`, which is shown each
revision twice, with the same rows in its tables: at its parent, then after its upgrade. What worked
there and fails here is broken.

`checkout` brings the tree of a git reference into a folder of its own, `process` starts an
interpreter in it and speaks to it, `surroundings` is what its environment is told, `comparing`
decides what is broken. What runs in that interpreter is in `script`, which imports nothing of this
toolkit: released code may have another version of it, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

from pgrevise.postgres.target import Target
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.trial.facts import Released
from pgrevise.settings import Settings


class ReleasedCode(Protocol):
    """Code of a git reference, in an interpreter of its own that lives as long as the rehearsal.

    Both methods raise nothing that is about the released code: that is in `Released.error`. Nobody
    is connected to the database when they return, and its rows are as they were; only sequences
    may have gone on.
    """

    def parent(self, target: Target, tables: Collection[str]) -> None:
        """Try everything before the upgrade, and remember what works and with which rows.

        ``tables``, named as in the reports, are those with rows that the revision touches: classes
        mapped to them are read, inserted, updated and deleted, others only read.
        """

    def upgraded(self, target: Target, tables: Collection[str]) -> Released:
        """Try the same with the same rows after the upgrade, in that or another database."""


@contextmanager
def open_released(settings: Settings, options: Options) -> Iterator[ReleasedCode]:
    """The code of ``options.released``; its folder and its processes are gone at the end.

    Nothing is started before it is first needed. Raises `SettingsError` when there is no such
    reference, or no repository.
    """
    from pgrevise.rehearsal.trial.released.running import Running

    with Running(settings, options) as running:
        yield running
