"""Retrieval metrics: how good a ranking is, how good it could be, and the confidence interval.

Relevance is binary. A ranking becomes a row of hits (is the clip at this place relevant?), and every metric is
computed for all rows at once. `METRICS` lists them in the order of every metric axis in this module:

===========  ==========================================================================================
``mAP``      average precision: mean over the relevant clips of the precision at the rank of each
``P@1``      is the first clip relevant
``P@10``     share of relevant clips among the first ten
``R@10``     share of the relevant clips that are among the first ten
``F1@10``    harmonic mean of P@10 and R@10
``nDCG@10``  discounted gain, log2 of place + 1, over the best possible (Järvelin and Kekäläinen, TOIS 2002)
``MRR``      one over the place of the first relevant clip
===========  ==========================================================================================

Definitions follow trec_eval: a cut-off of ten divides by ten even if fewer clips were ranked, and relevant clips
that were not ranked count as missed. Queries without a relevant clip have no value: they are skipped and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.model import Vectors

METRICS = ("mAP", "P@1", "P@10", "R@10", "F1@10", "nDCG@10", "MRR")
CUTOFF = 10
RESAMPLES = 2000
"""Bootstrap resamples by default: the 2.5 % points then move by about .001 from seed to seed."""

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged rankings: ``hits`` (queries, depth), best first, padded with False; ``relevant`` (queries,) counts.

    ``relevant`` counts all clips that a query could have found, ranked or not.
    """

    hits: Mask
    relevant: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PerQuery:
    """``values`` and ``ceilings`` (answered, len(METRICS)) in [0, 1], for the queries that have a relevant clip.

    ``answered`` (answered,) holds the positions of these queries among all; ``skipped`` counts the others.
    """

    values: Values
    ceilings: Values
    answered: NDArray[np.int64]
    skipped: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's mean over queries, the highest mean possible (``ceiling``), and a 95 % interval."""

    metric: str
    mean: float
    ceiling: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean difference between two rankings of the same queries (positive: the first is better), with a 95 %
    interval.
    """

    metric: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions with probabilities from ``low`` to ``high``: count, mean, and the share that came true."""

    low: float
    high: float
    count: int
    promised: float
    came_true: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """``error`` is the expected calibration error; ``bins`` are the bins that hold a prediction, ascending."""

    error: float
    bins: tuple[Bin, ...]


def calibration(probabilities: Values, true: Mask, bins: int = 15) -> Calibration:
    """Compare predicted probabilities (n,) with the outcomes ``true`` (n,).

    The error is the mean gap between prediction and outcome over equal bins of probability, weighted by the number of
    predictions in each bin (Naeini et al., AAAI 2015). Raises ValueError if there are no predictions.
    """
    if not len(probabilities) or probabilities.shape != true.shape:
        raise ValueError(f"promises {probabilities.shape} and outcomes {true.shape} must have one shape, not be empty")
    bin_of = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    filled = [
        Bin(i / bins, (i + 1) / bins, len(own), float(probabilities[own].mean()), float(true[own].mean()))
        for i in range(bins)
        if len(own := np.flatnonzero(bin_of == i))
    ]
    error = sum(each.count * abs(each.promised - each.came_true) for each in filled) / len(probabilities)
    return Calibration(float(error), tuple(filled))


def relevance(labels: Sequence[frozenset[str]], groups: Sequence[str]) -> tuple[Mask, Mask]:
    """Return ``(relevant, candidates)``, both (n, n), for query by example: row = query, column = clip.

    A candidate is any clip of another group (so never the query itself). It is relevant if it shares a label.
    Raises ValueError if the two sequences differ in length.
    """
    if len(labels) != len(groups):
        raise ValueError(f"{len(labels)} label sets for {len(groups)} groups: one of each per clip is needed")
    names = {name: column for column, name in enumerate(sorted({name for row in labels for name in row}))}
    has = np.zeros((len(labels), max(len(names), 1)), np.float32)
    for row, own in enumerate(labels):
        has[row, [names[name] for name in own]] = 1.0
    _, group = np.unique(np.array(groups, dtype=str), return_inverse=True)
    candidates = np.asarray(group[:, np.newaxis] != group[np.newaxis, :])
    return (has @ has.T > 0) & candidates, candidates


def order_by_cosine(queries: Vectors, vectors: Vectors) -> NDArray[np.int64]:
    """(q, dim) and (n, dim) unit rows -> (q, n) clip indices, nearest first, ties by ascending index."""
    return np.argsort(-(queries @ vectors.T), axis=1, kind="stable").astype(np.int64)


def judge(order: NDArray[np.int64], relevant: Mask, candidates: Mask | None = None) -> Judged:
    """Turn rankings into hits.

    ``order`` (q, depth) holds clip indices, best first, -1 after the end of a ranking. ``relevant`` (q, n) marks what
    should be found. Clips that are not ``candidates`` (q, n) leave the ranking, and the clips behind them move up.
    Raises ValueError for a clip ranked twice, an index out of range, or shapes that do not fit.
    """
    check_order(order, relevant.shape)
    allowed = np.ones_like(relevant) if candidates is None else candidates
    if allowed.shape != relevant.shape:
        raise ValueError(f"candidates {allowed.shape} and relevant {relevant.shape} must have one shape")
    place = np.maximum(order, 0)
    came_true = (order >= 0) & np.take_along_axis(allowed, place, axis=1)
    hits = np.take_along_axis(relevant, place, axis=1) & came_true
    moved_up = np.argsort(~came_true, axis=1, kind="stable")
    counts = np.count_nonzero(relevant & allowed, axis=1).astype(np.int64)
    return Judged(np.take_along_axis(hits, moved_up, axis=1), counts)


