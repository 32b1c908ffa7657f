"""The tail of the catalog, which an index replays: the segments added and removed since a sequence number.

No transaction stays open while the caller works. Sequence numbers and ids only grow and are never reused, so the pages
are consistent with each other, however much is written in between.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np
from sqlalchemy import ARRAY, BigInteger, Connection, Row, bindparam, func, select

from search.catalog import blobs, reading
from search.catalog.contentrows import SEGMENTS_PER_SEQUENCE, sequences
from search.catalog.database import Database
from search.catalog.tables import ENCODINGS, REMOVALS, SPACES
from search.model import HalfVectors, Ids, IndexChange

ROWS_PER_CHANGE: Final = SEGMENTS_PER_SEQUENCE
_PAGE: Final = 4096

_OF_SPACE: Final = select(ENCODINGS.c.first_segment_id, ENCODINGS.c.vectors).where(
    ENCODINGS.c.space_id == bindparam("space_id")
)
_VECTORS_IN_FILE: Final = _OF_SPACE.where(ENCODINGS.c.content_id.in_(bindparam("ids", expanding=True)))
_VECTORS_ON_SERVER: Final = _OF_SPACE.where(
    ENCODINGS.c.content_id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
)
"""A single array parameter for all ids; a thousand parameters would take as long as reading the vectors."""


@dataclass(frozen=True, slots=True, order=True)
class _Piece:
    """At most `ROWS_PER_CHANGE` segments of one content, added (``came``) or removed at ``sequence``."""

    sequence: int
    came: bool
    content_id: int
    first_segment_id: int
    start: int
    stop: int

    @property
    def ids(self) -> range:
        return range(self.first_segment_id + self.start, self.first_segment_id + self.stop)


def changes(database: Database, space_id: int, since: int) -> Iterator[IndexChange]:
    """See `search.ports.CatalogReader.changes`.

    After applying a change, the index is at its ``sequence``. The last change brings it to the catalog's sequence; it
    is an empty removal if no segment changed. Segments that were added and removed in between are left out. If removals
    after ``since`` have been pruned, the first changes remove every id that was ever given and is absent now.
    """
    if reading.newest(database) <= since:
        return
    with database.reading() as connection:
        now = reading.sequence(connection)
        forgotten = 0 < since < reading.counter(connection, "pruned")
        dim = connection.execute(select(SPACES.c.dim).where(SPACES.c.id == space_id)).scalar()
        # all at once: another process may prune them while this one replays
        went = _removals(connection, space_id, since) if since else []
    if now > since and dim is not None:
        replay = _Replay(database, space_id, dim, since, now)
        if forgotten:
            yield from replay.absent()
        yield from replay.run(went)


def pending(connection: Connection, space_id: int, since: int) -> int:
    """How many segments were added to or removed from a space after the sequence ``since``."""
    total = 0
    for table in (ENCODINGS, REMOVALS):
        counted = select(func.sum(table.c.n_segments)).where(table.c.space_id == space_id, table.c.sequence > since)
        total += int(connection.execute(counted).scalar() or 0)
    return total


class _Replay:
    """One reader's replay from the sequence ``since`` to ``now``."""

    def __init__(self, database: Database, space_id: int, dim: int, since: int, now: int) -> None:
        self._database = database
        self._space_id = space_id
        self._dim = dim
        self._since = since
        self._now = now
        self._large: tuple[int, HalfVectors] | None = None

    def run(self, went: Iterable[_Piece]) -> Iterator[IndexChange]:
        """Yield additions and the removals ``went``, in order, packed into few changes."""
        done = self._since
        for is_add, run in groupby(heapq.merge(self._came(), went), key=attrgetter("came")):
            for pieces in _packed(run):
                done = pieces[-1].sequence
                yield self._addition(pieces) if is_add else IndexChange(done, _ids(pieces), None)
        if done < self._now:
            yield IndexChange(self._now, np.empty(0, np.int64), None)

    def absent(self) -> Iterator[IndexChange]:
        """Yield removals, at the sequence ``since``, of every id given so far that is not in this space."""
        table = ENCODINGS.c
        wanted = select(table.first_segment_id, table.n_segments).where(table.space_id == self._space_id)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(reading.in_order_of_ids(connection, 0))).all()
            end = reading.counter(connection, "segment")
        ranges = np.array(rows, np.int64).reshape(-1, 2)
        starts = np.concatenate(([1], ranges.sum(axis=1))).tolist()
        for start, stop in zip(starts, [*ranges[:, 0].tolist(), end], strict=True):
            for low in range(start, stop, ROWS_PER_CHANGE):
                ids = np.arange(low, min(low + ROWS_PER_CHANGE, stop), dtype=np.int64)
                yield IndexChange(self._since, ids, None)

    def _came(self) -> Iterator[_Piece]:
        after = self._since
        table = ENCODINGS.c
        while True:
            page = (
                select(table.sequence, table.content_id, table.first_segment_id, table.n_segments)
                .where(table.space_id == self._space_id, table.sequence > after, table.sequence <= self._now)
                .order_by(table.sequence)
                .limit(_PAGE)
            )
            with self._database.reading() as connection:
                rows = connection.execute(page).all()
            for row in rows:
                yield from _cut(row, self._since, came=True)
            if len(rows) < _PAGE:
                return
            after = rows[-1].sequence

    def _addition(self, pieces: Sequence[_Piece]) -> IndexChange:
        """Make an addition.

        Segments removed since the page was read are left out; the next replay has their removal.
        """
        stored = self._vectors(pieces)
        there = [piece for piece in pieces if piece.first_segment_id in stored]
        rows = [stored[piece.first_segment_id][piece.start : piece.stop] for piece in there]
        vectors = np.concatenate(rows).astype(np.float32) if rows else np.empty((0, self._dim), np.float32)
        return IndexChange(pieces[-1].sequence, _ids(there), vectors)

    def _vectors(self, pieces: Sequence[_Piece]) -> dict[int, HalfVectors]:
        """The vectors of the pieces' encodings by first segment id."""
        last = pieces[-1].first_segment_id
        if len(pieces) == 1 and self._large is not None and self._large[0] == last:
            return {last: self._large[1]}
        ids = [piece.content_id for piece in pieces]
        with self._database.reading() as connection:
            statement = _VECTORS_IN_FILE if connection.dialect.name == "sqlite" else _VECTORS_ON_SERVER
            rows = connection.execute(statement, {"space_id": self._space_id, "ids": ids}).all()
        stored = {row.first_segment_id: blobs.vectors_of(row.vectors, self._dim) for row in rows}
        # a day-long recording has many pieces but is read once
        large = stored.get(last)
        self._large = (last, large) if large is not None and len(large) > ROWS_PER_CHANGE else None
        return stored


