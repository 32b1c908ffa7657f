"""Copying a whole catalog into another database: every row with its id, in pages, so that a killed copy loses one page.

Rows are copied in the order of their keys, so the target shows how far the copy got. Its choice `BEGUN` names the state
of the source; if the source has changed since, the copy starts over. Rows that change without the writer's lease or a
sequence number (opinions, keys, jobs, failures) are copied at the end, all at once. Nothing is encoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, Text, delete, func, insert, select, tuple_, update

from search.catalog import blobs, numbering, reading, words
from search.catalog.database import Database
from search.catalog.filemarks import Row
from search.catalog.fulltext import choosing as fulltext
from search.catalog.fulltext.port import ClipWords
from search.catalog.inserting import insert_all
from search.catalog.tables import (
    CHOICES,
    CLIPS,
    COLLECTED,
    COLLECTIONS,
    CONTENTS,
    CONTOURS,
    COUNTERS,
    ENCODINGS,
    FACTS,
    FAILURES,
    FEEDBACK,
    FINDINGS,
    JOBS,
    KEYS,
    MATCHES,
    MERGED,
    MERGES,
    REMOVALS,
    ROOTS,
    SEARCH_SOUNDS,
    SEARCHES,
    SHIPMENTS,
    SPACES,
    TAKEN_OUT,
    TRANSCRIPTS,
    UPLOADS,
)
from search.errors import LibraryError, printable

BEGUN: Final = "copy of"
COMPLETE: Final = "was copied from"
INTO: Final = "was copied into"
MARKS: Final = (BEGUN, COMPLETE, INTO)
"""Choices that record what a catalog is a copy of; they are not copied themselves."""

PAGED: Final = (CONTENTS, FINDINGS, FACTS, TRANSCRIPTS, ENCODINGS, CONTOURS, CLIPS, REMOVALS, MERGES, MERGED)
PARENTS: Final = (ROOTS, SPACES)
AT_ONCE: Final = (
    FAILURES, TAKEN_OUT, FEEDBACK, COLLECTIONS, COLLECTED, SEARCHES, SEARCH_SOUNDS, MATCHES, KEYS, JOBS, UPLOADS,
    COUNTERS, CHOICES,
)  # fmt: skip
NUMBERED: Final = (ROOTS, SPACES, CONTENTS, CLIPS, COLLECTIONS, MERGES, SEARCHES, MATCHES, KEYS, JOBS, SHIPMENTS)
ROWS_PER_PAGE: Final = 500
_BYTES_PER_PAGE: Final = 16 << 20
_ROWS_PER_TURN: Final = 16
"""Few, because one encoding may take megabytes."""

OnProgress = Callable[[int, int], None]


def transfer(source: Database, target: Database, folder: str, progress: OnProgress) -> None:
    """Copy ``source`` into ``target``, the catalog of the library that is made in ``folder``.

    ``progress`` gets the number of rows copied and the total. The caller holds the leases of both. Raises LibraryError
    if ``target`` holds something else, is another folder's catalog, or changed since it was copied.
    """
    with source.reading() as connection:
        state = _state(connection)
        total = sum(_count(connection, table) for table in PAGED)
    with target.writing() as connection:
        if _is_complete(connection, target.name, state, folder):
            return
        _begin(connection, target.name, state)
        done = sum(_count(connection, table) for table in PAGED)
    progress(done, total)
    with source.reading() as connection:
        for table in PARENTS:
            with target.writing() as writing:
                _put_parents(writing, table, _all(connection, table))
        for table in PAGED:
            for page in _pages(connection, table, _last_key(target, table)):
                with target.writing() as writing:
                    _write_page(writing, table, page)
                done += len(page)
                progress(done, total)
    with source.reading() as connection, target.writing() as writing:
        _finish(connection, writing, state, folder)


def rows(connection: Connection, table: Table, after: Sequence[object] | None = None) -> Iterator[Row]:
    """Yield the rows of a table as dicts, sorted by its key; only those after the key ``after``, if given."""
    key = key_of(table)
    statement = select(table).order_by(*key)
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    for row in connection.execute(statement, execution_options={"yield_per": _ROWS_PER_TURN}):
        yield dict(zip(table.c.keys(), row, strict=True))


def key_of(table: Table) -> list[Any]:
    """The columns of a table's primary key."""
    return list(table.primary_key.columns)


