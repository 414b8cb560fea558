import pytest
from sqlalchemy import Engine

from pgrevise.errors import LockBusy
from pgrevise.postgres.connect import engine
from pgrevise.postgres.target import Target
from pgrevise.request import Silent
from pgrevise.rollout.lock import lock_key, only_runner

HELD = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def connections(database: Target) -> Engine:
    return engine(database)


class Told(Silent):
    def __init__(self) -> None:
        self.holders: list[str] = []

    def waiting(self, seconds: float, holder: str) -> None:
        self.holders.append(holder)


def test_the_lock_is_held_and_given_back(connections: Engine) -> None:
    with connections.connect() as one, connections.connect() as other:
        with only_runner(one, "alembic_version", 1, Silent()):
            assert other.exec_driver_sql(HELD).scalar() == 1
        assert other.exec_driver_sql(HELD).scalar() == 0


def test_the_connection_is_outside_a_transaction_meanwhile(connections: Engine) -> None:
    with connections.connect() as one, only_runner(one, "alembic_version", 1, Silent()):
        assert not one.in_transaction()


def test_a_second_runner_gives_up_in_time_and_names_the_first(connections: Engine) -> None:
    with connections.connect() as one, connections.connect() as other:
        pid = one.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        one.commit()
        with (
            only_runner(one, "alembic_version", 1, Silent()),
            pytest.raises(LockBusy, match=rf"process {pid} \(pgrevise"),
            only_runner(other, "alembic_version", 0.2, Silent()),
        ):
            pass


def test_a_waiting_runner_says_for_whom(connections: Engine) -> None:
    told = Told()
    with (
        connections.connect() as one,
        connections.connect() as other,
        only_runner(one, "alembic_version", 1, Silent()),
        pytest.raises(LockBusy),
        only_runner(other, "alembic_version", 1.5, told),
    ):
        pass
    assert len(told.holders) == 1
    assert told.holders[0].startswith("process ")


def test_runners_of_two_schemas_do_not_wait_for_each_other(database: Target) -> None:
    other_target = database.with_schema("other")
    with engine(database).connect() as one, engine(other_target).connect() as other:
        other.exec_driver_sql("CREATE SCHEMA other")
        other.commit()
        with (
            only_runner(one, "alembic_version", 1, Silent()),
            only_runner(other, "alembic_version", 0, Silent()),
        ):
            assert one.exec_driver_sql(HELD).scalar() == 2


def test_the_lock_goes_with_a_killed_connection(connections: Engine) -> None:
    with (
        connections.connect() as one,
        connections.connect() as other,
        only_runner(one, "alembic_version", 1, Silent()),
    ):
        pid = one.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        with only_runner(other, "alembic_version", 5, Silent()):
            assert other.exec_driver_sql(HELD).scalar() == 1
        one.invalidate()


def test_the_key_is_the_same_everywhere() -> None:
    assert lock_key("public", "alembic_version") == lock_key("public", "alembic_version")
    assert lock_key("public", "alembic_version") != lock_key("other", "alembic_version")
    assert -(2**63) <= lock_key("public", "alembic_version") < 2**63
