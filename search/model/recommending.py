"""What a program says of a person's taste: opinions of clips, and what to recommend for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model import checking
from search.model.queries import ClipPart

MAX_FEEDBACK = 10_000
"""The most opinions that one profile keeps; beyond it the oldest "seen" ones go first."""

Opinion: TypeAlias = Literal["like", "dislike", "seen"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What someone thought of a clip. ``weight`` (above 0) is how much; ``at`` is UTC seconds since the epoch,
    0 before it is stored (the store puts the time).

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
    """What is asked of a recommendation.

    ``likes`` and ``dislikes`` carry weights above 0; both, and ``seen``, are left out of the answer, and so are their
    copies. ``profile`` adds what the feedback store keeps under that name (clips that are gone by now are left out; the
    answer names those of the query). ``diversity`` from 0 (the likeliest, however alike) to 1.
    ``offset`` clips are passed over: a longer answer begins with a shorter one, and ends after a thousand.
    Without any like the answer is a varied sample of the library: the same every time until the library changes.

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
        """Raises QueryError for what is of another type: here, where it is given."""
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
        """The place after the last clip that is asked for."""
        return self.offset + self.k