def _state(connection: Connection) -> str:
    """A fingerprint of a catalog's state: every change to a paged table changes it."""
    facts = (CLIPS.c.size_bytes, CLIPS.c.mtime_ns, func.coalesce(CLIPS.c.changed_ns, 0))
    sums = connection.execute(select(*(func.sum(fact % 1_000_000_007) for fact in facts))).one()
    numbers = [reading.sequence(connection), *(int(number or 0) for number in sums)]
    return json.dumps(numbers)


def _is_complete(connection: Connection, name: str, state: str, folder: str) -> bool:
    """Whether the target is a complete copy of this state, for this folder.

    Raises LibraryError if it cannot be used.
    """
    if reading.choice(connection, COMPLETE) != state:
        return False
    into = reading.choice(connection, INTO)
    if into != folder:
        whose = "another library" if into is None else f"the library in {printable(into)}"
        raise LibraryError(f"{name}: is already the catalog of {whose}; name an empty database")
    if _state(connection) != state:
        raise LibraryError(f"{name}: has changed since it was copied; name an empty database, or another folder")
    return True


def _begin(connection: Connection, name: str, state: str) -> None:
    """Mark the target as a copy of ``state``; delete a partial copy of another state first."""
    begun = reading.choice(connection, BEGUN)
    if begun == state:
        return
    if begun is None and any(_count(connection, table) for table in (*PARENTS, *PAGED, FEEDBACK, KEYS)):
        raise LibraryError(f"{name}: already has a library; name an empty database, or another folder")
    fulltext.of(connection).forget_all(connection)
    for table in reversed((*PARENTS, *PAGED)):
        connection.execute(delete(table))
    connection.execute(delete(CHOICES))
    connection.execute(insert(CHOICES), {"name": BEGUN, "value": state})


def _last_key(target: Database, table: Table) -> Sequence[object] | None:
    key = key_of(table)
    with target.reading() as connection:
        row = connection.execute(select(*key).order_by(*(column.desc() for column in key)).limit(1)).one_or_none()
    return None if row is None else tuple(row)


def _pages(connection: Connection, table: Table, after: Sequence[object] | None) -> Iterator[list[Row]]:
    page: list[Row] = []
    size = 0
    for row in rows(connection, table, after):
        page.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, bytes))
        if len(page) == ROWS_PER_PAGE or size > _BYTES_PER_PAGE:
            yield page
            page, size = [], 0
    if page:
        yield page


def _write_page(connection: Connection, table: Table, page: list[Row]) -> None:
    insert_all(connection, table, _storable(table, page))
    if table is CLIPS:
        words.store(connection, [_words(row) for row in page])


def _words(clip: Row) -> ClipWords:
    metadata = blobs.described(blobs.metadata_of(clip["metadata"]), clip["own_tags"], clip["remark"])
    return words.of_clip(clip["id"], blobs.path_text(clip["path"]), clip["title"], metadata)


def _put_parents(connection: Connection, table: Table, rows_of_source: Sequence[Row]) -> None:
    present = set(connection.execute(select(table.c.id)).scalars())
    for row in _storable(table, rows_of_source):
        if row["id"] in present:
            connection.execute(update(table).where(table.c.id == row["id"]).values(row))
        else:
            connection.execute(insert(table), row)


def _finish(source: Connection, target: Connection, state: str, folder: str) -> None:
    """Copy what may have changed meanwhile, and make ids continue where the source's do."""
    for table in PARENTS:
        _put_parents(target, table, _all(source, table))
    for table in reversed(AT_ONCE):
        target.execute(delete(table))
    for table in AT_ONCE:
        insert_all(target, table, [row for row in _storable(table, _all(source, table)) if not _is_mark(table, row)])
    target.execute(delete(REMOVALS).where(REMOVALS.c.sequence <= reading.counter(target, "pruned")))
    for table in NUMBERED:
        if last := numbering.last(source, table.name):
            numbering.reach(target, table.name, last)
    target.execute(insert(CHOICES), [{"name": COMPLETE, "value": state}, {"name": INTO, "value": folder}])


def _is_mark(table: Table, row: Row) -> bool:
    return table is CHOICES and row["name"] in MARKS


def _storable(table: Table, page: Sequence[Row]) -> list[Row]:
    """Rows without NUL characters in text, which a file can store but a server cannot."""
    texts = [column.key for column in table.c if isinstance(column.type, Text) and column.key]
    return [
        row | {name: blobs.storable(row[name]) for name in texts if row[name] and "\0" in row[name]} for row in page
    ]


def _all(connection: Connection, table: Table) -> list[Row]:
    return list(rows(connection, table))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
