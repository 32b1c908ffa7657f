"""Inserting many rows: a file takes them in one statement, a server in one stream (COPY), none with a turn for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError

_FEW: Final = 5
"""So many rows cost a server less one by one: a stream has turns of its own."""


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` by column, all of the same columns; there may be none."""
    if not rows:
        return
    if connection.dialect.name == "sqlite" or len(rows) <= _FEW:
        connection.execute(insert(table), rows)
    else:
        stream(connection, table.name, {key: table.c[key].name for key in rows[0]}, rows)


def stream(connection: Connection, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Stream ``rows`` to a table of a server; ``columns`` are the names that it has for their keys."""
    import psycopg

    statement = f"COPY {table} ({', '.join(columns.values())}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[key] for key in columns])
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error
