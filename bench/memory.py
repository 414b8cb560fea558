"""The most memory that a command took, in bytes: the resident set of its largest process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.timing import LIMIT, CommandFailed, Figure

# A process is counted as being as large as the one that it was forked from: the bench itself must
# not be that, so a small Python starts the command and asks the kernel for what its children took.
_ASK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
#: Linux counts in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


def peak(arguments: list[str], folder: Path, environment: dict[str, str]) -> Figure:
    """The peak of a command, which has to succeed."""

    def measured() -> float:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _ASK, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"{' '.join(arguments[1:])} failed:\n{done.stderr[-2000:]}")
        return float(done.stdout) * _UNIT

    return measured
