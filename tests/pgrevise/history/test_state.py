from pgrevise.history.state import stamped_revisions
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target


def create(target: Target, schema: str, *revisions: str) -> None:
    with connect(target) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
        connection.execute(
            f"CREATE TABLE {schema}.alembic_version (version_num varchar(32))".encode()
        )
        for revision in revisions:
            connection.execute(
                f"INSERT INTO {schema}.alembic_version VALUES (%s)".encode(), [revision]
            )


def test_a_fresh_database_has_no_stamp(database: Target) -> None:
    with connect(database) as connection:
        assert stamped_revisions(connection) == ()


def test_all_stamps_are_read_in_order(database: Target) -> None:
    create(database, "public", "b", "a")
    with connect(database) as connection:
        assert stamped_revisions(connection) == ("a", "b")


def test_only_the_first_schema_of_the_search_path_counts(database: Target) -> None:
    create(database, "public", "theirs")
    create(database, "mine", "ours")
    with connect(database.with_schema("mine")) as connection:
        assert stamped_revisions(connection) == ("ours",)
    with connect(database) as connection:
        connection.execute("CREATE SCHEMA empty")
        connection.execute("SET search_path = empty, public")
        assert stamped_revisions(connection) == ()
