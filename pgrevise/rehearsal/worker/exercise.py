"""Going through a passage of our own a few times, so that children find everything at hand.

What Python, SQLAlchemy, Alembic and we make on first use (compiled patterns, specialised bytecode,
caches) is then there before a fork and shared by all children, instead of made in each. Done before
any module of the project is imported, so that nothing of the project's hears of it. The transaction
is rolled back: a revision in a folder of its own, run by an ``env.py`` that does not commit.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pgrevise.history.script import configuration, open_history
from pgrevise.rehearsal.protocol import Setup, Task
from pgrevise.rehearsal.worker import running
from pgrevise.rehearsal.worker.elsewhere import Gate
from pgrevise.rehearsal.worker.surroundings import driver_url

_INI = """[alembic]
script_location = %(here)s
version_locations = %(here)s/versions
path_separator = os
"""
_ENV = """
from alembic import context
from sqlalchemy import create_engine, pool, text

with create_engine({url!r}, poolclass=pool.NullPool).connect() as connection:
    connection.execute(text("SET LOCAL statement_timeout = '5s'"))
    connection.execute(text("SET LOCAL lock_timeout = '1s'"))
    context.configure(connection=connection, version_table="pgrevise_exercise")
    with context.begin_transaction():
        context.run_migrations()
    connection.rollback()
"""
_REVISION = '''"""An exercise."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade():
    op.create_table(
        "pgrevise_exercise_1",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(20), server_default=sa.text("'a'"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("parent_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk"),
        sa.ForeignKeyConstraint(["parent_id"], ["pgrevise_exercise_1.id"], name="fk"),
    )
    op.add_column("pgrevise_exercise_1", sa.Column("more", sa.Integer()))
    op.create_index("pgrevise_exercise_1_name", "pgrevise_exercise_1", ["name"])
    op.execute("UPDATE pgrevise_exercise_1 SET more = 1")
    op.drop_index("pgrevise_exercise_1_name", table_name="pgrevise_exercise_1")
    op.drop_table("pgrevise_exercise_1")


def downgrade():
    pass
'''


def go_through(setup: Setup, gate: Gate, times: int) -> None:
    """Run the exercise in this process; what may go wrong with it is of no interest."""
    known, opened = set(sys.modules), set(gate.sessions)
    with suppress(Exception), TemporaryDirectory(prefix="pgrevise-") as folder:
        place = Path(folder).resolve()
        (place / "versions").mkdir()
        url = setup.place.url(driver_url(setup, "postgresql+psycopg").partition("://")[0])
        (place / "alembic.ini").write_text(_INI)
        (place / "env.py").write_text(_ENV.format(url=url.replace("+asyncpg", "+psycopg")))
        (place / "versions" / "1_exercise.py").write_text(_REVISION)
        ours = replace(
            setup, settings=replace(setup.settings, root=place, alembic_ini=place / "alembic.ini")
        )
        script = open_history(configuration(ours.settings))
        for _ in range(times):
            running.run(ours, script, Task(("1",), is_observed=True), gate)
    for name in set(sys.modules) - known:
        if "env_py" in name or name.startswith("1_exercise"):
            del sys.modules[name]
    gate.sessions &= opened
    gate.of_sqlalchemy &= opened
