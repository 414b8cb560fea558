"""What a rehearsal and the process that runs the project's code say to each other.

Frozen data, pickled over a socket; both sides are `process` and `worker`. The worker answers a
`Setup` with a `Loaded`, or a `Trouble` and ends. For each `Task` it forks a child, answers
`Started` and, when the child is gone, `Ended`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from pgrevise.rehearsal.facts import Direction, Passage, Revision
from pgrevise.rehearsal.observing.ledger import Scene
from pgrevise.settings import Settings


@dataclass(frozen=True)
class Place:
    """The one database that a rehearsal may touch, on the private server.

    ``socket`` is the directory of the server's socket. ``database`` is a random name, the same
    through the whole rehearsal, so that what the project reads once stays true.
    """

    socket: str
    port: str
    user: str
    database: str

    def url(self, scheme: str = "postgresql") -> str:
        """Its URL, with the driver that ``scheme`` names after a plus."""
        host = quote(self.socket, safe="/")
        return f"{scheme}://{self.user}@/{self.database}?host={host}&port={self.port}"

    def words(self, driver_url: str) -> dict[str, str]:
        """What a value given with ``--set`` may hold in braces.

        ``host`` is a name that fits into any URL: a connection to it is led to the socket.
        """
        return {
            "url": self.url(),
            "driver_url": driver_url,
            "host": "localhost",
            "socket": self.socket,
            "port": self.port,
            "database": self.database,
            "user": self.user,
        }


@dataclass(frozen=True)
class Setup:
    """Everything about the project that the worker has to know."""

    settings: Settings
    place: Place
    set_: tuple[tuple[str, str], ...] = ()
    driver: str = ""
    x: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """A revision in its history; ``parents`` are what it follows and what it depends on.

    ``replaces`` are the revisions that it stands for, when it is a baseline.
    """

    revision: Revision
    parents: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """Every revision in the order in which an upgrade applies them, from base to head."""

    nodes: tuple[Node, ...]

    def node(self, identifier: str) -> Node:
        """The node of a revision that is there."""
        return next(node for node in self.nodes if node.revision.identifier == identifier)

    def ancestors(self, *identifiers: str) -> frozenset[str]:
        """What has to be applied before these can be; they themselves are not in it."""
        parents = {node.revision.identifier: node.parents for node in self.nodes}
        found: set[str] = set()
        waiting = [parent for identifier in identifiers for parent in parents.get(identifier, ())]
        while waiting:
            identifier = waiting.pop()
            if identifier not in found:
                found.add(identifier)
                waiting.extend(parents.get(identifier, ()))
        return frozenset(found)

    def ordered(self, identifiers: frozenset[str] | set[str]) -> tuple[str, ...]:
        """These revisions from base to head."""
        everything = (node.revision.identifier for node in self.nodes)
        return tuple(identifier for identifier in everything if identifier in identifiers)

    @property
    def heads(self) -> tuple[str, ...]:
        """Those that nothing follows."""
        followed = {parent for node in self.nodes for parent in node.parents}
        return self.ordered({n.revision.identifier for n in self.nodes} - followed)


@dataclass(frozen=True)
class Loaded:
    """The worker has read the history and waits for tasks."""

    history: History


@dataclass(frozen=True)
class Trouble:
    """The worker cannot begin: a sentence and a next step."""

    sentence: str
    next_step: str


@dataclass(frozen=True)
class Task:
    """Run ``env.py`` once with exactly these revisions, one after the other, in one direction.

    Without revisions ``env.py`` only connects, and what it configures is told. ``is_observed`` when
    the statements are to be watched; ``scene`` is what is there before, as far as that was read.
    """

    revisions: tuple[str, ...] = ()
    direction: Direction = "upgrade"
    is_observed: bool = False
    scene: Scene | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Started:
    """A child was forked; it leads a process group of its own."""

    pid: int


@dataclass(frozen=True)
class Ran:
    """What a child tells. ``stopped_at`` is the revision that failed, "" when it was not one.

    ``version_tables`` are (schema or "", name) of each context that ``env.py`` configured;
    ``imported`` the modules that it imported and that may be imported before it. ``unasked`` are
    the numbers and xids of transactions of which it is not known yet what became of them.
    """

    passage: Passage
    is_begun: bool = True
    stopped_at: str = ""
    sqlstate: str = ""
    version_tables: tuple[tuple[str, str], ...] = ()
    naming: tuple[tuple[str, str], ...] = ()
    imported: tuple[str, ...] = ()
    unasked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Warm:
    """Import these modules now, so that no child has to; the answer is `Warmed`.

    Before that a passage of our own is gone through ``exercises`` times.
    """

    modules: tuple[str, ...]
    exercises: int = 0


@dataclass(frozen=True)
class Warmed:
    """They are imported. ``is_fit`` when that left no thread and no session for forks to share."""

    is_fit: bool


@dataclass(frozen=True)
class Ended:
    """A child is gone: what it told (None when it died before), what it printed, cut.

    ``status`` is its exit status as the shell counts it, negative for a signal. ``stacks`` is where
    its threads were when it was asked, in the words of `faulthandler`.
    """

    ran: Ran | None
    status: int
    output: str = ""
    stacks: str = field(default="", repr=False)
