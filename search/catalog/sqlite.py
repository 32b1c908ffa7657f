"""A catalog in one SQLite file.

In WAL mode, readers in any number of processes never wait for the writer, nor the writer for them. With
``synchronous=FULL``, what `apply` wrote survives a loss of power. That matters because published snapshots refer to a
sequence of the catalog: a catalog that fell back behind them would give the same ids to other segments. It costs one
flush per batch of files, which is negligible beside decoding them.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event

from search.catalog.database import BUSY_S, Database
from search.errors import CLOSE_FILES, NO_HANDLES, LibraryBusy, LibraryError, LibraryUnwritable, printable
from search.ground.disks import is_nearly_full, may_access

_WAL_LIMIT_BYTES: Final = 64 << 20
_RESTORE: Final = "restore a backup (`soundalike restore`), or index again into a new library"
_MEANINGS: Final = {
    "SQLITE_READONLY": "the library is read-only; give write permission, or use another library",
    "SQLITE_CORRUPT": f"the catalog is damaged ({{error}}); {_RESTORE}",
    "SQLITE_NOTADB": f"the catalog is damaged ({{error}}); {_RESTORE}",
    "SQLITE_IOERR": "the disk cannot be read or written ({error}); check it, then run `soundalike verify`",
}
_LOG_ELSEWHERE: Final = (
    "the last changes are in a log that cannot be read on a read-only medium; copy the library's folder to a "
    "writable disk"
)
_QUERIES: Final = {
    "immutable": "mode=ro&immutable=1",
    "log": "mode=ro&vfs=unix-none",  # no locks: those need a writable file
}
_UNWRITABLE: Final = ("SQLITE_READONLY", "SQLITE_IOERR")
_UNKNOWN: Final = "the catalog cannot be used ({error}); run `soundalike verify`"


class SQLiteDatabase(Database):
    """Connections to one SQLite file."""

    def __init__(self, path: Path, *, mode: str) -> None:
        """``mode`` is SQLite's ``rwc``, ``rw`` or ``ro``; on read-only media ``immutable``, or ``log`` with a WAL file.

        Raises LibraryError for ``log`` on systems where SQLite cannot read a WAL file without writing its index.
        """
        if mode == "log" and os.name != "posix":
            raise LibraryError(f"{printable(str(path))}: {_LOG_ELSEWHERE}")
        self.path = path
        self.url = str(path)
        self.name = printable(str(path))
        self.mode = mode
        self._engine = _engine(path, mode)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """As `Database.translated`, also for errors of the sqlite3 module."""
        try:
            with super().translated():
                yield
        except sqlite3.Error as error:
            raise self.explain(error) from error

    def _writer(self) -> Connection:
        return self._engine.connect().execution_options(soundalike_begin="IMMEDIATE")

    def explain(self, error: BaseException) -> LibraryError:
        """The LibraryError that explains what ``error`` means for this library."""
        name = getattr(error, "sqlite_errorname", None) or ""
        if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and is_nearly_full(self.path.parent)):
            return LibraryUnwritable(f"{self.name}: the disk is full; free some space and run the command again")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return LibraryBusy(f"{self.name}: another process holds the database; try again when it is done")
        if name.startswith("SQLITE_CANTOPEN"):
            return LibraryError(f"{self.name}: {_why_not_opened(self.path)}")
        meaning = next((text for start, text in _MEANINGS.items() if name.startswith(start)), _UNKNOWN)
        kind = LibraryUnwritable if name.startswith(_UNWRITABLE) else LibraryError
        return kind(f"{self.name}: {meaning.format(error=error)}")

    def use_wal(self) -> None:
        """Put the file into WAL mode permanently. Runs outside of any transaction, as SQLite requires."""
        with self.translated():
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            finally:
                raw.close()

    def size_bytes(self) -> int:
        """As `Database.size_bytes`, with the write-ahead log, which the last process to close merges into the file."""
        parts = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())


def _engine(path: Path, mode: str) -> Engine:
    # '?' and '#' end a path inside a URI, and a file name may hold any byte
    where = quote(os.fsencode(path.absolute()))
    uri = f"file:{where}?{_QUERIES.get(mode, f'mode={mode}')}"

    def connect() -> sqlite3.Connection:
        # isolation_level None leaves BEGIN to us: the driver itself begins no transaction for a SELECT
        return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=_pool_class(), pool_size=8, max_overflow=24)

    @event.listens_for(engine, "connect")
    def set_up(dbapi_connection: sqlite3.Connection, _record: object) -> None:
        if mode == "log":  # must come before any read; then the index of the log is kept in memory
            dbapi_connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        for pragma in ("foreign_keys = ON", "synchronous = FULL", f"journal_size_limit = {_WAL_LIMIT_BYTES}"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("soundalike_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _pool_class() -> type[Any]:
    from sqlalchemy.pool import QueuePool

    return QueuePool  # not the default for a URL without a file name


def _why_not_opened(path: Path) -> str:
    """Find out from the operating system why the file cannot be opened; SQLite does not say."""
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        if error.errno in NO_HANDLES:
            return CLOSE_FILES
        if error.errno == errno.ENOENT and path.parent.is_dir() and not may_access(path.parent, os.W_OK):
            return "no permission to write into its folder; ask its owner, or name another place"
        if error.errno == errno.ENOENT:
            return "there is no library; make one with `soundalike index PATH`"
        if error.errno == errno.EACCES:
            return "no permission to read the library; ask its owner"
        return f"the catalog cannot be opened ({error.strerror})"
    return "the catalog cannot be opened: its folder must be writable, or the whole library on a read-only medium"
