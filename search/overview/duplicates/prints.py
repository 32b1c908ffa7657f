"""Fingerprints of short sounds: a second way to what a content may be a duplicate of, beside the nearest vectors.

A short sound with silence around it, or as an MP3 at 32 kbit/s, is not near its original for an encoder. Its
fingerprint is (`hearing.fingerprint`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids
from search.overview.duplicates.hearing import FINGERPRINT

NEAREST: Final = 8
"""Contents worth listening to for each content, the nearest; in learning material none of 600 copies was farther."""

Rows = NDArray[np.float32]


class Prints:
    """A fingerprint for each of a growing number of contents."""

    def __init__(self, contents: Ids, rows: Rows) -> None:
        self._count = len(contents)
        self._contents = contents.copy()
        self._rows = rows.astype(np.float32)
        self._squares = np.square(self._rows).sum(axis=1)

    @classmethod
    def none(cls) -> Prints:
        """Of no content."""
        return cls(np.empty(0, np.int64), np.empty((0, FINGERPRINT), np.float32))

    def contents(self) -> Ids:
        """(n,) whose they are, in the order in which they were added."""
        return self._contents[: self._count]

    def rows(self) -> Rows:
        """(n, FINGERPRINT) in that order."""
        return self._rows[: self._count]

    def add(self, content: int, row: Rows) -> None:
        """Keep the fingerprint (FINGERPRINT,) of a content that has none."""
        if self._count == len(self._contents):
            room = max(1024, self._count)
            self._contents = np.concatenate((self._contents, np.zeros(room, np.int64)))
            self._rows = np.concatenate((self._rows, np.zeros((room, FINGERPRINT), np.float32)))
            self._squares = np.concatenate((self._squares, np.zeros(room, np.float32)))
        self._contents[self._count], self._rows[self._count] = content, row
        self._squares[self._count] = np.square(row).sum()
        self._count += 1

    def nearest(self, row: Rows) -> list[int]:
        """The contents whose fingerprints are nearest to ``row`` (FINGERPRINT,), `NEAREST` at most, nearest first."""
        distances = self._squares[: self._count] - 2 * (self._rows[: self._count] @ row)
        few = np.argpartition(distances, NEAREST)[:NEAREST] if len(distances) > NEAREST else np.arange(len(distances))
        return [int(content) for content in self._contents[few[np.argsort(distances[few], kind="stable")]]]
