"""Neighbourhoods in a search: scores that account for what is near the query and near each candidate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, Scores, Vectors
from search.vectors import scoring
from search.vectors.neighbourhoods import stored
from search.vectors.neighbourhoods.lists import NeighbourPlaces
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS, SAME, blended, smoothed, weights_of
from search.vectors.neighbourhoods.stored import StoredNeighbourhoods


class Neighbourhoods:
    """The published neighbourhoods of one space, mapped. Immutable: threads may share one."""

    def __init__(self, opened: StoredNeighbourhoods) -> None:
        self._stored = opened
        self._lists = opened.lists

    @property
    def sequence(self) -> int:
        """The catalog sequence that they were made at."""
        return self._stored.sequence

    def __len__(self) -> int:
        """The number of segments that have a neighbourhood."""
        return len(self._lists)

    def density(self, segment_ids: Ids) -> Scores:
        """The mean similarity (n,) of segments to their neighbours; NaN for segments added since."""
        return self._density(self._lists.places(segment_ids).list)

    def _density(self, rows: Ids) -> Scores:
        means = np.full(len(rows), np.nan, np.float32)
        there = rows >= 0
        means[there] = self._lists.similarities(rows[there]).mean(axis=1)
        return means

    def around(self, scores: Scores) -> Ids:
        """The positions (n,) in ``scores`` (m,) of a query's neighbours: the first 10 that are not copies of the query.

        ``scores`` has one score of each content, best first.
        """
        return np.flatnonzero(scores < SAME)[:NEIGHBOURS]

    def expanded(self, query: NDArray[np.float32], vectors: Vectors, scores: Scores) -> NDArray[np.float32]:
        """``query`` (dim,) smoothed by its neighbours: ``vectors`` (n, dim) with ``scores`` (n,)."""
        row: NDArray[np.float32] = smoothed(query[np.newaxis], vectors[np.newaxis], scores[np.newaxis])[0]
        return row

    def scores(
        self,
        expanded: NDArray[np.float32],
        segment_ids: Ids,
        plain: Scores,
        vectors: Callable[[Ids], Vectors],
        is_there: Callable[[Ids], NDArray[np.bool_]],
    ) -> Scores:
        """The scores (n,) of segments with ``plain`` similarity (n,) to the query; its smoothed vector is ``expanded``.

        A segment added since has no smoothed vector yet. Its own vector, from ``vectors``, stands in for it, and its
        density is taken as the mean of the others'. ``is_there`` says which segments still exist, since neighbours may
        have been deleted.
        """
        places = self._lists.places(segment_ids)
        there, newer = places.list >= 0, places.length >= 0
        written = there & ~newer
        smooth = np.empty(len(segment_ids), np.float32)
        smooth[written] = _alike(scoring.widen(self._lists.smoothed.take(places.smoothed[written])), expanded)
        if newer.any():
            smooth[newer] = self._smooth(expanded, segment_ids[newer], _at(places, newer), vectors, is_there)
        if not there.all():
            smooth[~there] = _alike(vectors(segment_ids[~there]), expanded)
        density = self._density(places.list)
        usual = np.float32(np.nanmean(density)) if there.any() else np.float32(0)
        return blended(plain, smooth, np.where(there, density, usual))

    def _smooth(
        self,
        expanded: NDArray[np.float32],
        segment_ids: Ids,
        places: NeighbourPlaces,
        vectors: Callable[[Ids], Vectors],
        is_there: Callable[[Ids], NDArray[np.bool_]],
    ) -> Scores:
        """The smoothed similarities (n,) of segments without a current smoothed vector, from the vectors it would sum.

        Each vector is fetched once: candidates of a query are near each other and share most of their neighbours.
        """
        near, similar = self._lists.neighbours(places.list), self._lists.similarities(places.list)
        wanted, place = np.unique(np.concatenate([segment_ids, near.ravel()]), return_inverse=True)
        own, others = place[: len(segment_ids)], place[len(segment_ids) :].reshape(near.shape)
        there = is_there(wanted) & (wanted >= 0)
        rows = np.zeros((len(wanted), len(expanded)), np.float32)
        rows[there] = vectors(wanted[there])
        products = _alike(rows, expanded)
        sums = products[own] + (weights_of(similar) * products[others]).sum(axis=1)
        smooth: Scores = sums / self._lists.lengths(places.length)
        lost = ((near >= 0) & ~there[others]).any(axis=1)
        if lost.any():  # the stored length is that of the sum with all neighbours
            smooth[lost] = _alike(smoothed(rows[own[lost]], rows[others[lost]], similar[lost]), expanded)
        return smooth


def _at(places: NeighbourPlaces, some: NDArray[np.bool_]) -> NeighbourPlaces:
    return NeighbourPlaces(places.smoothed[some], places.list[some], places.length[some])


def _alike(rows: Vectors, expanded: NDArray[np.float32]) -> Scores:
    """The similarities (n,) of ``rows`` (n, dim) to ``expanded`` (dim,)."""
    similarities: Scores = scoring.products(expanded[np.newaxis], rows)[0]
    return similarities


class NeighbourhoodsReader:
    """Follows the folder in which neighbourhoods are published. Skips damaged snapshots and logs each once."""

    def __init__(self, directory: Path, dim: int) -> None:
        self._snapshots = stored.snapshots(directory)
        self._dim = dim
        self._newest: Neighbourhoods | None = None

    def newest(self) -> Neighbourhoods | None:
        """The newest neighbourhoods that can be read; None if there are none."""
        after = -1 if self._newest is None else self._newest.sequence
        newer = self._snapshots.newest(lambda snapshot: stored.read(snapshot, self._dim), after)
        if newer is not None:
            self._newest = Neighbourhoods(newer[1])
        return self._newest
