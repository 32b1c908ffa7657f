"""Marks that a batch sets on files: why a file could not be indexed, and that a user took it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, delete

from search.catalog import blobs
from search.catalog.inserting import insert_all
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import FAILURES, TAKEN_OUT
from search.model import RecordFailure

StoredPlace: TypeAlias = tuple[int, bytes]
"""The id of a root, and the relative path of a file below it, as stored."""

Row: TypeAlias = dict[str, Any]

_DELETE: Final = {
    table: delete(table).where(
        table.c.root_id == bindparam("root"), table.c.path.in_(bindparam("paths", expanding=True))
    )
    for table in (FAILURES, TAKEN_OUT)
}


class FileMarks:
    """The marks that a batch sets and clears, written together."""

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection = connection
        self._now = now
        self._failures: dict[StoredPlace, Row | None] = {}
        self._taken_out: dict[StoredPlace, Row | None] = {}

    def clear_failure(self, place: StoredPlace) -> None:
        """Clear the failure of a file that is indexed now, or gone."""
        self._failures[place] = None

    def fail(self, change: RecordFailure) -> None:
        """Record why a file could not be indexed; an empty cause clears the failure."""
        path = blobs.path_bytes(change.file.path)
        values = {
            "root_id": change.root_id,
            "path": path,
            "size_bytes": change.file.size_bytes,
            "mtime_ns": change.file.mtime_ns,
            "cause": blobs.storable(change.cause),
            "at": self._now,
        }
        self._failures[change.root_id, path] = values if change.cause else None

    def take_out(self, place: StoredPlace, digest: str) -> None:
        """Make scans skip a file."""
        root_id, path = place
        self._taken_out[place] = {"root_id": root_id, "path": path, "digest": digest, "at": self._now}

    def let_in(self, place: StoredPlace) -> None:
        """Make scans include a file again."""
        self._taken_out[place] = None

    def write(self) -> None:
        """Write the marks set since the last call."""
        for table, marks in ((FAILURES, self._failures), (TAKEN_OUT, self._taken_out)):
            for root_id, paths in by_root(marks):
                self._connection.execute(_DELETE[table], {"root": root_id, "paths": paths})
            insert_all(self._connection, table, [row for row in marks.values() if row is not None])
            marks.clear()


def by_root(places: Iterable[StoredPlace]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield each root with its paths, in chunks small enough for one statement."""
    paths_of: defaultdict[int, list[bytes]] = defaultdict(list)
    for root_id, path in places:
        paths_of[root_id].append(path)
    for root_id, paths in paths_of.items():
        for chunk in chunked(paths, IDS_PER_QUERY):
            yield root_id, chunk