def check_order(order: NDArray[np.int64], shape: tuple[int, ...]) -> None:
    """Raises ValueError unless ``order`` ranks clips of a (queries, clips) table, each at most once per query."""
    if order.ndim != 2 or len(shape) != 2 or order.shape[0] != shape[0]:
        raise ValueError(f"rankings {order.shape} do not fit (queries, clips) {shape}")
    if order.size and (order.min() < -1 or order.max() >= shape[1]):
        raise ValueError(f"a ranking names clip {order.max()} or {order.min()}, there are only {shape[1]}")
    ascending = np.sort(order, axis=1)
    if np.any((ascending[:, 1:] == ascending[:, :-1]) & (ascending[:, 1:] >= 0)):
        raise ValueError("a ranking names a clip twice")


def score(judged: Judged) -> PerQuery:
    """Compute every metric of every query that has a relevant clip, and the best value that it could have."""
    answered = np.flatnonzero(judged.relevant > 0).astype(np.int64)
    relevant = judged.relevant[answered]
    block = max(1, 4_000_000 // max(judged.hits.shape[1], 1))  # rows at once: temporaries stay below 100 MB
    parts = [slice(start, start + block) for start in range(0, len(answered), block)]
    values = np.concatenate(
        [np.empty((0, len(METRICS)))] + [measure(judged.hits[answered[p]], relevant[p]) for p in parts]
    )
    best = np.arange(CUTOFF)[np.newaxis, :] < relevant[:, np.newaxis]
    ceilings = measure(best, relevant)
    ceilings[:, METRICS.index("mAP")] = 1.0  # the row above is cut at ten, a whole ranking is not
    return PerQuery(values, ceilings, answered, len(judged.relevant) - len(answered))


def measure(hits: Mask, relevant: NDArray[np.int64]) -> Values:
    """(q, depth) hits and (q,) counts of relevant clips, each above 0 -> (q, len(METRICS))."""
    depth = max(hits.shape[1], CUTOFF)
    rows = np.pad(hits, ((0, 0), (0, depth - hits.shape[1])))
    places = np.arange(1, depth + 1)
    found = np.cumsum(rows, axis=1)
    precision = np.sum(found / places, axis=1, where=rows) / relevant
    top = found[:, CUTOFF - 1]
    discounts = 1.0 / np.log2(places[:CUTOFF] + 1)
    gain = rows[:, :CUTOFF] @ discounts
    best_gain = np.cumsum(discounts)[np.minimum(relevant, CUTOFF) - 1]
    first = np.where(rows.any(axis=1), 1.0 / (rows.argmax(axis=1) + 1), 0.0)
    columns = {
        "mAP": precision,
        "P@1": rows[:, 0],
        "P@10": top / CUTOFF,
        "R@10": top / relevant,
        # 2 P R / (P + R) with P = top / 10 and R = top / relevant, without a division of zero by zero
        "F1@10": 2 * top / (CUTOFF + relevant),
        "nDCG@10": gain / best_gain,
        "MRR": first,
    }
    # a sum of many fractions may exceed one by a rounding error
    return np.minimum(np.stack([columns[name] for name in METRICS], axis=1).astype(np.float64), 1.0)


def summarise(scores: PerQuery, seed: int, resamples: int = RESAMPLES) -> tuple[Estimate, ...]:
    """Return each metric's mean over queries, ceiling and 95 % bootstrap interval; empty if there are no queries."""
    if not len(scores.answered):
        return ()
    low, high = bootstrap(scores.values, seed, resamples)
    means, ceilings = scores.values.mean(axis=0), scores.ceilings.mean(axis=0)
    return tuple(
        Estimate(name, float(means[i]), float(ceilings[i]), float(low[i]), float(high[i]))
        for i, name in enumerate(METRICS)
    )


def compare(scores: PerQuery, baseline: PerQuery, seed: int, resamples: int = RESAMPLES) -> tuple[Difference, ...]:
    """Return ``scores`` minus ``baseline``, paired by query. Raises ValueError if they are not over the same queries.

    Pairing removes the variance between queries: the interval of the difference is much narrower than the two intervals
    suggest.
    """
    if not np.array_equal(scores.answered, baseline.answered):
        raise ValueError("a paired difference needs the same queries on both sides")
    if not len(scores.answered):
        return ()
    differences = scores.values - baseline.values
    low, high = bootstrap(differences, seed, resamples)
    means = differences.mean(axis=0)
    return tuple(Difference(name, float(means[i]), float(low[i]), float(high[i])) for i, name in enumerate(METRICS))


def bootstrap(values: Values, seed: int, resamples: int) -> tuple[Values, Values]:
    """Return the 95 % percentile interval of the column means of ``values`` (q, metrics), by resampling rows.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. A resample of q rows is drawn as the
    number of times that each row is taken, so that a block of resamples is one matrix product.
    """
    count = len(values)
    rng = np.random.default_rng(seed)
    block = max(1, 4_000_000 // count)  # counts drawn at once: 32 MB
    shares = np.full(count, 1.0 / count)
    means = np.concatenate(
        [
            rng.multinomial(count, shares, size=min(block, resamples - start)) @ values / count
            for start in range(0, resamples, block)
        ]
    )
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return low, high
