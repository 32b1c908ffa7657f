"""How the segments that pass a filter spread over the inverted lists: counted if that is cheap, else estimated."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from search.model import Bitmap, Ids
from search.vectors import bitmaps, native

COUNTED_ROWS = 32_000
"""If no more than this many segments pass, the list of each is looked up by its id. If somewhat more pass, about this
many are looked up as a sample ..."""

BY_IDS_UP_TO = 8 * COUNTED_ROWS
"""... up to this many. Beyond, so small a sample would overlook lists of which most segments pass."""

BYTES_OF_LIST, BYTES_OF_CHOSEN = 16, 128
"""Beyond `BY_IDS_UP_TO`, this many bytes of the filter are sampled for each list; for chosen lists always the
second."""


class Spread:
    """The list of each segment, the size of each list, and which bytes of a filter cover each list."""

    def __init__(self, layers: native.Layers, ids: Ids, count: int) -> None:
        """``layers`` have ``count`` lists and hold ``ids`` (n,), ascending."""
        self._first, last = (int(ids[0]), int(ids[-1])) if ids.size else (0, -1)
        # indexed by id: ids are dense, and searching a million rows for some ids takes longer than a query
        self._list_of = np.full(last - self._first + 1, count, np.min_scalar_type(count))
        parts: list[list[_Part]] = [[] for _ in range(count)]
        for number, named in layers.ids_by_list():  # a list may have a part in each layer
            # a damaged file, if only `verify` would notice, may name other ids
            members = named[(named >= self._first) & (named <= last)]
            if members.size:
                self._list_of[members - self._first] = number
                parts[number].append(_bytes_of(members))
        self.sizes = np.bincount(self._list_of, minlength=count + 1)[:count]
        self._bytes = _Bytes.of(parts)
        self._larger_sample = self._bytes.sampled(BYTES_OF_CHOSEN, self.sizes)
        self._sample = self._bytes.sampled(BYTES_OF_LIST, self.sizes)
        self._last: tuple[Bitmap, NDArray[np.intp] | None] = np.empty(0, np.uint8), None

    def counted(self, allowed: Bitmap) -> NDArray[np.intp]:
        """How many segments of each list (lists,) are ``allowed``.

        The cost grows with the number of allowed segments.
        """
        return self._by_ids(allowed, 1)

    def counted_in(self, allowed: Bitmap, lists: Ids) -> NDArray[np.intp]:
        """The same for some ``lists`` (m,): (m,). The cost grows with the number of segments in these lists."""
        return self._bytes.passing(self._long(allowed), lists)

    def remembered(self, allowed: Bitmap) -> NDArray[np.intp] | None:
        """The result of `counted`, if `counted_or_estimated` got this same filter in its last two calls; else None."""
        last, counts = self._last
        return counts if counts is not None and np.array_equal(last, allowed) else None

    def counted_or_estimated(self, allowed: Bitmap, passing: int, chosen: Ids) -> NDArray[np.intp]:
        """As `estimated`, but counted if the previous call had the same filter, since it will probably be used again.

        A user who narrows a search sends query after query with one filter. Counting takes as long as two queries.
        """
        last, counts = self._last
        if not np.array_equal(last, allowed):
            self._last = allowed.copy(), None
            return self.estimated(allowed, passing, chosen)
        if counts is None:
            counts = self._bytes.passing(self._long(allowed), np.arange(self.sizes.size))
            self._last = last, counts
        return counts

    def estimated(self, allowed: Bitmap, passing: int, chosen: Ids) -> NDArray[np.intp]:
        """As `counted`, but estimated from samples, with larger samples for the lists in ``chosen`` (m,).

        ``passing``: how many segments are ``allowed`` in all.
        """
        allowed = self._long(allowed)
        if passing > BY_IDS_UP_TO:
            pass_each = self._sample.estimated(allowed, slice(None))
        else:
            pass_each = self._by_ids(allowed, max(1, math.ceil(passing / COUNTED_ROWS)))
        pass_each[chosen] = np.maximum(pass_each[chosen], self._larger_sample.estimated(allowed, chosen))
        return pass_each

    def _by_ids(self, allowed: Bitmap, every: int) -> NDArray[np.intp]:
        """Count by looking up the ids in every n-th byte of the filter, times n.

        The eight ids of one byte often belong to one clip and one list, so sampling by bytes loses little.
        """
        ids = bitmaps.to_ids(allowed[::every])
        places = (ids >> 3) * (8 * every) + (ids & 7) - self._first
        if places.size and (places[0] < 0 or places[-1] >= self._list_of.size):
            places = places[(places >= 0) & (places < self._list_of.size)]
        return every * np.bincount(self._list_of[places], minlength=self.sizes.size + 1)[: self.sizes.size]

    def _long(self, allowed: Bitmap) -> Bitmap:
        """``allowed`` padded to cover all ids: a bitmap ends with the byte of its largest member."""
        missing = 1 + (self._first + self._list_of.size >> 3) - allowed.size
        return allowed if missing <= 0 else np.concatenate([allowed, np.zeros(missing, np.uint8)])


_Part = tuple[NDArray[np.uint32], NDArray[np.uint8]]
"""The numbers of bytes of a filter, and in each byte the bits that stand for segments of one list."""


class _Bytes:
    """The bytes of a filter that stand for segments of each list, one list after the other."""

    def __init__(self, numbers: NDArray[np.uint32], bits: NDArray[np.uint8], starts: NDArray[np.intp]) -> None:
        """``starts`` (lists + 1,): where the bytes of each list begin, and where those of the last list end."""
        self._numbers, self._bits, self._starts = numbers, bits, starts

    @classmethod
    def of(cls, parts: list[list[_Part]]) -> _Bytes:
        """Join ``parts``: for each list, the parts that its layers have."""
        lengths = [sum(numbers.size for numbers, _ in some) for some in parts]
        numbers = np.concatenate([np.empty(0, np.uint32), *(numbers for some in parts for numbers, _ in some)])
        bits = np.concatenate([np.empty(0, np.uint8), *(bits for some in parts for _, bits in some)])
        return cls(numbers, bits, np.concatenate([[0], np.cumsum(lengths, dtype=np.intp)]))

    def sampled(self, count: int, sizes: NDArray[np.intp]) -> _Sample:
        """A sample of ``count`` bytes of each list, evenly spaced; lists have ``sizes`` (lists,)."""
        lengths = np.diff(self._starts)[:, np.newaxis]
        places = np.arange(count) * lengths // count + self._starts[:-1, np.newaxis]
        places = np.where(lengths > 0, places, self._numbers.size)  # an empty list gets the byte with no bits
        numbers, bits = np.append(self._numbers, np.uint32(0)), np.append(self._bits, np.uint8(0))
        return _Sample(numbers[places], bits[places], sizes)

    def passing(self, allowed: Bitmap, lists: Ids) -> NDArray[np.intp]:
        """Count the segments of each of ``lists`` (m,) that are ``allowed``: (m,)."""
        starts, ends = self._starts[lists], self._starts[lists + 1]
        spans = [slice(*span) for span in zip(starts.tolist(), ends.tolist(), strict=True)]
        numbers = np.concatenate([np.empty(0, np.uint32), *(self._numbers[span] for span in spans)])
        bits = np.concatenate([np.empty(0, np.uint8), *(self._bits[span] for span in spans)])
        pass_each, lengths = np.bitwise_count(np.take(allowed, numbers) & bits), ends - starts
        passing, filled = np.zeros(lengths.size, np.intp), lengths > 0
        if filled.any():
            passing[filled] = np.add.reduceat(pass_each, (lengths.cumsum() - lengths)[filled], dtype=np.intp)
        return passing


class _Sample:
    """A sample of bytes of each list, and how many segments of the list each sampled segment represents."""

    def __init__(self, numbers: NDArray[np.uint32], bits: NDArray[np.uint8], sizes: NDArray[np.intp]) -> None:
        """``numbers`` and ``bits``: (lists, n), n a multiple of eight; ``sizes`` (lists,)."""
        self._numbers, self._bits = numbers, bits
        self._stand_for = sizes / np.maximum(_counts(bits), 1)

    def estimated(self, allowed: Bitmap, lists: Ids | slice) -> NDArray[np.intp]:
        """Estimate how many segments of each of ``lists`` (m,) are ``allowed``: (m,)."""
        seen = _counts(np.take(allowed, self._numbers[lists]) & self._bits[lists])
        return np.ceil(seen * self._stand_for[lists]).astype(np.intp)


def _counts(bits: NDArray[np.uint8]) -> NDArray[np.intp]:
    """How many bits are set in each row of ``bits`` (m, n), n a multiple of eight: (m,)."""
    words = np.bitwise_count(bits.view(np.uint64)).astype(np.intp)
    counts: NDArray[np.intp] = np.add.reduce(np.ascontiguousarray(words.T))  # numpy sums few long rows faster
    return counts


def _bytes_of(members: Ids) -> _Part:
    """The bytes that stand for ``members`` (n > 0), ascending; neighbouring ids share a byte."""
    numbers = members >> 3
    first = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
    bits = np.bitwise_or.reduceat(np.uint8(1) << (members & 7).astype(np.uint8), first)
    return numbers[first].astype(np.uint32), bits
