"""Ranks the clips of a query by their sounds, in one space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.engine.asking import AskedSpace
from search.engine.explaining import NO_IDS, SpaceRanking
from search.engine.fusion import RankedClips
from search.engine.question import Question
from search.engine.ranking import rank, with_leading_first
from search.engine.views import SpaceView
from search.model import Ranking

FEW = 64
"""Up to this many excluded clips, the search just asks for more hits. Beyond that, it filters them out."""


def by_sound(question: Question, space: AskedSpace, others: Sequence[RankedClips], depth: int) -> SpaceRanking | None:
    """Return the ranking of one space, at most ``depth`` clips; None if no part has a vector there.

    If all parts are negative, they rank only what names and tunes found: "horn, but not like this one" is about horns.
    """
    if space.vector is None:
        return None
    columns = space.view.columns
    passing = columns.clips_where(question.where) if question.where is not None else None
    if all(part.weight < 0 for part in space.parts):
        by_name = np.concatenate([NO_IDS, *(one.clip_ids for one in others if one.weight > 0)])
        passing = _both(passing, np.isin(columns.clip_ids, by_name))
    left_out = question.left_out
    if len(left_out) > FEW:
        passing = _both(columns.present if passing is None else passing, ~np.isin(columns.clip_ids, list(left_out)))
    among = columns.bitmap(passing) if passing is not None else None
    extra = len(left_out) if len(left_out) <= FEW else 0
    candidates = question.tastes.depth(space.view, depth + extra)
    ranking = question.tastes.order(rank(space.view, space.vector, candidates, among))
    if question.leading.size:
        ranking = with_leading_first(space.view, space.vector, ranking, question.leading, among)
    return SpaceRanking(_expand(space.view, ranking, passing, left_out, depth), space)


def with_named(question: Question, sound: SpaceRanking, words: Sequence[RankedClips]) -> SpaceRanking:
    """Append the clips that only names found to a ranking by sound, so that the probability of their sound is known."""
    space, ranked = sound.space, sound.ranked
    named = np.concatenate([NO_IDS, *(one.clip_ids for one in words if one.weight > 0)])
    if space is None or space.vector is None:
        return sound
    columns = space.view.columns
    passing = np.isin(columns.clip_ids, np.setdiff1d(named, ranked.clip_ids))
    if not passing.any():
        return sound
    n = int(np.count_nonzero(passing))
    found = rank(space.view, space.vector, n, columns.bitmap(passing))
    behind = _expand(space.view, found, passing, question.left_out, n)
    return SpaceRanking(ranked.followed_by(behind), space)


def _both(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one & other


def _expand(
    view: SpaceView, ranking: Ranking, passing: NDArray[np.bool_] | None, excluded: frozenset[int], depth: int
) -> RankedClips:
    """Turn contents into their clips. Copies are adjacent; clips that do not pass the filter or are excluded go."""
    clips_of = view.columns.clips_of(ranking.content_ids)
    rows = [
        (clip_id, score, segment_id)
        for content_id, segment_id, score in zip(
            ranking.content_ids.tolist(), ranking.segment_ids.tolist(), ranking.scores.tolist(), strict=True
        )
        for clip_id in clips_of.get(content_id, ())
        if clip_id not in excluded
    ]
    if passing is not None and rows:
        among = np.isin(np.array([row[0] for row in rows]), view.columns.clip_ids[passing])
        rows = [row for row, passes in zip(rows, among, strict=True) if passes]
    rows = rows[:depth]
    return RankedClips(
        view.space.name,
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int64),
    )
