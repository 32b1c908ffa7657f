"""Diagnosing a catalog's database: version, rights, clock, round trip."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from search.catalog.database import Database, now


class Finding(NamedTuple):
    """One finding about a library, with a remedy if something is wrong; otherwise the remedy is empty."""

    what: str
    value: str
    remedy: str = ""


_ROUND_TRIPS: Final = 9
_SLOW_MS: Final = 20.0
_CLOCK_S: Final = 5.0
_OLDEST_SERVER: Final = 15
_RIGHTS: Final = text(
    "SELECT current_setting('server_version'), current_setting('server_version_num')::int, "
    "has_table_privilege('clips', 'INSERT') AND has_table_privilege('clips', 'DELETE'), "
    "current_setting('synchronous_commit')"
)


def diagnose(database: Database) -> list[Finding]:
    """The findings about a database. Raises LibraryError if it cannot be reached."""
    with database.reading() as connection:
        return [Finding("catalog", database.name), *_findings(connection)]


def _findings(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name == "sqlite":
        yield Finding("version", f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}")
        return
    version, number, may_write, commits = connection.execute(_RIGHTS).one()
    old = f"upgrade it to {_OLDEST_SERVER} or newer" if number < _OLDEST_SERVER * 10_000 else ""
    yield Finding("version", f"PostgreSQL {version}", old)
    yield Finding("rights", "writes" if may_write else "reads", "" if may_write else "make this user the owner")
    unsafe = "set it to on: a crash may leave the index newer than the catalog" if commits == "off" else ""
    yield Finding("commits", f"synchronous_commit {commits}", unsafe)
    took_ms, ahead_s = _line(connection)
    slow = "a batch takes several round trips: use a nearer server" if took_ms > _SLOW_MS else ""
    yield Finding("round trip", f"{took_ms:.2f} ms", slow)
    apart = "set this machine's clock: log entries and ages are off by it" if abs(ahead_s) > _CLOCK_S else ""
    yield Finding("clock", f"{abs(ahead_s):.1f} s {'behind' if ahead_s < 0 else 'ahead of'} the server's", apart)


def _line(connection: Connection) -> tuple[float, float]:
    """The median round trip in milliseconds, and how far this machine's clock is ahead of the server's, in seconds."""
    import statistics

    trips, ahead = [], []
    for _ in range(_ROUND_TRIPS):
        before, began = time.time(), time.perf_counter()
        there = now(connection)
        took_s = time.perf_counter() - began
        trips.append(took_s * 1e3)
        ahead.append(before + took_s / 2 - there)
    return statistics.median(trips), statistics.median(ahead)
