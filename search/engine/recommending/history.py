"""The history of a user: likes, dislikes and seen clips from a query and the feedback store, checked, as vectors."""

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
"""The lowest weight. Smaller ones would vanish in products, and a zero vector has no direction."""
MOST_LIKES: Final = 64
"""The most likes that count: those with the highest weights, and among these the newest."""
MOST_DISLIKES: Final = 256


@dataclass(frozen=True, slots=True)
class History:
    """The likes and dislikes of a user with weights, and every clip that must not be recommended (``seen``).

    ``gone`` names the clips of the query that are no longer in the library.
    """

    likes: tuple[ClipPart, ...]
    dislikes: tuple[ClipPart, ...]
    seen: frozenset[int]
    gone: tuple[str, ...] = ()


class Excluded:
    """Contents that must not be recommended, and neither may any copy of the same recording."""

    def __init__(self, contents: Ids, recordings: SameRecordings) -> None:
        self.contents = contents
        self.recordings = recordings
        self._recordings = np.unique(recordings.of(contents))

    def also_excluding(self, contents: Ids) -> Excluded:
        """Return a value that also excludes ``contents`` (n,)."""
        return Excluded(np.union1d(self.contents, contents), self.recordings) if len(contents) else self

    def are_new(self, contents: Ids) -> NDArray[np.bool_]:
        """Return (n,) which contents are not excluded."""
        return ~np.isin(self.recordings.of(contents), self._recordings)


def check(query: RecommendQuery) -> None:
    """Raises QueryError for an invalid query, before any work is done."""
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
        raise QueryError(f"the weight of a liked or disliked clip must be a number of at least {LEAST_WEIGHT}")
    for clip_id in (*(part.clip_id for part in clips), *query.seen):
        if not 0 <= clip_id < 2**63:
            raise QueryError(f"no clip has the id {clip_id}")
    both = {part.clip_id for part in query.likes} & {part.clip_id for part in query.dislikes}
    if both:
        raise QueryError(f"clip {min(both)} is both liked and disliked")


def gather(query: RecommendQuery, feedback: FeedbackStore, view: SpaceView) -> History:
    """Combine the clips of the query with those of the profile. Clips that are gone are left out.

    Raises QueryError if all clips of the query are gone, or if it has likes and no like is left.
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
    """Return (n, dim) the normalised mean of each clip's segments, and the n clips with segments in the space."""
    vectors, kept = [], []
    for part in parts:
        content = view.columns.content_of(part.clip_id)
        segments = view.columns.segments_of(content) if content is not None else np.empty(0, np.int64)
        try:
            rows = view.index.vectors(segments)
        except LibraryError:  # it was just deleted
            continue
        if len(rows):
            vectors.append(unit(rows.sum(axis=0, dtype=np.float64)))
            kept.append(part)
    return (np.stack(vectors) if vectors else np.empty((0, view.space.dim), np.float32)), kept


def _heaviest(parts: Collection[ClipPart], most: int) -> tuple[ClipPart, ...]:
    """Return the first ``most`` parts by weight; ties keep their order."""
    return tuple(sorted(parts, key=lambda part: -part.weight)[:most])
