"""Restoring a catalog on a server: in a schema beside the one in use, whose tables then take the others' names.

While the rows come, page by page, the catalog in use is read and asked as always. The exchange is one transaction: who
reads before it sees the one, who reads after it the other.
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

_BESIDE: Final = "soundalike_restoring"
_BEFORE: Final = "soundalike_before"
_HELD: Final = "55P03"
_POLL_S: Final = 0.05
_pause = time.sleep
_TABLES: Final = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename")


def restore(database: PostgreSQLDatabase, copy: Database, token: str) -> None:
    """Put ``copy``, whose numbers go on behind the catalog's, in its place.

    The lease that ``token`` names is held. Raises LibraryBusy when it is lost, or while somebody reads for longer than
    `search.catalog.database.BUSY_S`; LibraryError where this user may make no schema, or the server's disk is full.
    What was there is then as it was.
    """
    _drop(database)
    with database.writing() as connection:
        connection.execute(text(f"CREATE SCHEMA {_BESIDE}"))
    try:
        with closing(database.with_schema(_BESIDE)) as beside:
            bring_up_to_date(beside, read_only=False)
            _require_all(beside, database)
            transferring.transfer(copy, beside, _BESIDE, _nobody)
        with database.writing() as connection:
            leases.require(connection, token)
            _exchange(connection)
    finally:
        _drop(database)


def _require_all(beside: Database, database: Database) -> None:
    """Raise LibraryError unless every table in use is beside as well: one that is not would be found where it is."""
    names = []
    for one in (beside, database):
        with one.reading() as connection:
            names.append(set(tables_of(connection)))
    if missing := sorted(names[1] - names[0]):
        raise LibraryError(f"{database.name}: has a table that no catalog has ({printable(missing[0])}); move it away")


def _exchange(connection: Connection) -> None:
    """Let the tables beside take the places of those in use, with the lease that is held now."""
    lease = connection.execute(select(LEASES)).one()
    in_use = connection.execute(text("SELECT current_schema()")).scalar_one()
    quoted = connection.dialect.identifier_preparer.quote
    tables = connection.execute(_TABLES, {"schema": _BESIDE}).scalars().all()
    _lock(connection, [f"{quoted(in_use)}.{quoted(table)}" for table in tables])
    connection.execute(text(f"CREATE SCHEMA {_BEFORE}"))
    for table in tables:
        for source, target in ((quoted(in_use), _BEFORE), (_BESIDE, quoted(in_use))):
            connection.execute(text(f"ALTER TABLE {source}.{quoted(table)} SET SCHEMA {target}"))
    connection.execute(text(f"DROP SCHEMA {_BEFORE} CASCADE"))
    connection.execute(delete(LEASES))
    connection.execute(LEASES.insert().values(lease._mapping))
    connection.execute(delete(CHOICES).where(CHOICES.c.name.in_(transferring.MARKS)))


def _lock(connection: Connection, tables: Sequence[str]) -> None:
    """Have every table to itself. Who waits for one holds none, so that no reader is cut off as the one to blame."""
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
    """Drop what is beside, of a restore that was killed perhaps."""
    with database.writing() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {_BESIDE} CASCADE"))


def _nobody(_done: int, _total: int) -> None:
    """Nobody is told how far it is."""


def of_server(database: Database) -> PostgreSQLDatabase:
    """``database``, which is one of a server."""
    if not isinstance(database, PostgreSQLDatabase):
        raise LibraryError(f"{database.name}: only a catalog in a file or in PostgreSQL is restored")
    return database
