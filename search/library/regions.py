"""Regions of the map: the clips inside a polygon that a user drew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.errors import QueryError
from search.library.library import Library


def clips_within(library: Library, region: str) -> tuple[int, ...]:
    """Return the clips inside ``region``, a polygon "x,y x,y ...". Raises QueryError if there is no map."""
    drawn = library.maps.read()
    if drawn is None:
        raise QueryError("this library has no map yet, so it has no regions; draw it with: soundalike map")
    corners = np.array([corner.split(",") for corner in region.split(" ")], np.float64)
    return tuple(drawn.clip_ids[inside(drawn.xy.astype(np.float64), corners)].tolist())


def inside(xy: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (n,) which points (n, 2) lie inside the polygon (m, 2), by the even-odd rule.

    A point is inside if a ray to its right crosses the polygon an odd number of times. The polygon may cross itself, as
    hand-drawn ones do.
    """
    x, y = xy.T
    odd = np.zeros(len(xy), np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        spans = (y1 > y) != (y2 > y)
        odd ^= spans & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return odd
