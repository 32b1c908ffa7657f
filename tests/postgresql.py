"""A PostgreSQL server of the tests' own: in a temporary folder, reached by a socket there, without network or root."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from search.catalog.store import Catalog
from tests import in_memory

HOW_TO_GET = "PostgreSQL's server is not here: install postgresql (15 or newer) for the tests of catalogs in it"
USER = "soundalike"
_TEMPLATE = "migrated"


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, None where there is none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((folder.parent for folder in folders), key=lambda folder: int(folder.parent.name), default=None)


class Server:
    """One server; `new` makes a migrated database in some 20 ms."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._numbers = itertools.count(1)
        # a socket's path has at most 107 characters; a database takes 8 MB, and more time on a disk than in memory
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=in_memory.folder() or "/tmp"))
        self._user = None
        if os.getuid() == 0:  # the server refuses to be root
            self._user = next(user.pw_name for user in pwd.getpwall() if user.pw_name in ("postgres", "nobody"))
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()
        self._ask(f"CREATE DATABASE {_TEMPLATE}")
        Catalog.open(self.url(_TEMPLATE)).close()

    def start(self) -> None:
        """Start it and wait until it answers."""
        calm = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200"
        self._run("pg_ctl", *self._data, "-w", "-o", f"-k {self.folder} -c listen_addresses= {calm}", "start")

    def kill(self) -> None:
        """Stop it at once, as if it had been killed."""
        self._run("pg_ctl", *self._data, "-m", "immediate", "stop")

    def close(self) -> None:
        """Stop it and leave nothing."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """What opens one of its databases."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def new(self) -> str:
        """The URL of a new, empty catalog."""
        name = f"catalog_{next(self._numbers)}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.url(name)

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        name = f"empty_{next(self._numbers)}"
        self._ask(f"CREATE DATABASE {name}")
        return self.url(name)

    @property
    def _data(self) -> tuple[str, ...]:
        return ("-D", str(self.folder / "data"), "-l", str(self.folder / "log"))

    def _ask(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user={USER} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        with (self.folder / f"{program}.txt").open("w+") as output:
            subprocess.run(
                command, stdout=output, stderr=output, check=True, user=self._user, cwd=self.folder, timeout=120
            )
