"""What to show who has liked nothing yet: clips that stand for the library, however popular anything is.

Greedy facility location (Cornuéjols, Fisher, Nemhauser 1977): each clip chosen is the one that brings the clips of a
sample most nearer to something chosen. Unlike the farthest-first order of k-centres it does not start with outliers.
The order is the same until the library or the filter changes, and its beginning does not depend on how many are asked.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SpaceView
from search.errors import LibraryError
from search.model import Ids

SAMPLE: Final = 1000
"""Clips that represent the library; their similarities take 4 MB."""

ORDERED: Final = 200
"""How many of the sample are put in order; the rest follow by id."""


def startable(view: SpaceView, passing: NDArray[np.bool_] | None) -> Ids:
    """The contents, ascending, that have a clip among ``passing`` (rows,), None for all. Silent clips are left out."""
    columns = view.columns
    rows = columns.present if passing is None else passing
    return np.unique(columns.content_ids[rows & ~columns.silent])


def starters(view: SpaceView, contents: Ids) -> Ids:
    """Segment ids, best first, each of another of ``contents`` (n,), ascending: `SAMPLE` at most.

    They are taken evenly from all, each by its middle segment.
    """
    columns = view.columns
    if len(contents) > SAMPLE:
        contents = contents[np.linspace(0, len(contents) - 1, SAMPLE).astype(np.int64)]
    found = [segments[len(segments) // 2] for c in contents.tolist() if len(segments := columns.segments_of(c))]
    segment_ids = np.array(found, np.int64)
    try:
        vectors = view.index.vectors(segment_ids)
    except LibraryError:  # one of them went at this moment: the order of ids is as good as another for once
        return segment_ids
    order = _facility_location(np.maximum(vectors @ vectors.T, 0.0), ORDERED)
    rest = np.setdiff1d(np.arange(len(segment_ids)), order)
    return segment_ids[np.concatenate((order, rest))]


def _facility_location(alike: NDArray[np.float32], count: int) -> Ids:
    """Rows of ``alike`` (n, n), none negative, in the order of what each adds to ``sum(max over chosen)``."""
    chosen = np.empty(min(count, len(alike)), np.int64)
    reached = np.zeros(len(alike), np.float32)
    gains = alike.sum(axis=1)
    for place in range(len(chosen)):
        row = -1
        # gains only shrink as more is chosen, so the first that still leads after a new look is the best
        while row != (row := int(np.argmax(gains))):
            gains[row] = np.maximum(alike[row] - reached, 0.0).sum()
        chosen[place] = row
        gains[row] = -1.0
        np.maximum(reached, alike[row], out=reached)
    return chosen
