"""When a failed revision is worth another try, and after how long.

Pure. A lock timeout and a deadlock say nothing about the revision, only about the moment.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
_REASONS = {
    LOCK_NOT_AVAILABLE: "a lock was not to be had in time",
    DEADLOCK_DETECTED: "a deadlock was detected",
}

FIRST_DELAY = 0.25
LONGEST_DELAY = 15.0


def reason_to_retry(sqlstate: str | None) -> str | None:
    """Why the same revision may succeed a moment later, or None when it will not."""
    return _REASONS.get(sqlstate or "")


def delays(source: random.Random | None = None) -> Iterator[float]:
    """Seconds to wait before each further try: doubling, with jitter, at most 15 s, for ever."""
    generator = source or random.Random()  # noqa: S311 - jitter, no secret
    delay = FIRST_DELAY
    while True:
        yield delay * generator.uniform(0.5, 1.0)
        delay = min(delay * 2, LONGEST_DELAY)
