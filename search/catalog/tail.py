"""The log of changes, as an index replays it.

Nothing here holds a transaction open while the caller works: the log only grows at its end and ids are never given
twice, so page after page gives one consistent story however much is written in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, TypeAlias

import numpy as np
from sqlalchemy import Connection, bindparam, select

from search.catalog import blobs, reading
from search.catalog.database import Database
from search.catalog.tables import ADD, CHANGES, ENCODINGS, SPACES
from search.model import HalfVectors, IndexChange

ROWS_PER_CHANGE: Final = 8192
_PAGE: Final = 4096

_Range: TypeAlias = tuple[int, int, int]  # first segment id, number of segments, sequence
_Slice: TypeAlias = tuple[int, int, int]  # first segment id of an encoding, start and stop within it

_VECTORS: Final = select(ENCODINGS.c.first_segment_id, ENCODINGS.c.vectors).where(
    ENCODINGS.c.space_id == bindparam("space_id"),
    ENCODINGS.c.first_segment_id.in_(bindparam("ids", expanding=True)),
    ENCODINGS.c.n_segments > 0,
)


def changes(database: Database, space_id: int, since: int) -> Iterator[IndexChange]:
    """See `search.ports.ClipCatalog.changes`.

    Once a change was applied, the index stands at its ``sequence``; the last one brings it to the catalog's, and is an
    empty removal when nothing but clips changed. Where the log no longer reaches back to ``since``, ids that are gone
    come as removals before everything that is there comes as adds, so the same replay is right in every case.
    """
    with database.reading() as connection:
        now = reading.sequence(connection)
        dim = connection.execute(select(SPACES.c.dim).where(SPACES.c.id == space_id)).scalar()
    if now > since and dim is not None:
        yield from _Replay(database, space_id, dim, now).after(since)


class _Replay:
    """One reader's way through the log up to the sequence ``now``."""

    def __init__(self, database: Database, space_id: int, dim: int, now: int) -> None:
        self._database = database
        self._space_id = space_id
        self._dim = dim
        self._now = now
        self._large: tuple[int, HalfVectors] | None = None

    def after(self, since: int) -> Iterator[IndexChange]:
        done = since
        while True:
            with self._database.reading() as connection:
                # asked for every page: another process may prune what this replay has not read yet
                whole = done == 0 or done < reading.counter(connection, "pruned")
                page = [] if whole else self._page(connection, done)
            if whole:
                yield from self._everything(done)
                done = 0
                break
            for kind, run in groupby(page, key=attrgetter("kind")):
                rows = list(run)
                ranges = [(row.first_segment_id, row.n_segments, row.sequence) for row in rows]
                yield from self._additions(ranges, done) if kind == ADD else self._removals(ranges, done)
                done = rows[-1].sequence
            if len(page) < _PAGE:
                break
        if done < self._now:
            yield IndexChange(self._now, np.empty(0, np.int64), None)

    def _page(self, connection: Connection, after: int) -> Sequence[Any]:
        wanted = (
            select(CHANGES)
            .where(CHANGES.c.sequence > after, CHANGES.c.sequence <= self._now, CHANGES.c.space_id == self._space_id)
            .order_by(CHANGES.c.sequence)
            .limit(_PAGE)
        )
        return connection.execute(wanted).all()

    def _everything(self, since: int) -> Iterator[IndexChange]:
        """All that is there, at the sequence ``since``: who stops half-way has to begin again."""
        if since:
            yield from self._removals(self._gaps(since), since)
        after = 0
        while True:
            page = (
                select(ENCODINGS.c.first_segment_id, ENCODINGS.c.n_segments)
                .where(ENCODINGS.c.space_id == self._space_id, ENCODINGS.c.first_segment_id > after)
                .order_by(ENCODINGS.c.first_segment_id)
                .limit(_PAGE)
            )
            with self._database.reading() as connection:
                rows = connection.execute(page).all()
            if not rows:
                return
            yield from self._additions([(first, n, since) for first, n in rows], since)
            after = rows[-1].first_segment_id

    def _gaps(self, sequence: int) -> Iterator[_Range]:
        """The ids that were given once and are not in this space: the gaps between its encodings."""
        with self._database.reading() as connection:
            ranges = reading.segment_ranges(connection, self._space_id)
            end = reading.counter(connection, "segment")
        starts = np.concatenate(([1], ranges[:, 0] + ranges[:, 1]))
        for start, stop in zip(starts.tolist(), [*ranges[:, 0].tolist(), end], strict=True):
            yield start, stop - start, sequence

    def _removals(self, ranges: Iterable[_Range], done: int) -> Iterator[IndexChange]:
        for slices, sequence in _pieces(ranges, done):
            ids = [np.arange(first + start, first + stop, dtype=np.int64) for first, start, stop in slices]
            yield IndexChange(sequence, np.concatenate(ids), None)

    def _additions(self, ranges: Iterable[_Range], done: int) -> Iterator[IndexChange]:
        """Adds whose segments have gone since are left out: their removal follows."""
        for slices, sequence in _pieces(ranges, done):
            stored = self._vectors([first for first, _, _ in slices])
            there = [(first, start, stop) for first, start, stop in slices if first in stored]
            if there:
                ids = [np.arange(first + start, first + stop, dtype=np.int64) for first, start, stop in there]
                rows = [stored[first][start:stop] for first, start, stop in there]
                yield IndexChange(sequence, np.concatenate(ids), np.concatenate(rows).astype(np.float32))

    def _vectors(self, firsts: Sequence[int]) -> dict[int, HalfVectors]:
        if len(firsts) == 1 and self._large is not None and self._large[0] == firsts[0]:
            return {firsts[0]: self._large[1]}
        with self._database.reading() as connection:
            rows = connection.execute(_VECTORS, {"space_id": self._space_id, "ids": list(firsts)}).all()
        stored = {row.first_segment_id: blobs.vectors_of(row.vectors, self._dim) for row in rows}
        last = stored.get(firsts[-1])
        # a day-long recording comes in many pieces, and is read once
        self._large = (firsts[-1], last) if last is not None and len(last) > ROWS_PER_CHANGE else None
        return stored


def _pieces(ranges: Iterable[_Range], done: int) -> Iterator[tuple[list[_Slice], int]]:
    """Cut ranges into pieces of at most `ROWS_PER_CHANGE` ids, each with the sequence that it completes."""
    piece: list[_Slice] = []
    room = ROWS_PER_CHANGE
    for first, n, sequence in ranges:
        if room < n and piece:
            yield piece, done
            piece, room = [], ROWS_PER_CHANGE
        for start in range(0, n, ROWS_PER_CHANGE):
            stop = min(start + ROWS_PER_CHANGE, n)
            if stop < n:
                yield [(first, start, stop)], done
            else:
                piece.append((first, start, stop))
                room -= stop - start
        done = sequence
    if piece:
        yield piece, done
