"""The landmarks of all contents, as an inverted file: for each key the places that have it.

All contents lie one behind the other on one axis of frames, with a gap between them, so that a place is one number of
32 bits: four bytes for each landmark, and few more for keys, which contents share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError
from search.exact.landmarks import Landmarks
from search.model import Ids

GAP: Final = 1024
"""Frames between contents: more than a question lasts, so that its beginning never lies in another content."""
_MOST_FRAMES: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class FingerprintTable:
    """c contents and p places.

    ``contents`` (c,) ids, ascending, and where each begins, ``begins`` (c + 1,) int64; ``keys`` (k,) uint32, ascending,
    the places of each, ``places`` (p,) uint32 from ``offsets[i]`` to ``offsets[i + 1]`` (k + 1,) int64.
    """

    contents: Ids
    begins: NDArray[np.int64]
    keys: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    places: NDArray[np.uint32]

    @classmethod
    def empty(cls) -> FingerprintTable:
        """Without contents."""
        none, zero = np.empty(0, np.int64), np.zeros(1, np.int64)
        return cls(none, zero, np.empty(0, np.uint32), zero, np.empty(0, np.uint32))

    def __len__(self) -> int:
        """How many contents there are, those without a landmark included."""
        return len(self.contents)

    def look_up(self, keys: NDArray[np.uint32], most: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Which of ``keys`` (n,) is where: rows (m,) of them, and places (m,).

        The rarest keys first: as many as have ``most`` places together. What is everywhere says nothing.
        """
        if not len(self.keys) or not len(keys):
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        counts = np.where(self.keys[at] == keys, self.offsets[at + 1] - self.offsets[at], 0)
        rows = np.flatnonzero(counts)
        if counts.sum() > most:
            rows = rows[np.argsort(counts[rows], kind="stable")]
            rows = np.sort(rows[np.cumsum(counts[rows]) <= most])
        counts, begin = counts[rows], self.offsets[at[rows]]
        inside = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(rows, counts), self.places[np.repeat(begin, counts) + inside]

    def rows_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) the rows of the contents that lie at ``places`` (n,), the gap before a content counting as its own."""
        return np.searchsorted(self.begins[1:] - GAP // 2, places, side="right").clip(0, max(len(self) - 1, 0))

    def changed(self, added: Iterable[tuple[int, Landmarks]], staying: NDArray[np.bool_]) -> FingerprintTable:
        """A table of the contents in ``staying`` (c,) and ``added`` of other ids. Raises LibraryError for too many."""
        fresh = sorted(added, key=lambda one: one[0])
        lengths = np.diff(self.begins)
        ids = np.concatenate((self.contents[staying], np.array([content for content, _ in fresh], np.int64)))
        order = np.argsort(ids, kind="stable")
        length = np.concatenate((lengths[staying], np.array([one.frames + GAP for _, one in fresh], np.int64)))[order]
        begins = np.concatenate((np.zeros(1, np.int64), np.cumsum(length)))
        if begins[-1] >= _MOST_FRAMES:
            hours = _MOST_FRAMES / 43 / 3600
            raise LibraryError(f"fingerprints of over {hours:,.0f} hours cannot be kept in one library; split it")
        new_begin = np.empty(len(ids), np.int64)
        new_begin[order] = begins[:-1]
        keys, places = self._kept(staying, new_begin[: int(staying.sum())])
        moved = [
            (one.keys(), (one.frame + begin).astype(np.uint32))
            for (_, one), begin in zip(fresh, new_begin[int(staying.sum()) :].tolist(), strict=True)
        ]
        keys = np.concatenate((keys, *(pair[0] for pair in moved)))
        places = np.concatenate((places, *(pair[1] for pair in moved)))
        by_key = np.argsort(keys, kind="stable")
        unique, first = np.unique(keys[by_key], return_index=True)
        return FingerprintTable(ids[order], begins, unique, np.append(first, len(keys)), places[by_key])

    def _kept(
        self, staying: NDArray[np.bool_], new_begin: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Keys and new places of the landmarks of the contents of ``staying``."""
        if not len(self):
            return self.keys, self.places
        keys = np.repeat(self.keys, np.diff(self.offsets))
        row = np.searchsorted(self.begins, self.places.astype(np.int64), side="right") - 1
        stays = staying[row]
        shift = np.zeros(len(self), np.int64)
        shift[staying] = new_begin - self.begins[:-1][staying]
        return keys[stays], (self.places[stays] + shift[row[stays]]).astype(np.uint32)
