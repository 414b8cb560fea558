"""Where the application's database is.

`DATABASE_URL` names it in every environment. Without it, on a developer's machine, the project's
private development server is used: the same database that `invoke db.upgrade` migrates.
"""

from pgrevise import settings
from pgrevise.postgres.locate import development_database, named_target


def database_url() -> str:
    """The URL of the application's database.

    Starts the private development server when no database is named; it outlives this call by a
    few minutes, and `invoke pg.start` keeps it until `invoke pg.stop`.
    """
    project = settings.load()
    named = named_target(project)
    if named is not None:
        return named.url
    with development_database(project) as target:
        return target.url
