"""Rank the contents of a space by similarity to a query vector. Every search by sound ends here.

The first ranking is by plain cosine similarity. If the library's neighbourhoods are published, the best are rescored.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SpaceView
from search.errors import LibraryError
from search.model import Bitmap, Ids, Ranking, Vectors
from search.vectors import bitmaps
from search.vectors.neighbourhoods import NEIGHBOURS, Neighbourhoods

CANDIDATES: Final = 100
"""The least segments that are rescored: on training data they include all of the overall ten best."""
GROWTH: Final = 1.3
"""Growth factor: when a pass finds too few contents, the next one reads this many times more segments than the last hit
rate suggests ..."""
MAX_GROWTH: Final = 4
"""... but at most this many times the segments of the last pass."""
COPIES: Final = 6
"""How many more contents than neighbours are read, because some may be copies of the query."""


def rank(view: SpaceView, vector: NDArray[np.float32], k: int, among: Bitmap | None = None) -> Ranking:
    """Return the ``k`` contents nearest to ``vector`` (dim,), each with its best segment, or fewer if the space has
    fewer.

    A filter (``among``) decides which contents are ranked. It does not change their scores.
    """
    return rank_each(view, vector[np.newaxis], k, among)[0]


def rank_each(view: SpaceView, vectors: Vectors, k: int, among: Bitmap | None = None) -> list[Ranking]:
    """Rank for several ``vectors`` (q, dim) at once; one batched search is cheaper than many."""
    near = view.neighbourhoods
    if near is None:
        return [_first(ranking, k) for ranking in nearest(view, vectors, k, among)]
    candidates = nearest(view, vectors, k, among, least=CANDIDATES)
    around = candidates if among is None else nearest(view, vectors, NEIGHBOURS + COPIES)
    return [_first(_rescored(view, near, *asked), k) for asked in zip(vectors, candidates, around, strict=True)]


def nearest(view: SpaceView, vectors: Vectors, k: int, among: Bitmap | None = None, *, least: int = 0) -> list[Ranking]:
    """Rank by plain similarity to each of ``vectors`` (q, dim): ``k`` contents or more, or fewer if the space has
    fewer.

    At least ``least`` segments are read. The number grows until they belong to enough different contents.
    """
    size = len(view.index)
    n_segments = max(1, min(size, max(4 * k + 16, least)))
    return _nearest(view, vectors, k, among, n_segments)


def _nearest(view: SpaceView, vectors: Vectors, k: int, among: Bitmap | None, n_segments: int) -> list[Ranking]:
    """Rank as `nearest` does, starting with ``n_segments`` segments."""
    size = len(view.index)
    scores, ids = view.index.search(vectors, n_segments, among)
    contents = view.columns.place(ids.ravel())[0].reshape(ids.shape)
    rankings = []
    for row, found in enumerate(ids >= 0):
        _, first = np.unique(contents[row], return_index=True)
        first = np.sort(first)
        first = first[contents[row, first] >= 0]
        if len(first) < k and found.all() and n_segments < size:
            growth = min(max(GROWTH * k / max(len(first), 1), GROWTH), MAX_GROWTH)
            more = min(size, math.ceil(growth * n_segments))
            rankings += _nearest(view, vectors[row : row + 1], k, among, more)
        else:
            # vectors are stored in half precision, so the cosine of a copy may slightly exceed 1
            cosines = np.clip(scores[row, first], np.float32(-1), np.float32(1))
            rankings.append(Ranking(contents[row, first], ids[row, first], cosines))
    return rankings


def with_leading_first(
    view: SpaceView, vector: NDArray[np.float32], ranking: Ranking, leading: Ids, among: Bitmap | None
) -> Ranking:
    """Put the contents ``leading`` (n,) in front of ``ranking``, each with at least the best score.

    They must pass the filter ``among`` too (None: no filter). They are found even if the ranking does not have them.
    """
    columns = view.columns
    own = [columns.segments_of(content_id) for content_id in leading.tolist()]
    if not any(map(len, own)):
        return ranking
    found = nearest(view, vector[np.newaxis], len(own), bitmaps.both(bitmaps.from_ids(np.concatenate(own)), among))[0]
    others = ~np.isin(ranking.content_ids, found.content_ids)
    best = ranking.scores.max(initial=np.float32(-1))
    return Ranking(
        np.concatenate([found.content_ids, ranking.content_ids[others]]),
        np.concatenate([found.segment_ids, ranking.segment_ids[others]]),
        np.concatenate([np.maximum(found.scores, best), ranking.scores[others]]),
    )


def _rescored(
    view: SpaceView, near: Neighbourhoods, vector: NDArray[np.float32], candidates: Ranking, around: Ranking
) -> Ranking:
    """Rescore ``candidates`` by their neighbourhoods and the query's, which is the first contents of ``around``."""
    first = near.around(around.scores)

    def known(segment_ids: Ids) -> NDArray[np.bool_]:
        return view.columns.place(segment_ids)[0] >= 0

    try:
        smooth = near.expanded(vector, view.index.vectors(around.segment_ids[first]), around.scores[first])
        scores = near.scores(smooth, candidates.segment_ids, candidates.scores, view.index.vectors, known)
    except LibraryError:  # a candidate was deleted since the search
        return candidates
    order = np.argsort(-scores, kind="stable")
    return Ranking(candidates.content_ids[order], candidates.segment_ids[order], scores[order])


def _first(ranking: Ranking, k: int) -> Ranking:
    return Ranking(ranking.content_ids[:k], ranking.segment_ids[:k], ranking.scores[:k])
