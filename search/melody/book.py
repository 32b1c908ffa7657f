"""The book of contours: what exact alignment reads, kept beside the vector index that finds the windows.

All contours stand in one array, so that stretches of hundreds of tunes are gathered at once; on disk it is a folder of
plain numpy files that are mapped, not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError
from search.melody.contours import FRAME_S, Contour, window_starts
from search.model import Ids

CENTS = 100.0
"""Pitches are kept as whole cents (1/100 semitone) in 16 bits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A contour that goes into the book: ``tune`` is what a hit will be called by, ``first_id`` the id of its first
    window.

    The windows' ids are consecutive, in the order of ``contours.windows_of``.
    """

    tune: int
    first_id: int
    contour: Contour


@dataclass(frozen=True, slots=True, eq=False)
class ContourBook:
    """Contours by row, in ascending order of their windows' ids.

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
    def of(cls, entries: Iterable[Entry]) -> ContourBook:
        """A book of these entries; none at all is fine."""
        return _bound(
            _Page(
                entry.tune,
                entry.first_id,
                np.round(entry.contour.pitch * CENTS).astype(np.int16),
                window_starts(entry.contour).astype(np.float32),
                np.stack([entry.contour.knots_sounding_s, entry.contour.knots_tune_s], axis=1),
            )
            for entry in entries
        )

    def __len__(self) -> int:
        return len(self.tune)

    def joined(self, other: ContourBook) -> ContourBook:
        """Both books as one."""
        return _bound([*self._pages(range(len(self))), *other._pages(range(len(other)))])

    def without(self, tunes: Iterable[int]) -> ContourBook:
        """The book less these tunes; unknown ones are ignored."""
        gone = np.isin(self.tune, np.fromiter(tunes, np.int64))
        return _bound(self._pages(np.flatnonzero(~gone).tolist()))

    def window_ids(self, row: int) -> Ids:
        """The ids of one contour's windows."""
        count = int(self.window_offset[row + 1] - self.window_offset[row])
        return np.arange(self.first_id[row], self.first_id[row] + count, dtype=np.int64)

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """Rows (n,) of the contours that windows belong to, -1 for ids not in the book, and their starts in sounding
        time.
        """
        if not len(self):
            return np.full(len(window_ids), -1, np.int64), np.zeros(len(window_ids))
        rows = np.maximum(np.searchsorted(self.first_id, window_ids, side="right") - 1, 0)
        at = self.window_offset[rows] + window_ids - self.first_id[rows]
        found = (window_ids >= self.first_id[rows]) & (at < self.window_offset[rows + 1])
        return np.where(found, rows, -1), self.window_s[np.where(found, at, 0)].astype(np.float64)

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """Semitones (c, n) at times (c, n) of the contours in ``rows`` (c,); beyond its ends a contour holds its
        pitch.
        """
        frames = np.floor(sounding_s * (1 / FRAME_S)).astype(np.int64)
        low, high = self.offset[rows][:, None], self.offset[rows + 1][:, None] - 1
        return np.asarray(self.cents[np.clip(frames + low, low, high)] * np.float32(1 / CENTS), np.float32)

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """Sounding times of one contour as times of its tune."""
        knots = self.knots[self.knot_offset[row] : self.knot_offset[row + 1]]
        return np.interp(np.asarray(sounding_s, np.float64), knots[:, 0], knots[:, 1])

    def _pages(self, rows: Iterable[int]) -> Iterator[_Page]:
        for row in rows:
            yield _Page(
                int(self.tune[row]),
                int(self.first_id[row]),
                self.cents[self.offset[row] : self.offset[row + 1]],
                self.window_s[self.window_offset[row] : self.window_offset[row + 1]],
                self.knots[self.knot_offset[row] : self.knot_offset[row + 1]],
            )

    def save(self, folder: Path) -> None:
        """Write the book as a new folder. Raises LibraryError where that cannot be done, or it is there already."""
        unfinished = folder.with_name(folder.name + ".unfinished")
        try:
            unfinished.mkdir(parents=True, exist_ok=True)
            for name in _FILES:
                np.save(unfinished / f"{name}.npy", getattr(self, name), allow_pickle=False)
            unfinished.rename(folder)
        except OSError as error:
            raise LibraryError(f"the contours cannot be written to {folder}: {error.strerror or error}") from error

    @classmethod
    def load(cls, folder: Path) -> ContourBook:
        """Open a book that was saved; its arrays are mapped. Raises LibraryError when it is missing or damaged."""
        try:
            return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _FILES))
        except (OSError, ValueError) as error:
            raise LibraryError(
                f"the contours in {folder} are missing or damaged ({error}): rebuild the melody index"
            ) from error


_FILES = tuple(field.name for field in fields(ContourBook))


def _offsets(lengths: Sequence[int]) -> Ids:
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """One contour as the book keeps it."""

    tune: int
    first_id: int
    cents: NDArray[np.int16]
    window_s: NDArray[np.float32]
    knots: NDArray[np.float64]


def _bound(pages: Iterable[_Page]) -> ContourBook:
    """A book of these pages, sorted by their windows' ids."""
    ordered = sorted(pages, key=lambda page: page.first_id)
    return ContourBook(
        np.array([page.tune for page in ordered], np.int64),
        np.array([page.first_id for page in ordered], np.int64),
        _offsets([len(page.cents) for page in ordered]),
        np.concatenate([np.empty(0, np.int16), *(page.cents for page in ordered)]),
        _offsets([len(page.window_s) for page in ordered]),
        np.concatenate([np.empty(0, np.float32), *(page.window_s for page in ordered)]),
        _offsets([len(page.knots) for page in ordered]),
        np.concatenate([np.empty((0, 2)), *(page.knots for page in ordered)]),
    )
