"""The book of contours: what exact alignment reads, beside the vector index that finds the windows.

All contours stand in one array, so that stretches of hundreds of tunes are gathered at once. On disk a book is a folder
of plain arrays that are mapped, not read; it is written tune by tune, whatever its size.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryUnwritable, SnapshotError, printable
from search.melody.contours import FRAME_S
from search.model import ContentContour, Ids, StoredContour

CENTS = 100.0
"""Pitches are kept as whole cents (1/100 semitone) in 16 bits."""


class Book(Protocol):
    """Contours by row; a row means nothing beyond one book."""

    def __len__(self) -> int:
        """How many contours."""

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """Rows (n,) of the contours that windows belong to, -1 for ids not in the book, and their starts in sounding
        time.
        """

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """Semitones (c, n) at times (c, n) of the contours in ``rows`` (c,); beyond its ends a contour holds its
        pitch.
        """

    def tunes(self, rows: Ids) -> Ids:
        """(n,) what the contours in ``rows`` are called: the ids of their contents."""

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """Sounding times of one contour as times of its tune."""

    def window_at(self, row: int, sounding_s: float) -> int:
        """The id of the window of a contour that starts closest to ``sounding_s``."""


@dataclass(frozen=True, slots=True, eq=False)
class ContourBook:
    """Contours by row, in ascending order of their windows' ids, each window's id once.

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
    def of(cls, pages: Iterable[StoredContour]) -> ContourBook:
        """A book of these contours, in any order; of two with the same first window the later one counts."""
        last = {page.first_segment_id: page for page in pages}
        ordered = [last[first_id] for first_id in sorted(last)]
        contours = [page.contour for page in ordered]
        return cls(
            np.array([page.content_id for page in ordered], np.int64),
            np.array([page.first_segment_id for page in ordered], np.int64),
            _offsets([len(contour.cents) for contour in contours]),
            np.concatenate([np.empty(0, np.int16), *(contour.cents for contour in contours)]),
            _offsets([len(contour.window_s) for contour in contours]),
            np.concatenate([np.empty(0, np.float32), *(contour.window_s for contour in contours)]),
            _offsets([len(contour.knots) for contour in contours]),
            np.concatenate([np.empty((0, 2)), *(contour.knots for contour in contours)]),
        )

    def __len__(self) -> int:
        return len(self.tune)

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """As `Book.locate`."""
        if not len(self):
            return np.full(len(window_ids), -1, np.int64), np.zeros(len(window_ids))
        rows = np.maximum(np.searchsorted(self.first_id, window_ids, side="right") - 1, 0)
        at = self.window_offset[rows] + window_ids - self.first_id[rows]
        found = (window_ids >= self.first_id[rows]) & (at < self.window_offset[rows + 1])
        return np.where(found, rows, -1), self.window_s[np.where(found, at, 0)].astype(np.float64)

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """As `Book.stretches`."""
        frames = np.floor(sounding_s * (1 / FRAME_S)).astype(np.int64)
        low, high = self.offset[rows][:, None], self.offset[rows + 1][:, None] - 1
        return np.asarray(self.cents[np.clip(frames + low, low, high)] * np.float32(1 / CENTS), np.float32)

    def tunes(self, rows: Ids) -> Ids:
        """As `Book.tunes`."""
        return np.asarray(self.tune[rows])

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """As `Book.tune_time`."""
        knots = self.knots[self.knot_offset[row] : self.knot_offset[row + 1]]
        return np.interp(np.asarray(sounding_s, np.float64), knots[:, 0], knots[:, 1])

    def window_at(self, row: int, sounding_s: float) -> int:
        """As `Book.window_at`."""
        starts = self.window_s[self.window_offset[row] : self.window_offset[row + 1]]
        return int(self.first_id[row]) + int(np.abs(starts - sounding_s).argmin())

    def pages(self) -> Iterator[StoredContour]:
        """Every contour, by row."""
        for row in range(len(self)):
            yield StoredContour(
                int(self.tune[row]),
                int(self.first_id[row]),
                ContentContour(
                    self.cents[self.offset[row] : self.offset[row + 1]],
                    self.window_s[self.window_offset[row] : self.window_offset[row + 1]],
                    self.knots[self.knot_offset[row] : self.knot_offset[row + 1]],
                ),
            )

    @classmethod
    def load(cls, folder: Path) -> ContourBook:
        """Open a book that `write` made; its arrays are mapped. Raises SnapshotError when it is missing or damaged."""
        try:
            book = cls(
                tune=_loaded(folder / "tune.npy"),
                first_id=_loaded(folder / "first_id.npy"),
                offset=_loaded(folder / "offset.npy"),
                cents=_mapped(folder / "cents.i2", np.dtype("<i2")),
                window_offset=_loaded(folder / "window_offset.npy"),
                window_s=_mapped(folder / "window_s.f4", np.dtype("<f4")),
                knot_offset=_loaded(folder / "knot_offset.npy"),
                knots=_mapped(folder / "knots.f8", np.dtype("<f8")).reshape(-1, 2),
            )
        except (OSError, ValueError, EOFError) as error:
            raise _damaged(folder, str(error)) from error
        whole = len(book.first_id) == len(book.tune) and all(
            len(offset) == len(book.tune) + 1 and int(offset[-1]) == count
            for offset, count in (
                (book.offset, len(book.cents)),
                (book.window_offset, len(book.window_s)),
                (book.knot_offset, len(book.knots)),
            )
        )
        if not whole:
            raise _damaged(folder, "its parts do not fit together")
        return book


