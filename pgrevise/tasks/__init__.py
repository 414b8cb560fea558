"""The Invoke tasks. A project's ``tasks.py`` says ``ns = namespace()``.

Only Invoke is imported here: everything heavy is imported by the task that runs.
"""

from __future__ import annotations

from invoke.collection import Collection

from pgrevise.startup import keep_compiled, one_command

# Before the tasks are imported, or each command would compile them.
keep_compiled()

from pgrevise.tasks import catalog, database, rehearsal, server, statistics  # noqa: E402 - see above


def namespace() -> Collection:
    """The tasks ``db.*`` and ``pg.*``, to be used as or added to a project's own collection."""
    db = Collection("db")
    for name in (
        "new", "upgrade", "downgrade", "reset", "status", "current", "history", "heads",
        "check", "sql", "stamp", "merge", "url",
    ):  # fmt: skip
        db.add_task(getattr(database, name), name=name)
    for name in ("drift", "squash"):
        db.add_task(getattr(catalog, name), name=name)
    db.add_task(rehearsal.rehearse, name="rehearse")
    db.add_task(statistics.stats, name="stats")
    pg = Collection("pg")
    for name in ("start", "stop", "status", "shell", "logs", "destroy"):
        pg.add_task(getattr(server, name), name=name)
    # Invoke alone loads a tasks.py, to run what it was asked for and end.
    one_command()
    return Collection(db, pg)
