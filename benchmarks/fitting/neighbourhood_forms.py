"""The compared ways of using a library's structure in a ranking, as dense matrices for small libraries.

Every form returns the similarity (queries, segments) that determines the ranking. V is the segments' vectors and P the
plain cosine. Y and X are queries and segments smoothed by their neighbours (`search.vectors.neighbourhoods.smoothing`).
r is a segment's mean similarity to its neighbours, which measures how dense the library is around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import erf, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.vectors.neighbourhoods.smoothing import EXPONENT, NEIGHBOURS, SAME, blended, distinct, first_of, smoothed

Matrix: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]

QUERIES_AT_ONCE = 500
DIFFUSION_STEPS = 5
DIFFUSION_SHARE = 0.7
"""The share of a diffused vector that comes from its neighbours at each step."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """``vectors`` (n, dim) of segments, their contents ``own`` (n,); ``queries`` (q, dim), their contents ``asked``.

    A query of no content in the library has -1.
    """

    vectors: Matrix
    own: Ids
    queries: Matrix
    asked: Ids


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The neighbours of rows: ``ids`` (n, k) of segments, one of each content, and ``similarities`` (n, k)."""

    ids: Ids
    similarities: Matrix

    def first(self, k: int) -> Near:
        """Return the nearest ``k``."""
        return Near(self.ids[:, :k], self.similarities[:, :k])


def near(rows: Matrix, contents: Ids, material: Material, k: int, *, below: float = np.inf) -> Near:
    """Return the ``k`` segments nearest to ``rows`` (n, dim), under ``below``, not of their own ``contents`` (n,)."""
    ids, similarities = [], []
    for start in range(0, len(rows), QUERIES_AT_ONCE):
        part = slice(start, start + QUERIES_AT_ONCE)
        scores = rows[part] @ material.vectors.T
        most = min(scores.shape[1], 20 * k)
        best = np.argpartition(-scores, most - 1, axis=1)[:, :most]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1), axis=1)
        scores_of_best = np.take_along_axis(scores, best, axis=1)
        distinct_rows = distinct(material.own[best], contents[part]) & (scores_of_best < below)
        nearest = first_of(distinct_rows, best, scores_of_best, k)
        ids.append(nearest[0])
        similarities.append(nearest[1])
    return Near(np.concatenate(ids), np.concatenate(similarities))


