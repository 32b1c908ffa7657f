"""Sets of segment ids as bitmaps: id ``i`` is a member if bit ``i & 7`` of byte ``i >> 3`` is set.

Ids are catalog keys and therefore dense: a million of them take 125 kB. FAISS reads the same layout.
Ids beyond the last byte are not members.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.model import Bitmap, Ids


def from_ids(ids: Ids) -> Bitmap:
    """The bitmap of ``ids`` (n,), in any order, none negative. It ends with the byte of the largest id."""
    if not ids.size:
        return np.zeros(0, np.uint8)
    bits = np.zeros(int(ids.max()) + 1, np.bool_)
    bits[ids] = True
    return np.packbits(bits, bitorder="little")


def to_ids(bitmap: Bitmap) -> Ids:
    """The member ids, ascending. Scans words of eight bytes, and unpacks only those that are not zero."""
    rest = bitmap.size % 8
    words = np.ascontiguousarray(bitmap if not rest else np.concatenate([bitmap, np.zeros(8 - rest, np.uint8)]))
    filled_words = np.flatnonzero(words.view(np.uint64) != 0)  # flatnonzero is ten times as fast on booleans
    bytes_of_words = words.view(np.uint64)[filled_words].view(np.uint8)
    filled = np.flatnonzero(bytes_of_words != 0)
    bits = np.flatnonzero(np.unpackbits(bytes_of_words[filled], bitorder="little").view(np.bool_))
    byte = filled[bits >> 3]
    ids: Ids = filled_words[byte >> 3] * 64 + (byte & 7) * 8 + (bits & 7)
    return ids


def contains(bitmap: Bitmap, ids: Ids) -> NDArray[np.bool_]:
    """For each of ``ids`` (n,), none negative, whether it is a member."""
    byte = ids >> 3
    if not ids.size or int(byte.max()) < bitmap.size:
        present: NDArray[np.bool_] = (bitmap[byte] >> (ids & 7).astype(np.uint8) & 1) != 0
        return present
    present = np.zeros(ids.shape, np.bool_)
    inside = byte < bitmap.size
    present[inside] = contains(bitmap, ids[inside])
    return present


def count(bitmap: Bitmap) -> int:
    """The number of members."""
    whole = bitmap.size - bitmap.size % 8
    words = np.ascontiguousarray(bitmap[:whole]).view(np.uint64)  # eight bytes at once take a fifth of the time
    return int(np.bitwise_count(words).sum(dtype=np.int64) + np.bitwise_count(bitmap[whole:]).sum(dtype=np.int64))


def both(left: Bitmap | None, right: Bitmap | None) -> Bitmap | None:
    """The intersection; None stands for everything."""
    if left is None or right is None:
        return right if left is None else left
    shared = min(left.size, right.size)
    return left[:shared] & right[:shared]


def without(bitmap: Bitmap, ids: Ids) -> Bitmap:
    """``bitmap`` without ``ids`` (n,), none negative, as a new bitmap."""
    rest = bitmap.copy()
    hit = ids[ids >> 3 < bitmap.size]
    np.bitwise_and.at(rest, hit >> 3, ~(np.uint8(1) << (hit & 7).astype(np.uint8)))
    return rest
