"""Inserting many rows without a round trip for each: one statement for a file, one stream (COPY) for a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, String, Table, func, insert
from sqlalchemy.exc import DBAPIError

_FEW: Final = 5
"""Up to this many rows are cheaper to insert one by one on a server, because a stream has round trips of its own."""
_PART_BYTES: Final = 1 << 20
_TYPES: Final = {
    BigInteger: "int8",
    Integer: "int4",
    Boolean: "bool",
    Float: "float8",
    LargeBinary: "bytea",
    String: "text",
}
"""A server's names of our column types. Subtypes come before their base types."""


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows`` (dicts by column, all with the same columns); there may be none."""
    if not rows:
        return
    if connection.dialect.name == "sqlite" or len(rows) <= _FEW:
        connection.execute(insert(table), rows)
    else:
        columns = {key: table.c[key].name for key in rows[0]}
        stream(connection, table.name, columns, rows, types=[_type_of(table.c[key]) for key in rows[0]])


def insert_in_parts(connection: Connection, table: Table, row: Mapping[str, Any], large: str) -> None:
    """Insert ``row``; in a file its column ``large``, the last of the table, is written in parts.

    Otherwise SQLite would hold two more copies of it in memory: the value and the row.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), row)
        return
    value, driver = row[large], connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"{driver!r} is not a connection to a file")
    statement = insert(table).values({**row, large: func.zeroblob(len(value))})
    place = connection.execute(statement).lastrowid
    try:
        with driver.blobopen(table.name, table.c[large].name, place) as blob:
            for start in range(0, len(value), _PART_BYTES):
                blob.write(value[start : start + _PART_BYTES])
    except sqlite3.Error as error:
        raise DBAPIError.instance(str(statement), None, error, sqlite3.Error, dialect=connection.dialect) from error


def stream(
    connection: Connection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    types: Sequence[str] | None = None,
) -> None:
    """Stream ``rows`` to a table of a server; ``columns`` maps their keys to column names.

    The stream is binary if the server's ``types`` of the columns are given. As text, vectors take twice as much.
    """
    import psycopg

    form = "" if types is None else " WITH (FORMAT binary)"
    statement = f"COPY {table} ({', '.join(columns.values())}) FROM STDIN{form}"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            if types is not None:
                copy.set_types(types)
            for row in rows:
                copy.write_row([row[key] for key in columns])
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error


def _type_of(column: Column[Any]) -> str:
    return next(name for kind, name in _TYPES.items() if isinstance(column.type, kind))
