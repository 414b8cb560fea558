"""The types whose values do not depend on a length or a precision, as one table. Pure."""

from __future__ import annotations

_DATES = ("-infinity", "infinity", "1970-01-01", "2000-02-29", "1999-12-31", "2038-01-19")
_STAMPS = (
    *_DATES,
    "4714-11-24 00:00:00 BC",
    "294276-12-31 23:59:59.999999",
    "2000-01-01 00:00:00.000001",
    "2024-03-10 02:30:00",
)
_INTERVALS = (
    "0",
    "1 microsecond",
    "-1 day",
    "1 mon",
    "-178000000 years",
    "178000000 years",
    "infinity",
    "-infinity",
    "1 year 2 mons -3 days 04:05:06.789",
)
_FLOATS = ("0", "-0", "1", "-1", "0.5", "NaN", "Infinity", "-Infinity")
_JSON = (
    "{}",
    "[]",
    "null",
    '""',
    "0",
    "true",
    '{"a": {"b": [1, "é 😀", null]}}',
    "-1.5e100",
    '[{"a": 1}, {"a": 2}]',
    '"\\u00e9"',
)


def _stamps(kind: str) -> tuple[tuple[str, int | None], ...]:
    """Moments at several paces and from several starts, so that two columns can be in order."""
    return tuple(
        (f"{kind} '{start}' + ({{i}} % {count}) * interval '1 {step}'", count)
        for start, step, count in (
            ("2020-01-01", "minute", 10**9),
            ("2030-01-01", "minute", 10**9),
            ("2020-01-01", "second", 10**11),
            ("2020-01-01", "day", 10**8),
            ("2021-01-01", "hour", 10**9),
        )
    )


