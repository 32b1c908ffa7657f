"""The contours of all tunes in one table, for exact alignment; the vector index finds the windows.

All contours are in one array, so that stretches of hundreds of tunes can be gathered at once. `contourfiles` keeps a
table on disk, whose arrays are mapped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.contours import FRAME_S, WINDOW_S, Contour
from search.model import ContentContour, Ids, StoredContour

CENTS = 100.0
"""Pitches are kept as whole cents (1/100 semitone) in 16 bits."""


class ContourLookup(Protocol):
    """Contours by row; rows are meaningful only within one table."""

    def __len__(self) -> int:
        """The number of contours."""

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """The rows (n,) of the contours of windows (-1 for unknown ids), and the windows' starts in sounding time."""

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """The pitch in semitones (c, n) at times (c, n) of the contours in ``rows`` (c,).

        Beyond its ends a contour holds its pitch.
        """

    def from_note_start(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """The distance (c, n) of times (c, n) from the nearest note start of the contours in ``rows`` (c,).

        NaN if a contour's note starts are not known.
        """

    def tunes(self, rows: Ids) -> Ids:
        """The content ids (n,) of the contours in ``rows``."""

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """Convert sounding times of one contour to times of its tune."""

    def window_at(self, row: int, sounding_s: float) -> int:
        """The id of the window of a contour that starts closest to ``sounding_s``."""


@dataclass(frozen=True, slots=True, eq=False)
class ContourTable:
    """Contours by row, in ascending order of their window ids; each window id occurs once.

    ``tune``, ``first_id`` (t,); ``offset`` (t + 1,) into ``cents`` (frames,) int16; ``window_offset`` (t + 1,) into
    ``window_s`` (windows,), the windows' starts in sounding time; ``knot_offset`` (t + 1,) into ``knots`` (k, 2):
    sounding time, the tune's time.
    """

    tune: Ids
    first_id: Ids
    offset: Ids
    cents: NDArray[np.int16]
    window_offset: Ids
    window_s: NDArray[np.float32]
    knot_offset: Ids
    knots: NDArray[np.float64]

    @classmethod
    def of(cls, pages: Iterable[StoredContour]) -> ContourTable:
        """A table of these contours, given in any order. If two have the same first window, the later one counts."""
        last = {page.first_segment_id: page for page in pages}
        ordered = [last[first_id] for first_id in sorted(last)]
        contours = [page.contour for page in ordered]
        return cls(
            np.array([page.content_id for page in ordered], np.int64),
            np.array([page.first_segment_id for page in ordered], np.int64),
            offsets([len(contour.cents) for contour in contours]),
            np.concatenate([np.empty(0, np.int16), *(contour.cents for contour in contours)]),
            offsets([len(contour.window_s) for contour in contours]),
            np.concatenate([np.empty(0, np.float32), *(contour.window_s for contour in contours)]),
            offsets([len(contour.knots) for contour in contours]),
            np.concatenate([np.empty((0, 2)), *(contour.knots for contour in contours)]),
        )

    def __len__(self) -> int:
        return len(self.tune)

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """As `ContourLookup.locate`."""
        if not len(self):
            return np.full(len(window_ids), -1, np.int64), np.zeros(len(window_ids))
        rows = np.maximum(np.searchsorted(self.first_id, window_ids, side="right") - 1, 0)
        at = self.window_offset[rows] + window_ids - self.first_id[rows]
        found = (window_ids >= self.first_id[rows]) & (at < self.window_offset[rows + 1])
        return np.where(found, rows, -1), self.window_s[np.where(found, at, 0)].astype(np.float64)

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """As `ContourLookup.stretches`."""
        frames = np.floor(sounding_s * (1 / FRAME_S)).astype(np.int64)
        low, high = self.offset[rows][:, None], self.offset[rows + 1][:, None] - 1
        return np.asarray(self.cents[np.clip(frames + low, low, high)] * np.float32(1 / CENTS), np.float32)

    def from_note_start(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `ContourLookup.from_note_start`.

        Contours of notes have a knot at both ends of each note (`contours.contour_of_notes`), so one note's last knot
        is at the time of the next note's first. Contours from a pitch tracker have no such knots.
        """
        low = np.broadcast_to(self.knot_offset[rows][:, None], sounding_s.shape)
        high = np.broadcast_to(self.knot_offset[rows + 1][:, None] - 1, sounding_s.shape)
        first, last, times = low, high, self.knots[:, 0]
        while np.any(low < high):  # binary search for the last knot that is not later
            middle = (low + high + 1) // 2
            earlier = times[middle] <= sounding_s
            low, high = np.where(earlier, middle, low), np.where(earlier, high, middle - 1)
        near = np.minimum(np.abs(times[low] - sounding_s), np.abs(times[np.minimum(low + 1, last)] - sounding_s))
        notes = (first + 2 <= last) & (times[np.minimum(first + 1, last)] == times[np.minimum(first + 2, last)])
        return np.where(notes, near, np.nan)

    def tunes(self, rows: Ids) -> Ids:
        """As `ContourLookup.tunes`."""
        return np.asarray(self.tune[rows])

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """As `ContourLookup.tune_time`."""
        knots = self.knots[self.knot_offset[row] : self.knot_offset[row + 1]]
        return np.interp(np.asarray(sounding_s, np.float64), knots[:, 0], knots[:, 1])

    def window_at(self, row: int, sounding_s: float) -> int:
        """As `ContourLookup.window_at`."""
        starts = self.window_s[self.window_offset[row] : self.window_offset[row + 1]]
        return int(self.first_id[row]) + int(np.abs(starts - sounding_s).argmin())

    def pages(self) -> Iterator[StoredContour]:
        """Every contour, by row."""
        return (self.page(row) for row in range(len(self)))

    def page(self, row: int) -> StoredContour:
        """One contour."""
        return StoredContour(
            int(self.tune[row]),
            int(self.first_id[row]),
            ContentContour(
                self.cents[self.offset[row] : self.offset[row + 1]],
                self.window_s[self.window_offset[row] : self.window_offset[row + 1]],
                self.knots[self.knot_offset[row] : self.knot_offset[row + 1]],
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class TwoTables:
    """A large mapped table and a small one of newer contours, as one: rows of ``recent`` follow those of ``base``."""

    base: ContourTable
    recent: ContourTable

    def __len__(self) -> int:
        return len(self.base) + len(self.recent)

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """As `ContourLookup.locate`. If a window is in both tables (after a restore), the recent one counts."""
        rows, start_s = self.base.locate(window_ids)
        newer, newer_s = self.recent.locate(window_ids)
        return np.where(newer >= 0, newer + len(self.base), rows), np.where(newer >= 0, newer_s, start_s)

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """As `ContourLookup.stretches`."""
        found = np.empty(sounding_s.shape, np.float32)
        new = rows >= len(self.base)
        found[~new] = self.base.stretches(rows[~new], sounding_s[~new])
        found[new] = self.recent.stretches(rows[new] - len(self.base), sounding_s[new])
        return found

    def from_note_start(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `ContourLookup.from_note_start`."""
        found = np.empty(sounding_s.shape)
        new = rows >= len(self.base)
        found[~new] = self.base.from_note_start(rows[~new], sounding_s[~new])
        found[new] = self.recent.from_note_start(rows[new] - len(self.base), sounding_s[new])
        return found

    def tunes(self, rows: Ids) -> Ids:
        """As `ContourLookup.tunes`."""
        return np.concatenate([self.base.tune, self.recent.tune])[rows]

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """As `ContourLookup.tune_time`."""
        table, own = self._at(row)
        return table.tune_time(own, sounding_s)

    def window_at(self, row: int, sounding_s: float) -> int:
        """As `ContourLookup.window_at`."""
        table, own = self._at(row)
        return table.window_at(own, sounding_s)

    def _at(self, row: int) -> tuple[ContourTable, int]:
        new = row - len(self.base)
        return (self.recent, new) if new >= 0 else (self.base, row)


def passage(contours: ContourLookup, window_ids: Ids, start_s: float, end_s: float, longest_s: float) -> Contour | None:
    """The part of the first contour of these windows (n,) from ``start_s`` to ``end_s`` of its tune; None if empty.

    A long passage is cut after ``longest_s`` of sounding time.
    """
    rows, starts_s = contours.locate(window_ids)
    known = rows[rows >= 0]
    if not len(known):
        return None
    row = int(known[0])
    frames = np.arange(math.ceil((float(starts_s[rows == row].max()) + WINDOW_S) / FRAME_S))
    sounding_s = ((frames + 0.5) * FRAME_S).astype(np.float64)
    tune_s = contours.tune_time(row, sounding_s.tolist())
    within = np.flatnonzero((tune_s >= start_s) & (tune_s < end_s))[: round(longest_s / FRAME_S)]
    if not len(within):
        return None
    pitch = contours.stretches(np.array([row], np.int64), sounding_s[within][None])[0]
    own_s = np.array([0.0, len(within) * FRAME_S])
    return Contour(pitch, own_s, own_s + tune_s[within[0]], np.empty(0))


def offsets(lengths: Sequence[int]) -> Ids:
    """The offsets (n + 1,) of n concatenated pieces with these lengths, and the end of the last one."""
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64)
