"""Why a clip was found: its best segment, how sure that is, and which parts of the query found it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.engine.asking import AskedSpace
from search.engine.confidence import PAGE, chances
from search.engine.fusion import DOUBTED, RankedClips, best_gain, contributions
from search.engine.tunes import segment_of
from search.errors import LibraryError
from search.melody.model import MelodyHit
from search.model import Clip, Hit, Ids, Segment, Via

NOWHERE = -1
"""The segment of a clip that has none any more."""
NO_IDS: Ids = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class SpaceRanking:
    """One ranking of clips and the space that it came from, None where names and metadata were searched."""

    ranked: RankedClips
    space: AskedSpace | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment as a hit shows it, with its vector (dim,)."""

    segment: Segment
    vector: NDArray[np.float32]


class Explainer:
    """Makes the hits of one query. ``spaces`` are all spaces of the query, ``rankings`` all rankings made of it.

    ``tunes`` says by clip id where a hum matched, ``copies`` which clips a clip stands for.

    A hit whose probability is below ``doubt_below`` has what sounds gave it counted as `DOUBTED`: its score, made by
    `fuse` of ``rankings``, is lowered by the rest.
    """

    def __init__(
        self,
        spaces: Sequence[AskedSpace],
        rankings: Sequence[SpaceRanking],
        tunes: Mapping[int, MelodyHit],
        copies: Mapping[int, tuple[int, ...]],
        doubt_below: float = 0.0,
    ) -> None:
        self._spaces = spaces
        self._tunes = tunes
        self._copies = copies
        self._doubt_below = doubt_below
        self._best_gain = best_gain(one.ranked for one in rankings)
        self._rankings = [
            (one, contributions(one.ranked), dict(zip(*_listed(one.ranked), strict=True)))
            for one in rankings
            if one.ranked.weight > 0
        ]

    def hits(self, ranked: Sequence[tuple[Clip, float]]) -> tuple[Hit, ...]:
        """The hits for clips with their scores, in that order, each at its best segment.

        A clip that is taken out of the library at this very moment is left out.
        """
        by_sound = [clip for clip, _ in ranked if clip.id not in self._tunes]
        best = [self._best_segment(clip) for clip in by_sound]
        passages: dict[int, Passage] = {}
        probabilities: dict[int, float] = {}
        for space in self._spaces:
            clip_of = {segment_id: clip for (one, segment_id), clip in zip(best, by_sound, strict=True) if one is space}
            if clip_of:
                these = _passages(space, np.array(list(clip_of), np.int64))
                passages.update(these)
                probabilities.update(self._probabilities(space, list(these.values()), clip_of))
        places = iter(best)
        hits: list[Hit] = []
        for clip, score in ranked:
            if clip.id in self._tunes:
                hits.append(self._tune_hit(clip, score, self._tunes[clip.id]))
                continue
            space, segment_id = next(places)
            if segment_id in passages:
                hits.append(self._hit(clip, score, space, passages[segment_id], probabilities.get(segment_id)))
        return tuple(hits)

    def _probabilities(
        self, space: AskedSpace, passages: Sequence[Passage], clip_of: Mapping[int, Clip]
    ) -> dict[int, float]:
        """The probabilities of passages by their segments, as far as there are any."""
        if not passages:
            return {}
        ids = np.array([passage.segment.id for passage in passages], np.int64)
        tags = [clip_of[passage.segment.id].tags for passage in passages]
        probabilities = chances(space, ids, np.stack([passage.vector for passage in passages]), tags, self._page(space))
        return {} if probabilities is None else dict(zip(ids.tolist(), probabilities.tolist(), strict=True))

    def _page(self, space: AskedSpace) -> Ids:
        """The segments (n,) that a ranking by sound began with in this space."""
        return next((one.ranked.segment_ids[:PAGE] for one, _, _ in self._rankings if one.space is space), NO_IDS)

    def _hit(self, clip: Clip, score: float, space: AskedSpace, passage: Passage, probabilities: float | None) -> Hit:
        counts = DOUBTED if probabilities is not None and probabilities < self._doubt_below else 1.0
        via, taken = self._via(clip.id, space, passage, counts)
        return Hit(clip, passage.segment, score - taken, probabilities, via, self._copies.get(clip.id, ()))

    def _tune_hit(self, clip: Clip, score: float, match: MelodyHit) -> Hit:
        via, _ = self._via(clip.id, None, None, 1.0)
        return Hit(clip, segment_of(match), score, match.probability, via, self._copies.get(clip.id, ()))

    def _best_segment(self, clip: Clip) -> tuple[AskedSpace, int]:
        """Where a ranking by sound found the clip; else its segment nearest to the query; else its first."""
        for one, _, segments in self._rankings:
            if one.space is not None and clip.id in segments:
                return one.space, segments[clip.id]
        for space in sorted(self._spaces, key=lambda a: a.vector is None):
            passages = _passages(space, space.view.columns.segments_of(clip.content_id))
            vector = space.vector
            if passages and vector is None:
                return space, min(passages)
            if passages and vector is not None:
                return space, max(passages, key=lambda segment_id: float(passages[segment_id].vector @ vector))
        return self._spaces[0], NOWHERE

    def _via(
        self, clip_id: int, space: AskedSpace | None, passage: Passage | None, counts: float
    ) -> tuple[tuple[Via, ...], float]:
        """What each ranking gave this clip; a space's share is split over its parts by what each adds to the cosine.

        Of what sounds gave, ``counts`` counts; the score that the rest was comes second.
        """
        gains: dict[str, float] = {}
        taken = 0.0
        for one, contribution, _ in self._rankings:
            gain = contribution.get(clip_id, 0.0)
            if gain <= 0:
                continue
            if one.space is None:
                shares = {_label(one.ranked, clip_id): 1.0}
            else:
                shares = _part_shares(one.space, space, passage)
                taken += (1.0 - counts) * gain / self._best_gain
                gain *= counts
            for label, share in shares.items():
                gains[label] = gains.get(label, 0.0) + gain * share
        total = sum(gains.values()) or 1.0
        return tuple(Via(label, gain / total) for label, gain in gains.items()), taken


