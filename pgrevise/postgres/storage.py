"""The files of one server while its supervisor runs it: its data, its log, programs it may run.

Decides where a test server's data lies, whether it is copied or made, and what is removed in the
end. How a data directory is made is told in `cluster`, who may run what in `privileges`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pgrevise.errors import ServerUnavailable
from pgrevise.postgres import cluster, locks, places, plan, postmaster, privileges
from pgrevise.postgres.binaries import Binaries
from pgrevise.postgres.privileges import Mode

#: A log longer than this, in bytes, is set aside when its server starts; one old log is kept.
_LONG_LOG = 4 << 20


class Storage:
    """Where the data and the log of one server are; `settle` makes them ready to start on."""

    def __init__(self, wanted: plan.Plan) -> None:
        self._plan = wanted
        self._test = wanted.kind == "test"
        self._caching = 0
        self.room = self._choose_room()
        self.data = self.room / "data"
        self.log = wanted.log

    def admit(self, sockets: Path) -> tuple[Binaries, Mode]:
        """The programs to run and as whom. Raises ServerUnavailable when root has no way.

        As another user without capabilities the server must be able to enter our directories,
        and may need a copy of programs that lie where only root can go.
        """
        binaries = self._plan.binaries
        environment = postmaster.clean_environment(binaries)
        program = binaries.program("postgres")
        mode = privileges.choose(program, sockets, environment)
        if mode is None:
            # A development server's home lies in a project, which is not ours to open.
            rooms = (self.room.parent, self.room) if self._test else (self.room,)
            for ours in (self._plan.state.parent, self._plan.state, *rooms):
                ours.chmod(ours.stat().st_mode | 0o011)
            mode = privileges.choose(program, sockets, environment)
        if mode is None:
            binaries = self._copy_programs()
            environment = postmaster.clean_environment(binaries)
            mode = privileges.choose(binaries.program("postgres"), sockets, environment)
        if mode is None:
            raise privileges.refusal(program)
        return binaries, mode

    def settle(self, binaries: Binaries, mode: Mode, say: Callable[[str], None]) -> bool:
        """Make the data directory ready to start on. True when it was there before.

        Raises ServerUnavailable when it cannot be made, or is not this server's.
        """
        self._set_log_aside()
        if self._test and not self._of_this_boot():
            postmaster.remove_tree(self.data)
        there = cluster.exists(self.data)
        if there:
            self._refuse_foreign(binaries)
            cluster.require_room(self.data, cluster.RUNNING)
            # PostgreSQL refuses data that others may read, as after `chmod -R` on a checkout.
            with suppress(PermissionError):
                self.data.chmod(0o700)
        else:
            self._make(binaries, mode, say)
        privileges.hand_over(self.data, mode)
        return there

    def _make(self, binaries: Binaries, mode: Mode, say: Callable[[str], None]) -> None:
        postmaster.remove_tree(self.data)
        cluster.require_room(self.room, cluster.NEW_CLUSTER)
        if not cluster.copy(self._plan.pristine, self.data, mode):
            cluster.create(self.data, binaries, mode, say)
        if self._test:
            (self.room / "boot").write_text(cluster.boot_id(), encoding="ascii")

    def begin_caching(self, binaries: Binaries, mode: Mode) -> None:
        """Make a pristine cluster for later copies, at leisure, when there is none.

        Not for a development server, which is made once, and not as a user who cannot enter the
        cache's directory.
        """
        wanted = self._test and mode.name != privileges.SETUID
        if not wanted or cluster.is_pristine(self._plan.pristine):
            return
        fresh = self._fresh()
        try:
            fresh.parent.mkdir(parents=True, exist_ok=True)
            cluster.require_room(fresh.parent, cluster.NEW_CLUSTER)
            self._caching = cluster.begin_create(fresh, Path(os.devnull), binaries, mode, nice=19)
        except (OSError, ServerUnavailable):
            return  # a cache that cannot be written makes nothing but later starts slower

    def continue_caching(self) -> None:
        """Give the pristine cluster its name once it is whole."""
        code = postmaster.has_exited(self._caching) if self._caching else None
        if code is None:
            return
        self._caching = 0
        fresh = self._fresh()
        try:
            if code == 0:
                cluster.keep(fresh, self._plan.pristine)
        except OSError:
            code = 1  # another supervisor was first, or the cache was removed
        if code:
            postmaster.remove_tree(fresh)

    def is_gone(self) -> bool:
        """Whether someone removed the data or the state directory under the server."""
        return not (cluster.exists(self.data) and plan.State(self._plan.state).server.exists())

    def discard(self) -> None:
        """Remove what is not to be kept: a test server's data, half-made things."""
        if self._caching:
            postmaster.kill(self._caching)
            self._caching = 0
            postmaster.remove_tree(self._fresh())
        postmaster.remove_tree(self._plan.state / "programs")
        if not self._test:
            return
        postmaster.remove_tree(self.data)
        (self.room / "boot").unlink(missing_ok=True)
        if self.room != self._plan.state and not any(self.room.iterdir()):
            self.room.rmdir()

    def _choose_room(self) -> Path:
        if not self._test:
            return self._plan.home
        name = self._plan.state.name
        rooms = [root / name for root in self._plan.roots]
        # Data that a killed supervisor left is taken where it is.
        left = next((room for room in rooms if cluster.exists(room / "data")), None)
        root = left.parent if left else cluster.roomiest(self._plan.roots)
        places.own(root)
        return places.own(root / name)

    def _of_this_boot(self) -> bool:
        """Whether a test server's data cannot have been cut off by a loss of power."""
        try:
            return (self.room / "boot").read_text(encoding="ascii") == cluster.boot_id() != ""
        except OSError:
            return False

    def _refuse_foreign(self, binaries: Binaries) -> None:
        major = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if major != str(binaries.major):
            raise ServerUnavailable(
                f"{self.data} belongs to PostgreSQL {major}, "
                f"and the server to start on it is version {binaries.version}.",
                f"Ask for PostgreSQL {major}, or move the directory away.",
            )
        owner = self.data.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise ServerUnavailable(
                f"{self.data} belongs to user {owner}, not to user {os.geteuid()}.",
                "Give it to yourself or remove it, as the user it belongs to or as root.",
            )

    def _set_log_aside(self) -> None:
        try:
            if self.log.stat().st_size > _LONG_LOG:
                self.log.replace(self.log.with_name(self.log.name + ".old"))
        except FileNotFoundError:
            return

    def _copy_programs(self) -> Binaries:
        """Copy programs and their libraries to where every user can go."""
        import shutil

        binaries, target = self._plan.binaries, self._plan.state / "programs"
        postmaster.remove_tree(target)
        cluster.require_room(target, cluster.NEW_CLUSTER)
        shutil.copytree(binaries.bindir.parent, target / "0", symlinks=True)
        libraries = []
        for number, library in enumerate(binaries.shared_libraries, start=1):
            libraries.append(target / str(number))
            shutil.copytree(library, libraries[-1], symlinks=True)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if os.access(path, os.X_OK) else 0o444))
        bindir = target / "0" / binaries.bindir.name
        return replace(binaries, bindir=bindir, shared_libraries=tuple(libraries))

    def _fresh(self) -> Path:
        pristine = self._plan.pristine
        return pristine.with_name(f".new-{os.getpid()}-{pristine.name}")


def lock_home(wanted: plan.Plan, deadline: float) -> int | None:
    """Lock a development server's directory itself, for supervisors that share only that.

    Two containers with the same project have different runtime directories, and different
    process numbers, so nothing else keeps them off the same data. None for a test server.
    """
    if wanted.kind == "test":
        return None
    places.make_development_home(wanted.home)
    lock = locks.wait_lock(wanted.home / "lock", deadline)
    if lock is None:
        raise ServerUnavailable(
            f"Another server, perhaps in another container, runs on {wanted.home}.",
            "Stop that one, or set PGREVISE_STATE to a directory that is not shared.",
        )
    return lock
