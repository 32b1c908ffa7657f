"""Restoring a catalog on a server: into a schema beside the one in use, whose tables are then swapped in.

While the rows are copied, page by page, the catalog in use can be read and searched as usual. The swap is one
transaction: readers before it see the old catalog, readers after it the new one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.exc import DBAPIError

from search.catalog import leases, transferring
from search.catalog.database import BUSY_S, Database
from search.catalog.opening import bring_up_to_date, tables_of
from search.catalog.postgresql import PostgreSQLDatabase
from search.catalog.tables import CHOICES, LEASES
from search.errors import LibraryError, printable

_NEW_SCHEMA: Final = "soundalike_restoring"
_OLD_SCHEMA: Final = "soundalike_before"
_HELD: Final = "55P03"
_POLL_S: Final = 0.05
_pause = time.sleep
_TABLES: Final = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename")


def restore(database: PostgreSQLDatabase, copy: Database, token: str) -> None:
    """Replace the catalog with ``copy``, whose sequence numbers and ids must be beyond those of the catalog.

    The caller holds the lease of ``token``. Raises LibraryBusy if it is lost, or if somebody reads for longer than
    `search.catalog.database.BUSY_S`; LibraryError if this user may not create a schema, or the server's disk is full.
    After an error the catalog is unchanged.
    """
    _drop(database)
    with database.writing() as connection:
        connection.execute(text(f"CREATE SCHEMA {_NEW_SCHEMA}"))
    try:
        with closing(database.with_schema(_NEW_SCHEMA)) as restored:
            bring_up_to_date(restored, read_only=False)
            _require_all(restored, database)
            transferring.transfer(copy, restored, _NEW_SCHEMA, _nobody)
        with database.writing() as connection:
            leases.require(connection, token)
            _exchange(connection)
    finally:
        _drop(database)


def _require_all(restored: Database, database: Database) -> None:
    """Raise LibraryError if the schema in use has a table that the new one lacks.

    Through the search path, statements meant for the new schema would reach that table in the schema in use.
    """
    names = []
    for one in (restored, database):
        with one.reading() as connection:
            names.append(set(tables_of(connection)))
    if missing := sorted(names[1] - names[0]):
        raise LibraryError(f"{database.name}: has a table that no catalog has ({printable(missing[0])}); move it away")


def _exchange(connection: Connection) -> None:
    """Swap the restored tables in for those in use, keeping the lease that is held now."""
    lease = connection.execute(select(LEASES)).one()
    in_use = connection.execute(text("SELECT current_schema()")).scalar_one()
    quoted = connection.dialect.identifier_preparer.quote
    tables = connection.execute(_TABLES, {"schema": _NEW_SCHEMA}).scalars().all()
    _lock(connection, [f"{quoted(in_use)}.{quoted(table)}" for table in tables])
    connection.execute(text(f"CREATE SCHEMA {_OLD_SCHEMA}"))
    for table in tables:
        for source, target in ((quoted(in_use), _OLD_SCHEMA), (_NEW_SCHEMA, quoted(in_use))):
            connection.execute(text(f"ALTER TABLE {source}.{quoted(table)} SET SCHEMA {target}"))
    connection.execute(text(f"DROP SCHEMA {_OLD_SCHEMA} CASCADE"))
    connection.execute(delete(LEASES))
    connection.execute(LEASES.insert().values(lease._mapping))
    connection.execute(delete(CHOICES).where(CHOICES.c.name.in_(transferring.MARKS)))


def _lock(connection: Connection, tables: Sequence[str]) -> None:
    """Lock all tables exclusively. While it waits it holds no lock, so that no reader is aborted by a deadlock."""
    until_s = time.monotonic() + BUSY_S
    while True:
        held = connection.begin_nested()
        try:
            connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE NOWAIT"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _HELD or time.monotonic() >= until_s:
                raise
            held.rollback()
            _pause(_POLL_S)
        else:
            held.commit()
            return


def _drop(database: PostgreSQLDatabase) -> None:
    """Drop the restore schema, if there is one (perhaps from a restore that was killed)."""
    with database.writing() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {_NEW_SCHEMA} CASCADE"))


def _nobody(_done: int, _total: int) -> None:
    """A progress callback that does nothing."""


def of_server(database: Database) -> PostgreSQLDatabase:
    """``database``, if it is a PostgreSQL database. Raises LibraryError otherwise."""
    if not isinstance(database, PostgreSQLDatabase):
        raise LibraryError(f"{database.name}: only a catalog in a file or in PostgreSQL can be restored")
    return database