def _passages(space: AskedSpace, segment_ids: Ids) -> dict[int, Passage]:
    """Where segments lie and what their vectors are, fetched together; those that just went are left out."""
    segments = space.view.segments(segment_ids)
    try:
        vectors = space.view.index.vectors(segment_ids)
    except LibraryError:  # one of them went between the search and now
        return _passages_one_by_one(space, segment_ids)
    rows = zip(segment_ids.tolist(), vectors, strict=True)
    return {segment_id: Passage(segments[segment_id], vector) for segment_id, vector in rows if segment_id in segments}


def _passages_one_by_one(space: AskedSpace, segment_ids: Ids) -> dict[int, Passage]:
    passages: dict[int, Passage] = {}
    if len(segment_ids) > 1:
        for segment_id in segment_ids:
            passages.update(_passages(space, np.array([segment_id], np.int64)))
    return passages


def _label(ranked: RankedClips, clip_id: int) -> str:
    """The ranking's name in `via`, which says so where the clip has some of the words only."""
    return f"some-{ranked.label}" if clip_id in ranked.doubted else ranked.label


def _part_shares(space: AskedSpace, best: AskedSpace | None, passage: Passage | None) -> dict[str, float]:
    """How much each wanted part of a space adds to the passage's score; shares sum to 1."""
    positive = [part for part in space.parts if part.weight > 0] or list(space.parts)
    if len(positive) == 1 or space is not best or passage is None:
        return {part.label: 1.0 / len(positive) for part in positive}
    raw = {part.label: max(part.weight * float(part.vector @ passage.vector), 0.0) for part in positive}
    total = sum(raw.values())
    return {label: value / total if total else 1.0 / len(raw) for label, value in raw.items()}


def _listed(ranked: RankedClips) -> tuple[list[int], list[int]]:
    return ranked.clip_ids.tolist(), ranked.segment_ids.tolist()