@dataclass(frozen=True, slots=True, eq=False)
class TwoBooks:
    """A large book that is mapped and a small one of what came since, as one: rows of ``recent`` follow ``base``'s."""

    base: ContourBook
    recent: ContourBook

    def __len__(self) -> int:
        return len(self.base) + len(self.recent)

    def locate(self, window_ids: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """As `Book.locate`; what is in both (after a restore) is the recent one's."""
        rows, start_s = self.base.locate(window_ids)
        newer, newer_s = self.recent.locate(window_ids)
        return np.where(newer >= 0, newer + len(self.base), rows), np.where(newer >= 0, newer_s, start_s)

    def stretches(self, rows: Ids, sounding_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """As `Book.stretches`."""
        found = np.empty(sounding_s.shape, np.float32)
        new = rows >= len(self.base)
        found[~new] = self.base.stretches(rows[~new], sounding_s[~new])
        found[new] = self.recent.stretches(rows[new] - len(self.base), sounding_s[new])
        return found

    def tunes(self, rows: Ids) -> Ids:
        """As `Book.tunes`."""
        return np.concatenate([self.base.tune, self.recent.tune])[rows]

    def tune_time(self, row: int, sounding_s: Sequence[float]) -> NDArray[np.float64]:
        """As `Book.tune_time`."""
        book, own = self._at(row)
        return book.tune_time(own, sounding_s)

    def window_at(self, row: int, sounding_s: float) -> int:
        """As `Book.window_at`."""
        book, own = self._at(row)
        return book.window_at(own, sounding_s)

    def _at(self, row: int) -> tuple[ContourBook, int]:
        new = row - len(self.base)
        return (self.recent, new) if new >= 0 else (self.base, row)


def write(folder: Path, pages: Iterable[StoredContour]) -> None:
    """Write ``pages``, ascending by first window, as a new book, holding one at a time.

    It appears whole or not at all. Raises LibraryUnwritable when the disk is full or read-only.
    """
    unfinished = folder.with_name(f".writing-{folder.name}")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write(unfinished, pages)
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise LibraryUnwritable.because(f"{printable(str(folder))}: the contours cannot be written", error) from error


def _write(folder: Path, pages: Iterable[StoredContour]) -> None:
    tune, first_id = [], []
    lengths: tuple[list[int], list[int], list[int]] = ([], [], [])
    with (
        (folder / "cents.i2").open("wb") as cents,
        (folder / "window_s.f4").open("wb") as window_s,
        (folder / "knots.f8").open("wb") as knots,
    ):
        for page in pages:
            contour = page.contour
            tune.append(page.content_id)
            first_id.append(page.first_segment_id)
            lengths[0].append(len(contour.cents))
            lengths[1].append(len(contour.window_s))
            lengths[2].append(len(contour.knots))
            cents.write(np.ascontiguousarray(contour.cents, "<i2").data)
            window_s.write(np.ascontiguousarray(contour.window_s, "<f4").data)
            knots.write(np.ascontiguousarray(contour.knots, "<f8").data)
    np.save(folder / "tune.npy", np.array(tune, np.int64))
    np.save(folder / "first_id.npy", np.array(first_id, np.int64))
    for name, length in zip(("offset", "window_offset", "knot_offset"), lengths, strict=True):
        np.save(folder / f"{name}.npy", _offsets(length))


def _loaded(path: Path) -> Ids:
    return np.asarray(np.load(path, allow_pickle=False), np.int64)


def _mapped(path: Path, kind: np.dtype[Any]) -> NDArray[Any]:
    """The values of a file, mapped; an empty file cannot be."""
    if not path.stat().st_size:
        return np.empty(0, kind)
    return np.asarray(np.memmap(path, kind, "r"))


def _offsets(lengths: Sequence[int]) -> Ids:
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64)


def _damaged(folder: Path, cause: str) -> SnapshotError:
    return SnapshotError(
        f"the contours in {printable(str(folder))} are missing or damaged ({cause}); "
        "delete the folder, they are read from the catalog again"
    )
