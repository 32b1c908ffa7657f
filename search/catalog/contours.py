"""The tunes of the melody space: contours, stored beside the encodings that hold their windows.

A contour's blobs are little-endian: the pitch in cents, the start times of its windows, and the knots between the two
clocks. The database deletes contours with their encoding (a cascade), so other code need not care.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from search.catalog import reading
from search.catalog.tables import CONTOURS, ENCODINGS
from search.errors import LibraryError
from search.model import ContentContour, ContentEncoding, Ids, StoredContour

_PAGE = 1000
_SAME_ENCODING = (CONTOURS.c.content_id == ENCODINGS.c.content_id) & (CONTOURS.c.space_id == ENCODINGS.c.space_id)
_CENT_BYTES, _WINDOW_BYTES, _KNOT_BYTES = 2, 4, 16


def rows(content_id: int, space_id: int, encoding: ContentEncoding) -> list[dict[str, Any]]:
    """The rows of an encoding's contours. Raises LibraryError if they do not fit its segments."""
    if not encoding.contours:
        return []
    n_windows = sum(len(contour.window_s) for contour in encoding.contours)
    if n_windows != len(encoding.vectors):
        raise LibraryError(f"contours of {n_windows} windows do not fit an encoding of {len(encoding.vectors)}")
    return [
        {
            "content_id": content_id,
            "space_id": space_id,
            "number": number,
            "n_windows": len(contour.window_s),
            "window_s": np.ascontiguousarray(contour.window_s, "<f4").tobytes(),
            "cents": np.ascontiguousarray(contour.cents, "<i2").tobytes(),
            "knots": np.ascontiguousarray(contour.knots, "<f8").tobytes(),
        }
        for number, contour in enumerate(encoding.contours)
    ]


class ContourReader:
    """Reads one state of a space's tunes, for the table that is derived from them."""

    def __init__(self, connection: Connection, space_id: int) -> None:
        self._connection = connection
        self._space_id = space_id
        self.sequence = reading.sequence(connection)
        """The state's sequence number."""

    def since(self, sequence: int) -> Iterator[StoredContour]:
        """Yield the present tunes that were added after ``sequence`` (0: all), by ascending segment id."""
        wanted = (
            select(ENCODINGS.c.first_segment_id, CONTOURS)
            .join(CONTOURS, _SAME_ENCODING)
            .where(ENCODINGS.c.space_id == self._space_id, ENCODINGS.c.sequence > sequence)
            .order_by(reading.in_order_of_ids(self._connection, sequence), CONTOURS.c.number)
        )
        encoding, first = -1, 0
        for row in self._connection.execute(wanted, execution_options={"yield_per": _PAGE}):
            if row.first_segment_id != encoding:
                encoding = first = row.first_segment_id
            yield StoredContour(
                row.content_id,
                first,
                ContentContour(
                    cents=np.frombuffer(row.cents, "<i2"),
                    window_s=np.frombuffer(row.window_s, "<f4"),
                    knots=np.frombuffer(row.knots, "<f8").reshape(-1, 2),
                ),
            )
            first += row.n_windows

    def contents(self) -> Ids:
        """The first segment id and the id of every content in the space, (n, 2), by ascending segment id."""
        table = ENCODINGS.c
        wanted = select(table.first_segment_id, table.content_id).where(table.space_id == self._space_id)
        rows = self._connection.execute(wanted.order_by(table.first_segment_id)).all()
        return np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)


def check(connection: Connection) -> Iterator[str]:
    """Yield one line for each defect of the contours, without reading their blobs."""
    wanted = select(
        CONTOURS.c.content_id,
        CONTOURS.c.number,
        CONTOURS.c.n_windows,
        func.length(CONTOURS.c.window_s).label("window_bytes"),
        func.length(CONTOURS.c.cents).label("cent_bytes"),
        func.length(CONTOURS.c.knots).label("knot_bytes"),
    )
    for row in connection.execute(wanted.execution_options(yield_per=_PAGE)):
        sizes_fit = (
            row.window_bytes == row.n_windows * _WINDOW_BYTES
            and row.cent_bytes
            and row.cent_bytes % _CENT_BYTES == 0
            and row.knot_bytes
            and row.knot_bytes % _KNOT_BYTES == 0
        )
        if not sizes_fit:
            yield f"contour {row.number} of content {row.content_id}: its parts have the wrong sizes"
    counted = func.sum(CONTOURS.c.n_windows)
    unequal = (
        select(ENCODINGS.c.content_id, ENCODINGS.c.n_segments, counted.label("windows"))
        .join(CONTOURS, _SAME_ENCODING)
        .group_by(ENCODINGS.c.content_id, ENCODINGS.c.space_id)
        .having(counted != ENCODINGS.c.n_segments)
    )
    for odd in connection.execute(unequal):
        yield f"content {odd.content_id}: contours of {odd.windows} windows for {odd.n_segments} segments"
