"""A catalog's database as the rest of the catalog sees it: transactions, the clock, and errors in the library's words.

`search.catalog.sqlite` and `search.catalog.postgresql` say how; what is said to either stands in their siblings.
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
"""How long a statement waits for another process's short transaction before it gives up."""

_CLOCK: Final = text("SELECT extract(epoch FROM clock_timestamp())")


class Database(ABC):
    """Connections to one database, each in an explicit transaction."""

    url: str
    """What opens it again, in another process; it may hold a password."""
    name: str
    """What messages call it: printable, without a password."""
    _engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the catalog throughout. Raises LibraryError."""
        with self.translated(), self._reader() as connection:
            yield connection

    def glance(self, statement: Executable) -> Any:  # noqa: ANN401  a column's type
        """The one value that a single statement gives, which is a state of its own. Raises LibraryError."""
        with self.reading() as connection:
            return connection.execute(statement).scalar_one()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are kept together when the block ends well, and not at all otherwise.

        Writers take turns until they have committed, so that sequence numbers become visible in order. Raises
        LibraryBusy when another process writes for longer than `BUSY_S`, LibraryError when it cannot be written,
        CommitUnknown when a server is gone before it says that it has committed.
        """
        with self.translated(), self._writer() as connection, self._committing(connection):
            self._take_turn(connection)
            yield connection

    @contextmanager
    def claiming(self) -> Iterator[Connection]:
        """As `writing`, for rows that no reader of the tail follows: on a server nobody waits for those who write."""
        with self.translated(), self._writer() as connection, self._committing(connection):
            yield connection

    @contextmanager
    def _committing(self, connection: Connection) -> Iterator[None]:
        """A transaction that is committed when the block ends well."""
        is_written = False
        try:
            with connection.begin():
                yield
                is_written = True
        except DBAPIError as error:
            if is_written and error.connection_invalidated:
                explained = self.explain(error.orig or error)
                unknown = CommitUnknown(f"{explained} (it may have kept what was written)")
                unknown.of_server = explained.of_server
                raise unknown from error
            raise

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Let what the database raises inside leave as LibraryError with the cause and a remedy."""
        try:
            yield
        except DBAPIError as error:
            raise self.explain(error.orig or error) from error
        except PoolTimeoutError as error:
            raise LibraryError(f"{self.name}: too many queries at once in this process; try again") from error

    @abstractmethod
    def explain(self, error: BaseException) -> LibraryError:
        """The LibraryError that says what ``error`` means for this library."""

    @abstractmethod
    def size_bytes(self) -> int:
        """How much it takes on its disk."""

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _reader(self) -> Connection:
        return self._engine.connect()

    @abstractmethod
    def _writer(self) -> Connection: ...

    def _take_turn(self, connection: Connection) -> None:  # noqa: B027  SQLite's BEGIN waited already
        """Wait, inside the transaction, until no other writer has one."""


def now(connection: Connection) -> float:
    """Seconds since 1970 by the clock that all who share the database go by: of a server its own, else this machine's.

    Of machines that share a server none trusts another's clock.
    """
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(_CLOCK).scalar_one())
