"""Placing clips that came after the layout: nobody moves, the new ones go among their neighbours.

This is where UMAP's own ``transform`` starts from too: the mean of the neighbours' places, weighted by how near they
are (here the cosine to the sixth power), which needs neither the fitted model nor UMAP.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Scores

SHARPNESS: Final = 6.0


def among_neighbours(places: NDArray[np.float32], cosines: Scores) -> NDArray[np.float32]:
    """(q, 2) of the ``places`` (q, k, 2) of each one's neighbours with ``cosines`` (q, k); NaN places do not count.

    A clip without a neighbour on the map stands in its middle, (.5, .5).
    """
    there = ~np.isnan(places[..., 0])
    weights = np.where(there, np.maximum(cosines, 1e-3) ** SHARPNESS, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    mean = (weights[..., np.newaxis] * np.nan_to_num(places)).sum(axis=1) / np.maximum(total, 1e-30)
    return np.where(total > 0, mean, 0.5).astype(np.float32)
