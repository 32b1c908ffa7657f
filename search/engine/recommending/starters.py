"""Starters: clips that represent the library, for users without likes. Popularity plays no role.

Greedy facility location (Cornuéjols, Fisher, Nemhauser 1977): each chosen clip is the one that most increases the sum
of similarities between the clips of a sample and their nearest chosen clip. Unlike the farthest-first order of
k-centres, it does not start with outliers. The order is the same until the library or the filter changes. Its beginning
does not depend on how many are requested.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SpaceView
from search.errors import LibraryError
from search.model import Ids

SAMPLE: Final = 1000
"""The size of the sample; its similarities take 4 MB."""

ORDERED: Final = 200
"""How many of the sample are put in order; the rest follow by id."""


def startable(view: SpaceView, passing: NDArray[np.bool_] | None) -> Ids:
    """Return the contents, ascending, with a clip that passes (``passing`` (rows,), None: all) and is not silent."""
    columns = view.columns
    rows = columns.present if passing is None else passing
    return np.unique(columns.content_ids[rows & ~columns.silent])


def starters(view: SpaceView, contents: Ids) -> Ids:
    """Return segment ids, best first, each of another of ``contents`` (n,) ascending; at most `SAMPLE`.

    The sample is spaced evenly over all contents. Each is represented by its middle segment.
    """
    columns = view.columns
    if len(contents) > SAMPLE:
        contents = contents[np.linspace(0, len(contents) - 1, SAMPLE).astype(np.int64)]
    found = [segments[len(segments) // 2] for c in contents.tolist() if len(segments := columns.segments_of(c))]
    segment_ids = np.array(found, np.int64)
    try:
        vectors = view.index.vectors(segment_ids)
    except LibraryError:  # a segment was just deleted: for once, the order of ids must do
        return segment_ids
    order = _facility_location(np.maximum(vectors @ vectors.T, 0.0), ORDERED)
    rest = np.setdiff1d(np.arange(len(segment_ids)), order)
    return segment_ids[np.concatenate((order, rest))]


def _facility_location(alike: NDArray[np.float32], count: int) -> Ids:
    """Return rows of ``alike`` (n, n), not negative, greedily by what each adds to ``sum(max over chosen)``."""
    chosen = np.empty(min(count, len(alike)), np.int64)
    reached = np.zeros(len(alike), np.float32)
    gains = alike.sum(axis=1)
    for place in range(len(chosen)):
        row = -1
        # gains only shrink, so a row that still leads after its gain was updated is the best
        while row != (row := int(np.argmax(gains))):
            gains[row] = np.maximum(alike[row] - reached, 0.0).sum()
        chosen[place] = row
        gains[row] = -1.0
        np.maximum(reached, alike[row], out=reached)
    return chosen
