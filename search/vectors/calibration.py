"""Calibration: how much effort reaches which recall, measured on the library itself when its lists are trained.

Libraries differ: if sounds lie close together, the nearest ten are in a few lists; otherwise they are spread. So test
queries ("questions") search the new lists with increasing effort, and their hits are compared with a scan of all
vectors. A question is the mirror image of a neighbour from another recording, reflected at a segment: near the
library's sounds but not one of them, like a new sound. On a million generated vectors, such questions reach the same
recall as held-out queries at each effort, to .003; the segments themselves reach more
(docs/decisions/0005-vector-index.md). The result is stored in the manifest, and later layers copy it.
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
"""At a recall of .97, the standard error of the mean of this many questions is .004."""

K: Final = 10
ENOUGH: Final = 0.997
"""Measuring stops at the first effort that reaches this recall."""

_STEP: Final = math.sqrt(2)
_NEIGHBOURS, _OWN = 50, 32
"""The reflected neighbour is among this many nearest, and at least this many ids away: usually another recording."""
_ROWS_AT_ONCE: Final = 65_536

Recalls: TypeAlias = Sequence[tuple[float, float]]
"""Efforts, ascending, each with its recall@10: the mean over the questions minus one standard error."""

Ask: TypeAlias = Callable[[float, Vectors, int], Ids]
"""A search: (effort, questions (q, dim), k) -> the ids (q, k) it finds."""


def of_file(compressed: Path, rows: HalfVectors, ids: Ids) -> Recalls:
    """Run `measured` on a compressed index that was just built from all ``rows`` (n, dim) with ``ids`` (n,)."""
    lists = Reranking([compressed], ids, LayerRows([rows]), None)
    return measured(lambda effort, some, k: lists.search(some, k, None, ids.size, effort)[1], rows, ids, ids.size)


def measured(ask: Ask, rows: HalfVectors, ids: Ids, seed: int) -> Recalls:
    """Measure the recall of ``ask`` at each effort, against a scan of ``rows`` (n, dim) with ``ids`` (n,).

    Reads all rows once, in blocks, which takes about a tenth of the time of training and filling the lists.
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
    """The effort that reaches ``recall`` (recall@10), or the largest effort tried if none reached it.

    ``growth``: the number of segments divided by their number at calibration. The lists are longer by this factor.

    Examples:
        >>> recalls = [(0.1, 0.9), (0.2, 0.96), (0.4, 0.99)]
        >>> [round(effort_for(recall, recalls, 1.0), 2) for recall in (0.5, 0.96, 0.98, 0.999)]
        [0.1, 0.2, 0.28, 0.4]
        >>> round(effort_for(0.96, recalls, 1.5), 2)
        0.3
    """
    efforts, reached = np.array(recalls, np.float64).reshape(-1, 2).T
    # the missed share falls roughly as a power of the effort
    missed = np.log(np.maximum(1.0 - np.maximum.accumulate(reached), 1e-9))
    wanted = math.log(max(1.0 - recall, 1e-9))
    effort = math.exp(np.interp(-wanted, -missed, np.log(efforts)))
    return float(np.clip(growth * effort, *EFFORTS))


def _questions(ask: Ask, rows: HalfVectors, ids: Ids, rng: np.random.Generator) -> Vectors:
    """The questions (q, dim), of unit length: segments moved away from one of their neighbours."""
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
    """The ids (q, K) of the true nearest."""
    parts = [scoring.stack([scoring.order(np.empty(0, np.float32), np.empty(0, np.int64), K)] * len(questions), K)]
    for start in range(0, ids.size, _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        parts.append(scoring.scan(questions, rows[some], ids[some], K))
        release(rows)
    return scoring.merge(parts, K)[1]