class Forms:
    """The values that all forms over one `Material` share."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.plain: Matrix = material.queries @ material.vectors.T
        self.of_segments = near(material.vectors, material.own, material, 2 * NEIGHBOURS)
        self.of_queries = near(material.queries, material.asked, material, 2 * NEIGHBOURS, below=SAME)
        self.density = self.of_segments.first(NEIGHBOURS).similarities.mean(axis=1)

    def smoothed(self, k: int = NEIGHBOURS, among: Matrix | None = None) -> tuple[Matrix, Matrix]:
        """Return queries (q, dim) and segments (n, dim), smoothed by ``k`` neighbours, which are rows of ``among``."""
        rows = self.material.vectors if among is None else among
        around = self.of_queries.first(k), self.of_segments.first(k)
        own = self.material.queries, rows
        queries, segments = (_smoothed(one, by, rows) for one, by in zip(own, around, strict=True))
        return queries, segments

    def both(self, k: int = NEIGHBOURS) -> Matrix:
        """Y X: both sides smoothed."""
        queries, segments = self.smoothed(k)
        similarity: Matrix = queries @ segments.T
        return similarity

    def expansion(self) -> Matrix:
        """Y V: only the query is smoothed (weighted average query expansion, Chum et al., ICCV 2007)."""
        similarity: Matrix = self.smoothed()[0] @ self.material.vectors.T
        return similarity

    def chosen(self, k: int = NEIGHBOURS) -> Matrix:
        """The shipped form: from P towards Y X less a part of r, the further the smaller P is."""
        return blended(self.plain, self.both(k), self.density)

    def without_crowds(self) -> Matrix:
        """The shipped form without r."""
        return blended(self.plain, self.both(), np.zeros_like(self.density))

    def mutual_proximity(self) -> Matrix:
        """The logarithm of the probability that both sides have less similar ones (Schnitzer et al., JMLR 2012)."""
        rows = self.material.queries
        of_segments = self.material.vectors @ rows.T
        log = _log_normal_cdf((self.plain - of_segments.mean(axis=1)) / of_segments.std(axis=1))
        of_queries = (self.plain - self.plain.mean(axis=1, keepdims=True)) / self.plain.std(axis=1, keepdims=True)
        return log + _log_normal_cdf(of_queries)

    def local_scaling(self, weight: float) -> Matrix:
        """P - weight r: a segment in a dense place needs a higher cosine (Conneau et al., ICLR 2018)."""
        similarity: Matrix = self.plain - np.float32(weight) * self.density
        return similarity

    def diffusion(self) -> Matrix:
        """Vectors diffused over the graph of neighbours on both sides (Iscen et al., CVPR 2017, truncated)."""
        around = self.of_segments.first(NEIGHBOURS)
        weights = np.maximum(around.similarities, 0) ** EXPONENT
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
        spread = self.material.vectors
        for _ in range(DIFFUSION_STEPS):
            from_neighbours = _weighted(weights, around.ids, spread)
            spread = (1 - DIFFUSION_SHARE) * self.material.vectors + DIFFUSION_SHARE * from_neighbours
        spread = (spread / np.linalg.norm(spread, axis=1, keepdims=True)).astype(np.float32)
        queries, _ = self.smoothed(among=spread)
        similarity: Matrix = queries @ spread.T
        return similarity


FORMS: Mapping[str, Callable[[Forms], Matrix]] = {
    "plain cosine": lambda forms: forms.plain,
    "query expansion": Forms.expansion,
    "both sides smoothed": Forms.both,
    "mean of plain and smoothed": lambda forms: _mean(forms.plain, forms.both()),
    "chosen: smoothed where plain says little": Forms.chosen,
    "chosen, 5 neighbours": lambda forms: forms.chosen(5),
    "chosen, 20 neighbours": lambda forms: forms.chosen(20),
    "chosen, nothing said of crowds": Forms.without_crowds,
    "local scaling, r / 4": lambda forms: forms.local_scaling(0.25),
    "local scaling, r / 2": lambda forms: forms.local_scaling(0.5),
    "mutual proximity": Forms.mutual_proximity,
    "diffusion": Forms.diffusion,
    "mean of plain and diffusion": lambda forms: _mean(forms.plain, forms.diffusion()),
}


def _mean(one: Matrix, other: Matrix) -> Matrix:
    mean: Matrix = (one + other) / np.float32(2)
    return mean


def _smoothed(rows: Matrix, around: Near, among: Matrix) -> Matrix:
    parts = [
        smoothed(rows[some], among[around.ids[some]], around.similarities[some])
        for some in (slice(start, start + QUERIES_AT_ONCE) for start in range(0, len(rows), QUERIES_AT_ONCE))
    ]
    return np.concatenate(parts)


def _weighted(weights: Matrix, ids: Ids, rows: Matrix) -> Matrix:
    parts = [
        np.matmul(weights[some][:, np.newaxis, :], rows[ids[some]])[:, 0, :]
        for some in (slice(start, start + QUERIES_AT_ONCE) for start in range(0, len(ids), QUERIES_AT_ONCE))
    ]
    return np.concatenate(parts)


def _log_normal_cdf(z: Matrix) -> Matrix:
    """The logarithm of the standard normal distribution, from a table: four digits suffice for a ranking."""
    grid = np.linspace(-6, 6, 1201)
    table = np.log([0.5 * (1 + erf(x / sqrt(2))) for x in grid])
    return np.interp(z, grid, table).astype(np.float32)
