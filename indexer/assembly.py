"""Puts a content together again from windows that were encoded in any order and company."""

from __future__ import annotations

import threading
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.model import ContentEncoding, SegmentTags
from search.time.frames import FrameTags

Rows: TypeAlias = tuple[NDArray[Any], ...]
"""What an encoder gives for n windows, as it is stored: vectors (n, dim) float16 and, with a vocabulary, classes
(n, kept) uint16 and probabilities (n, kept) float16. Behind them, for events, the arrays of `FrameTags`."""

BLOCK_ROWS = 64


class Assembly:
    """The segments of one content while they are being encoded; complete when every window's row is there.

    Rows are kept in blocks, not one by one: a recording of a day has tens of thousands. Whoever cuts the windows
    appends to ``spans`` and ``silent``, and sets ``failed`` when the rest will not come.
    """

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self.silent: list[bool] = []
        self.failed = False
        self._lock = threading.Lock()
        self._blocks: dict[int, Rows] = {}
        self._encoded = 0
        self._closed = False

    def add(self, place: int, rows: Rows, row: int) -> bool:
        """Take in the window at ``place``, which is ``row`` of ``rows``; whether that completed the content."""
        number, inside = divmod(place, BLOCK_ROWS)
        with self._lock:
            if number not in self._blocks:
                self._blocks[number] = _room(rows, BLOCK_ROWS)
            for mine, theirs in zip(self._blocks[number], rows, strict=True):
                mine[inside] = theirs[row]
            self._encoded += 1
            return self._is_complete()

    def close(self) -> bool:
        """Say that every window was cut; whether they are all encoded by now."""
        with self._lock:
            self._closed = True
            return self._is_complete()

    @property
    def encoded_s(self) -> float:
        """How far into the sound it is encoded, in seconds, as if windows were encoded in their order."""
        with self._lock:
            return self.spans[self._encoded - 1][1] if self._encoded else 0.0

    def encoding(self) -> tuple[ContentEncoding, FrameTags | None]:
        """All rows in their order, once complete, and tags of frames, if any; the blocks are given up on the way."""
        count = len(self.spans)
        whole = _room(self._blocks[0], count)
        for number in range(len(self._blocks)):
            start = number * BLOCK_ROWS
            for mine, theirs in zip(whole, self._blocks.pop(number), strict=True):
                mine[start : start + BLOCK_ROWS] = theirs[: count - start]
        vectors, tags, frames = whole[0], whole[1:3], whole[3:]
        encoding = ContentEncoding(
            spans=np.array(self.spans, np.float64).reshape(-1, 2),
            vectors=vectors,
            silent=np.array(self.silent, np.bool_),
            tags=SegmentTags(*tags) if tags else None,
        )
        return encoding, FrameTags(*frames) if frames else None

    def _is_complete(self) -> bool:
        return self._closed and not self.failed and self._encoded == len(self.spans)


def _room(rows: Rows, count: int) -> Rows:
    return tuple(np.empty((count, *array.shape[1:]), array.dtype) for array in rows)
