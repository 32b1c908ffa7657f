"""Comparing two catalogs row by row, whichever kind of database each is in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection, String, Table

from search.catalog.database import Database
from search.catalog.filemarks import Row
from search.catalog.tables import CHOICES
from search.catalog.transferring import AT_ONCE, MARKS, PAGED, PARENTS, key_of, rows
from search.errors import printable

MOST: Final = 1_000


def differences(one: Database, other: Database) -> list[str]:
    """One line for each difference between two catalogs (at most a thousand); leases are ignored."""
    with one.reading() as first, other.reading() as second:
        found = list(islice(_differences(first, second), MOST + 1))
    return found if len(found) <= MOST else [*found[:MOST], "and more"]


def _differences(one: Connection, other: Connection) -> Iterator[str]:
    for table in (*PARENTS, *PAGED, *AT_ONCE):
        for key, here, there in _pairs(_in_order(one, table), _in_order(other, table), table):
            called = f"{table.name}, row {' '.join(map(_shown, key))}"
            if here is None or there is None:
                yield f"{called}: is only in the {'second' if here is None else 'first'}"
            elif unequal := [name for name in here if here[name] != there[name]]:
                yield f"{called}: differs in {', '.join(unequal)}"


def _in_order(connection: Connection, table: Table) -> Iterator[Row]:
    """The rows sorted by key. Databases sort text differently, so a table with a text key is read and sorted here."""
    every = (row for row in rows(connection, table) if table is not CHOICES or row["name"] not in MARKS)
    is_sorted = not any(isinstance(column.type, String) for column in key_of(table))
    return every if is_sorted else iter(sorted(every, key=lambda row: _key(table, row)))


def _pairs(
    one: Iterator[Row], other: Iterator[Row], table: Table
) -> Iterator[tuple[tuple[object, ...], Row | None, Row | None]]:
    """Yield each key with the rows of both sides; None for a side without the key."""
    here, there = next(one, None), next(other, None)
    while here is not None or there is not None:
        first, second = (None if row is None else _key(table, row) for row in (here, there))
        if first == second:
            yield first or (), here, there
            here, there = next(one, None), next(other, None)
        elif second is None or (first is not None and first < second):
            yield first or (), here, None
            here = next(one, None)
        else:
            yield second, None, there
            there = next(other, None)


def _key(table: Table, row: Row) -> tuple[object, ...]:
    return tuple(row[column.key] for column in key_of(table))


def _shown(value: object) -> str:
    return printable(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
