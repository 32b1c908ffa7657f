"""Sending filters to the server: a bitmap becomes a few ranges of ids that cover all members and little else.

Ids follow the order of indexing, so a folder, or everything added after some day, is a few runs of ids. Scattered
members give wide ranges: the caller must check each hit against the bitmap, and request more hits to make up for that.
"""

from __future__ import annotations

import math

import numpy as np

from search.model import Bitmap, Ids

_MOST_BYTES = 1 << 20
"""In a longer bitmap several bytes are merged into one: 300 million ids, in units of 288 ids, take 20 ms."""


def ranges(bitmap: Bitmap, most: int) -> tuple[Ids, Ids]:
    """The first and last ids (n,) of at most ``most`` ranges, ascending, that cover every id of ``bitmap``.

    To get there, it fills the smallest gaps between the runs. An empty bitmap has no ranges.
    """
    starts, ends = _runs(bitmap)
    if starts.size > most:
        gaps = starts[1:] - ends[:-1]
        kept = np.sort(np.argpartition(-gaps, most - 1)[: most - 1]) if most > 1 else np.empty(0, np.int64)
        starts = np.concatenate([starts[:1], starts[kept + 1]])
        ends = np.concatenate([ends[kept], ends[-1:]])
    return starts, ends - 1


def expression(first: Ids, last: Ids) -> str:
    """The ranges as a Milvus filter expression over the field ``id``. Only numbers are inserted."""
    return " or ".join(
        f"(id >= {low} and id <= {high})" for low, high in zip(first.tolist(), last.tolist(), strict=True)
    )


def _runs(bitmap: Bitmap) -> tuple[Ids, Ids]:
    """The first id of each run of members, and the id after its end."""
    together = math.ceil(bitmap.size / _MOST_BYTES)
    if together <= 1:
        marks, width = np.unpackbits(bitmap, bitorder="little"), 1
    else:
        whole = np.zeros(math.ceil(bitmap.size / together) * together, np.uint8)
        whole[: bitmap.size] = bitmap
        marks, width = np.minimum(whole.reshape(-1, together).max(axis=1), 1), 8 * together
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks, [0]]).astype(np.int8))).astype(np.int64)
    return edges[::2] * width, edges[1::2] * width
