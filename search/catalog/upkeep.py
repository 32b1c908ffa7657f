"""Maintenance of a catalog: backup, statistics, verification, pruning of removals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Executable, delete, func, select, text, update

from search.catalog import blobs, contours, reading, transcripts
from search.catalog.database import Database
from search.catalog.sqlite import SQLiteDatabase
from search.catalog.tables import CLIPS, CONTENTS, COUNTERS, ENCODINGS, FAILURES, REMOVALS, TRANSCRIPTS
from search.errors import LibraryError, LibraryUnwritable, printable
from search.snapshots.single import new_file_for

_MAX_PROBLEMS: Final = 1000
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class SpaceStats:
    """Statistics of one space. ``vector_bytes`` is the size of the stored float16 vectors."""

    space_id: int
    name: str
    contents: int
    segments: int
    vector_bytes: int


@dataclass(frozen=True, slots=True)
class CatalogStats:
    """Statistics of a library. ``hours`` counts contents, so equal files count once."""

    clips: int
    missing: int
    contents: int
    failures: int
    hours: float
    database_bytes: int
    sequence: int
    spaces: tuple[SpaceStats, ...]


def stats(database: Database) -> CatalogStats:
    """Compute the statistics of a catalog."""
    size_bytes = database.size_bytes()
    with database.reading() as connection:
        duration_s = connection.execute(select(func.sum(CONTENTS.c.duration_s))).scalar()
        return CatalogStats(
            clips=_count(connection, select(func.count()).select_from(CLIPS)),
            missing=_count(connection, select(func.count()).select_from(CLIPS).where(CLIPS.c.missing)),
            contents=_count(connection, select(func.count()).select_from(CONTENTS)),
            failures=_count(connection, select(func.count()).select_from(FAILURES)),
            hours=(duration_s or 0.0) / 3600,
            database_bytes=size_bytes,
            sequence=reading.sequence(connection),
            spaces=tuple(_space_stats(connection)),
        )


def backup(database: Database, target: Path) -> None:
    """Copy the present state of the catalog to the new file ``target``; others may read and write meanwhile.

    The copy holds no lease. Raises LibraryError if ``target`` exists or cannot be written.
    """
    if target.exists():
        raise LibraryError(f"{printable(str(target))}: already exists; name a new file for the backup")
    try:
        with new_file_for(target) as partial:
            _copy(database, partial)
    except OSError as error:
        with suppress(OSError):
            target.unlink(missing_ok=True)  # the rename may not have reached the disk
        raise LibraryUnwritable.because(f"{printable(str(target))}: cannot be written", error) from error


def _copy(database: Database, target: Path) -> None:
    with database.reading() as connection, SQLiteDatabase(target, mode="rwc").translated():
        source = connection.connection.driver_connection
        if not isinstance(source, sqlite3.Connection):
            raise LibraryError(f"{database.name}: is backed up with the server's own tools: pg_dump, or its archive")
        connection.rollback()  # the copy takes its own read transaction
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy)  # in one step: a consistent state; in WAL mode nobody has to wait
            copy.execute("DELETE FROM leases")
            copy.commit()
            copy.execute("PRAGMA journal_mode = DELETE")  # a single file, without a log


def prune_changes(connection: Connection, before: int) -> None:
    """Delete the removals before the sequence ``before``; an older index then gets every absent id as a removal."""
    last = min(before - 1, reading.sequence(connection))
    if last > reading.counter(connection, "pruned"):
        connection.execute(delete(REMOVALS).where(REMOVALS.c.sequence <= last))
        connection.execute(update(COUNTERS).where(COUNTERS.c.name == "pruned").values(value=last))


def verify(database: Database) -> list[str]:
    """Return one line for each defect of the catalog (at most a thousand); empty if there is none."""
    problems: list[str] = []
    with database.reading() as connection:
        for check in _CHECKS:
            for problem in check(connection):
                problems.append(problem)
                if len(problems) >= _MAX_PROBLEMS:
                    return [*problems, "and more"]
    return problems


def _check_pages(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for (line,) in connection.execute(text("PRAGMA integrity_check(100)")):
            if line != "ok":
                yield f"the database is damaged: {line}"


def _check_references(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for table, row, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
            yield f"row {row} of {table} points to a row of {parent} that is gone"


def _check_orphans(connection: Connection) -> Iterator[str]:
    without_clip = select(CONTENTS.c.id).where(~select(CLIPS.c.id).where(CLIPS.c.content_id == CONTENTS.c.id).exists())
    for (content_id,) in connection.execute(without_clip):
        yield f"content {content_id} has no clip"
    unencoded = select(CONTENTS.c.id).where(
        ~select(ENCODINGS.c.space_id).where(ENCODINGS.c.content_id == CONTENTS.c.id).exists()
    )
    for (content_id,) in connection.execute(unencoded):
        yield f"content {content_id} has no vectors in any space"


def _check_encodings(connection: Connection) -> Iterator[str]:
    """Check the sizes of blobs without reading them: SQLite keeps their lengths in the row's header."""
    dims = {space.id: space.dim for space in reading.spaces(connection)}
    wanted = select(
        ENCODINGS.c.content_id,
        ENCODINGS.c.space_id,
        ENCODINGS.c.first_segment_id,
        ENCODINGS.c.n_segments,
        func.length(ENCODINGS.c.silent).label("silent"),
        func.length(ENCODINGS.c.spans).label("spans"),
        func.length(ENCODINGS.c.vectors).label("vectors"),
        func.length(ENCODINGS.c.tag_classes).label("classes"),
        func.length(ENCODINGS.c.tag_probabilities).label("probabilities"),
    ).order_by(ENCODINGS.c.space_id, ENCODINGS.c.first_segment_id)
    ends: dict[int, int] = {}
    for row in connection.execute(wanted.execution_options(yield_per=_PAGE)):
        n, what = row.n_segments, f"content {row.content_id} in space {row.space_id}"
        sizes = {"spans": (row.spans, n * blobs.SPAN_BYTES), "silent marks": (row.silent, (n + 7) // 8)}
        sizes["vectors"] = (row.vectors, n * dims[row.space_id] * blobs.HALF_BYTES)
        sizes["tags"] = (row.classes, row.probabilities)
        for column, (found, expected) in sizes.items():
            if found != expected:
                yield f"{what}: {found} bytes of {column}, {expected} expected"
        if row.first_segment_id < ends.get(row.space_id, 1):
            yield f"{what}: its segments' ids overlap another content's"
        ends[row.space_id] = row.first_segment_id + n
    given = reading.counter(connection, "segment")
    if max(ends.values(), default=1) > given:
        yield f"segment ids up to {max(ends.values()) - 1} are in use, but the counter would give {given} next"


def _check_sequences(connection: Connection) -> Iterator[str]:
    reached = reading.sequence(connection)
    kept = (TRANSCRIPTS,) if transcripts.has_transcripts(connection.engine) else ()
    for table in (CLIPS, ENCODINGS, REMOVALS, *kept):
        last = connection.execute(select(func.max(table.c.sequence))).scalar()
        if last is not None and last > reached:
            yield f"{table.name} has the sequence number {last}, but the counter stands at {reached}"


def _check_words(connection: Connection) -> Iterator[str]:
    is_file = connection.dialect.name == "sqlite"
    id_, tables = ("rowid", ("clip_words", "clip_trigrams")) if is_file else ("id", ("clip_words",))
    for table in tables:
        stray = text(
            f"SELECT count(*) FROM clips WHERE id NOT IN (SELECT {id_} FROM {table})"  # noqa: S608  names fixed above
        )
        lost = text(f"SELECT count(*) FROM {table} WHERE {id_} NOT IN (SELECT id FROM clips)")  # noqa: S608  names fixed above
        if n := _count(connection, stray):
            yield f"{n} clips are not in the full text ({table})"
        if n := _count(connection, lost):
            yield f"the full text ({table}) has {n} clips that are gone"


_CHECKS: Final[tuple[Callable[[Connection], Iterator[str]], ...]] = (
    _check_pages,
    _check_references,
    _check_orphans,
    _check_encodings,
    contours.check,
    _check_sequences,
    _check_words,
)


def _space_stats(connection: Connection) -> Iterator[SpaceStats]:
    for space in reading.spaces(connection):
        wanted = select(func.count(), func.sum(ENCODINGS.c.n_segments)).where(ENCODINGS.c.space_id == space.id)
        contents, segments = connection.execute(wanted).one()
        n = int(segments or 0)
        yield SpaceStats(space.id, space.name, int(contents), n, n * space.dim * blobs.HALF_BYTES)


def _count(connection: Connection, statement: Executable) -> int:
    return int(connection.execute(statement).scalar_one())
