"""What holds for every test: the archived harness is collected only when it is asked for."""

from pathlib import Path

import pytest

LEGACY = Path(__file__).parent / "legacy"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--legacy", action="store_true", help="collect the archived file-backed smoke harness"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if LEGACY in (collection_path, *collection_path.parents) and not config.getoption("--legacy"):
        return True
    return None
