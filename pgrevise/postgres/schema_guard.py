"""The process that drops an isolated schema when its owner was killed: see `isolated`.

Reads the URL and the schema from standard input and waits. A further line means that the owner has
cleaned up; the end of the input without one, that it is gone.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Wait for the owner's word or its end."""
    order = json.loads(sys.stdin.readline())
    if sys.stdin.readline():
        return
    from pgrevise.postgres.isolated import drop_schema
    from pgrevise.postgres.target import parse

    drop_schema(parse(order["url"]), order["schema"])


if __name__ == "__main__":
    main()
