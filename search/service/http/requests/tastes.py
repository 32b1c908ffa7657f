"""Opinions of clips, and recommendations from them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from search.model import (
    DEFAULT_DIVERSITY,
    MAX_FEEDBACK,
    ClipPart,
    Opinion,
    RecommendQuery,
)
from search.service.config import MAX_BATCH, MAX_PROFILE_CHARACTERS, MAX_TASTES
from search.service.http.requests.common import ABOUT_FACTS, Body, Count, Filter, Id, Offset, Parameters
from search.service.http.requests.jobs import _without_slash

ProfileName: TypeAlias = Annotated[
    str,
    BeforeValidator(_without_slash),
    Field(
        min_length=1,
        max_length=MAX_PROFILE_CHARACTERS,
        pattern=r"^[^/]*[^/\s][^/]*$",
        description="Any name without `/`, chosen by the caller.",
    ),
]
Amount: TypeAlias = Annotated[float, Field(ge=0.001, le=1000, description="How much it counts.")]


class TasteIn(Body):
    """A clip that someone liked or disliked."""

    clip_id: Id
    weight: Amount = 1.0


class RecommendIn(Body):
    """Likes, dislikes, and clips known already; with ``profile``, also those kept under that name."""

    likes: Annotated[list[TasteIn], Field(max_length=MAX_TASTES)] = []
    dislikes: Annotated[list[TasteIn], Field(max_length=MAX_TASTES)] = []
    seen: Annotated[list[Id], Field(max_length=MAX_FEEDBACK)] = []
    profile: ProfileName | None = None
    k: Count = 10
    offset: Offset = 0
    diversity: Annotated[
        float, Field(ge=0, le=1, description="0: the best matches, however alike; 1: most varied.")
    ] = DEFAULT_DIVERSITY
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    facts: Annotated[bool, Field(description=ABOUT_FACTS)] = False

    def query(self) -> RecommendQuery:
        """The engine's query."""
        return RecommendQuery(
            likes=tuple(ClipPart(one.clip_id, one.weight) for one in self.likes),
            dislikes=tuple(ClipPart(one.clip_id, one.weight) for one in self.dislikes),
            seen=frozenset(self.seen),
            k=self.k,
            diversity=self.diversity,
            where=self.where,
            space=self.space,
            profile=self.profile,
            offset=self.offset,
        )


class RecommendBatchIn(Body):
    """Several recommendation queries at once."""

    queries: Annotated[list[RecommendIn], Field(min_length=1, max_length=MAX_BATCH)]


class ProfilePath(Parameters):
    """A profile by its name."""

    profile: ProfileName


class OpinionPath(ProfilePath):
    """One opinion of it."""

    clip_id: Id


class OpinionIn(Body):
    """An opinion of a clip; ``at`` is seconds since 1970, by default now."""

    clip_id: Id
    opinion: Opinion
    weight: Amount = 1.0
    at: Annotated[float, Field(ge=0, le=1e11)] = 0.0


class FeedbackIn(Body):
    """Opinions of clips."""

    feedback: Annotated[list[OpinionIn], Field(max_length=MAX_FEEDBACK)]


# --- the whole library ------------------------------------------------------------------------------------
