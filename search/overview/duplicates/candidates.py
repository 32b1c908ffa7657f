"""Find contents that may be the same recording, by the nearest neighbours of a few of their segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from search.engine.views import SpaceView
from search.errors import LibraryError
from search.model import Ids

PROBES: Final = 3
"""How many segments of a content are searched for, evenly over its length."""

CANDIDATES_EACH: Final = 16
LEAST_COSINE: Final = 0.7
MOST_OTHERS: Final = 6
"""Most candidates for each content, the nearest first."""

_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two contents with similar segments. ``shift_s`` is the segment's start in ``other`` minus that in ``content``."""

    content: int
    other: int
    cosine: float
    shift_s: float


def candidates(view: SpaceView, contents: Ids) -> Iterator[tuple[int, list[Candidate]]]:
    """For each of ``contents`` (n,), in order, its candidates, nearest first."""
    for start in range(0, len(contents), _AT_ONCE):
        yield from _of_some(view, contents[start : start + _AT_ONCE].tolist())


def _of_some(view: SpaceView, contents: list[int]) -> Iterator[tuple[int, list[Candidate]]]:
    probes: list[Ids] = []
    for content in contents:
        segments = view.columns.segments_of(content)
        if len(segments):
            segments = segments[np.unique(np.linspace(0, len(segments) - 1, PROBES).astype(np.int64))]
        probes.append(segments)
    asked = np.concatenate(probes)
    owner = np.repeat(np.arange(len(contents)), [len(p) for p in probes])
    if not len(asked):
        yield from ((content, []) for content in contents)
        return
    try:
        vectors = view.index.vectors(asked)
    except LibraryError:  # one of them is being removed: the next run tries again
        yield from ((content, []) for content in contents)
        return
    scores, ids = view.index.search(vectors, CANDIDATES_EACH)
    _, starts, _ = view.columns.place(asked)
    others, other_starts, _ = view.columns.place(np.maximum(ids, 0).ravel())
    others, shifts = others.reshape(ids.shape), other_starts.reshape(ids.shape) - starts[:, np.newaxis]
    for place, content in enumerate(contents):
        rows = owner == place
        there = (ids[rows] >= 0) & (others[rows] >= 0) & (others[rows] != content) & (scores[rows] >= LEAST_COSINE)
        yield content, _nearest(content, others[rows][there], scores[rows][there], shifts[rows][there])


def _nearest(content: int, others: Ids, scores: np.ndarray, shifts: np.ndarray) -> list[Candidate]:
    found: dict[int, Candidate] = {}
    for place in np.argsort(-scores, kind="stable").tolist():
        other = int(others[place])
        if other not in found:
            found[other] = Candidate(content, other, float(scores[place]), float(shifts[place]))
    return list(found.values())[:MOST_OTHERS]
