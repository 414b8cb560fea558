import pytest

from pgrevise.errors import NotPostgres, SettingsError
from pgrevise.postgres.target import merge_options, parse


@pytest.mark.parametrize(
    ("url", "user", "password", "hosts", "database"),
    [
        ("postgresql://u:p@h:5433/d", "u", "p", (("h", "5433"),), "d"),
        ("postgres://h/d", "", "", (("h", ""),), "d"),
        ("postgresql+psycopg://u@h/d", "u", "", (("h", ""),), "d"),
        ("postgresql+asyncpg://u@h/d", "u", "", (("h", ""),), "d"),
        ("postgresql:///d", "", "", (("", ""),), "d"),
        ("postgresql://u:p@a:1,b:2/d", "u", "p", (("a", "1"), ("b", "2")), "d"),
        ("postgresql://u:p@[::1]:5432/d", "u", "p", (("::1", "5432"),), "d"),
        ("postgresql://h/my%20db", "", "", (("h", ""),), "my db"),
        ("postgresql://u:p%40ss%2Fw%3A@h/d", "u", "p@ss/w:", (("h", ""),), "d"),
        ("postgresql://u:p@ss@h/d", "u", "p@ss", (("h", ""),), "d"),
        ("postgresql://u:a/b#c?d@h:1/d", "u", "a/b#c?d", (("h", "1"),), "d"),
        ("postgresql://u:100%@h/d", "u", "100%", (("h", ""),), "d"),
        ("postgresql://h/d?user=a@b", "", "", (("h", ""),), "d"),
    ],
)
def test_urls(
    url: str, user: str, password: str, hosts: tuple[tuple[str, str], ...], database: str
) -> None:
    target = parse(url)
    assert (target.user, target.password) == (user, password)
    assert (target.hosts, target.database) == (hosts, database)


@pytest.mark.parametrize(
    "url", ["sqlite:///x.db", "sqlite://", "mysql://u:p@h/d", "mysql+pymysql://h/d", "duckdb:///x"]
)
def test_other_backends_are_refused_by_name(url: str) -> None:
    with pytest.raises(NotPostgres, match=url.split(":")[0].split("+")[0]):
        parse(url)


@pytest.mark.parametrize("url", ["nonsense", "host=localhost dbname=x", "", "postgresql:x", "://h"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="is not a URL"):
        parse(url)


@pytest.mark.parametrize("url", ["postgresql://h:port/d", "postgresql://h:99999/d"])
def test_a_port_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="host or port"):
        parse(url)


def test_a_refusal_says_where_the_url_came_from_but_no_password() -> None:
    with pytest.raises(NotPostgres) as refusal:
        parse("mysql://u:secret@h/d", origin="DATABASE_URL in .env")
    assert "DATABASE_URL in .env" in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@h/d", "postgresql://h/d?password=secret&sslpassword=secret"]
)
def test_no_password_is_displayed(url: str) -> None:
    target = parse(url)
    assert "secret" not in target.display
    assert "secret" not in target.label
    assert "secret" not in repr(target)


def test_the_url_survives_a_round_trip() -> None:
    url = "postgresql://u%20x:p%40%2F@h1:1,h2:2/d%20b?sslmode=require&options=-c%20a%3Db"
    assert parse(parse(url).url) == parse(url)


def test_connections_are_in_utc_and_named() -> None:
    parameters = parse("postgresql://h/d").connection_parameters()
    assert parameters["options"] == "-c timezone=UTC"
    assert parameters["application_name"] == "pgrevise"
    assert "password" not in parameters


def test_options_of_the_url_are_kept_and_utc_comes_last() -> None:
    url = "postgresql://h/d?options=-c%20statement_timeout%3D5s%20-c%20timezone%3DCET"
    options = parse(url).connection_parameters()["options"]
    assert options == "-c statement_timeout=5s -c timezone=CET -c timezone=UTC"


def test_the_name_in_the_url_wins() -> None:
    parameters = parse("postgresql://h/d?application_name=mine").connection_parameters()
    assert parameters["application_name"] == "mine"


def test_a_schema_becomes_the_only_search_path() -> None:
    assert merge_options("", 'my "odd\\ schema') == (
        '-c search_path="my\\ ""odd\\\\\\ schema" -c timezone=UTC'
    )


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("postgresql://localhost/d", True),
        ("postgresql:///d?host=/tmp/socket", True),
        ("postgresql://127.0.0.1,[::1]/d", True),
        ("postgresql://db.example.com/d", False),
        ("postgresql://localhost,db.example.com/d", False),
        ("postgresql://localhost/d?hostaddr=10.0.0.1", False),
        ("postgresql:///d?service=production", False),
    ],
)
def test_what_counts_as_this_machine(url: str, here: bool) -> None:
    assert parse(url).is_on_this_machine is here


def test_a_database_given_as_a_parameter_is_replaced() -> None:
    target = parse("postgresql://h/?dbname=a").with_database("b")
    assert target.connection_parameters()["dbname"] == "b"
