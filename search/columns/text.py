"""Columns of text for fast search: all values are case-folded in one blob, and one pass over its bytes searches all."""

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
"""A text of up to this length may occur several times in every row; finding each occurrence would take too long."""
_END: Final = b"\xff"  # a byte that UTF-8 never uses, not even for surrogates


def folded(text: str) -> bytes:
    """Return ``text`` in the form that is compared: composed (NFC), case-folded, in UTF-8 (also lone surrogates)."""
    if text.isascii():
        return text.lower().encode("ascii")
    return unicodedata.normalize("NFC", text).casefold().encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class TextColumn:
    """``blob`` (bytes,) uint8 has every value between bytes FF; ``starts`` (n + 1,) int64 are their positions."""

    blob: NDArray[np.uint8]
    starts: Ids

    @classmethod
    def of(cls, texts: list[str]) -> Self:
        """Make a column of these values."""
        builder = TextBuilder()
        for text in texts:
            builder.add(text)
        return cls(*builder.arrays())

    @classmethod
    def of_folded(cls, values: list[bytes]) -> Self:
        """Make a column of values that are `folded` already."""
        blob = _END + b"".join(value + _END for value in values)
        lengths = np.array([len(value) + 1 for value in values], np.int64)
        return cls(np.frombuffer(blob, np.uint8), np.concatenate(([1], 1 + np.cumsum(lengths))))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def value(self, place: int) -> bytes:
        """Return the `folded` value at a position."""
        return self.blob[self.starts[place] : self.starts[place + 1] - 1].tobytes()

    def contains(self, text: str) -> NDArray[np.bool_]:
        """Return (n,) whether each value contains ``text``."""
        needle = folded(text)
        if len(needle) <= _SHORT_BYTES:
            return self._rows_with(needle)
        return self._rows_of(re.escape(needle))

    def equals(self, text: str) -> NDArray[np.bool_]:
        """Return (n,) whether each value equals ``text``."""
        # a lookahead, because the end mark of a value is also the start mark of the next one
        return self._rows_of(_END + re.escape(folded(text)) + b"(?=" + _END + b")", offset=1)

    def _rows_of(self, pattern: bytes, offset: int = 0) -> NDArray[np.bool_]:
        rows = np.zeros(len(self), np.bool_)
        found = (match.start() + offset for match in re.finditer(pattern, self.blob.data))
        rows[np.searchsorted(self.starts, np.fromiter(found, np.int64), side="right") - 1] = True
        return rows

    def _rows_with(self, needle: bytes) -> NDArray[np.bool_]:
        """Find a short needle by comparing the whole blob, which takes the same time however often it occurs."""
        here = np.ones(len(self.blob), np.bool_)
        for place, byte in enumerate(needle):
            # the blob ends with FF, so a match never wraps around
            here &= np.roll(self.blob, -place) == byte
        return np.logical_or.reduceat(here, self.starts[:-1]) if len(self) else np.zeros(0, np.bool_)


@dataclass(frozen=True)
class CodedColumn:
    """A column with few distinct values: for each entry, its row (m,) and the code of its value (m,).

    A row may have no value, one or several.
    """

    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    values: TextColumn

    @cached_property
    def places(self) -> dict[bytes, int]:
        """Maps folded text to the code of the value. Values that differ only in case share the first one's code."""
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
    """Collects the values of a column, with little memory overhead."""

    def __init__(self) -> None:
        self._blob = bytearray(_END)
        self._starts = array("q", [1])

    def add(self, text: str) -> None:
        """Append a value."""
        self._blob += folded(text)
        self._blob += _END
        self._starts.append(len(self._blob))

    def arrays(self) -> tuple[NDArray[np.uint8], Ids]:
        """Return ``blob`` and ``starts`` of the column."""
        return np.frombuffer(bytes(self._blob), np.uint8), np.array(self._starts, np.int64)


class CodeBuilder:
    """Collects a column with few distinct values: each value once, and a code for every row."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._rows = array("i")

    def add(self, text: str) -> None:
        """Append a value."""
        self._rows.append(self._codes.setdefault(text, len(self._codes)))

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.uint8], Ids]:
        """Return ``codes`` (n,), then ``blob`` and ``starts`` of the distinct values."""
        column = TextColumn.of(list(self._codes))
        return np.array(self._rows, np.int32), column.blob, column.starts
