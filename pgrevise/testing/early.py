"""What a test that asks for a database needs of Python, imported while its server starts.

The server takes a processor of its own, and as long as the imports do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pgrevise.history.files import revision_files
from pgrevise.history.layout import layout
from pgrevise.rollout.usual import leaves_it_to_us
from pgrevise.startup import collecting_nothing

if TYPE_CHECKING:
    from pgrevise.settings import Settings


def import_what_builds(settings: Settings) -> None:
    """Import the driver and, where there are revisions to run, what runs them.

    A server that has just been started has no template of any history.
    """
    with collecting_nothing():
        import pgrevise.testing.databases

        if not is_empty(settings):
            import alembic.command  # noqa: F401 - to have it later

            import pgrevise.environment  # noqa: F401 - same


def is_empty(settings: Settings) -> bool:
    """Whether nothing at all happens when the history is applied; False when only Alembic knows."""
    found = layout(settings)
    if found is None or not leaves_it_to_us(Path(found.scripts, "env.py")):
        return False
    return not any(revision_files(found.locations, recursive=found.recursive))
