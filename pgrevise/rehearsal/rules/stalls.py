"""The rule about how long reads and writes stand still, as a trial measured or scaled it."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed, Severity
from pgrevise.rehearsal.rules.common import function_line
from pgrevise.rehearsal.rules.evidence import listed
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.trial.facts import Seconds, Stall


@rule(
    "error",
    means="Reads or writes of a table stand still for longer than --max-stall allows.",
    hurts="Requests pile up behind it: for so long nobody is served, and then all at once.",
    instead="Do the same without the lock: build indexes concurrently, add constraints NOT VALID "
    "and validate them in a revision of their own, fill columns in batches; or roll it out in a "
    "window.",
    manual="13.3.1 Table-Level Locks",
    by_trial=True,
)
def stall_longer_than_limit(seen: Observed) -> Iterator[Hit]:
    """Stalls beyond the limit; a warning where only the end of the range is."""
    limit = seen.trial.max_stall if seen.trial else None
    if seen.trial is None or limit is None:
        return
    for stall in seen.trial.stalls:
        is_longer = max(stall.predicted.seconds, stall.probed or 0.0) > limit
        if not is_longer and stall.predicted.high <= limit:
            continue
        lower: Severity = "warning" if stall.direction == "upgrade" else "info"
        name = "upgrade" if stall.direction == "upgrade" else "downgrade"
        stands = "stand" if is_longer else "may stand"
        yield Hit(
            stall.direction,
            stall.line or function_line(seen.revision.source, name),
            f"{stall.traffic.capitalize()} of {stall.table} {stands} still for "
            f"{_how_long(stall)}; no more than {_time(limit)} was allowed.",
            relation=stall.table,
            severity=None if is_longer else lower,
        )


def _how_long(stall: Stall) -> str:
    """A stall with where its figure is from."""
    if stall.probed is not None and stall.probed > stall.predicted.seconds:
        return f"{_time(stall.probed)} (a client waited so long at {stall.probed_rows:,} rows)"
    told = f"{_time(stall.predicted.seconds)} ({_origin(stall.predicted)}"
    probed = f"; a client waited {_time(stall.probed)}" if stall.probed is not None else ""
    return f"{told}{probed})"


def _origin(seconds: Seconds) -> str:
    reach = f"{_time(seconds.low)} to {_time(seconds.high)}"
    if not seconds.is_scaled:
        return f"measured at {seconds.rows:,} rows, {reach}"
    sizes = listed([f"{rows:,}" for rows in seconds.measured])
    return f"scaled from {sizes} to {seconds.rows:,} rows, {reach}"


def _time(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds / 60:.0f} min"
