"""What the revisions do to a real schema: up, down, up; one by one and all at once."""

from alembic.script import Script

from pgrevise.catalog import Catalog, diff
from pgrevise.pytest_plugin import Migrations, Round


def sentences(before: Catalog, after: Catalog) -> list[str]:
    return [change.sentence for change in diff(before, after)]


def test_upgrade_from_base_reaches_head(migrations: Migrations, history: list[Script]) -> None:
    done = migrations.upgrade("head")
    assert done.before == ()
    assert done.after == (history[-1].revision,)
    assert [applied.revision for applied in done.applied] == [r.revision for r in history]


def test_a_second_upgrade_does_nothing(migrations: Migrations) -> None:
    migrations.upgrade("head")
    before = migrations.catalog()
    assert migrations.upgrade("head").applied == ()
    assert sentences(before, migrations.catalog()) == []


def test_a_downgrade_restores_the_schema(
    revision: Script, migration_rounds: dict[str, Round]
) -> None:
    around = migration_rounds[revision.revision]
    assert sentences(around.before, around.down) == []


def test_a_second_upgrade_after_a_downgrade_gives_the_same(
    revision: Script, migration_rounds: dict[str, Round]
) -> None:
    around = migration_rounds[revision.revision]
    assert sentences(around.up, around.up_again) == []


def test_a_revision_changes_the_schema_or_says_that_it_moves_data(
    revision: Script, migration_rounds: dict[str, Round]
) -> None:
    around = migration_rounds[revision.revision]
    changed = bool(diff(around.before, around.up))
    assert changed or "backfill" in revision.longdoc.lower()


def test_stepwise_equals_all_at_once(
    migrations: Migrations, history: list[Script], migration_rounds: dict[str, Round]
) -> None:
    migrations.upgrade("head")
    stepwise = migration_rounds[history[-1].revision].up_again
    assert sentences(stepwise, migrations.catalog()) == []


def test_downgrade_to_base_leaves_nothing(migrations: Migrations) -> None:
    empty = migrations.catalog()
    migrations.upgrade("head")
    assert migrations.downgrade("base").after == ()
    assert sentences(empty, migrations.catalog()) == []


def test_models_equal_history(
    migrations: Migrations, history: list[Script], migration_rounds: dict[str, Round]
) -> None:
    migrations.create_models()
    assert sentences(migration_rounds[history[-1].revision].up_again, migrations.catalog()) == []
