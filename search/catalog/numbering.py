"""The ids that a table gives its rows; ids of deleted rows are never reused.

Use it only within `search.catalog.database.Database.writing`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

_LAST_IN_FILE: Final = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
_REACH_IN_FILE: Final = text("UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = :table")
_BEGIN_IN_FILE: Final = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)")
_LAST_ON_SERVER: Final = text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, 'id')::regclass)")
_REACH_ON_SERVER: Final = text(
    "SELECT setval(name, greatest(:last, coalesce(pg_sequence_last_value(name), 1))) "
    "FROM CAST(pg_get_serial_sequence(:table, 'id') AS regclass) AS name"
)


def last(connection: Connection, table: str) -> int:
    """The last id that a table gave; 0 before the first."""
    statement = _LAST_IN_FILE if connection.dialect.name == "sqlite" else _LAST_ON_SERVER
    return int(connection.execute(statement, {"table": table}).scalar() or 0)


def reach(connection: Connection, table: str, last: int) -> None:
    """Make a table continue after the id ``last``, unless it is further already."""
    asked = {"table": table, "last": last}
    if connection.dialect.name != "sqlite":
        connection.execute(_REACH_ON_SERVER, asked)
    elif connection.execute(_REACH_IN_FILE, asked).rowcount == 0:
        connection.execute(_BEGIN_IN_FILE, asked)
