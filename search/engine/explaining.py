"""Why a clip was found: its best segment, its probability, and the parts of the query that found it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import MelodyHit
from search.engine.asking import AskedSpace
from search.engine.confidence import PAGE, chances
from search.engine.fusion import RankedClips, contributions
from search.engine.policy import label_of
from search.engine.tunes import segment_of
from search.errors import LibraryError
from search.model import Clip, Hit, Ids, Sameness, Segment, Via

NOWHERE = -1
"""The segment id of a clip that no longer has segments."""
NO_IDS: Ids = np.empty(0, np.int64)
CHANCES_AT_ONCE = 8_192
"""How many vectors are held in memory at once: 13 MB at 384 dimensions."""


@dataclass(frozen=True, slots=True)
class SpaceRanking:
    """A ranking of clips and the space that it came from; None for a search of names and metadata."""

    ranked: RankedClips
    space: AskedSpace | None


@dataclass(frozen=True, slots=True)
class BestSegment:
    """The segment of a hit, with its vector (dim,)."""

    segment: Segment
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip of the answer with its score, its probability ``sure`` (None: not known yet), and its copies."""

    clip: Clip
    score: float
    sure: float | None
    copies: tuple[int, ...] = ()


def sound_chances(ranking: SpaceRanking) -> dict[int, float]:
    """Map each clip of a ranking by sound to the probability that its sound matches; empty for a ranking by name."""
    space, ranked = ranking.space, ranking.ranked
    sure: dict[int, float] = {}
    if space is None:
        return sure
    page = ranked.segment_ids[:PAGE]
    for start in range(0, len(ranked), CHANCES_AT_ONCE):
        ids = ranked.segment_ids[start : start + CHANCES_AT_ONCE]
        clip_ids = ranked.clip_ids[start : start + CHANCES_AT_ONCE]
        try:
            vectors = space.view.index.vectors(ids)
        except LibraryError:  # a segment was deleted since the search
            passages = _passages_one_by_one(space, ids)
            here = np.array([segment_id in passages for segment_id in ids.tolist()], np.bool_)
            ids, clip_ids = ids[here], clip_ids[here]
            vectors = np.array([passages[segment_id].vector for segment_id in ids.tolist()], np.float32)
        probable = chances(space, ids, vectors, clip_ids, page)
        if probable is not None:
            sure.update(zip(clip_ids.tolist(), probable.tolist(), strict=True))
    return sure


