"""A PostgreSQL server for the tests: in a temporary folder, reached by a Unix socket, without network or root.

It ends with the process that started it, even if that is killed. A folder that was left behind is removed at the next
start.

    python -m tests.postgresql soundalike bench speed --only writing --catalog URL

starts a server, runs a command, and stops the server. In the command, URL is replaced by the address of an empty
catalog, and RESTART by a command that kills the server and starts it again.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from search.catalog.store import Catalog
from tests import in_memory
from tests.waiting import PATIENCE_S, wait_until

HOW_TO_GET = "PostgreSQL's server is not here: install postgresql (15 or newer) for the tests of catalogs in it"
USER = "soundalike"
_TEMPLATE = "migrated"
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def binaries() -> Path | None:
    """The folder of initdb and postgres, or None if they are not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((folder.parent for folder in folders), key=lambda folder: int(folder.parent.name), default=None)


def end_with_parent() -> None:
    """Make a new process, before it runs its program, end at once (SIGQUIT) when the thread that made it ends."""
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # ignored in the background of a script
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _remove_left(folder: Path) -> None:
    """Remove the folders of servers whose process was killed."""
    for left in folder.glob("pg-*-*"):
        number = left.name.split("-")[1]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)


class Server:
    """One server; `new` makes a migrated database in about 20 ms."""

    def __init__(self, programs: Path, listen: str = "") -> None:
        """``listen``: an address on which it trusts every client; by default only the Unix socket is open."""
        self._settle(programs)
        self._listen = listen
        self._run("initdb", "-D", str(self.folder / "data"), "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-N")
        if listen:
            with (self.folder / "data" / "pg_hba.conf").open("a") as file:
                file.write(f"host all all {listen}/24 trust\n")
        self.start()
        self._ask(f"CREATE DATABASE {_TEMPLATE}")
        Catalog.open(self.url(_TEMPLATE)).close()

    def _settle(self, programs: Path) -> None:
        """Create the server's folder."""
        self._listen = ""
        self._programs = programs
        self._numbers = itertools.count(1)
        self._made: list[str] = []
        # one thread makes and drops databases while tests run; it makes the next one in advance
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="databases")
        self._next: Future[str] | None = None
        self._dropped: list[Future[None]] = []
        # a socket's path has at most 107 characters; a database takes 8 MB, and is faster in memory than on a disk
        place = in_memory.folder() or Path("/tmp")
        _remove_left(place)
        self.folder = Path(tempfile.mkdtemp(prefix=f"pg-{os.getpid()}-", dir=place))
        self._user = None
        if os.getuid() == 0:  # the server refuses to be root
            self._user = next(user.pw_name for user in pwd.getpwall() if user.pw_name in ("postgres", "nobody"))
            shutil.chown(self.folder, self._user)

    def start(self) -> None:
        """Start it and wait until it answers."""
        fast = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
        small = ("max_wal_size=64MB", "min_wal_size=32MB")  # it may be in memory
        settings = (*fast, *small, "max_connections=200", f"listen_addresses={self._listen}")
        options = [word for setting in settings for word in ("-c", setting)]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self.folder,
                preexec_fn=end_with_parent,  # noqa: PLW1509  it takes no lock
            )
        wait_until(self._answers, (self.folder / "log").read_text)

    def kill(self) -> None:
        """Stop it at once, as if it had been killed."""
        self._beside.submit(lambda: None).result()  # wait for databases that are being made
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.kill()
        self._beside.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def new(self) -> str:
        """The URL of a new, empty catalog."""
        made = self._next or self._beside.submit(self._make)
        self._next = self._beside.submit(self._make)
        name = made.result()
        self._made.append(name)
        return self.url(name)

    def _make(self) -> str:
        name = f"catalog_{next(self._numbers)}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")  # twice as fast for small ones
        return name

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Drop the databases that `new` makes within the block soon after it, even if there are connections.

        Hundreds of databases would fill the memory.
        """
        before = len(self._made)
        try:
            yield
        finally:
            made, self._made[before:] = self._made[before:], []
            self._dropped += [self._beside.submit(self._drop, name) for name in made]
            while self._dropped and self._dropped[0].done():
                self._dropped.pop(0).result()

    def _drop(self, name: str) -> None:
        self._ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        name = f"empty_{next(self._numbers)}"
        self._ask(f"CREATE DATABASE {name}")
        return self.url(name)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            self._ask("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _ask(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user={USER} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _tell(self, statement: str) -> object:
        with psycopg.connect(f"host={self.folder} user={USER} dbname=postgres", autocommit=True) as connection:
            row = connection.execute(statement).fetchone()
        assert row is not None
        return row[0]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        with (self.folder / f"{program}.txt").open("w+") as output:
            subprocess.run(
                command, stdout=output, stderr=output, check=True, user=self._user, cwd=self.folder, timeout=120
            )


class Standby(Server):
    """A standby that follows a server, a few commits behind, until it is promoted."""

    def __init__(self, programs: Path, primary: Server) -> None:
        self._settle(programs)
        self._primary = primary
        where = ["-h", str(primary.folder), "-U", USER, "-D", str(self.folder / "data")]
        self._run("pg_basebackup", *where, "--write-recovery-conf", "--checkpoint=fast")
        self.start()

    def catch_up(self) -> None:
        """Wait until it has everything that is committed by now."""
        reached = self._primary._tell("SELECT pg_current_wal_insert_lsn()")
        wait_until(lambda: self._tell(f"SELECT pg_last_wal_replay_lsn() >= '{reached}'::pg_lsn"))

    def promote(self) -> None:
        """Make it accept writes."""
        self._run("pg_ctl", "promote", "-w", "-D", str(self.folder / "data"))


def main(*command: str) -> int:
    """Run ``command`` while a server runs, with ``URL`` and ``RESTART`` replaced. Return its exit status."""
    programs = binaries()
    if programs is None:
        raise SystemExit(HOW_TO_GET)
    server = Server(programs)

    def restart(_signal: int, _frame: object) -> None:
        server.kill()
        server.start()

    signal.signal(signal.SIGHUP, restart)
    given = {"URL": server.new(), "RESTART": f"kill -HUP {os.getpid()}"}
    try:
        return subprocess.run([given.get(word, word) for word in command], check=False).returncode
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
