"""The application that an ``env.py`` expects to be running: Flask's, as ``flask db`` provides it.

Flask-Migrate's ``env.py`` asks ``current_app`` for the database, and revisions of such projects do
so too. ``FLASK_APP`` names it, as for Flask's own command.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: What Flask says when there is none.
MISSING = "Working outside of application context"
ADVICE = "Name the Flask application that env.py asks for: --set FLASK_APP=module:application."


@contextmanager
def running_application() -> Iterator[None]:
    """The context of the application that ``FLASK_APP`` names; nothing without that variable."""
    named = os.environ.get("FLASK_APP")
    if not named:
        yield
        return
    from flask.cli import ScriptInfo  # type: ignore[import-not-found, unused-ignore] # the project's own, if it has it

    with ScriptInfo(app_import_path=named).load_app().app_context():
        yield
