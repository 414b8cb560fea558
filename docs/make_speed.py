"""Write the page on speed and its picture from the last whole run of the bench.

A whole run of `nox -s bench` does so at its end; a test compares them with
`bench/results/latest.json`.
"""

from __future__ import annotations

from pathlib import Path

from bench.chart import drawn
from bench.results import Report, read, table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "latest.json"
PAGE = ROOT / "docs" / "explanation" / "speed.md"
PICTURE = ROOT / "docs" / "images" / "bench.svg"

PAGE_TEXT = """\
# Speed

<!-- Generated from bench/results/latest.json by docs/make_speed.py: do not edit by hand. -->

What is run before each deployment and each commit must not be waited for. So the commands, the
tests and the servers are measured beside what one would use without them, in one run on one
machine, and each has a ratio that it is to stay below. Less is better: at 0.1 ours takes a tenth of
the peer's time.

![Chart: for each row of the table below a bar from the peer to our ratio](../images/bench.svg)

{table}
{run}

| How the figures come about | Rows |
|---|---|
{measured}

Ours is `invoke db.…` with every guard on: the lock of the runner, lock timeouts, retries. Alembic's
is `alembic` with a stock `env.py`, on the same files and the same database. Both run in turn, after
one run each that is not counted, and the medians are compared. What takes little time is run
three times as often as the rest; what takes the peer long is run three times, what takes it
minutes once, without a run before.

Each peer is taken as it comes. pytest-postgresql's process fixture runs `initdb` for each test run
and keeps its data where pytest keeps temporary files; ours copies a cluster from the cache, into
memory where there is some. Our suite has ten tests, more than the five of pytest-alembic.

## To measure it yourself

<!-- not run by the tests: it takes a quarter of an hour and more, and installs the peers -->
```console
$ nox -s bench
$ nox -s bench -- --only memory "1 pending" --runs 3
$ nox -s bench -- --quick
```

The first writes `bench/results/latest.json`, the chart and this page, and exits with 1 when a ratio
was missed. With `--only`, only rows are measured that have one of the words in their names;
`--quick` takes short histories, to see whether everything runs. Both write
`bench/results/partial.json` instead. The peers are installed in a temporary environment, and the
server is private: nothing is left behind. On a machine that does something else at the time,
absolute figures mean little and ratios a little less.

Others are run by themselves: `python -m bench.growth` measures suites over 50, 200 and 400
revisions, `python -m bench.rehearsal` `db.rehearse --all`, `python -m bench.rows` the generator of
rows, and `python -m bench.stalls` compares the standstills that are predicted with those that
clients see.

## What is left

**Nothing pending.** SQLAlchemy, Alembic and the revisions are not imported, which is most of what
the peer does. What is left of `db.current` at 5,000 revisions, medians of 15 runs:

| Share | Of the time |
|--:|---|
| 42 % | importing Invoke |
| 22 % | importing psycopg |
| 9 % | Python's start and end |
| 9 % | names, sizes and times of 5,000 files: for them the newest revision is in a cache |
| 5 % | importing the tasks, and Invoke parsing the command line |
| 4 % | importing what reads the configuration and the version table |
| 2 % | connecting, and two queries |

The files are the only part that grows with the history. Three quarters are there before anything
of ours: with nothing else, the ratio to `alembic current` would still be about 0.025.

Completion in a shell imports Invoke and the names of the tasks. It can be quicker than an empty
`tasks.py`, because Python's last look for garbage leaves out what was imported.

**Something pending.** SQLAlchemy and Alembic are imported by both. We import the revisions that are
run, plain Alembic imports all. From base there is nothing to leave out, since every revision is
run: what remains is PostgreSQL creating tables. Our guards come on top, and that last look for
garbage, a tenth of a second with SQLAlchemy, goes off.

**The suite.** All tests judge one walk in which every revision goes up, down and up again, in two
processes where the history is long. Three times the history's DDL is the floor, and an upgrade from
base shows once of it. The catalog is read where a revision changed it, not as a whole.

**A server.** A cluster of some 40 MB is copied and the postmaster starts, while Python imports the
driver, which takes longer; pytest starts, and its test connects. An empty history needs neither
Alembic nor SQLAlchemy.

**A database for a test** is one that a test before it has given back. A session proves from the
rows of the catalogs, and from the sizes of files, that nothing is left of that test, empties the
tables it wrote to and sets all sequences. With 200 tables that takes the server some 13 ms of
its processor: 3 to begin the session, 7 for the proof, in which 30,000 rows are counted, 3 for the
sequences. It happens while other tests run, but tests that do nothing leave it no time; what is
measured here is how much two processors get done. A clone and its drop would take 45 ms.

**Memory** is that of the imported modules. Of a history only the headers are read, which takes one
to two kilobytes for each revision.
"""


def page(report: Report) -> str:
    """The whole page."""
    return PAGE_TEXT.format(table=table(report), run=_run(report), measured=_measured(report))


def _run(report: Report) -> str:
    """When and on what it was measured."""
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    quick = (
        " The histories were short (`--quick`), which shows that everything runs and no more."
        if report.is_quick
        else ""
    )
    return f"Measured on {report.date}; {machine}.{quick}"


def _measured(report: Report) -> str:
    """A line for each way of measuring, with the rows that were measured so."""
    rows: dict[str, list[str]] = {}
    for row in report.rows:
        names = rows.setdefault(row.measured, [])
        if row.what not in names:
            names.append(row.what)
    return "\n".join(f"| {how} | {'; '.join(names)} |" for how, names in rows.items())


def main() -> None:
    """Write both."""
    report = read(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(page(report), encoding="utf-8")
    PICTURE.write_text(drawn(report), encoding="utf-8")


if __name__ == "__main__":
    main()