class Explainer:
    """Makes the hits of one query from all its ``spaces`` and ``rankings``.

    ``tunes`` maps a clip id to the passage that a hum matched. ``same`` says how a clip equals the query.
    """

    def __init__(
        self,
        spaces: Sequence[AskedSpace],
        rankings: Sequence[SpaceRanking],
        tunes: Mapping[int, MelodyHit],
        same: Callable[[Clip], Sameness | None],
    ) -> None:
        self._spaces = spaces
        self._tunes = tunes
        self._same = same
        self._rankings = [
            (one, contributions(one.ranked), {clip_id: at for at, clip_id in enumerate(one.ranked.clip_ids.tolist())})
            for one in rankings
            if one.ranked.weight > 0
        ]

    def hits(self, placed: Sequence[Placed]) -> list[Hit]:
        """Return the hits for clips, in that order, each with its best segment.

        A clip that was just removed from the library is left out.
        """
        by_sound = [one for one in placed if one.clip.id not in self._tunes]
        best = [self._best_segment(one.clip) for one in by_sound]
        passages: dict[int, BestSegment] = {}
        sure: dict[int, float] = {}
        for space in self._spaces:
            clip_of = {
                segment_id: one.clip for (where, segment_id), one in zip(best, by_sound, strict=True) if where is space
            }
            if clip_of:
                here = _passages(space, np.array(list(clip_of), np.int64))
                passages.update(here)
                sure.update(self._sure(space, here, clip_of))
        places = iter(best)
        hits: list[Hit] = []
        for one in placed:
            if one.clip.id in self._tunes:
                hits.append(self._tune_hit(one, self._tunes[one.clip.id]))
                continue
            space, segment_id = next(places)
            if segment_id in passages:
                by_itself = sure.get(segment_id) if one.sure is None else one.sure
                hits.append(self._hit(one, space, passages[segment_id], by_itself))
        return hits

    def _sure(
        self, space: AskedSpace, here: Mapping[int, BestSegment], clip_of: Mapping[int, Clip]
    ) -> dict[int, float]:
        """Map segments to the probabilities of their passages, as far as they are known."""
        if not here:
            return {}
        ids = np.array(list(here), np.int64)
        clip_ids = np.array([clip_of[segment_id].id for segment_id in here], np.int64)
        vectors = np.stack([passage.vector for passage in here.values()])
        page = next((one.ranked.segment_ids[:PAGE] for one, _, _ in self._rankings if one.space is space), NO_IDS)
        sure = chances(space, ids, vectors, clip_ids, page)
        return {} if sure is None else dict(zip(ids.tolist(), sure.tolist(), strict=True))

    def _hit(self, one: Placed, space: AskedSpace, passage: BestSegment, sure: float | None) -> Hit:
        via = self._via(one.clip.id, space, passage)
        return Hit(one.clip, passage.segment, one.score, sure, via, one.copies, self._same(one.clip))

    def _tune_hit(self, one: Placed, match: MelodyHit) -> Hit:
        via = self._via(one.clip.id, None, None)
        same = self._same(one.clip)
        return Hit(one.clip, segment_of(match), one.score, match.probability, via, one.copies, same)

    def _best_segment(self, clip: Clip) -> tuple[AskedSpace, int]:
        """Return the segment with which a ranking by sound found the clip, else that nearest to the query, else the
        first.
        """
        for one, _, places in self._rankings:
            if one.space is not None and clip.id in places:
                return one.space, int(one.ranked.segment_ids[places[clip.id]])
        for space in sorted(self._spaces, key=lambda a: a.vector is None):
            passages = _passages(space, space.view.columns.segments_of(clip.content_id))
            vector = space.vector
            if passages and vector is None:
                return space, min(passages)
            if passages and vector is not None:
                return space, max(passages, key=lambda segment_id: float(passages[segment_id].vector @ vector))
        return self._spaces[0], NOWHERE

    def _via(self, clip_id: int, space: AskedSpace | None, passage: BestSegment | None) -> tuple[Via, ...]:
        """Return each ranking's share in this clip. A space's share is split by what each part adds to the cosine."""
        gains: dict[str, float] = {}
        for one, contribution, places in self._rankings:
            gain = contribution.get(clip_id, 0.0)
            if gain <= 0:
                continue
            if one.space is None:
                shares = {label_of(one.ranked, places[clip_id]): 1.0}
            else:
                shares = _part_shares(one.space, space, passage)
            for label, share in shares.items():
                gains[label] = gains.get(label, 0.0) + gain * share
        total = sum(gains.values()) or 1.0
        return tuple(Via(label, gain / total) for label, gain in gains.items())


def _passages(space: AskedSpace, segment_ids: Ids) -> dict[int, BestSegment]:
    """Return segments with their vectors, fetched together. Segments that were just deleted are left out."""
    segments = space.view.segments(segment_ids)
    try:
        vectors = space.view.index.vectors(segment_ids)
    except LibraryError:  # a segment was deleted since the search
        return _passages_one_by_one(space, segment_ids)
    rows = zip(segment_ids.tolist(), vectors, strict=True)
    return {
        segment_id: BestSegment(segments[segment_id], vector) for segment_id, vector in rows if segment_id in segments
    }


def _passages_one_by_one(space: AskedSpace, segment_ids: Ids) -> dict[int, BestSegment]:
    passages: dict[int, BestSegment] = {}
    if len(segment_ids) > 1:
        for segment_id in segment_ids:
            passages.update(_passages(space, np.array([segment_id], np.int64)))
    return passages


def _part_shares(one: AskedSpace, best: AskedSpace | None, passage: BestSegment | None) -> dict[str, float]:
    """Return how much each wanted part of a space adds to the passage's score. Shares sum to 1."""
    wanted = [part for part in one.parts if part.weight > 0] or list(one.parts)
    if len(wanted) == 1 or one is not best or passage is None:
        return {part.label: 1.0 / len(wanted) for part in wanted}
    raw = {part.label: max(part.weight * float(part.vector @ passage.vector), 0.0) for part in wanted}
    total = sum(raw.values())
    return {label: value / total if total else 1.0 / len(raw) for label, value in raw.items()}
