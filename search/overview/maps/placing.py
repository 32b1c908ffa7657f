"""Place clips that are newer than the layout among their neighbours, without moving other clips.

UMAP's own ``transform`` also starts from this: the mean of the neighbours' positions, weighted by similarity (here the
cosine similarity to the sixth power). It needs neither the fitted model nor UMAP.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Scores

SHARPNESS: Final = 6.0


def among_neighbours(places: NDArray[np.float32], cosines: Scores) -> NDArray[np.float32]:
    """(q, 2): positions from the ``places`` (q, k, 2) of neighbours with ``cosines`` (q, k); NaN places do not count.

    A clip without neighbours on the map is placed in its middle, (0.5, 0.5).
    """
    there = ~np.isnan(places[..., 0])
    weights = np.where(there, np.maximum(cosines, 1e-3) ** SHARPNESS, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    mean = (weights[..., np.newaxis] * np.nan_to_num(places)).sum(axis=1) / np.maximum(total, 1e-30)
    return np.where(total > 0, mean, 0.5).astype(np.float32)
