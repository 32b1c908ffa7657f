"""Reassemble the segments of a content from windows that were encoded in any order and in any batch."""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.unfinished import BlockFile
from search.analysis.time.frames import FrameTags
from search.errors import JobError
from search.model import ContentEncoding, SegmentTags, Spans

EncodedRows: TypeAlias = tuple[NDArray[Any], ...]
"""What an encoder returns for n windows, as it is stored: vectors (n, dim) float16 and, with a vocabulary, classes
(n, kept) uint16 and probabilities (n, kept) float16. For events, the arrays of `FrameTags` follow."""

_FRAMES: Final = 3
"""How many arrays come before those of frames: vectors, classes and probabilities."""
BLOCK_ROWS: Final = 64
HELD_BLOCKS: Final = 8
"""How many full blocks stay in memory. Once a recording has more (20 minutes), its full blocks move to its `BlockFile`;
from then on, each block moves as soon as it is full."""


class WindowMismatch(Exception):
    """A window's span differs from what an earlier job recorded, or the earlier job's block file is damaged.

    The recording must be cut again from its beginning.
    """


class Assembly:
    """The segments of one content while they are being encoded; complete when every window's row is there.

    Rows are kept in blocks, not one by one: a recording of a day has tens of thousands. With ``block_file``, full
    blocks are written to that file, and blocks that an earlier job left there are not encoded again. The caller
    reports each window that it cuts (`cut`), and sets ``failed`` if the remaining windows will not come.
    """

    def __init__(self, block_file: BlockFile | None = None) -> None:
        self.failed = False
        self._file = block_file
        self._room_left = block_file is not None
        self._is_handed_over = False
        self._earlier: tuple[int, Spans, NDArray[np.bool_]] | None = None
        self._starts, self._ends, self._silent = array("d"), array("d"), bytearray()
        self._lock = threading.Lock()
        self._blocks: dict[int, EncodedRows] = {}
        self._filled: Counter[int] = Counter()
        self._encoded = 0
        self._closed = False

    def cut(self, start_s: float, end_s: float, *, silent: bool) -> int | None:
        """Record the span of the next window. Return its place, or None if an earlier job already encoded it.

        Raises WindowMismatch if the earlier job recorded another span. Then the block file is deleted, and nothing more
        is written to it.
        """
        place = len(self._starts)
        number, inside = divmod(place, BLOCK_ROWS)
        known = self._file is not None and number not in self._blocks and number in self._file
        if known and not self._is_as_before(number, inside, (start_s, end_s), silent):
            self._forget()
            raise WindowMismatch
        with self._lock:
            self._starts.append(start_s)
            self._ends.append(end_s)
            self._silent.append(silent)
            self._encoded += known
        return None if known else place

    def add(self, place: int, rows: EncodedRows, row: int) -> bool:
        """Add the window at ``place``, which is ``row`` of ``rows``. Return whether this completed the content."""
        number, inside = divmod(place, BLOCK_ROWS)
        with self._lock:
            if number not in self._blocks:
                self._blocks[number] = _room(rows, BLOCK_ROWS)
            for mine, theirs in zip(self._blocks[number], rows, strict=True):
                mine[inside] = theirs[row]
            self._filled[number] += 1
            self._encoded += 1
            if self._filled[number] == BLOCK_ROWS and self._room_left:
                self._hand_over()
            return self._is_complete()

    def close(self) -> bool:
        """Declare that every window was cut. Return whether all of them are encoded."""
        with self._lock:
            self._closed = True
            return self._is_complete()

    @property
    def encoded_s(self) -> float:
        """How many seconds of the sound are encoded, as if windows were encoded in order."""
        with self._lock:
            return self._ends[self._encoded - 1] if self._encoded else 0.0

    @property
    def silent(self) -> bool:
        """Whether every window that was cut is silent."""
        with self._lock:
            return all(self._silent)

    @property
    def has_frames(self) -> bool:
        """Whether the rows include tags for frames."""
        return bool(self._starts) and len(self._block(0)) > _FRAMES

    def frames(self, places: NDArray[np.integer]) -> FrameTags:
        """The tags of the frames of the windows at ``places`` (one or more, ascending).

        Call it once the content is complete, and before `encoding`. Raises JobError if the block file cannot be read.
        """
        numbers, inside = np.divmod(places, BLOCK_ROWS)
        parts = [
            FrameTags(*(array[inside[numbers == number]] for array in self._block(number)[_FRAMES:]))
            for number in np.unique(numbers).tolist()
        ]
        return FrameTags.joined(parts)

    def encoding(self) -> ContentEncoding:
        """All rows in order, once the content is complete. Releases each block as it is copied.

        Raises JobError if the block file cannot be read.
        """
        vectors, *tags = self._whole(slice(None, _FRAMES), self._last_of_block)
        return ContentEncoding(
            spans=self.spans, vectors=vectors, silent=self.silences, tags=SegmentTags(*tags) if tags else None
        )

    @property
    def is_long(self) -> bool:
        """Whether more windows were cut than stay in memory for a recording with a block file."""
        return len(self._starts) > HELD_BLOCKS * BLOCK_ROWS

    @property
    def spans(self) -> Spans:
        """(n, 2) the start and end of each window that was cut, in seconds."""
        return np.stack([np.array(self._starts), np.array(self._ends)], axis=1)

    @property
    def silences(self) -> NDArray[np.bool_]:
        """(n,) whether each window is silent."""
        return np.frombuffer(bytes(self._silent), np.bool_)

    def _whole(self, part: slice, block: Callable[[int], EncodedRows]) -> EncodedRows:
        """The selected arrays of all rows, in order."""
        count = len(self._starts)
        whole: EncodedRows | None = None
        for number, start in enumerate(range(0, count, BLOCK_ROWS)):
            rows = block(number)[part]
            whole = _room(rows, count) if whole is None else whole
            for mine, theirs in zip(whole, rows, strict=True):
                mine[start : start + BLOCK_ROWS] = theirs[: count - start]
        if whole is None:
            raise ValueError("a content without windows has no encoding")
        return whole

    def _is_complete(self) -> bool:
        return self._closed and not self.failed and self._encoded == len(self._starts)

    def _hand_over(self) -> None:
        """Write full blocks to the file once there are many, then each. If the disk is full, they stay in memory."""
        whole = [number for number in self._blocks if self._filled[number] == BLOCK_ROWS]
        if self._file is None or not (self._is_handed_over or len(whole) > HELD_BLOCKS):
            return
        self._is_handed_over = True
        for number in whole:
            part = slice(number * BLOCK_ROWS, (number + 1) * BLOCK_ROWS)
            spans = np.stack([np.array(self._starts[part]), np.array(self._ends[part])], axis=1)
            silent = np.frombuffer(bytes(self._silent[part]), np.bool_)
            self._room_left = self._file.add(number, (spans, silent, *self._blocks[number]))
            if not self._room_left:
                return
            del self._blocks[number]

    def _is_as_before(self, number: int, inside: int, span: tuple[float, float], silent: bool) -> bool:
        """Whether a window has the span that an earlier job recorded; false if the earlier block is damaged."""
        try:
            if self._earlier is None or self._earlier[0] != number:
                spans, was_silent, *_ = self._read(number)
                self._earlier = (number, spans, was_silent)
            _, spans, was_silent = self._earlier
            return tuple(spans[inside]) == span and bool(was_silent[inside]) == silent
        except (JobError, ValueError, IndexError, TypeError):
            return False

    def _forget(self) -> None:
        """Delete what an earlier job kept, and write no more to the file."""
        if self._file is not None:
            self._file.remove()

    def _block(self, number: int) -> EncodedRows:
        return self._blocks[number] if number in self._blocks else self._read(number)[2:]

    def _last_of_block(self, number: int) -> EncodedRows:
        """The rows of a block; the block in memory is released."""
        return self._blocks.pop(number) if number in self._blocks else self._block(number)

    def _read(self, number: int) -> tuple[NDArray[Any], ...]:
        if self._file is None:
            raise ValueError(f"there is no block {number}")
        try:
            return self._file.read(number)
        except (OSError, ValueError, EOFError) as error:
            raise JobError(
                f"the encoded part of a long recording cannot be read back ({error}): run it again"
            ) from error


def _room(rows: EncodedRows, count: int) -> EncodedRows:
    return tuple(np.empty((count, *array.shape[1:]), array.dtype) for array in rows)
