"""Where a run of the bench works: folders and a server that nobody else uses, and its projects."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.projects import ROOT, Project, generated, the_application
from pgrevise import settings
from pgrevise.caches import cache_root
from pgrevise.history.kept import SETTLED_NANOSECONDS
from pgrevise.postgres.places import SHARED_MEMORY
from pgrevise.postgres.scratch import scratch_databases, scratch_server, spec_of
from pgrevise.postgres.server import destroy
from pgrevise.postgres.target import Target

#: Tables in the models of a long history: what is measured there is the history.
FEW_TABLES = 20


@dataclass(frozen=True)
class Sizes:
    """How many revisions the generated histories have. ``tables`` of one create a table each."""

    short: int = 1000
    long: int = 5000
    tables: int = 200


#: To see whether everything runs.
QUICK = Sizes(100, 300, 20)


@dataclass(frozen=True)
class Bench:
    """What measurements share. Projects are made when the first one asks for them.

    ``peers`` is the Python that has the peers installed; it is there when a measurement says that
    it needs one.
    """

    folder: Path
    server: Target
    sizes: Sizes
    runs: int
    peers: Path | None
    stack: ExitStack

    @cached_property
    def app(self) -> Project:
        """The application, at head."""
        project = the_application(self.folder / "app", self.database())
        project.run(project.invoke("db.upgrade"))()
        return project

    @cached_property
    def short(self) -> Project:
        """A generated history, at head."""
        return self._stamped("short", self.sizes.short)

    @cached_property
    def long(self) -> Project:
        """A long generated history, at head."""
        return self._stamped("long", self.sizes.long)

    @cached_property
    def tables(self) -> Project:
        """A history that creates as many tables as the models have; its database is empty."""
        size = self.sizes.tables
        return generated(self.folder / "tables", self.database(), size, size)

    @property
    def major(self) -> int:
        """The version of the server, which commands in generated projects have to be told."""
        return settings.load(ROOT).postgres

    def database(self) -> Target:
        """A new empty database."""
        (target,) = self.stack.enter_context(scratch_databases(self.server))
        return target

    def peer(self) -> str:
        """The Python of the peers."""
        assert self.peers is not None, "a measurement does not say that it needs the peers"
        return str(self.peers)

    def _stamped(self, name: str, size: int) -> Project:
        project = generated(self.folder / name, self.database(), size, FEW_TABLES)
        project.stamp()
        # A history that was checked out this moment is the unusual case.
        time.sleep(SETTLED_NANOSECONDS / 1e9)
        return project


@contextmanager
def open_bench(folder: Path, sizes: Sizes, runs: int, peers: Path | None) -> Iterator[Bench]:
    """A bench with a server of its own, which is gone afterwards."""
    found = settings.load(ROOT)
    with own_places(folder / "cache"), ExitStack() as stack:
        stack.callback(destroy, spec_of(found))
        server = stack.enter_context(scratch_server(found))
        yield Bench(folder, server, sizes, runs, peers, stack)


@contextmanager
def own_places(cache: Path) -> Iterator[Path]:
    """A runtime directory that nobody else has, and ``cache`` as the cache; gives the former.

    Programs that were downloaded before are there in the new cache too.
    """
    downloaded = cache_root() / "binaries"
    linked = cache / "pgrevise" / "binaries"
    if downloaded.is_dir() and not linked.exists():
        linked.parent.mkdir(parents=True, exist_ok=True)
        linked.symlink_to(downloaded.resolve())
    before = {name: os.environ.get(name) for name in ("PGREVISE_RUNTIME", "XDG_CACHE_HOME")}
    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    runtime = Path(tempfile.mkdtemp(prefix="pgr-", dir=memory))
    os.environ |= {"PGREVISE_RUNTIME": str(runtime), "XDG_CACHE_HOME": str(cache)}
    try:
        yield runtime
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        shutil.rmtree(runtime, ignore_errors=True)