_Listed = tuple[tuple[str, ...], tuple[tuple[str, int | None], ...]]
#: By a type's name: special values as text, and formulas with how many values each has.
LISTED: dict[str, _Listed] = {
    "bool": (("true", "false"), (("({i} % 2 = 0)", 2),)),
    "float4": (
        (*_FLOATS, "3.4028235e38", "-3.4028235e38", "1e-45"),
        (
            ("({i} % 16000000) + 1", 16_000_000),
            ("- ({i} % 16000000)", 16_000_000),
            ("1.0 / (({i} % 4000000) + 2)", 2000),
        ),
    ),
    "float8": (
        (*_FLOATS, "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324"),
        (
            ("({i} + 1) * 0.5::float8", None),
            ("- {i}", None),
            ("1.0 / ({i} + 2)", 10**7),
            ("({i} + 1) * 2", None),
        ),
    ),
    "money": (
        ("0", "0.01", "-0.01", "92233720368547758.07", "-92233720368547758.08"),
        (("(({i} + 1) * 0.01)::numeric", None), ("(- {i})::numeric", None)),
    ),
    "bytea": (
        ("", "\\x00", "\\xff", "\\x" + bytes(range(256)).hex(), "\\x27225c"),
        (
            ("int8send({i})", None),
            ("decode(md5(({i})::text), 'hex')", None),
            ("sha256(({i})::text::bytea)", None),
        ),
    ),
    "date": (
        (*_DATES, "4714-11-24 BC", "5874897-12-31"),
        (
            ("date '2020-01-01' + ({i} % 2000000)::int", 2_000_000),
            ("date '2030-01-01' + ({i} % 2000000)::int", 2_000_000),
            ("date '2019-12-31' - ({i} % 2000000)::int", 2_000_000),
        ),
    ),
    "timestamp": (_STAMPS, _stamps("timestamp")),
    "timestamptz": (_STAMPS, _stamps("timestamptz")),
    "interval": (
        _INTERVALS,
        (
            ("({i} + 1) * interval '1 second'", None),
            ("({i} + 1) * interval '1 minute'", None),
            ("({i} + 1) * interval '1 day'", 10**8),
            ("(- {i}) * interval '1 second'", None),
            ("({i} + 1) * interval '1 mon'", 10**8),
        ),
    ),
    "uuid": (
        ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        (("md5(({i})::text)::uuid", None),),
    ),
    "json": (
        (*_JSON, '{"a": 1, "a": 2}'),
        (
            ("json_build_object('id', {i}, 'name', 'v' || ({i}))", None),
            ("json_build_array({i})", None),
            ("to_json({i})", None),
            ("to_json('v' || ({i}))", None),
        ),
    ),
    "jsonb": (
        _JSON,
        (
            ("jsonb_build_object('id', {i}, 'name', 'v' || ({i}))", None),
            ("jsonb_build_array({i})", None),
            ("to_jsonb({i})", None),
            ("to_jsonb('v' || ({i}))", None),
        ),
    ),
    "jsonpath": (("$", "$.a[*]", "strict $.a ? (@ > 1)"), (("'$.k' || ({i})", None),)),
    "xml": (
        ("<a/>", '<a b="é 😀">&amp;</a>', "text", "<!-- c --><a><b/></a>"),
        (("'<a n=\"' || ({i}) || '\"/>'", None),),
    ),
    "inet": (
        ("0.0.0.0", "255.255.255.255", "10.0.0.1/8", "::", "::1/64", "ffff::/16"),  # noqa: S104 - an address that is stored, not bound
        (("inet '10.0.0.0' + ({i})", 4_000_000_000), ("inet '2001:db8::' + ({i})", None)),
    ),
    "cidr": (
        ("0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/8", "::/0", "::1/128"),
        (("(inet '10.0.0.0' + ({i}))::cidr", 4_000_000_000),),
    ),
    "macaddr": (
        ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "08:00:2b:01:02:03"),
        (("lpad(to_hex({i}), 12, '0')", 2**48),),
    ),
    "macaddr8": (
        ("00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff"),
        (("lpad(to_hex({i}), 16, '0')", None),),
    ),
    "point": (
        ("(0,0)", "(-1,1)", "(1e300,-1e300)", "(Infinity,-Infinity)", "(NaN,0)"),
        (("point({i}, {i})", None),),
    ),
    "line": (("{1,-1,0}", "{0,1,0}"), (("'{1,-1,' || ({i}) || '}'", None),)),
    "lseg": (
        ("[(0,0),(0,0)]", "[(0,0),(1,1)]"),
        (("lseg(point({i}, 0), point({i}, 1))", None),),
    ),
    "box": (
        ("(0,0),(0,0)", "(1,1),(-1,-1)"),
        (("box(point(4 * {i}, 0), point(4 * {i} + 1, 1))", None),),
    ),
    "path": (
        ("((0,0))", "[(0,0),(1,1)]", "((0,0),(1,1),(2,0))"),
        (("'[(0,0),(' || ({i}) || ',1)]'", None),),
    ),
    "polygon": (
        ("((0,0))", "((0,0),(1,1),(2,0))"),
        (("polygon(box(point(4 * {i}, 0), point(4 * {i} + 1, 1)))", None),),
    ),
    "circle": (("<(0,0),0>", "<(0,0),1e100>"), (("circle(point(4 * {i}, 0), 1)", None),)),
    "tsvector": (("", "'a' 'b'", "'a':1A,2B 'é':3"), (("'w' || ({i})", None),)),
    "tsquery": (("", "'a' & !'b'", "'a':*B <-> 'b'"), (("'w' || ({i})", None),)),
    "oid": (("0", "1", "4294967295"), (("({i} % 4294967295)::oid", 4_294_967_295),)),
    "xid": (("0", "4294967295"), (("({i})::text", 4_294_967_295),)),
    "xid8": (("0", "18446744073709551615"), (("({i})::text", None),)),
    "cid": (("0", "4294967295"), (("({i})::text", 4_294_967_295),)),
    "tid": (
        ("(0,0)", "(4294967295,65535)"),
        (("'(' || ({i} / 60000) || ',' || ({i} % 60000) || ')'", None),),
    ),
    "pg_lsn": (("0/0", "FFFFFFFF/FFFFFFFF"), (("pg_lsn '0/0' + ({i})::numeric", None),)),
    "pg_snapshot": (
        ("1:1:", "10:20:10,14,15"),
        (("({i} + 1) || ':' || ({i} + 1) || ':'", None),),
    ),
    "txid_snapshot": (
        ("1:1:", "10:20:10,14,15"),
        (("({i} + 1) || ':' || ({i} + 1) || ':'", None),),
    ),
    "int2vector": (("", "1 2 3", "-32768 32767"), (("({i} % 30000) || ' 1'", 30_000),)),
    "oidvector": (("", "1 2 3", "0 4294967295"), (("({i} % 4000000000) || ' 1'", None),)),
    "aclitem": ((), (("makeaclitem(({i} % 4000000000)::oid, 10, 'SELECT', false)", None),)),
}
for _name in (
    "regclass",
    "regtype",
    "regproc",
    "regprocedure",
    "regoper",
    "regoperator",
    "regrole",
    "regnamespace",
    "regconfig",
    "regdictionary",
    "regcollation",
    "regdatabase",
):
    LISTED[_name] = (("-", "0"), (("({i} % 4294967295 + 1)::oid", 4_294_967_295),))