def _removals(connection: Connection, space_id: int, since: int) -> list[_Piece]:
    table = REMOVALS.c
    wanted = (
        select(table.sequence, table.content_id, table.first_segment_id, table.n_segments)
        .where(table.space_id == space_id, table.sequence > since)
        .order_by(table.sequence)
    )
    return [piece for row in connection.execute(wanted) for piece in _cut(row, since, came=False)]


def _cut(row: Row[*tuple[Any, ...]], since: int, *, came: bool) -> Iterator[_Piece]:
    """The pieces of an encoding after ``since``. Each has its own sequence number; the last has that of ``row``."""
    first_sequence = row.sequence - sequences(row.n_segments) + 1
    for place, start in enumerate(range(0, row.n_segments, ROWS_PER_CHANGE)):
        if first_sequence + place > since:
            stop = min(start + ROWS_PER_CHANGE, row.n_segments)
            yield _Piece(first_sequence + place, came, row.content_id, row.first_segment_id, start, stop)


def _ids(pieces: Sequence[_Piece]) -> Ids:
    return np.concatenate([np.array(p.ids, np.int64) for p in pieces]) if pieces else np.empty(0, np.int64)


def _packed(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """Group pieces into lists of at most `ROWS_PER_CHANGE` segments."""
    packed: list[_Piece] = []
    held = 0
    for piece in pieces:
        size = piece.stop - piece.start
        if packed and held + size > ROWS_PER_CHANGE:
            yield packed
            packed, held = [], 0
        packed.append(piece)
        held += size
    if packed:
        yield packed
