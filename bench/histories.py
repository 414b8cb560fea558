"""Writing a project with a history of any length: each revision creates a table and an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

INI = """[alembic]
script_location = %(here)s/migrations
prepend_sys_path = %(here)s
path_separator = os
"""
STOCK_INI = """[alembic]
script_location = %(here)s/stock
version_locations = %(here)s/migrations/versions
prepend_sys_path = %(here)s
path_separator = os
"""
OURS_ENV = """
from models import metadata
from pgrevise import environment

environment.run(metadata)
"""
TASKS = """from pgrevise.tasks import namespace

ns = namespace()
"""
STOCK_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool
from models import metadata

def url():
    return os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")

connectable = context.config.attributes.get("connection", None)
if connectable is None:
    connectable = create_engine(url(), poolclass=pool.NullPool)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, MetaData
from sqlalchemy import PrimaryKeyConstraint, Table, Text, text

metadata = MetaData(naming_convention={{
    "ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
}})
for number in range(1, {size} + 1):
    table = Table(
        f"t_{{number:03}}", metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("name", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        *([Column("parent_id", ForeignKey(f"t_{{number - 1:03}}.id"))] if number % 4 == 0 else []),
    )
    Index(None, table.c.name)
"""
REVISION = '''"""create t_{number:03}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {parent!r}


def upgrade():
    op.create_table(
        "t_{number:03}",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),{parent_column}
        sa.PrimaryKeyConstraint("id", name="pk_t_{number:03}"),
    )
    op.create_index("ix_t_{number:03}_name", "t_{number:03}", ["name"])


def downgrade():
    op.drop_index("ix_t_{number:03}_name", table_name="t_{number:03}")
    op.drop_table("t_{number:03}")
'''
PARENT = """
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["t_{before:03}.id"], name="fk_t_{number:03}_parent_id"
        ),"""
PEER_CONFTEST = """
import os
import pytest
from sqlalchemy import create_engine, text

@pytest.fixture
def alembic_config():
    return {"file": "stock.ini"}

@pytest.fixture
def alembic_engine():
    url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield engine
    engine.dispose()
"""
PEER_FIVE = """
from pytest_alembic.tests import (
    test_model_definitions_match_ddl, test_single_head_revision, test_up_down_consistency,
    test_upgrade,
)
from pytest_alembic.tests.experimental import test_downgrade_leaves_no_trace
"""
PEER_POSTGRESQL = """
import os
import subprocess
import sys
import pytest
from pytest_postgresql import factories

def load(host, port, user, dbname, password, **_):
    url = f"postgresql://{user}@/{dbname}?host={host}&port={port}"
    subprocess.run(
        [sys.executable, "-m", "alembic", "-c", "stock.ini", "upgrade", "head"],
        env={**os.environ, "DATABASE_URL": url}, check=True,
    )

server = factories.postgresql_noproc(
    host=os.environ["PEER_HOST"], port=int(os.environ["PEER_PORT"]), user=os.environ["PEER_USER"],
    dbname="peer", load=[load],
)
database = factories.postgresql("server")

@pytest.mark.parametrize("number", range(int(os.environ["TESTS"])))
def test_one(database, number):
    database.execute("INSERT INTO t_001 (name) VALUES ('a')")
    database.commit()
"""
OURS_SUITE = """
from pgrevise.migration_tests import *
"""
OURS_DATABASE = """
import os
import pytest

@pytest.mark.parametrize("number", range(int(os.environ["TESTS"])))
def test_one(pg_database, number):
    with pg_database.connect() as connection:
        connection.execute("INSERT INTO t_001 (name) VALUES ('a')")
"""
#: A database for each test without any help: plain Alembic in this process, no process to start.
REPLAY = """
import os
import psycopg
import pytest
from alembic import command
from alembic.config import Config

def url(database):
    return os.environ["DATABASE_URL_OF"].replace("DATABASE_NAME", database)

@pytest.fixture
def database(number):
    name = f"replayed_{os.getpid()}_{number}"
    with psycopg.connect(url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        os.environ["DATABASE_URL"] = url(name)
        command.upgrade(Config("stock.ini"), "head")
        with psycopg.connect(url(name), autocommit=True) as connection:
            yield connection
        admin.execute(f"DROP DATABASE {name}")

@pytest.mark.parametrize("number", range(int(os.environ["TESTS"])))
def test_one(database, number):
    database.execute("INSERT INTO t_001 (name) VALUES ('a')")
"""


def write_history(root: Path, size: int, tables: int | None = None) -> None:
    """A project in ``root``: our env.py, a stock one beside it, models, and everybody's tests.

    The models have as many tables as the history has revisions, unless it is said how many.
    """
    versions = root / "migrations" / "versions"
    for folder in (versions, root / "stock"):
        folder.mkdir(parents=True)
    files = {
        "alembic.ini": INI,
        "stock.ini": STOCK_INI,
        "migrations/env.py": OURS_ENV,
        "stock/env.py": STOCK_ENV,
        "models.py": MODELS.format(size=size if tables is None else tables),
        "tasks.py": TASKS,
        "theirs/conftest.py": PEER_CONFTEST,
        "theirs/test_five.py": PEER_FIVE,
        "peer_postgresql/test_cost.py": PEER_POSTGRESQL,
        "ours/test_suite.py": OURS_SUITE,
        "ours/test_database.py": OURS_DATABASE,
        "replay/test_cost.py": REPLAY,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    parent = None
    for number in range(1, size + 1):
        revision = f"{datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number):%Y%m%d%H%M}"
        column = PARENT.format(number=number, before=number - 1) if number % 4 == 0 else ""
        text = REVISION.format(
            number=number, revision=revision, parent=parent, parent_column=column
        )
        (versions / f"{revision}_create_t_{number:03}.py").write_text(text)
        parent = revision
