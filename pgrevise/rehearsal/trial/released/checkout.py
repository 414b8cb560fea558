"""The tree of a git reference in a private folder, with nothing left in the repository.

It is written from an index of its own beside it, so that neither the project's index nor its list
of worktrees is touched, whenever this ends, and attributes for archives leave nothing out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pgrevise.errors import SettingsError
from pgrevise.rehearsal.branch import is_shallow

#: The word for where the branch that is checked out left the main branch.
MERGE_BASE = "merge-base"
_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_SECONDS = 300.0
_ENOUGH = 3
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


@dataclass(frozen=True)
class Reference:
    """A commit as it was asked for; ``top`` is the folder of the repository's working tree."""

    words: str
    commit: str
    top: Path


@dataclass(frozen=True)
class Tree:
    """A commit's files. ``folder`` is ours; ``path`` in it is as the repository's top.

    ``missing`` says what git does not give: submodules, and files that are kept elsewhere.
    """

    folder: Path
    missing: tuple[str, ...] = ()
    is_written: bool = False

    @property
    def path(self) -> Path:
        """Where the files are."""
        return self.folder / "tree"


def found(root: Path, words: str) -> Reference:
    """The commit that a reference means in the repository around ``root``.

    Raises `SettingsError` when there is no repository, or no such commit in it.
    """
    if shutil.which("git") is None:
        raise SettingsError(
            "--released needs git, which is not on the PATH.", "Install git, or leave it out."
        )
    top = _git(root, "rev-parse", "--show-toplevel")
    if top.returncode:
        reason = _said(top)
        is_none = "not a git repository" in reason
        raise SettingsError(
            f"--released {words}: {root} is in no git repository."
            if is_none
            else f"--released {words}: git cannot be asked in {root}: {reason}.",
            "Rehearse in a checkout of the project, or leave --released out.",
        )
    folder = Path(_printed(top)).resolve()
    commit = _merge_base(folder) if words == MERGE_BASE else _commit(folder, words)
    if not commit:
        raise _unknown(folder, words)
    return Reference(words, commit, folder)


def room() -> Tree:
    """A new folder without files, which the caller removes."""
    tree = Tree(Path(tempfile.mkdtemp(prefix="pgrevise-released-")).resolve())
    tree.path.mkdir()
    return tree


def written(reference: Reference, tree: Tree) -> Tree:
    """Write the commit's files there.

    Raises `SettingsError` when git cannot, for example because the disk is full.
    """
    own = {"GIT_INDEX_FILE": str(tree.folder / "index"), "GIT_LFS_SKIP_SMUDGE": "1"}
    for arguments in (
        ("read-tree", reference.commit),
        ("checkout-index", "--all", "--force", f"--prefix={tree.path}/"),
    ):
        done = _git(reference.top, *arguments, variables=own)
        if done.returncode:
            raise SettingsError(
                f"git cannot write the files of {reference.words}: {_said(done)}.",
                f"Try it by hand: git archive {reference.commit[:12]}.",
            )
    return Tree(tree.folder, tuple(_missing(reference, tree.path)), is_written=True)


def _commit(top: Path, words: str) -> str:
    if words.startswith("-"):
        return ""
    return _printed(_git(top, "rev-parse", "--verify", "--quiet", f"{words}^{{commit}}"))


def _merge_base(top: Path) -> str:
    for main in _MAIN:
        base = _printed(_git(top, "merge-base", "HEAD", main))
        if base:
            return base
    return ""


def _unknown(top: Path, words: str) -> SettingsError:
    if words == MERGE_BASE:
        sentence = (
            "--released merge-base: git knows no commit that HEAD and the main branch have both "
            f"({', '.join(_MAIN)} were looked for)."
        )
        advice = "Name what is released: --released v1.2, or a branch or commit."
    else:
        sentence = f"--released {words}: the repository {top} has no such commit."
        advice = "Name a tag, branch or commit that git log shows, or fetch it: git fetch --tags."
    if is_shallow(top):
        sentence = f"{sentence[:-1]}, and its history is cut off (a shallow clone)."
        advice = "Fetch the rest: git fetch --unshallow --tags (in CI: fetch-depth: 0)."
    return SettingsError(sentence, advice)


def _missing(reference: Reference, path: Path) -> list[str]:
    """What is not there that released code may want."""
    listed = _printed(_git(reference.top, "ls-tree", "-r", "-z", reference.commit)).split("\0")
    modules = [one.partition("\t")[2] for one in listed if one.startswith("160000 ")]
    said = [f"the submodule {one}" for one in modules[:_ENOUGH]]
    if len(modules) > _ENOUGH:
        said.append(f"{len(modules) - _ENOUGH} more submodules")
    if _has_lfs(path):
        said.append("the content of files in Git LFS")
    return said


def _has_lfs(path: Path) -> bool:
    """Whether a file that git attributes send to LFS is only its pointer."""
    attributes = [path / ".gitattributes", *path.glob("*/.gitattributes")]
    return any(one.is_file() and b"filter=lfs" in one.read_bytes() for one in attributes)


def _git(
    folder: Path, *arguments: str, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(folder), *arguments]
    # A hook that runs a rehearsal has its repository and its index in the environment.
    others = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    environment = {**others, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(variables or {})}
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"not done within {_SECONDS:.0f} s")


def _printed(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip("\n") if done.returncode == 0 else ""


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.strip().splitlines() if line]
    return lines[-1].removeprefix("fatal: ").rstrip(".") if lines else f"status {done.returncode}"
