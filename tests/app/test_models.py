"""How the models are gathered, and what they leave out."""

from __future__ import annotations

import pkgutil
import sys

import pytest
from sqlalchemy import Engine, inspect

from app import models


def test_every_module_of_models_is_imported() -> None:
    for module in pkgutil.iter_modules(models.__path__):
        assert f"app.models.{module.name}" in sys.modules


def test_the_tables_are_those_of_the_queue() -> None:
    assert set(models.metadata.tables) == {
        "attempts",
        "queue_jobs",
        "queue_pauses",
        "queues",
        "schedules",
        "workers",
    }


@pytest.mark.parametrize("table", sorted(models.metadata.tables))
def test_tables_have_a_comment_and_no_schema(table: str) -> None:
    assert models.metadata.tables[table].comment
    assert models.metadata.tables[table].schema is None


def test_creating_again_changes_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        models.metadata.create_all(connection)

        assert inspect(connection).get_view_names() == ["queue_health"]
