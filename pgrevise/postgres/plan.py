"""What a client asks a supervisor for: one server, where its files lie, how long it lasts.

Plain data that travels through a file, and the names of the files in a state directory. The
protocol between the two is told in `pgrevise.postgres.supervisor`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from pgrevise.postgres.binaries import Binaries


@dataclass(frozen=True)
class State:
    """A state directory: the locks, the socket and the facts of one server."""

    path: Path

    @property
    def lease(self) -> Path:
        """Locked, shared, by every process that uses the server."""
        return self.path / "lease"

    @property
    def server(self) -> Path:
        """Locked by the supervisor as long as it lives."""
        return self.path / "server"

    @property
    def starting(self) -> Path:
        """Locked by the one process that starts the supervisor."""
        return self.path / "starting"

    @property
    def pin(self) -> Path:
        """There while the server is to outlast its users."""
        return self.path / "pin"

    @property
    def facts(self) -> Path:
        """Written when the server is ready, removed when it stops."""
        return self.path / "state.json"

    @property
    def plan(self) -> Path:
        """What the supervisor was asked for."""
        return self.path / "plan.json"

    @property
    def control(self) -> Path:
        """The datagram socket on which the supervisor hears the word ``stop``."""
        return self.path / "control"

    @property
    def sockets(self) -> Path:
        """The directory of PostgreSQL's own socket."""
        return self.path / "s"

    @property
    def words(self) -> Path:
        """What the supervisor itself writes when something unforeseen happens."""
        return self.path / "supervisor.log"


@dataclass(frozen=True)
class Plan:
    """One server to run.

    ``home`` holds a development server's data and log; ``roots`` are where a test server's data
    may lie; ``pristine`` is, or will be, the cluster that test servers copy. ``linger`` and
    ``timeout`` are in seconds.
    """

    kind: str
    state: Path
    home: Path
    roots: tuple[Path, ...]
    pristine: Path
    binaries: Binaries
    linger: float
    timeout: float

    @property
    def log(self) -> Path:
        """Where PostgreSQL's own messages go."""
        return (self.home if self.kind == "development" else self.state) / "postgres.log"


def write(plan: Plan, path: Path) -> None:
    """Write a plan where a supervisor reads it."""
    binaries = plan.binaries
    facts = {
        "kind": plan.kind,
        "state": str(plan.state),
        "home": str(plan.home),
        "roots": [str(root) for root in plan.roots],
        "pristine": str(plan.pristine),
        "binaries": binaries_facts(binaries),
        "linger": plan.linger,
        "timeout": plan.timeout,
    }
    write_json(path, facts)


def read(path: Path) -> Plan:
    """Read what `write` wrote."""
    facts = json.loads(path.read_bytes())
    return Plan(
        kind=facts["kind"],
        state=Path(facts["state"]),
        home=Path(facts["home"]),
        roots=tuple(Path(root) for root in facts["roots"]),
        pristine=Path(facts["pristine"]),
        binaries=binaries_of(facts["binaries"]),
        linger=facts["linger"],
        timeout=facts["timeout"],
    )


def binaries_facts(binaries: Binaries) -> dict[str, object]:
    """Binaries as JSON can carry them."""
    return {
        "bindir": str(binaries.bindir),
        "major": binaries.major,
        "version": binaries.version,
        "shared_libraries": [str(path) for path in binaries.shared_libraries],
        "source": binaries.source,
    }


def binaries_of(facts: dict[str, object]) -> Binaries:
    """The reverse of `binaries_facts`."""
    libraries = facts["shared_libraries"]
    return Binaries(
        bindir=Path(str(facts["bindir"])),
        major=int(str(facts["major"])),
        version=str(facts["version"]),
        shared_libraries=tuple(map(Path, libraries)) if isinstance(libraries, list) else (),
        source=str(facts["source"]),
    )


def write_json(path: Path, facts: dict[str, object]) -> None:
    """Write a file that readers see whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(facts), encoding="ascii")
    os.replace(fresh, path)  # noqa: PTH105 -- the same as Path.replace, and atomic by contract
