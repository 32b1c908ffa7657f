"""Fingerprints of short sounds: a second way to find candidates for duplicates, besides the nearest vectors.

For an encoder, a short sound with silence around it, or as an MP3 at 32 kbit/s, is not near its original. Its
fingerprint (`hearing.fingerprint`) is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids
from search.overview.duplicates.hearing import FINGERPRINT

NEAREST: Final = 8
"""Most candidates for each content, the nearest; in training data, none of 600 copies was farther."""

Rows = NDArray[np.float32]


class Prints:
    """The fingerprints of a growing number of contents."""

    def __init__(self, contents: Ids, rows: Rows) -> None:
        self._count = len(contents)
        self._contents = contents.copy()
        self._rows = rows.astype(np.float32)
        self._squares = np.square(self._rows).sum(axis=1)

    @classmethod
    def none(cls) -> Prints:
        """Without any content."""
        return cls(np.empty(0, np.int64), np.empty((0, FINGERPRINT), np.float32))

    def contents(self) -> Ids:
        """(n,): the contents, in the order in which they were added."""
        return self._contents[: self._count]

    def rows(self) -> Rows:
        """(n, FINGERPRINT): the fingerprints, in that order."""
        return self._rows[: self._count]

    def add(self, content: int, row: Rows) -> None:
        """Add the fingerprint (FINGERPRINT,) of a content that has none."""
        if self._count == len(self._contents):
            room = max(1024, self._count)
            self._contents = np.concatenate((self._contents, np.zeros(room, np.int64)))
            self._rows = np.concatenate((self._rows, np.zeros((room, FINGERPRINT), np.float32)))
            self._squares = np.concatenate((self._squares, np.zeros(room, np.float32)))
        self._contents[self._count], self._rows[self._count] = content, row
        self._squares[self._count] = np.square(row).sum()
        self._count += 1

    def nearest(self, row: Rows) -> list[int]:
        """The contents with the fingerprints nearest to ``row`` (FINGERPRINT,), at most `NEAREST`, nearest first."""
        distances = self._squares[: self._count] - 2 * (self._rows[: self._count] @ row)
        few = np.argpartition(distances, NEAREST)[:NEAREST] if len(distances) > NEAREST else np.arange(len(distances))
        return [int(content) for content in self._contents[few[np.argsort(distances[few], kind="stable")]]]
