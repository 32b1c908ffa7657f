"""The interface of a catalog's database: transactions, the clock, and translation of errors to LibraryError.

`search.catalog.sqlite` and `search.catalog.postgresql` implement it; their sibling modules contain the statements.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from search.errors import CommitUnknown, LibraryError

BUSY_S: Final = 20.0
"""How long a statement waits for another process's transaction before it gives up."""

_CLOCK: Final = text("SELECT extract(epoch FROM clock_timestamp())")


class Database(ABC):
    """Connections to one database, each in an explicit transaction."""

    url: str
    """The URL or path with which another process can open it; it may contain a password."""
    name: str
    """Its name in messages: printable, without a password."""
    _engine: Engine
    _is_closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one consistent state of the catalog. Raises LibraryError."""
        with self.translated(), self._reader() as connection:
            yield connection

    def glance(self, statement: Executable) -> Any:  # noqa: ANN401  a column's type
        """The single value that ``statement`` returns, read outside any other transaction. Raises LibraryError."""
        with self.reading() as connection:
            return connection.execute(statement).scalar_one()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that commits when the block ends, and rolls back if the block fails.

        Writers take turns, and each turn lasts until the commit, so that sequence numbers become visible in order.
        Raises LibraryBusy if another process writes for longer than `BUSY_S`, LibraryError if the database cannot be
        written, CommitUnknown if a server goes away before it confirms the commit.
        """
        with self.translated(), self._writer() as connection, self._committing(connection):
            self._take_turn(connection)
            yield connection

    @contextmanager
    def claiming(self) -> Iterator[Connection]:
        """As `writing`, for rows outside the tail: on a server it takes no writer's turn, so it need not wait."""
        with self.translated(), self._writer() as connection, self._committing(connection):
            yield connection

    @contextmanager
    def _committing(self, connection: Connection) -> Iterator[None]:
        """A transaction that commits when the block ends without an error."""
        is_written = False
        try:
            with connection.begin():
                yield
                is_written = True
        except DBAPIError as error:
            if is_written and error.connection_invalidated:
                explained = self.explain(error.orig or error)
                unknown = CommitUnknown(f"{explained} (the change may have been saved)")
                unknown.of_server = explained.of_server
                raise unknown from error
            raise

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn errors of the database inside the block into LibraryError with the cause and a remedy.

        Raises LibraryError after `close`: the engine would connect again, and nobody would close that connection.
        """
        if self._is_closed:
            raise LibraryError(f"{self.name}: this library was closed; open it again")
        try:
            yield
        except DBAPIError as error:
            raise self.explain(error.orig or error) from error
        except PoolTimeoutError as error:
            raise LibraryError(f"{self.name}: too many queries at once in this process; try again") from error

    @abstractmethod
    def explain(self, error: BaseException) -> LibraryError:
        """The LibraryError that explains what ``error`` means for this library."""

    @abstractmethod
    def size_bytes(self) -> int:
        """Its size on disk."""

    def close(self) -> None:
        """Close every connection. Later calls raise LibraryError; closing twice is harmless."""
        self._is_closed = True
        self._engine.dispose()

    def _reader(self) -> Connection:
        return self._engine.connect()

    @abstractmethod
    def _writer(self) -> Connection: ...

    def _take_turn(self, connection: Connection) -> None:  # noqa: B027  SQLite's BEGIN waited already
        """Wait, inside the transaction, until no other process is writing."""


def now(connection: Connection) -> float:
    """Seconds since 1970 by the clock that all users of the database share: the server's, or this machine's for a file.

    So machines that share a server need not trust each other's clocks.
    """
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(_CLOCK).scalar_one())
