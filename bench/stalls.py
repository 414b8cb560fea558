"""How long reads and writes stand still: predicted from smaller tables, and seen by clients.

`python -m bench.stalls --rows 100000 1000000` rehearses each kind of statement twice for each size:
once over a tenth and a hundredth of the rows, with statistics that tell of all of them, which gives
the prediction; and once over all of them with clients that read and write. Both are what
`db.rehearse` does with --stats and with --probe.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import get_args

from bench.stall_kinds import KINDS, Kind
from pgrevise import settings
from pgrevise.errors import ReviseError
from pgrevise.rehearsal.examples import PARENT, lay_out
from pgrevise.rehearsal.facts import Rehearsal
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.rehearse import rehearse
from pgrevise.rehearsal.selection import Selection
from pgrevise.rehearsal.trial.facts import Seconds, Stall, Traffic, Trial
from pgrevise.rehearsal.trial.statistics import Statistics, TableStatistics, written

ROOT = Path(__file__).parents[1]
REVISION = "202601010001"
#: Shorter stalls are told, but do not count as errors: nobody notices them.
SHORT = 0.05

_Place = tuple[str, Traffic]


@dataclass(frozen=True)
class Compared:
    """One kind of statement, one table and one kind of traffic, at one size. Times are seconds.

    ``predicted`` with its range is scaled from smaller sizes, ``observed`` follows from the locks
    at this size, ``probed`` is what a client saw; 0 where nothing stood still.
    """

    kind: str
    rows: int
    table: str
    traffic: Traffic
    predicted: float
    low: float
    high: float
    observed: float
    probed: float

    @property
    def error(self) -> float:
        """How far the prediction is from what a client saw."""
        return self.predicted - self.probed

    @property
    def is_inside(self) -> bool:
        """Whether what a client saw lies in the range, give or take what nobody notices."""
        return self.low - SHORT <= self.probed <= self.high + SHORT

    @property
    def is_short(self) -> bool:
        """Whether nobody would notice."""
        return max(self.predicted, self.probed) < SHORT


def main() -> None:
    """Measure, print, write."""
    given = arguments()
    found: list[Compared] = []
    heads = f"{'predicted':>10}{'range':>19}{'locks':>9}{'probe':>9}"
    print(f"{'kind':<36}{'rows':>9}  {'milliseconds of':<15}{heads}", flush=True)
    for rows in given.rows:
        for kind in KINDS:
            if any(word in kind.name for word in given.kinds or [""]):
                for compared in measured(kind, rows, given.major):
                    found.append(compared)
                    print(line(compared), flush=True)
                if given.json is not None:
                    given.json.write_text(document(found), encoding="utf-8")
    print(summary(found))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.stalls", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000], help="sizes")
    parser.add_argument("--kinds", nargs="+", help="only kinds with one of these words in them")
    parser.add_argument("--major", type=int, default=settings.load(ROOT).postgres)
    parser.add_argument("--json", type=Path, help="write the figures there too, as they come")
    return parser.parse_args()


def measured(kind: Kind, rows: int, major: int) -> Iterator[Compared]:
    """Both rehearsals of one kind; what goes wrong is printed."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lay_out(root, kind.schema, {"change": revision(kind)})
        tables = {name: TableStatistics(rows, 0, 0) for name in kind.tables}
        file = root / "statistics.json"
        told = Statistics("2026-01-01T00:00:00+00:00", str(major), (PARENT,), tables)
        file.write_text(written(told), encoding="utf-8")
        options = Options(major=major, deadline=120.0)
        try:
            scaled = tried(root, replace(options, rows=max(rows // 10, 1), statistics=file))
            probed = tried(root, replace(options, rows=rows, is_probed=True))
        except ReviseError as error:
            print(f"{kind.name:<36}{rows:>9}  {error.sentence}", flush=True)
            return
    yield from compared(kind, rows, scaled, probed)


def revision(kind: Kind) -> str:
    """The revision's text. There is no way back: only the way up is measured."""
    inner = "".join(f"        op.execute({sql!r})\n" for sql in kind.statements)
    body = inner.replace("        ", "    ")
    if kind.is_outside:
        body = f"    with op.get_context().autocommit_block():\n{inner}"
    return (
        f'"""{kind.name}; it cannot be undone."""\nfrom alembic import op\n'
        f"revision = {REVISION!r}\ndown_revision = {PARENT!r}\n"
        f"def upgrade():\n{body}def downgrade():\n    raise NotImplementedError\n"
    )


def tried(root: Path, options: Options) -> Trial:
    rehearsal = rehearse(settings.load(root), Selection((REVISION,), "a bench"), options)
    trial = rehearsal.revisions[0].observed.trial
    if trial is None or trial.upgrade.outcome != "done" or trial.notes:
        raise ReviseError(reason(rehearsal, trial), "Mend the kind.")
    return trial


def reason(rehearsal: Rehearsal, trial: Trial | None) -> str:
    """Why nothing was measured."""
    seen = rehearsal.revisions[0].observed
    told = [seen.upgrade.error, *rehearsal.notes]
    if trial is not None:
        told += [trial.upgrade.error, *trial.notes, *(t.reason for t in trial.tables)]
    return "; ".join(filter(None, told)) or "it touches no table"


def compared(kind: Kind, rows: int, scaled: Trial, probed: Trial) -> Iterator[Compared]:
    """The two rehearsals side by side; what stood still in neither is told as 0."""
    predicted, seen = by_place(scaled), by_place(probed)
    none = Seconds(0.0, 0.0, 0.0, rows, ())
    for table in kind.tables:
        for traffic in get_args(Traffic):
            stall, other = predicted.get((table, traffic)), seen.get((table, traffic))
            time = stall.predicted if stall else none
            yield Compared(
                kind.name,
                rows,
                table,
                traffic,
                time.seconds,
                time.low,
                time.high,
                other.predicted.seconds if other else 0.0,
                (other.probed or 0.0) if other else 0.0,
            )


def by_place(trial: Trial) -> dict[_Place, Stall]:
    return {(s.table, s.traffic): s for s in trial.stalls if s.direction == "upgrade"}


def line(found: Compared) -> str:
    """One line of the table, in milliseconds."""
    low, high = found.low * 1000, found.high * 1000
    mark = "" if found.is_inside else "  outside"
    return (
        f"{found.kind:<36}{found.rows:>9}  {found.traffic + ' ' + found.table:<15}"
        f"{found.predicted * 1000:>10.1f}{f'{low:.1f} to {high:.1f}':>19}"
        f"{found.observed * 1000:>9.1f}{found.probed * 1000:>9.1f}{mark}"
    )


def summary(found: Sequence[Compared]) -> str:
    """How good the predictions are, of stalls that somebody notices."""
    long = [one for one in found if not one.is_short]
    if not long:
        return f"{len(found)} compared, none of them stood still for {SHORT:g} s."
    ratios = [max(one.predicted, 0.001) / max(one.probed, 0.001) for one in long]
    away = median(max(ratio, 1 / ratio) for ratio in ratios)
    locks = median(abs(one.observed - one.probed) for one in long)
    inside = sum(one.is_inside for one in long)
    return (
        f"{len(found)} compared; {len(long)} stood still for {SHORT:g} s or more: {inside} of them "
        f"in the range that was predicted, the median off by a factor of {away:.2f}. "
        f"Locks and clients at the same size differ by {locks * 1000:.0f} ms in the median."
    )


def document(found: Sequence[Compared]) -> str:
    rows = [asdict(one) | {"error": one.error, "inside": one.is_inside} for one in found]
    return json.dumps({"results": rows}, indent=2) + "\n"


if __name__ == "__main__":
    main()
