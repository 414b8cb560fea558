"""What commands cost before and beside what they do: ours with every guard, Alembic's stock env.py.

Whole processes on the same files and the same database, in turn.
"""

from __future__ import annotations

import sys

from bench.memory import peak
from bench.places import Bench
from bench.projects import Project, empty_tasks, variables
from bench.timing import Action, Figure, Pair, command, in_turn, timed

UPGRADE = ("upgrade", "head")
#: What takes little time is measured more often.
OFTEN = 3


def listing(bench: Bench) -> Pair:
    """What a shell asks at each completion."""
    ours = bench.app.run(bench.app.invoke("--list"))
    empty = empty_tasks(bench.folder / "empty")
    environment = variables(bench.app.target)
    theirs = command(
        sys.executable, "-m", "invoke", "--list", folder=empty, environment=environment
    )
    return in_turn(timed(ours), timed(theirs), OFTEN * bench.runs)


def nothing_pending_app(bench: Bench) -> Pair:
    return _nothing_pending(bench, bench.app)


def nothing_pending_short(bench: Bench) -> Pair:
    return _nothing_pending(bench, bench.short)


def nothing_pending_long(bench: Bench) -> Pair:
    bench.long.stamp()
    return _nothing_pending(bench, bench.long)


def current(bench: Bench) -> Pair:
    """Where a database stands. One run of theirs takes longer than all of ours together."""
    project = bench.long
    ours = project.run(project.invoke("db.current"))
    theirs = project.run(project.alembic("current"))
    return in_turn(timed(ours), timed(theirs), bench.runs)


def plain_upgrade(bench: Bench) -> Pair:
    """What somebody gains who goes on typing alembic: the same command, our env.py."""
    bench.long.stamp()
    return _plain(bench, *UPGRADE)


def plain_current(bench: Bench) -> Pair:
    return _plain(bench, "current")


def one_pending(bench: Bench) -> Pair:
    """What a deployment of one change costs."""
    ours, theirs = _upgrades(bench.long)
    return in_turn(timed(ours), timed(theirs), bench.runs, prepare=_one_left(bench))


def from_base(bench: Bench) -> Pair:
    """What a new database costs."""
    return _from_base(bench, bench.tables)


def from_base_app(bench: Bench) -> Pair:
    return _from_base(bench, bench.app)


def memory_beside_app(bench: Bench) -> Pair:
    """Whether memory grows with the history when nothing is pending."""
    bench.long.stamp()
    ours, theirs = (_peak(p, p.invoke("db.upgrade")) for p in (bench.long, bench.app))
    return in_turn(ours, theirs, bench.runs)


def memory_beside_alembic(bench: Bench) -> Pair:
    bench.long.stamp()
    project = bench.long
    ours = _peak(project, project.invoke("db.upgrade"))
    return in_turn(ours, _peak(project, project.alembic(*UPGRADE)), bench.runs, their_runs=3)


def memory_of_one_beside_app(bench: Bench) -> Pair:
    """Whether memory grows with the history when one revision is run."""
    app, long = bench.app, bench.long
    at_head = app.run(app.invoke("db.upgrade"))
    one_back = app.run(app.alembic("downgrade", "-1"))

    def prepare() -> None:
        bench.long.leave_one(bench.sizes.long)
        at_head()
        one_back()

    ours, theirs = (_peak(project, project.invoke("db.upgrade")) for project in (long, app))
    return in_turn(ours, theirs, bench.runs, prepare=prepare)


def memory_of_one_beside_alembic(bench: Bench) -> Pair:
    project = bench.long
    ours = _peak(project, project.invoke("db.upgrade"))
    theirs = _peak(project, project.alembic(*UPGRADE))
    return in_turn(ours, theirs, bench.runs, prepare=_one_left(bench), their_runs=3)


def _nothing_pending(bench: Bench, project: Project) -> Pair:
    """What each start of a container asks."""
    ours, theirs = _upgrades(project)
    return in_turn(timed(ours), timed(theirs), OFTEN * bench.runs)


def _plain(bench: Bench, *words: str) -> Pair:
    project = bench.long
    ours = project.run([sys.executable, "-m", "alembic", *words])
    theirs = project.run(project.alembic(*words))
    return in_turn(timed(ours), timed(theirs), bench.runs, their_runs=3)


def _from_base(bench: Bench, project: Project) -> Pair:
    ours, theirs = _upgrades(project)
    return in_turn(timed(ours), timed(theirs), bench.runs, prepare=project.empty)


def _upgrades(project: Project) -> tuple[Action, Action]:
    return project.run(project.invoke("db.upgrade")), project.run(project.alembic(*UPGRADE))


def _one_left(bench: Bench) -> Action:
    return lambda: bench.long.leave_one(bench.sizes.long)


def _peak(project: Project, arguments: list[str]) -> Figure:
    return peak(arguments, project.root, variables(project.target))
