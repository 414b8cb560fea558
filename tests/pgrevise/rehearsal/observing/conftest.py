"""What the observer's tests stand on: a prepared database and a revision of a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.observing.observer import install
from tests.pgrevise.rehearsal.observing.bench import Bench


@pytest.fixture
def bench(database: Target, tmp_path: Path) -> Bench:
    """A prepared database and a folder."""
    with connect(database) as connection:
        install(connection)
    return Bench(database, tmp_path)


@pytest.fixture
def tables(bench: Bench) -> Bench:
    """Queues and their jobs, with an index and a row each."""
    bench.before(
        """
        CREATE TABLE queues (id bigint PRIMARY KEY, name text NOT NULL);
        CREATE TABLE jobs (id bigint PRIMARY KEY, queue bigint, state varchar(20), at timestamp);
        CREATE INDEX ix_jobs_at ON jobs (at);
        INSERT INTO queues VALUES (1, 'mail');
        INSERT INTO jobs VALUES (1, 1, 'new', '2024-01-01');
        """
    )
    return bench
