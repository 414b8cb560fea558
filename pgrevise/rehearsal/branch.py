"""Which files the branch that is checked out adds to the main branch, asked of git."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_SECONDS = 20.0


@dataclass(frozen=True)
class Branch:
    """``main`` is what it was compared with; ``files`` are those that are only here, absolute.

    ``is_main`` when it is the main branch itself that is checked out.
    """

    main: str
    files: frozenset[Path]
    is_main: bool


def branch(root: Path) -> Branch | None:
    """What the checkout around ``root`` adds, uncommitted and untracked files included.

    None where there is no git, no repository, or no main branch in it.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    for main in _MAIN:
        # A shallow clone may know the branch and not where the two met.
        base = _git(root, "merge-base", "HEAD", main)
        if base is None:
            continue
        added = _git(root, "diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", base)
        untracked = _git(
            Path(top), "ls-files", "--others", "--exclude-standard", "--full-name", "-z"
        )
        names = {n for text in (added, untracked) if text for n in text.split("\0") if n}
        is_main = _git(root, "rev-parse", "HEAD") == base and _is_called(root, main)
        return Branch(main, frozenset((Path(top) / name).resolve() for name in names), is_main)
    return None


def is_shallow(root: Path) -> bool:
    """Whether the checkout's history is cut off, as a pipeline's often is."""
    return _git(root, "rev-parse", "--is-shallow-repository") == "true"


def _is_called(root: Path, main: str) -> bool:
    """Whether the main branch is checked out, or a commit without a branch, as in CI."""
    here = _git(root, "rev-parse", "--abbrev-ref", "HEAD")
    there = _git(root, "rev-parse", "--abbrev-ref", main) or main
    return here in ("HEAD", there.removeprefix("origin/"))


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, None when it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip("\n") if done.returncode == 0 else None
