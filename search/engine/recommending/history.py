"""What someone liked, disliked and heard: checked, put together from a query and the feedback store, as vectors."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.asking import unit
from search.engine.search import MAX_OFFSET
from search.engine.views import SameRecordings, SpaceView
from search.errors import LibraryError, QueryError
from search.model import ClipPart, Ids, RecommendQuery, Vectors
from search.ports import FeedbackStore

MAX_RECOMMENDED: Final = 1000
MAX_CLIPS: Final = 10_000
LEAST_WEIGHT: Final = 1e-6
"""What is smaller vanishes when it is multiplied, and a taste of nothing has no direction."""
MOST_LIKES: Final = 64
"""Of a longer history the heaviest, then the newest likes count."""
MOST_DISLIKES: Final = 256


@dataclass(frozen=True, slots=True)
class History:
    """What is known of someone: likes and dislikes with weights, and every clip that must not come back.

    ``gone`` names the clips that were named and are not in the library any more.
    """

    likes: tuple[ClipPart, ...]
    dislikes: tuple[ClipPart, ...]
    seen: frozenset[int]
    gone: tuple[str, ...] = ()


class Excluded:
    """Contents that must not come back, nor any other copy of the same recording."""

    def __init__(self, contents: Ids, recordings: SameRecordings) -> None:
        self.contents = contents
        self.recordings = recordings
        self._recordings = np.unique(recordings.of(contents))

    def beside(self, contents: Ids) -> Excluded:
        """The same, and ``contents`` (n,) as well."""
        return Excluded(np.union1d(self.contents, contents), self.recordings) if len(contents) else self

    def are_new(self, contents: Ids) -> NDArray[np.bool_]:
        """(n,) bool."""
        return ~np.isin(self.recordings.of(contents), self._recordings)


def check(query: RecommendQuery) -> None:
    """Raises QueryError for what makes no sense, before any work is done."""
    if not 1 <= query.k <= MAX_RECOMMENDED:
        raise QueryError(f"k is {query.k}; it must be from 1 to {MAX_RECOMMENDED}")
    if not 0 <= query.offset <= MAX_OFFSET:
        raise QueryError(f"offset is {query.offset}; it must be from 0 to {MAX_OFFSET}")
    if not 0.0 <= query.diversity <= 1.0:
        raise QueryError(f"diversity is {query.diversity}; it must be from 0 to 1")
    clips = [*query.likes, *query.dislikes]
    if len(clips) + len(query.seen) > MAX_CLIPS:
        raise QueryError(f"{len(clips) + len(query.seen)} clips are named; at most {MAX_CLIPS} are allowed")
    if any(not (math.isfinite(part.weight) and part.weight >= LEAST_WEIGHT) for part in clips):
        raise QueryError(f"the weight of a liked or disliked clip must be a number from {LEAST_WEIGHT} on")
    for clip_id in (*(part.clip_id for part in clips), *query.seen):
        if not 0 <= clip_id < 2**63:
            raise QueryError(f"no clip has the id {clip_id}")
    both = {part.clip_id for part in query.likes} & {part.clip_id for part in query.dislikes}
    if both:
        raise QueryError(f"clip {min(both)} is both liked and disliked")


def gather(query: RecommendQuery, feedback: FeedbackStore, view: SpaceView) -> History:
    """What the query names and what the profile remembers; some of it may be gone, and is left out.

    Raises QueryError when all that the query names is gone, or every like that anybody knows of.
    """
    named_parts = [*query.likes, *query.dislikes]
    gone = [part.clip_id for part in named_parts if view.columns.content_of(part.clip_id) is None]
    likes = {part.clip_id: part for part in query.likes if part.clip_id not in gone}
    dislikes = {part.clip_id: part for part in query.dislikes if part.clip_id not in gone}
    seen = set(query.seen)
    named = likes.keys() | dislikes.keys()
    for one in feedback.get(query.profile) if query.profile is not None else ():
        seen.add(one.clip_id)
        if one.opinion != "seen" and one.clip_id not in named and view.columns.content_of(one.clip_id) is not None:
            (likes if one.opinion == "like" else dislikes)[one.clip_id] = ClipPart(one.clip_id, one.weight)
    if gone and (len(gone) == len(named_parts) or (query.likes and not likes)):
        raise QueryError(f"no clip has the id {gone[0]}")
    return History(
        _heaviest(likes.values(), MOST_LIKES),
        _heaviest(dislikes.values(), MOST_DISLIKES),
        frozenset(seen | named),
        tuple(f"clip {clip_id}" for clip_id in dict.fromkeys(gone)),
    )


def clip_vectors(view: SpaceView, parts: Sequence[ClipPart]) -> tuple[Vectors, list[ClipPart]]:
    """(n, dim) the mean of each clip's segments, at length one, and the n clips that have segments in the space."""
    vectors, kept = [], []
    for part in parts:
        content = view.columns.content_of(part.clip_id)
        segments = view.columns.segments_of(content) if content is not None else np.empty(0, np.int64)
        try:
            rows = view.index.vectors(segments)
        except LibraryError:  # it goes at this moment
            continue
        if len(rows):
            vectors.append(unit(rows.sum(axis=0, dtype=np.float64)))
            kept.append(part)
    return (np.stack(vectors) if vectors else np.empty((0, view.space.dim), np.float32)), kept


def _heaviest(parts: Collection[ClipPart], most: int) -> tuple[ClipPart, ...]:
    """The first ``most`` by weight; equal weights in their order."""
    return tuple(sorted(parts, key=lambda part: -part.weight)[:most])
