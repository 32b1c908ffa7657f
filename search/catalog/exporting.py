"""Reading every vector of a space with its clips, in bulk, at one sequence number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.sql.expression import ColumnElement

from search.catalog import blobs, reading
from search.catalog.tables import CLIPS, ENCODINGS
from search.model import HalfVectors, Space, Spans

_PAGE: Final = 1000
_ONE_BY_ONE: Final = 1
"""Rows with blobs are fetched one by one: for a day-long recording each takes megabytes."""


class VectorReader:
    """Reads one state of the vectors of a space. It may be read repeatedly: every pass gives the same rows in order.

    A row is a clip with all segments of its content. A content that several clips share comes once for each of them.
    Contents come in the order in which they were encoded, and their clips by id.
    """

    def __init__(self, connection: Connection, space: Space) -> None:
        self._connection = connection
        self._space = space
        self.sequence = reading.sequence(connection)
        """The state's sequence number."""

    def count(self) -> int:
        """The total number of segments of all rows."""
        return int(self._connection.execute(self._joined(func.sum(ENCODINGS.c.n_segments))).scalar() or 0)

    def clips(self) -> Iterator[tuple[int, str, int]]:
        """For each row, the clip's id, its path below its root, and the number of its segments."""
        for clip_id, path, n_segments in self._rows(_PAGE, CLIPS.c.id, CLIPS.c.path, ENCODINGS.c.n_segments):
            yield clip_id, blobs.path_text(path), n_segments

    def spans(self) -> Iterator[Spans]:
        """For each row, the spans of its segments, (n_segments, 2)."""
        for (spans,) in self._rows(_ONE_BY_ONE, ENCODINGS.c.spans):
            yield blobs.spans_of(spans)

    def vectors(self) -> Iterator[HalfVectors]:
        """For each row, the vectors of its segments, (n_segments, dim)."""
        for (vectors,) in self._rows(_ONE_BY_ONE, ENCODINGS.c.vectors):
            yield blobs.vectors_of(vectors, self._space.dim)

    def _rows(self, page: int, *columns: ColumnElement[Any]) -> Iterator[Row[*tuple[Any, ...]]]:
        wanted = self._joined(*columns).order_by(ENCODINGS.c.sequence, CLIPS.c.id)
        yield from self._connection.execute(wanted, execution_options={"yield_per": page})

    def _joined(self, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
        joined = select(*columns).join_from(ENCODINGS, CLIPS, CLIPS.c.content_id == ENCODINGS.c.content_id)
        return joined.where(ENCODINGS.c.space_id == self._space.id)
