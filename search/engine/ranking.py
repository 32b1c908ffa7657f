"""The contents of a space in order of how near they are to a vector: what every search of sounds ends in.

By plain similarity first; where the library's neighbourhoods are published, the best of them are scored anew.
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
"""Segments that are scored anew, at least: on learning material they hold every one of the ten best of all."""
MORE: Final = 1.3
"""Where too few contents were found, so much more is read than these let expect to be needed ..."""
MOST_MORE: Final = 4
"""... and at most so many times what was read."""
COPIES: Final = 6
"""Contents read beyond the neighbours of a query, for those that are copies of it."""


def rank(view: SpaceView, vector: NDArray[np.float32], k: int, among: Bitmap | None = None) -> Ranking:
    """The ``k`` contents nearest to ``vector`` (dim,), each with its best segment; fewer when no more are there.

    A filter (``among``) decides which contents are ranked, not how near they are.
    """
    return rank_each(view, vector[np.newaxis], k, among)[0]


def rank_each(view: SpaceView, vectors: Vectors, k: int, among: Bitmap | None = None) -> list[Ranking]:
    """`rank` for each of ``vectors`` (q, dim), which together take less than one by one."""
    near = view.neighbourhoods
    if near is None:
        return [_first(ranking, k) for ranking in nearest(view, vectors, k, among)]
    candidates = nearest(view, vectors, k, among, least=CANDIDATES)
    around = candidates if among is None else nearest(view, vectors, NEIGHBOURS + COPIES)
    return [_first(_scored_anew(view, near, *asked), k) for asked in zip(vectors, candidates, around, strict=True)]


def nearest(view: SpaceView, vectors: Vectors, k: int, among: Bitmap | None = None, *, least: int = 0) -> list[Ranking]:
    """By plain similarity to each of ``vectors`` (q, dim): ``k`` contents or more, fewer when no more are there.

    Those of at least ``least`` segments. Segments are fetched in growing numbers until enough different contents are
    among them.
    """
    size = len(view.index)
    n_segments = max(1, min(size, max(4 * k + 16, least)))
    return _nearest(view, vectors, k, among, n_segments)


def _nearest(view: SpaceView, vectors: Vectors, k: int, among: Bitmap | None, n_segments: int) -> list[Ranking]:
    """`nearest` from ``n_segments`` segments on."""
    size = len(view.index)
    scores, ids = view.index.search(vectors, n_segments, among)
    contents = view.columns.place(ids.ravel())[0].reshape(ids.shape)
    rankings = []
    for row, found in enumerate(ids >= 0):
        _, first = np.unique(contents[row], return_index=True)
        first = np.sort(first)
        first = first[contents[row, first] >= 0]
        if len(first) < k and found.all() and n_segments < size:
            growth = min(max(MORE * k / max(len(first), 1), MORE), MOST_MORE)
            more = min(size, math.ceil(growth * n_segments))
            rankings += _nearest(view, vectors[row : row + 1], k, among, more)
        else:
            # rows are kept in half precision, so a copy's cosine comes out a little beside 1
            cosines = np.clip(scores[row, first], np.float32(-1), np.float32(1))
            rankings.append(Ranking(contents[row, first], ids[row, first], cosines))
    return rankings


def led(view: SpaceView, vector: NDArray[np.float32], ranking: Ranking, leading: Ids, among: Bitmap | None) -> Ranking:
    """``ranking`` with the contents of ``leading`` (n,) in front, each as near to ``vector`` (dim,) as whatever is.

    They pass what the others pass (``among``, None: everything), and are found however deep they lie.
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


def _scored_anew(
    view: SpaceView, near: Neighbourhoods, vector: NDArray[np.float32], candidates: Ranking, around: Ranking
) -> Ranking:
    """``candidates`` by what is near them and near the query, whose own surroundings are the first of ``around``."""
    first = near.around(around.scores)

    def known(segment_ids: Ids) -> NDArray[np.bool_]:
        return view.columns.place(segment_ids)[0] >= 0

    try:
        smooth = near.expanded(vector, view.index.vectors(around.segment_ids[first]), around.scores[first])
        scores = near.scores(smooth, candidates.segment_ids, candidates.scores, view.index.vectors, known)
    except LibraryError:  # one of them went between the search and now
        return candidates
    order = np.argsort(-scores, kind="stable")
    return Ranking(candidates.content_ids[order], candidates.segment_ids[order], scores[order])


def _first(ranking: Ranking, k: int) -> Ranking:
    return Ranking(ranking.content_ids[:k], ranking.segment_ids[:k], ranking.scores[:k])
