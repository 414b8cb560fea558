"""Draw the pictures of the README and the documentation from what the commands really print.

Run `python docs/make_pictures.py` in the project's environment. It works on a copy of the project
with a private server of its own, and removes both.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "upgrade.svg"
REHEARSAL = ROOT / "docs" / "images" / "rehearsal.svg"
TIMELINE = ROOT / "docs" / "images" / "rehearsal-timeline.svg"
COMMANDS = ("db.upgrade", "db.upgrade")
WIDTH = 108

#: A revision as it is easily written, and easily let through.
REHEARSED = '''
"""Give jobs a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "202611201030"
down_revision = "202510061200"


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )
    op.add_column("queue_jobs", sa.Column("tenant_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_queue_jobs_tenant_id"), "queue_jobs", "tenants", ["tenant_id"], ["id"]
    )
    op.create_index(op.f("ix_queue_jobs_tenant_id"), "queue_jobs", ["tenant_id"])
    op.execute("UPDATE queue_jobs SET tenant_id = (payload ->> 'tenant')::bigint")


def downgrade() -> None:
    op.drop_column("queue_jobs", "tenant_id")
'''.lstrip()

_SOCKETS = re.compile(r"host=/\S*?/[0-9a-f]{8}/s")
_CURSOR = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")
_WEB_FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def main() -> None:
    """Run the commands and write the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        project = copied_project(Path(folder))
        invoke(project, "pg.start")
        try:
            shown = [(name, invoke(project, name)) for name in COMMANDS]
        finally:
            invoke(project, "pg.destroy", "--yes")
        PICTURE.write_text(drawn(shown), encoding="utf-8")
        versions = project / "app" / "migrations" / "versions"
        (versions / "202611201030_give_jobs_a_tenant.py").write_text(REHEARSED)
        written = project / TIMELINE.name
        report = invoke(project, "db.rehearse", "--fail-on", "never", "--output", written.name)
        shutil.copy(written, TIMELINE)
    # Without what is told while it runs, and where the timeline was written.
    report = report[report.index("\u2717") : report.rindex("The svg report")]
    REHEARSAL.write_text(drawn([("db.rehearse", report)]), encoding="utf-8")


def copied_project(folder: Path) -> Path:
    """A copy of what `invoke` needs of this project."""
    for name in ("app", "pgrevise"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("alembic.ini", "pyproject.toml", "tasks.py"):
        shutil.copy(ROOT / name, folder)
    return folder


def invoke(project: Path, *words: str) -> str:
    """What a task prints on a terminal, colours included."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "invoke", *words],
        cwd=project,
        env={**kept, "PYTHONPATH": str(project), "TERM": "xterm-256color", "COLUMNS": str(WIDTH)},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        printed = read_to_the_end(ours)
    os.close(ours)
    if running.returncode:
        raise SystemExit(f"invoke {' '.join(words)} failed:\n{printed}")
    return printed


def read_to_the_end(terminal: int) -> str:
    """Everything that is written to a terminal until its last writer closes it."""
    chunks = []
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # how Linux tells that the other side is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks).decode()


def drawn(shown: list[tuple[str, str]]) -> str:
    """The commands and their output as an SVG that needs nothing from elsewhere."""
    console = Console(record=True, file=io.StringIO(), width=WIDTH, force_terminal=True)
    for number, (command, printed) in enumerate(shown):
        if number:
            console.print()
        console.print(Text.assemble(("$ ", "dim"), (f"invoke {command}", "bold")))
        plain = _CURSOR.sub("", printed.replace("\r\n", "\n"))
        # The socket's folder as an ordinary user has it.
        plain = _SOCKETS.sub("host=/dev/shm/pgrevise-1000/2497ed49/s", plain)
        console.print(Text.from_ansi(plain.rstrip("\n")))
    template = _WEB_FONTS.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title="pgrevise", code_format=template, unique_id="pgrevise")


if __name__ == "__main__":
    main()
