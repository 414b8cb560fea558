"""Which database a URL names, and what a connection to it is told.

Pure: parses, guards, merges options and hides passwords; opens nothing. Finding the URL is in
`pgrevise.postgres.locate`, connecting in `pgrevise.postgres.connect`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pgrevise.errors import NotPostgres, SettingsError

APPLICATION_NAME = "pgrevise"
CONNECT_TIMEOUT_SECONDS = "10"
FORM = "postgresql://user:password@host:5432/database"

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)(?:\+([A-Za-z0-9_]+))?:(//)?")
_FILE_BACKED = {"sqlite", "duckdb", "access", "pysqlite"}
_LOOPBACK = {"localhost", "127.0.0.1", "::1", ""}


@dataclass(frozen=True)
class Target:
    """One PostgreSQL database and how to reach it.

    ``hosts`` are ``(host, port)`` pairs in the order libpq tries them; an empty host or port means
    libpq's own default. ``query`` holds the URL's parameters as they came. ``origin`` says in
    words where the URL was found. ``schema``, when set, is the only schema on the search path.
    """

    hosts: tuple[tuple[str, str], ...]
    user: str
    password: str = field(repr=False)
    database: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    origin: str = "the caller"
    private: bool = False
    schema: str | None = None

    @property
    def display(self) -> str:
        """The URL as people may see it: never with a password, not even in its parameters."""
        user = quote(self.user, safe="")
        if self.password:
            user += ":***"
        hosts = ",".join(_bracketed(h) + (f":{p}" if p else "") for h, p in self.hosts)
        shown = [(k, "***" if "password" in k.lower() else v) for k, v in self.query]
        query = f"?{urlencode(shown, quote_via=quote, safe='/*')}" if shown else ""
        at = f"{user}@" if user else ""
        return f"postgresql://{at}{hosts}/{quote(self.database, safe='')}{query}"

    @property
    def url(self) -> str:
        """The URL to connect with, password included: for programs, never for people."""
        secret = quote(self.user, safe="")
        if self.password:
            secret += ":" + quote(self.password, safe="")
        hosts = ",".join(_bracketed(h) + (f":{p}" if p else "") for h, p in self.hosts)
        query = f"?{urlencode(self.query, quote_via=quote, safe='/')}" if self.query else ""
        at = f"{secret}@" if secret else ""
        return f"postgresql://{at}{hosts}/{quote(self.database, safe='')}{query}"

    @property
    def label(self) -> str:
        """The database in a few words, for lines that follow one which shows the URL."""
        schema = f", schema {self.schema}," if self.schema else ""
        where = "the private server" if self.private else self.place
        return f"{self.database}{schema} on {where}"

    @property
    def place(self) -> str:
        """The host a person would name: a host name, or the socket directory."""
        parameters = dict(self.query)
        host = parameters.get("host") or ",".join(host for host, _ in self.hosts)
        return host or parameters.get("service", "") or "localhost"

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the URL names a unix socket or a loopback address."""
        parameters = dict(self.query)
        if "service" in parameters or "hostaddr" in parameters:
            return parameters.get("hostaddr") in _LOOPBACK
        named = parameters.get("host")
        hosts = named.split(",") if named else [host for host, _ in self.hosts]
        return all(host in _LOOPBACK or host.startswith(("/", "@")) for host in hosts)

    def connection_parameters(self) -> dict[str, str]:
        """The libpq parameters of a connection: UTC, named, with the URL's own options kept.

        The options of the URL come first and ours last, so that UTC always wins (PostgreSQL 17
        manual, 32.1.2 "options" and 20.1.4 "-c").
        """
        parameters = {
            "host": ",".join(host for host, _ in self.hosts),
            "port": ",".join(port for _, port in self.hosts),
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
            "application_name": APPLICATION_NAME,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        }
        parameters.update(self.query)
        parameters["options"] = merge_options(parameters.get("options", ""), self.schema)
        return {name: value for name, value in parameters.items() if value.strip(",")}

    def with_database(self, database: str) -> Target:
        """The same server and credentials, another database."""
        query = tuple((k, v) for k, v in self.query if k != "dbname")
        return replace(self, database=database, query=query)

    def with_schema(self, schema: str | None) -> Target:
        """The same database, with ``schema`` as its only search path (None: the server's own)."""
        return replace(self, schema=schema)


