"""Filters that travel: a bitmap as a few ranges of ids that hold all that passes, and little else where that can be.

Ids are given in the order in which sounds are indexed, so what lies in a folder, or came since a day, is a few runs of
them. What passes here and there becomes wide ranges: whoever asks looks at each hit again, and asks for more of them.
"""

from __future__ import annotations

import math

import numpy as np

from search.model import Bitmap, Ids

_MOST_BYTES = 1 << 20
"""Of a longer bitmap several bytes are taken as one: 300 million ids in ranges of 288 take 20 ms."""


def ranges(bitmap: Bitmap, most: int) -> tuple[Ids, Ids]:
    """The first and last id (n,) of at most ``most`` ranges, ascending, that hold every id of ``bitmap``.

    Of all such ranges they have the smallest gaps between them filled; none where nothing is in.
    """
    starts, ends = _runs(bitmap)
    if starts.size > most:
        gaps = starts[1:] - ends[:-1]
        kept = np.sort(np.argpartition(-gaps, most - 1)[: most - 1]) if most > 1 else np.empty(0, np.int64)
        starts = np.concatenate([starts[:1], starts[kept + 1]])
        ends = np.concatenate([ends[kept], ends[-1:]])
    return starts, ends - 1


def expression(first: Ids, last: Ids) -> str:
    """The ranges as a filter of Milvus over the field ``id``. Made of numbers alone."""
    return " or ".join(
        f"(id >= {low} and id <= {high})" for low, high in zip(first.tolist(), last.tolist(), strict=True)
    )


def _runs(bitmap: Bitmap) -> tuple[Ids, Ids]:
    """Where each run of ids that are in begins, and the id after its end."""
    together = math.ceil(bitmap.size / _MOST_BYTES)
    if together <= 1:
        marks, width = np.unpackbits(bitmap, bitorder="little"), 1
    else:
        whole = np.zeros(math.ceil(bitmap.size / together) * together, np.uint8)
        whole[: bitmap.size] = bitmap
        marks, width = np.minimum(whole.reshape(-1, together).max(axis=1), 1), 8 * together
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks, [0]]).astype(np.int8))).astype(np.int64)
    return edges[::2] * width, edges[1::2] * width
