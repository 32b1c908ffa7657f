"""How much effort which recall takes, found on the library itself when its lists are trained.

Each library is another: where sounds lie close together the nearest ten are in a few lists, in others they are not. So
some questions are asked of the new lists with more and more effort, and the answers are compared with a scan of all
vectors. A question lies as far beyond a segment as one of its neighbours from elsewhere lies on the other side: near
what is there, but not among it, as a new sound does. Of a million grown vectors such questions find with each effort
what held-out ones do, to .003; segments themselves find more than that (docs/decisions/0005-vector-index.md). What was
found goes into the manifest; later layers take it over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from search.model import HalfVectors, Ids, Vectors
from search.settings import EFFORTS
from search.vectors import scoring
from search.vectors.layers import LayerRows
from search.vectors.mapped import release
from search.vectors.reranking import Reranking

QUESTIONS: Final = 200
"""At a recall of .97 the mean of so many is known to .004."""

K: Final = 10
ENOUGH: Final = 0.997
"""With more effort than this recall takes nothing is asked."""

_STEP: Final = math.sqrt(2)
_NEIGHBOURS, _OWN = 50, 32
"""A question's other end is among so many nearest, and so many ids away: no part of the same recording, as a rule."""
_ROWS_AT_ONCE: Final = 65_536

Recalls: TypeAlias = Sequence[tuple[float, float]]
"""Efforts, ascending, and the recall@10 of each: that of the mean question less one standard error."""

Ask: TypeAlias = Callable[[float, Vectors, int], Ids]
"""With so much effort, the nearest k (q, k) of some questions (q, dim)."""


def of_file(compressed: Path, rows: HalfVectors, ids: Ids) -> Recalls:
    """`measured` of a compressed index that was just made of all ``rows`` (n, dim) with ``ids`` (n,)."""
    lists = Reranking([compressed], ids, LayerRows([rows]), None)
    return measured(lambda effort, some, k: lists.search(some, k, None, ids.size, effort)[1], rows, ids, ids.size)


def measured(ask: Ask, rows: HalfVectors, ids: Ids, seed: int) -> Recalls:
    """What ``ask`` finds with each effort of the nearest of ``rows`` (n, dim) with ``ids`` (n,).

    All rows are read once, some at a time, which takes about a tenth of the time that training and filling take.
    """
    questions = _questions(ask, rows, ids, np.random.default_rng(seed))
    truth = _nearest(questions, rows, ids)
    found: list[tuple[float, float]] = []
    effort, most = EFFORTS
    while effort <= most:
        hits = ask(effort, questions, K)
        each = np.mean([np.isin(true, some) for true, some in zip(truth, hits, strict=True)], axis=1)
        found.append((round(effort, 4), round(float(each.mean() - each.std() / math.sqrt(each.size)), 4)))
        if found[-1][1] >= ENOUGH:
            break
        effort *= _STEP
    return found


def effort_for(recall: float, recalls: Recalls, growth: float) -> float:
    """The effort that finds ``recall`` of the nearest ten, or the most that was tried where none did.

    ``growth``: how many times as many segments there are as when these were found. Their lists are so much longer.

    Examples:
        >>> recalls = [(0.1, 0.9), (0.2, 0.96), (0.4, 0.99)]
        >>> [round(effort_for(recall, recalls, 1.0), 2) for recall in (0.5, 0.96, 0.98, 0.999)]
        [0.1, 0.2, 0.28, 0.4]
        >>> round(effort_for(0.96, recalls, 1.5), 2)
        0.3
    """
    efforts, reached = np.array(recalls, np.float64).reshape(-1, 2).T
    # what is missed falls about as a power of the effort
    missed = np.log(np.maximum(1.0 - np.maximum.accumulate(reached), 1e-9))
    wanted = math.log(max(1.0 - recall, 1e-9))
    effort = math.exp(np.interp(-wanted, -missed, np.log(efforts)))
    return float(np.clip(growth * effort, *EFFORTS))


def _questions(ask: Ask, rows: HalfVectors, ids: Ids, rng: np.random.Generator) -> Vectors:
    """Unit rows (q, dim): segments that are moved away from neighbours of theirs."""
    drawn = np.sort(rng.choice(ids.size, min(QUESTIONS, ids.size), replace=False))
    ends = scoring.widen(rows[drawn])
    near = ask(1.0, ends, _NEIGHBOURS)
    near[np.abs(near - ids[drawn, np.newaxis]) < _OWN] = -1
    others = np.array([rng.choice(some[some >= 0]) if (some >= 0).any() else -1 for some in near], np.int64)
    known = np.flatnonzero(others >= 0)
    ends[known] = 2 * ends[known] - scoring.widen(rows[np.searchsorted(ids, others[known])])
    questions: Vectors = ends / np.linalg.norm(ends, axis=1, keepdims=True)
    return questions


def _nearest(questions: Vectors, rows: HalfVectors, ids: Ids) -> Ids:
    """The true nearest (q, K)."""
    parts = [scoring.stack([scoring.order(np.empty(0, np.float32), np.empty(0, np.int64), K)] * len(questions), K)]
    for start in range(0, ids.size, _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        parts.append(scoring.scan(questions, rows[some], ids[some], K))
        release(rows)
    return scoring.merge(parts, K)[1]
