"""Tests of migrations: whole suites beside pytest-alembic's, and what a database for a test costs.

Whole pytest processes on one running server. What a test costs is the difference between a run
with many of them and one with few, so that starting pytest and building a template do not count.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from bench.places import Bench
from bench.projects import Project, variables
from bench.timing import Action, Figure, Pair, command, in_turn, timed
from pgrevise.postgres.target import Target

#: Plugins of this checkout's environment that no suite needs; one takes longer than a history.
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
#: The peers' environment has both of them.
ALEMBIC_ALONE = ("-p", "no:cacheprovider", "-p", "no:pytest_postgresql")
POSTGRESQL_ALONE = ("-p", "no:cacheprovider", "-p", "no:pytest_alembic")


def whole_suite(bench: Bench) -> Pair:
    """Our ready-made tests beside the five of pytest-alembic, on one history."""
    project = bench.tables
    theirs = [bench.peer(), "-m", "pytest", "-q", *ALEMBIC_ALONE, "theirs"]
    their_suite = timed(_run(project, theirs, peers_environment(project.target)))
    return in_turn(
        timed(our_suite(bench)), their_suite, bench.runs, prepare=project.empty, their_runs=1
    )


def whole_suite_beside_upgrade(bench: Bench) -> Pair:
    """The same beside going through the history once, without a test."""
    project = bench.tables
    upgrade = project.run(project.alembic("upgrade", "head"))
    return in_turn(timed(our_suite(bench)), timed(upgrade), bench.runs, prepare=project.empty)


def database_for_a_test(bench: Bench) -> Pair:
    """A database of ours beside the history replayed in one of its own."""
    project = bench.tables
    admin = bench.server.with_database("DATABASE_NAME").url
    replay = [sys.executable, "-m", "pytest", "-q", *WITHOUT, "-p", "no:pgrevise", "replay"]
    replayed = {**variables(bench.server), "DATABASE_URL_OF": admin}
    theirs = _per_test(project, replay, replayed, few=1, many=4)
    return in_turn(_our_database(bench), theirs, bench.runs, their_runs=3)


def database_for_a_test_beside_pytest_postgresql(bench: Bench) -> Pair:
    """A database of ours beside the peer's, which clones a template for each test."""
    project = bench.tables
    place = dict(bench.server.query)
    told = {
        "PEER_HOST": place.get("host", bench.server.place),
        "PEER_PORT": place.get("port", "5432"),
        "PEER_USER": bench.server.user,
    }
    peer = [bench.peer(), "-m", "pytest", "-q", *POSTGRESQL_ALONE, "peer_postgresql"]
    theirs = _per_test(project, peer, {**peers_environment(project.target), **told}, few=5, many=35)
    return in_turn(_our_database(bench), theirs, bench.runs)


def our_suite(bench: Bench) -> Action:
    """It asks for empty databases of the private server, which the bench keeps running."""
    environment = variables(bench.tables.target) | {"PGREVISE_POSTGRES": str(bench.major)}
    del environment["DATABASE_URL"]
    ours = [sys.executable, "-m", "pytest", "-q", *WITHOUT, "ours/test_suite.py"]
    return _run(bench.tables, ours, environment)


def _our_database(bench: Bench) -> Figure:
    ours = [sys.executable, "-m", "pytest", "-q", *WITHOUT, "ours/test_database.py"]
    return _per_test(bench.tables, ours, variables(bench.server), few=10, many=110)


def _per_test(
    project: Project, arguments: list[str], environment: Mapping[str, str], few: int, many: int
) -> Figure:
    """Seconds for each test that is more."""
    runs = [
        timed(_run(project, arguments, {**environment, "TESTS": str(count)}))
        for count in (few, many)
    ]

    def measured() -> float:
        short, long = (run() for run in runs)
        return (long - short) / (many - few)

    return measured


def peers_environment(target: Target) -> dict[str, str]:
    """The peers' environment knows nothing of this checkout."""
    inherited = variables(target)
    del inherited["PYTHONPATH"]
    return inherited


def _run(project: Project, arguments: list[str], environment: Mapping[str, str]) -> Action:
    return command(*arguments, folder=project.root, environment=dict(environment))
