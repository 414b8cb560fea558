"""pgrevise: write, rehearse and roll out PostgreSQL schema changes.

The rooms: `postgres`, `catalog` and `history` are the ground; `authoring` and `rollout` are acts
that stand on it; `tasks`, `sessions` and `pytest_plugin` are the doors. Importing this package
imports none of them.
"""

__version__ = "0.1.0"
