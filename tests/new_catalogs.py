"""Copy new catalogs from the first one: a test process makes hundreds, but runs the migrations once.

This saves Alembic's work (0.05 s per catalog) and SQLite's parsing of the schema (0.004 s). Tests of the migrations run
them, and so do programs that tests start.
"""

from __future__ import annotations

import sqlite3
from functools import cache

from sqlalchemy import Connection, create_engine

from search.catalog import migrations

migrate = migrations.upgrade


def upgrade(connection: Connection) -> None:
    """As `search.catalog.migrations.upgrade`."""
    if (
        connection.dialect.name != "sqlite"
        or connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    ):
        migrate(connection)
        return
    copy = connection.connection.driver_connection
    assert isinstance(copy, sqlite3.Connection)
    copy.execute("ROLLBACK")  # SQLite copies into no database that is being written
    _made().backup(copy)
    copy.execute("BEGIN IMMEDIATE")


@cache
def _made() -> sqlite3.Connection:
    """A catalog in memory, which nobody writes."""
    engine = create_engine("sqlite://")
    made = sqlite3.connect(":memory:", check_same_thread=False)
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        connection.connection.driver_connection.backup(made)
    engine.dispose()
    return made
