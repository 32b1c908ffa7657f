"""Recommendations: opinions of clips, and what to recommend for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model import checking
from search.model.queries import ClipPart

MAX_FEEDBACK = 10_000
"""The most opinions in one profile. Beyond that the oldest are dropped, "seen" ones first."""

Opinion: TypeAlias = Literal["like", "dislike", "seen"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """An opinion of a clip. ``weight`` (above 0) is its strength.

    ``at`` is UTC seconds since the epoch; if it is 0, the store sets the time.

    Examples:
        >>> library.feedback.add("anna", [soundalike.Feedback(1, "like"), soundalike.Feedback(5, "dislike")])
        >>> library.feedback.forget("anna")
        2
    """

    clip_id: int
    opinion: Opinion
    weight: float = 1.0
    at: float = 0.0


DEFAULT_DIVERSITY = 0.3


@dataclass(frozen=True, slots=True)
class RecommendQuery:
    """A request for recommendations.

    ``likes`` and ``dislikes`` have weights above 0. The answer contains neither these clips nor those of ``seen``, nor
    copies of them. ``profile`` adds the opinions that the feedback store has under that name; clips that no longer
    exist are ignored (the answer names only those of the query itself). ``diversity`` is from 0 (the likeliest clips,
    even if they are all alike) to 1. ``offset`` skips clips: a longer answer begins with the hits of a shorter one, and
    ends after a thousand. Without likes the answer is a varied sample of the library, the same until the library
    changes.

    Examples:
        >>> query = soundalike.RecommendQuery(likes=(soundalike.ClipPart(1),), dislikes=(soundalike.ClipPart(5),), k=1)
        >>> [hit.title for hit in library.recommend(query).hits]
        ['police_siren_02']
    """

    likes: tuple[ClipPart, ...] = ()
    dislikes: tuple[ClipPart, ...] = ()
    seen: frozenset[int] = frozenset()
    k: int = 10
    diversity: float = DEFAULT_DIVERSITY
    where: str | None = None
    space: str | None = None
    profile: str | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        """Check the types early. Raises QueryError."""
        checking.put(
            self,
            likes=checking.several("likes", self.likes, (ClipPart,), "(ClipPart(17),)"),
            dislikes=checking.several("dislikes", self.dislikes, (ClipPart,), "(ClipPart(17),)"),
            k=checking.whole("k", self.k),
            offset=checking.whole("offset", self.offset),
            where=checking.words("where", self.where),
            space=checking.words("space", self.space),
        )

    @property
    def end(self) -> int:
        """The position after the last requested clip."""
        return self.offset + self.k
