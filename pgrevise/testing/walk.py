"""The whole history on an empty database: up to head, down to base, and up again.

Each of the three is one run of Alembic, so that its environment and the revision files are loaded
three times and not once for each revision. The second way up takes every revision as in a session
of its own, so that it shows what going one by one gives, and what a downgrade left behind unseen.
Nothing is judged here; what the results mean is said by `pgrevise.migration_tests`.
"""

from __future__ import annotations

from collections.abc import Callable

from pgrevise.postgres.target import Target
from pgrevise.settings import Settings
from pgrevise.testing.careful import careful_walk
from pgrevise.testing.quick import quick_walk
from pgrevise.testing.results import Walk, Wrong

__all__ = ["Walk", "Wrong", "walk"]


def walk(
    settings: Settings,
    empty: Callable[[], Target],
    quick: Callable[[], Walk | None] | None = None,
) -> Walk:
    """Go up, down and up again: quickly, and carefully once more when something is wrong.

    ``empty`` gives an empty database or schema, another one or the same emptied. The catalogs are
    those of the schemas of the target. ``quick`` is another way to go quickly.
    """
    seen = quick() if quick else quick_walk(settings, empty)
    return seen or careful_walk(settings, empty)
