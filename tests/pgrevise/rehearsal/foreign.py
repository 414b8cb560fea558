"""Projects of other people: an ``env.py`` of their own, revisions by hand, nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from pgrevise import settings
from pgrevise.rehearsal.facts import Observed, Rehearsal
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.rehearse import rehearse
from pgrevise.rehearsal.selection import select

INI = """
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = .
{line}
"""
#: What ``alembic init`` writes, shortened.
GENERIC = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
target_metadata = None
connectable = engine_from_config(
    config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
#: What ``alembic init -t async`` writes, shortened.
ASYNC = """
import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config

config = context.config

def do_run_migrations(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()

async def run_async_migrations():
    connectable = async_engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()

asyncio.run(run_async_migrations())
"""
#: Its URL comes from variables of its own, and the transaction begins before configure().
OWN_SETTINGS = """
import os
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(
    "postgresql+psycopg2://app:secret@{DB_HOST}:{DB_PORT}/{DB_NAME}".format(**os.environ)
)
with engine.begin() as connection:
    context.configure(connection=connection)
    context.run_migrations()
"""


@dataclass
class Foreign:
    """A project in a folder; ``set`` is what its environment is given."""

    root: Path
    set: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, root: Path, env: str = GENERIC, line: str = "") -> Foreign:
        (root / "migrations" / "versions").mkdir(parents=True)
        (root / "alembic.ini").write_text(INI.format(line=line))
        made = cls(root)
        made.env(env)
        return made

    def env(self, text: str) -> None:
        (self.root / "migrations" / "env.py").write_text(text)

    def revision(
        self,
        identifier: str,
        upgrade: str = "pass",
        downgrade: str = "pass",
        *,
        parent: str | tuple[str, ...] | None = None,
        head: str = "",
    ) -> Path:
        path = self.root / "migrations" / "versions" / f"{identifier}_change.py"
        path.write_text(
            '"""change"""\n'
            f"{dedent(head)}\n"
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision = {identifier!r}\ndown_revision = {parent!r}\n"
            f"def upgrade():\n{indent(dedent(upgrade).strip(), '    ')}\n"
            f"def downgrade():\n{indent(dedent(downgrade).strip(), '    ')}\n"
        )
        return path

    def line(self, identifier: str, text: str) -> int:
        """The number of the first line of a revision's file that holds a text."""
        path = self.root / "migrations" / "versions" / f"{identifier}_change.py"
        lines = path.read_text().splitlines()
        return next(number for number, line in enumerate(lines, start=1) if text in line)

    def table(self, identifier: str, name: str, parent: str | None = None) -> Path:
        """A revision that creates a table, and a downgrade that drops it."""
        return self.revision(
            identifier,
            f"op.execute('CREATE TABLE {name} (id int PRIMARY KEY)')",
            f"op.execute('DROP TABLE {name}')",
            parent=parent,
        )

    @property
    def settings(self) -> settings.Settings:
        return settings.load(self.root)

    def rehearse(self, wanted: str = "", **options: Any) -> Rehearsal:
        """Rehearse these revisions, without words all of them."""
        given = Options(set_=tuple(self.set.items()), **options)
        chosen = select(self.settings, wanted=wanted, everything=not wanted, options=given)
        return rehearse(self.settings, chosen, given)

    def only(self, wanted: str = "", **options: Any) -> Observed:
        """What was observed of the one revision."""
        (rehearsed,) = self.rehearse(wanted, **options).revisions
        return rehearsed.observed


def outcomes(rehearsal: Rehearsal) -> list[tuple[str, str, str, str]]:
    """Each revision with what became of its three passages."""
    return [
        (
            one.observed.revision.identifier,
            one.observed.upgrade.outcome,
            one.observed.downgrade.outcome,
            one.observed.second_upgrade.outcome,
        )
        for one in rehearsal.revisions
    ]
