"""One vector for a content: the mean of its segments; of a long content, of some of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from search.engine.views import SpaceView
from search.model import Ids, Vectors

SEGMENTS: Final = 64
"""The most segments of a content that are read, evenly spaced: an hour costs no more than five minutes."""


def pooled(view: SpaceView, content_ids: Ids) -> Vectors:
    """Return (n, dim) unit vectors of contents; zeros if one has no segments. Raises LibraryError for a deleted one."""
    chosen = [_some(view.columns.segments_of(content_id)) for content_id in content_ids.tolist()]
    counts = np.array([len(segments) for segments in chosen], np.int64)
    sums = np.zeros((len(content_ids), view.space.dim))
    if counts.sum():
        vectors = view.index.vectors(np.concatenate(chosen))
        np.add.at(sums, np.repeat(np.arange(len(chosen)), counts), vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit: Vectors = (sums / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def _some(segments: Ids) -> Ids:
    if len(segments) <= SEGMENTS:
        return segments
    return segments[np.linspace(0, len(segments) - 1, SEGMENTS).astype(np.int64)]
