"""Replacing a catalog by a backup, and an old space by a new one."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import delete, func, select, update

from search.catalog import leases, numbering, reading, transferring
from search.catalog.database import Database
from search.catalog.opening import open_database
from search.catalog.sqlite import SQLiteDatabase
from search.catalog.tables import (
    CLIPS,
    CONTENTS,
    COUNTERS,
    ENCODINGS,
    LEASES,
    PASSES,
    REMOVALS,
    SHIPMENTS,
    SPACES,
    TRANSCRIPTS,
)
from search.errors import LibraryError, printable


def restore(database: Database, source: Path, token: str) -> None:
    """Replace the catalog by the backup ``source``, in one transaction, while others read.

    The restored rows get sequence numbers above all that were given, so that readers of the tail see them as new and
    drop everything else. Ids given since the backup are not reused. Raises LibraryError if ``source`` is no catalog or
    the disk is full, LibraryBusy if the lease is lost.
    """
    if isinstance(database, SQLiteDatabase):
        partial = database.path.with_name(database.path.name + ".restoring")
        with _copied(source, partial, database, token):
            _put_file(partial, database, token)
        return
    from search.catalog import restoring_on_server  # the driver is needed only for a server

    with (
        tempfile.TemporaryDirectory() as folder,
        _copied(source, Path(folder) / "restoring", database, token) as copy,
    ):
        restoring_on_server.restore(restoring_on_server.of_server(database), copy, token)


@contextmanager
def _copied(source: Path, partial: Path, live: Database, token: str) -> Iterator[Database]:
    """A copy of the backup at ``partial``, with sequence numbers and ids above those of the catalog in use."""
    try:
        with closing(_copy(source, partial)) as restored:
            _move_past(restored, live, token)
            yield restored
    finally:
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                partial.with_name(partial.name + ending).unlink()


def _put_file(partial: Path, database: Database, token: str) -> None:
    with database.reading() as connection, closing(sqlite3.connect(partial)) as copy:
        leases.require(connection, token)
        connection.rollback()  # the copy takes its own write transaction
        copy.backup(_raw(connection.connection.driver_connection))


def count_only_in(database: Database, space_id: int, other_id: int) -> int:
    """How many contents have vectors in one space and none in the other."""
    other = select(ENCODINGS.c.content_id).where(ENCODINGS.c.space_id == other_id)
    counted = select(func.count()).where(ENCODINGS.c.space_id == space_id, ENCODINGS.c.content_id.not_in(other))
    with database.reading() as connection:
        return int(connection.execute(counted).scalar_one())


def drop_space(database: Database, space_id: int, token: str) -> None:
    """Delete a space and its vectors. Raises LibraryError if a content is not encoded in any other space."""
    with database.writing() as connection:
        leases.require(connection, token)
        connection.execute(delete(ENCODINGS).where(ENCODINGS.c.space_id == space_id))
        connection.execute(delete(REMOVALS).where(REMOVALS.c.space_id == space_id))
        encoded = select(ENCODINGS.c.content_id)
        left = connection.execute(
            select(func.count()).select_from(CONTENTS).where(CONTENTS.c.id.not_in(encoded))
        ).scalar_one()
        if left:
            raise LibraryError(f"{left} contents have vectors only in this space; it cannot be dropped")
        connection.execute(delete(SPACES).where(SPACES.c.id == space_id))


def _copy(source: Path, partial: Path) -> Database:
    """A copy of the backup, at the newest schema."""
    try:
        shutil.copyfile(source, partial)
    except OSError as error:
        raise LibraryError(
            f"{printable(str(source))}: cannot be copied beside the library ({error.strerror})"
        ) from error
    return open_database(partial, create=False, read_only=False)


def _move_past(restored: Database, live: Database, token: str) -> None:
    """Give the copy sequence numbers and ids above the live catalog's, and the lease that is held now."""
    with live.reading() as connection:
        leases.require(connection, token)
        lease = connection.execute(select(LEASES)).one()
        reached, next_segment = reading.sequence(connection), reading.counter(connection, "segment")
        given = [(table.name, numbering.last(connection, table.name)) for table in transferring.NUMBERED]
    with restored.writing() as connection:
        for table in (CLIPS, ENCODINGS, TRANSCRIPTS):
            connection.execute(update(table).values(sequence=table.c.sequence + reached))
        connection.execute(delete(REMOVALS))
        now = reading.sequence(connection) + reached + 1
        segment = max(next_segment, reading.counter(connection, "segment"))
        returned = reading.counter(connection, "returned")
        returned += reached if returned else 0
        for name, value in (("sequence", now), ("pruned", now), ("segment", segment), ("returned", returned)):
            connection.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=value))
        for table_name, last in given:
            if last:
                numbering.reach(connection, table_name, last)
        connection.execute(delete(PASSES))  # the work planned when the backup was made is planned again
        connection.execute(delete(SHIPMENTS))  # these are the snapshots of back then; new ones will be shipped
        connection.execute(delete(LEASES))
        connection.execute(LEASES.insert().values(lease._mapping))


def _raw(connection: object) -> sqlite3.Connection:
    if not isinstance(connection, sqlite3.Connection):
        raise LibraryError("only a SQLite catalog can be restored here; use the database server's own restore")
    return connection
