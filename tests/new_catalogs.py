"""New catalogs made from the schema of the first one: a process of tests makes hundreds, and runs the migrations once.

What is left out is Alembic's work alone (0.05 s a catalog). Where the migrations themselves are what is tested, and in
every program that a test starts, they run.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, create_engine

from search.catalog import migrations

migrate = migrations.upgrade
Statement = tuple[str, tuple[object, ...]]


def upgrade(connection: Connection) -> None:
    """As `search.catalog.migrations.upgrade`."""
    if (
        connection.dialect.name != "sqlite"
        or connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    ):
        migrate(connection)
        return
    for statement, values in _made():
        connection.exec_driver_sql(statement, values)


@cache
def _made() -> list[Statement]:
    """What makes the tables, and the rows that they begin with."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
        listed = connection.exec_driver_sql("PRAGMA table_list").all()
        within = {name for _, name, kind, *_ in listed if kind == "shadow"}  # made with the table that they belong to
        schema = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        found: list[Statement] = [
            (sql, ()) for name, sql in schema if name not in within and not name.startswith("sqlite_")
        ]
        for name in (name for _, name, kind, *_ in listed if kind == "table" and not name.endswith("_schema")):
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                found.append((f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(row))})', tuple(row)))
    engine.dispose()
    return found
