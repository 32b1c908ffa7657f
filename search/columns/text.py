"""Columns of text that are searched as one: every value folded, in one blob, found by one pass over its bytes."""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from search.model import Ids

_SHORT_BYTES: Final = 3
"""Up to here a text may be on every row several times, and finding each place by itself would take too long."""
_END: Final = b"\xff"  # a byte that UTF-8 never uses, half characters included


def folded(text: str) -> bytes:
    """``text`` as it is compared: composed, without case, in UTF-8 (with the half characters of odd file names)."""
    if text.isascii():
        return text.lower().encode("ascii")
    return unicodedata.normalize("NFC", text).casefold().encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class TextColumn:
    """``blob`` (bytes,) uint8: every value after and before a byte FF; ``starts`` (n + 1,) int64: where each begins."""

    blob: NDArray[np.uint8]
    starts: Ids

    @classmethod
    def of(cls, texts: list[str]) -> Self:
        """A column of these values."""
        builder = TextBuilder()
        for text in texts:
            builder.add(text)
        return cls(*builder.arrays())

    @classmethod
    def of_folded(cls, values: list[bytes]) -> Self:
        """A column of values that are `folded` already."""
        blob = _END + b"".join(value + _END for value in values)
        lengths = np.array([len(value) + 1 for value in values], np.int64)
        return cls(np.frombuffer(blob, np.uint8), np.concatenate(([1], 1 + np.cumsum(lengths))))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def value(self, place: int) -> bytes:
        """The value at a place, as it is compared: `folded`."""
        return self.blob[self.starts[place] : self.starts[place + 1] - 1].tobytes()

    def contains(self, text: str) -> NDArray[np.bool_]:
        """(n,) whether each value contains ``text``."""
        needle = folded(text)
        if len(needle) <= _SHORT_BYTES:
            return self._rows_with(needle)
        return self._rows_of(re.escape(needle))

    def equals(self, text: str) -> NDArray[np.bool_]:
        """(n,) whether each value is ``text``."""
        # looks ahead at the end of the value: it is also the beginning of the next one
        return self._rows_of(_END + re.escape(folded(text)) + b"(?=" + _END + b")", offset=1)

    def _rows_of(self, pattern: bytes, offset: int = 0) -> NDArray[np.bool_]:
        rows = np.zeros(len(self), np.bool_)
        found = (match.start() + offset for match in re.finditer(pattern, self.blob.data))
        rows[np.searchsorted(self.starts, np.fromiter(found, np.int64), side="right") - 1] = True
        return rows

    def _rows_with(self, needle: bytes) -> NDArray[np.bool_]:
        """The same for a few bytes, by whole-blob comparisons: no worse when they are everywhere."""
        here = np.ones(len(self.blob), np.bool_)
        for place, byte in enumerate(needle):
            # the blob ends with FF, so what wraps around to its end never matches
            here &= np.roll(self.blob, -place) == byte
        return np.logical_or.reduceat(here, self.starts[:-1]) if len(self) else np.zeros(0, np.bool_)


@dataclass(frozen=True)
class CodedColumn:
    """Which rows have which of few different values: the row of each entry (m,), and the code of its value (m,).

    A row may have none, one or several.
    """

    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    values: TextColumn

    @cached_property
    def places(self) -> dict[bytes, int]:
        """By its folded text, the code of each value: of those that differ in case alone, the first one's."""
        places: dict[bytes, int] = {}
        for code in range(len(self.values)):
            places.setdefault(self.values.value(code), code)
        return places

    @cached_property
    def folded_codes(self) -> NDArray[np.int32]:
        """(m,) the code in `places` of each entry."""
        first = [self.places[self.values.value(code)] for code in range(len(self.values))]
        return np.array(first, np.int32)[self.codes]


class TextBuilder:
    """Gathers the values of a column, in little more than their bytes."""

    def __init__(self) -> None:
        self._blob = bytearray(_END)
        self._starts = array("q", [1])

    def add(self, text: str) -> None:
        """Append a value."""
        self._blob += folded(text)
        self._blob += _END
        self._starts.append(len(self._blob))

    def arrays(self) -> tuple[NDArray[np.uint8], Ids]:
        """``blob`` and ``starts`` of the column."""
        return np.frombuffer(bytes(self._blob), np.uint8), np.array(self._starts, np.int64)


class CodeBuilder:
    """Gathers a column with few different values: each once, and a code for every row."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._rows = array("i")

    def add(self, text: str) -> None:
        """Append a value."""
        self._rows.append(self._codes.setdefault(text, len(self._codes)))

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.uint8], Ids]:
        """``codes`` (n,), then ``blob`` and ``starts`` of the different values."""
        column = TextColumn.of(list(self._codes))
        return np.array(self._rows, np.int32), column.blob, column.starts