def merge_options(options: str, schema: str | None = None) -> str:
    """libpq ``options`` that keep what the URL carries, set UTC and, if given, the search path."""
    parts = [options.strip()] if options.strip() else []
    if schema is not None:
        identifier = '"' + schema.replace('"', '""') + '"'
        escaped = re.sub(r"([\\\s])", r"\\\1", identifier)
        parts.append(f"-c search_path={escaped}")
    parts.append("-c timezone=UTC")
    return " ".join(parts)


def parse(url: str, *, origin: str = "the caller", private: bool = False) -> Target:
    """Parse a PostgreSQL URL.

    ``postgres://`` and ``postgresql://`` are taken, with or without a driver name after ``+``
    (psycopg 3 connects, whatever the driver). A password may hold any character; ``%`` begins an
    escape, as in every URL.

    Raises `NotPostgres` for another backend, `SettingsError` for something that is no URL.
    """
    text = url.strip()
    scheme = _SCHEME.match(text)
    if scheme is None or scheme.group(3) is None:
        if scheme and scheme.group(1).lower() in _FILE_BACKED:
            raise _not_postgres(scheme.group(1), origin)
        raise SettingsError(f"The database URL from {origin} is not a URL.", f"Write it as {FORM}.")
    if scheme.group(1).lower() not in ("postgres", "postgresql"):
        raise _not_postgres(scheme.group(1), origin)
    credentials, rest = _split_credentials(text[scheme.end() :])
    location, _, query = rest.partition("?")
    network, _, database = location.partition("/")
    user, _, password = credentials.partition(":")
    pairs = tuple(parse_qsl(query.partition("#")[0], keep_blank_values=True))
    named = dict(pairs)
    return Target(
        hosts=_hosts(network, origin),
        user=unquote(user),
        password=unquote(password),
        database=named.get("dbname") or unquote(database.partition("#")[0]),
        query=pairs,
        origin=origin,
        private=private,
    )


def _split_credentials(text: str) -> tuple[str, str]:
    """Split ``user:password@rest``, where a password may hold ``/``, ``?``, ``#`` or ``@``."""
    authority = re.split(r"[/?#]", text, maxsplit=1)[0]
    if "@" in authority:
        credentials, _, host = authority.rpartition("@")
        return credentials, host + text[len(authority) :]
    looks_like_a_host = re.fullmatch(r"[^:]*(:\d*)?(,[^:]*(:\d*)?)*|\[[^\]]*\](:\d*)?", authority)
    if "@" not in text or looks_like_a_host:
        return "", text
    credentials, _, rest = text.rpartition("@")
    return credentials, rest


def _hosts(network: str, origin: str) -> tuple[tuple[str, str], ...]:
    """``host:port,host:port`` as pairs; IPv6 addresses stand in brackets."""
    pairs = []
    for part in network.split(","):
        match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(\d*))?", part)
        if match is None or int(match.group(2) or 1) > 65535:
            raise SettingsError(
                f"The database URL from {origin} has a host or port that cannot be read.",
                f"Write it as {FORM}; in a password, write @ as %40, : as %3A and / as %2F.",
            )
        pairs.append((unquote(match.group(1)).strip("[]"), match.group(2) or ""))
    return tuple(pairs)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host, safe=".")


def _not_postgres(scheme: str, origin: str) -> NotPostgres:
    if scheme.lower() == "driver":
        return NotPostgres(
            f"The database URL from {origin} is the placeholder that `alembic init` writes.",
            "Delete that line: DATABASE_URL or the private server is used then.",
        )
    kind = (
        "a file-based or embedded database" if scheme.lower() in _FILE_BACKED else "not PostgreSQL"
    )
    return NotPostgres(
        f"The database URL from {origin} begins with {scheme}://, which is {kind}; "
        "the migrations use PostgreSQL's own types and features.",
        f"Give a PostgreSQL URL ({FORM}), or none at all to use the private server.",
    )
