"""How an expected failure fails a test: in its own words.

Nothing heavy is imported: it stands around the settings, which are read before all else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pgrevise.errors import ReviseError


@contextmanager
def failing_plainly() -> Iterator[None]:
    """An expected failure fails the test in its own words, without a traceback."""
    try:
        yield
    except ReviseError as error:
        pytest.fail(str(error), pytrace=False)
