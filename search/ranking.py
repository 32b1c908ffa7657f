"""The contents of a space in order of how near they are to a vector: what every search of sounds ends in.

By plain similarity first; where the library's neighbourhoods are published, the best of them are scored anew.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryError
from search.model import Bitmap, Ranking
from search.neighbourhoods import NEIGHBOURS, Neighbourhoods
from search.parts import SpaceView

CANDIDATES: Final = 100
"""Segments that are scored anew, at least: on learning material they hold every one of the ten best of all."""
COPIES: Final = 6
"""Contents read beyond the neighbours of a query, for those that are copies of it."""


def rank(view: SpaceView, vector: NDArray[np.float32], k: int, among: Bitmap | None = None) -> Ranking:
    """The ``k`` contents nearest to ``vector`` (dim,), each with its best segment; fewer when no more are there.

    A filter (``among``) decides which contents are ranked, not how near they are.
    """
    near = view.neighbourhoods
    if near is None:
        return _first(nearest(view, vector, k, among), k)
    candidates = nearest(view, vector, k, among, least=CANDIDATES)
    around = candidates if among is None else nearest(view, vector, NEIGHBOURS + COPIES)
    try:
        scored = _scored_anew(view, near, vector, candidates, around)
    except LibraryError:  # one of them went between the search and now
        scored = candidates
    return _first(scored, k)


def nearest(
    view: SpaceView, vector: NDArray[np.float32], k: int, among: Bitmap | None = None, *, least: int = 0
) -> Ranking:
    """By plain similarity: ``k`` contents or more, those of at least ``least`` segments; fewer when no more are there.

    Segments are fetched in growing numbers until enough different contents are among them.
    """
    size = len(view.index)
    wanted = min(size, max(4 * k + 16, least))
    while True:
        scores, ids = view.index.search(vector[np.newaxis], max(wanted, 1), among)
        present = ids[0] >= 0
        segment_ids, segment_scores = ids[0][present], scores[0][present]
        contents, _, _ = view.columns.place(segment_ids)
        _, first = np.unique(contents, return_index=True)
        first = np.sort(first)
        first = first[contents[first] >= 0]
        if len(first) >= k or len(segment_ids) < wanted or wanted >= size:
            return Ranking(contents[first], segment_ids[first], segment_scores[first])
        wanted = min(size, 4 * wanted)


def _scored_anew(
    view: SpaceView, near: Neighbourhoods, vector: NDArray[np.float32], candidates: Ranking, around: Ranking
) -> Ranking:
    """``candidates`` by what is near them and near the query, whose own surroundings are the first of ``around``.

    Raises LibraryError when a segment is no longer in the index.
    """
    first = near.around(around.scores)
    smooth = near.expanded(vector, view.index.vectors(around.segment_ids[first]), around.scores[first])
    scores = near.scores(smooth, candidates.segment_ids, candidates.scores, view.index.vectors)
    order = np.argsort(-scores, kind="stable")
    return Ranking(candidates.content_ids[order], candidates.segment_ids[order], scores[order])


def _first(ranking: Ranking, k: int) -> Ranking:
    return Ranking(ranking.content_ids[:k], ranking.segment_ids[:k], ranking.scores[:k])
