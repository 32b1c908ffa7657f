"""The fingerprints of all contents: landmarks as an inverted file (the places of each key), and outlines.

All contents lie one after another on one axis of frames, with gaps between them. So a place is a single number of 32
bits: four bytes for each landmark. Outlines are concatenated as well, four bytes for every 93 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.landmarks import KEYS
from search.analysis.exact.outlines import STEP, Outlines
from search.errors import LibraryError
from search.model import Ids

if TYPE_CHECKING:
    from search.analysis.exact.listening import Fingerprint

GAP: Final = 1024
"""Frames between contents: longer than a question, so that its beginning never falls into another content."""
_MOST_FRAMES: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class FingerprintTable:
    """c contents and p places.

    ``contents`` (c,) are ids, ascending; ``begins`` (c + 1,) int64 are their first frames. The places of each key are
    ``places`` (p,) uint32 from ``offsets[key]`` to ``offsets[key + 1]`` (`KEYS` + 1,) int64. The outline of each
    content is ``outlines`` (r,) uint32 from ``firsts[i]`` to ``firsts[i + 1]`` (c + 1,) int64; it is empty if an
    earlier version made the fingerprint.
    """

    contents: Ids
    begins: NDArray[np.int64]
    offsets: NDArray[np.int64]
    places: NDArray[np.uint32]
    firsts: NDArray[np.int64]
    outlines: Outlines

    @classmethod
    def empty(cls) -> FingerprintTable:
        """A table without contents."""
        none, zero = np.empty(0, np.int64), np.zeros(1, np.int64)
        offsets = np.zeros(KEYS + 1, np.int64)
        return cls(none, zero, offsets, np.empty(0, np.uint32), zero, np.empty(0, np.uint32))

    def __len__(self) -> int:
        """The number of contents, including those without landmarks."""
        return len(self.contents)

    def look_up(self, keys: NDArray[np.uint32], most: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Look up ``keys`` (n,): for each place found, the row of its key (m,), and the place (m,).

        Uses only the rarest keys, up to ``most`` places in all, because frequent keys carry no information.
        """
        at = keys.astype(np.int64)
        counts = self.offsets[at + 1] - self.offsets[at]
        rows = np.flatnonzero(counts)
        if counts.sum() > most:
            rows = rows[np.argsort(counts[rows], kind="stable")]
            rows = np.sort(rows[np.cumsum(counts[rows]) <= most])
        counts, begin = counts[rows], self.offsets[at[rows]]
        inside = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(rows, counts), self.places[np.repeat(begin, counts) + inside]

    def rows_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of the contents at ``places`` (n,); half of the gap on either side counts as part of a content."""
        return np.searchsorted(self.begins[1:] - GAP // 2, places, side="right").clip(0, max(len(self) - 1, 0))

    @property
    def without_outline(self) -> NDArray[np.bool_]:
        """Which contents (c,) were fingerprinted by an earlier version, and so have only landmarks."""
        return np.asarray((np.diff(self.begins) >= GAP + STEP) & (np.diff(self.firsts) == 0))

    def changed(self, added: Iterable[tuple[int, Fingerprint]], staying: NDArray[np.bool_]) -> FingerprintTable:
        """A table of the contents marked in ``staying`` (c,) and of ``added``, with other ids.

        Raises LibraryError if there are too many frames.
        """
        fresh = sorted(added, key=lambda one: one[0])
        lengths = np.diff(self.begins)
        ids = np.concatenate((self.contents[staying], np.array([content for content, _ in fresh], np.int64)))
        order = np.argsort(ids, kind="stable")
        length = np.array([one.landmarks.frames + GAP for _, one in fresh], np.int64)
        length = np.concatenate((lengths[staying], length))[order]
        begins = np.concatenate((np.zeros(1, np.int64), np.cumsum(length)))
        if begins[-1] >= _MOST_FRAMES:
            hours = _MOST_FRAMES / 43 / 3600
            raise LibraryError(f"a library holds fingerprints of at most {hours:,.0f} hours; split it")
        new_begin = np.empty(len(ids), np.int64)
        new_begin[order] = begins[:-1]
        stay = int(staying.sum())
        keys, places = self._kept(staying, new_begin[:stay])
        moved = [
            (one.landmarks.keys(), (one.landmarks.frame + begin).astype(np.uint32))
            for (_, one), begin in zip(fresh, new_begin[stay:].tolist(), strict=True)
        ]
        keys = np.concatenate((keys, *(pair[0] for pair in moved)))
        places = np.concatenate((places, *(pair[1] for pair in moved)))
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(keys, minlength=KEYS))))
        outlines = self._outlines(staying) + [one.rows for _, one in fresh]
        in_order = [outlines[place] for place in order.tolist()]
        firsts = np.cumsum([0, *(len(rows) for rows in in_order)], dtype=np.int64)
        rows = np.concatenate((np.empty(0, np.uint32), *in_order))
        return FingerprintTable(ids[order], begins, offsets, places[np.argsort(keys, kind="stable")], firsts, rows)

    def _outlines(self, staying: NDArray[np.bool_]) -> list[Outlines]:
        """The outlines of the contents marked in ``staying``."""
        ranges = zip(self.firsts[:-1][staying].tolist(), self.firsts[1:][staying].tolist(), strict=True)
        return [self.outlines[first:last] for first, last in ranges]

    def _kept(
        self, staying: NDArray[np.bool_], new_begin: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The keys and new places of the landmarks of the contents marked in ``staying``."""
        keys = np.repeat(np.arange(KEYS, dtype=np.uint32), np.diff(self.offsets))
        if not len(self):
            return keys, self.places
        row = np.searchsorted(self.begins, self.places.astype(np.int64), side="right") - 1
        stays = staying[row]
        shift = np.zeros(len(self), np.int64)
        shift[staying] = new_begin - self.begins[:-1][staying]
        return keys[stays], (self.places[stays] + shift[row[stays]]).astype(np.uint32)
