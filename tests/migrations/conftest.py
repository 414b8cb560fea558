"""What the migration suite knows before a database is there: the revisions on disk.

The database, the isolated schema and the verbs come from `pgrevise.pytest_plugin`.
"""

from pathlib import Path

import pytest
from alembic.script import Script

from pgrevise import settings
from pgrevise.history.script import configuration, open_history, revisions

HISTORY = revisions(open_history(configuration(settings.load(Path(__file__).parent))))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "revision" in metafunc.fixturenames:
        metafunc.parametrize("revision", HISTORY, ids=[r.revision for r in HISTORY])


@pytest.fixture(scope="session")
def history() -> list[Script]:
    return HISTORY
